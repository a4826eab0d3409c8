import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from igcli.common.errors import ConfigError, InputError
from igcli.common.model_spec import InputSpec
from igcli.inputs.readers.images import list_folder, list_image
from igcli.inputs.readers.source import printable


def spec(*shape: int | None) -> InputSpec:
    return InputSpec("image", shape, np.dtype("float32"))


def fill(folder: Path, *names: str) -> Path:
    """Put an image at every name that ends like one, and text elsewhere."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".png":
            Image.new("RGB", (2, 2), (10, 20, 30)).save(path)
        else:
            path.write_text("x")
    return folder


def ids(folder: Path, exclude: Path | None = None) -> list[str]:
    return [name.id for name in list_folder(folder, exclude).names]


def test_folders_are_read_to_any_depth_in_the_order_of_their_paths(tmp_path: Path) -> None:
    fill(tmp_path, "z.png", "b/2.png", "b/10.png", "a/x/y/1.png", "a.png", "B/3.png", "a-b/4.png")
    assert ids(tmp_path) == [
        "B/3.png",
        "a/x/y/1.png",
        "a-b/4.png",
        "a.png",
        "b/10.png",
        "b/2.png",
        "z.png",
    ]


def test_the_order_does_not_depend_on_the_order_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "c.png", "a/2.png", "a/1.png", "b/1.png")
    forth = ids(tmp_path)
    scandir = os.scandir

    def backward(path: Path) -> list[os.DirEntry[str]]:
        return sorted(scandir(path), key=lambda entry: entry.name, reverse=True)

    monkeypatch.setattr(os, "scandir", backward)
    assert ids(tmp_path) == forth == ["a/1.png", "a/2.png", "b/1.png", "c.png"]


def test_who_an_input_is(tmp_path: Path) -> None:
    fill(tmp_path, "cat/tabby/1.png", "2.png")
    first, second = list_folder(tmp_path).names
    assert (first.index, first.id, first.folder) == (0, "2.png", "")
    assert (second.index, second.id, second.folder) == (1, "cat/tabby/1.png", "cat")
    assert second.path == str(tmp_path / "cat/tabby/1.png")


@pytest.mark.parametrize(
    "name", ["x.PNG", "x.Jpg", "x.jpeg", "x.bmp", "x.gif", "x.tif", "x.TIFF", "x.webp"]
)
def test_images_are_known_by_their_extension_in_any_case(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert ids(tmp_path) == [name]


def test_other_files_are_passed_over_and_counted(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "notes.txt", "sub/data.csv", "png", ".hidden", "sub/b.png")
    listing = list_folder(tmp_path)
    assert [name.id for name in listing.names] == ["a.png", "sub/b.png"]
    assert listing.notes == (
        "3 files are no image by extension (1 .csv, 1 .txt, 1 without ending): passed over",
    )


def test_pictures_of_a_kind_that_is_not_read_are_named(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "scan.HEIC", "sub/slide.svs", "x.dcm", "notes.txt")
    assert list_folder(tmp_path).notes == (
        "4 files are no image by extension (1 .dcm, 1 .heic, 1 .svs, 1 .txt): passed over",
        "scan.HEIC, sub/slide.svs, x.dcm are pictures of a kind that igcli does not read: save "
        "PNG, TIFF or JPEG",
    )


def test_sub_folders_are_those_right_below_as_keras_counts_them(tmp_path: Path) -> None:
    fill(tmp_path, "b/1.png", "B/1.png", "10/deep/1.png", "2/1.png", ".hidden/1.png", "out/1.png")
    (tmp_path / "empty").mkdir()
    listing = list_folder(tmp_path, tmp_path / "out")
    assert listing.folders == ("10", "2", "B", "b", "empty")


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", ".b.png", ".cache/c.png", "d/.e/f.png", "d/g.png")
    assert ids(tmp_path) == ["a.png", "d/g.png"]


def test_names_that_differ_in_case_are_two_inputs(tmp_path: Path) -> None:
    fill(tmp_path, "cat.png", "Cat.png", "CAT.PNG")
    assert ids(tmp_path) == ["CAT.PNG", "Cat.png", "cat.png"]


def test_a_folder_may_be_named_like_an_image(tmp_path: Path) -> None:
    fill(tmp_path, "x.png/1.png", "x.png/2.png")
    names = list_folder(tmp_path).names
    assert [(name.id, name.folder) for name in names] == [
        ("x.png/1.png", "x.png"),
        ("x.png/2.png", "x.png"),
    ]


@pytest.mark.parametrize("name", ["a b.png", "ünï.png", "a,b.png", 'q"uote.png', "new\nline.png"])
def test_odd_names_are_kept(tmp_path: Path, name: str) -> None:
    fill(tmp_path, name)
    assert ids(tmp_path) == [name]


def test_a_name_that_is_no_utf8_is_written_with_escapes_and_can_be_read(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    with open(folder + b"/\xff\xfe.png", "wb") as file:
        Image.new("L", (2, 2), 7).save(file, "PNG")
    listing = list_folder(tmp_path)
    (name,) = listing.names
    digest = hashlib.sha256(b"caf\xe9/\xff\xfe.png").hexdigest()
    assert name.id == f"caf\\xe9/\\xff\\xfe.png~{digest[:8]}"
    assert name.folder.startswith("caf\\xe9") and "/caf\\xe9/\\xff\\xfe.png" in name.path
    assert (listing.bind(spec(2, 2), "raw", "stretch", None).read(name).x == 7).all()


def test_ids_are_unique_even_beside_an_escaped_name(tmp_path: Path) -> None:
    for name in (b"/\xff.png", b"/\\xff.png"):
        with open(os.fsencode(tmp_path) + name, "wb") as file:
            file.write(b"x")
    assert len(set(ids(tmp_path))) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/ü.png", "a/ü.png"),
        ("", ""),
        ("\\xe9", "\\xe9"),
        (os.fsdecode(b"\xe9"), "\\xe9~" + hashlib.sha256(b"\xe9").hexdigest()[:8]),
    ],
)
def test_printable_is_valid_utf8(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    elsewhere = fill(tmp_path / "elsewhere", "1.png", "sub/2.png")
    photos = fill(tmp_path / "photos", "0.png")
    (photos / "linked").symlink_to(elsewhere)
    (photos / "one.png").symlink_to(elsewhere / "1.png")
    assert ids(photos) == ["0.png", "linked/1.png", "linked/sub/2.png", "one.png"]


def test_a_folder_linked_twice_is_read_under_both_names(tmp_path: Path) -> None:
    elsewhere = fill(tmp_path / "elsewhere", "1.png")
    photos = fill(tmp_path / "photos", "0.png")
    (photos / "b").symlink_to(elsewhere)
    (photos / "a").symlink_to(elsewhere)
    assert ids(photos) == ["0.png", "a/1.png", "b/1.png"]


def test_a_folder_and_a_link_to_it_are_read_whichever_the_disk_lists_first(tmp_path: Path) -> None:
    fill(tmp_path, "m/1.png")
    (tmp_path / "a").symlink_to(tmp_path / "m")
    (tmp_path / "z").symlink_to(tmp_path / "m")
    assert ids(tmp_path) == ["a/1.png", "m/1.png", "z/1.png"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png", "b/2.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b" / "self").symlink_to(tmp_path / "b")
    assert ids(tmp_path) == ["a/1.png", "b/2.png"]


def test_a_dangling_link_is_listed_and_fails_alone(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "gone.png")
    listing = list_folder(tmp_path)
    source = listing.bind(spec(2, 2, 3), "unit", "stretch", None)
    source.read(listing.names[0])
    with pytest.raises(InputError, match="can't be read: No such file"):
        source.read(listing.names[1])


def test_what_is_no_regular_file_is_listed_and_fails_alone(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    listing = list_folder(tmp_path)
    source = listing.bind(spec(2, 2, 3), "unit", "stretch", None)
    source.read(listing.names[0])
    for name in listing.names[1:]:
        with pytest.raises(InputError, match="can't be read: it is no regular file"):
            source.read(name)


def test_links_that_go_round_in_circles_fail_alone(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    for name in ("loop.png", "loop"):
        (tmp_path / name).symlink_to(name)
    listing = list_folder(tmp_path)
    assert [name.id for name in listing.names] == ["a.png", "loop.png"]
    assert listing.notes == ("1 file is no image by extension (1 without ending): passed over",)


class Locked:
    """What `os.scandir` gives for a link into a folder that may not be entered."""

    def __init__(self, name: str) -> None:
        self.name = name

    def is_dir(self) -> bool:
        raise PermissionError(13, "Permission denied")


def test_a_link_that_may_not_be_followed_fails_alone_or_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "scandir", lambda folder: [Locked("a.png")])
    assert ids(tmp_path) == ["a.png"]
    monkeypatch.setattr(os, "scandir", lambda folder: [Locked("a.png"), Locked("more")])
    with pytest.raises(InputError, match="can't list .*more"):
        list_folder(tmp_path)


@pytest.mark.parametrize("spelling", ["out", "./out", "x/../out", "link"])
def test_the_excluded_folder_is_left_out_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    fill(tmp_path, "a.png", "out/overlays/a.png.png", "out/run.json", "x/out/b.png")
    (tmp_path.parent / f"{tmp_path.name}-link").symlink_to(tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    exclude = tmp_path.parent / f"{tmp_path.name}-link" if spelling == "link" else Path(spelling)
    listing = list_folder(tmp_path, exclude)
    assert [name.id for name in listing.names] == ["a.png", "x/out/b.png"]
    assert listing.notes == ()


def test_an_excluded_folder_that_does_not_exist_yet_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    assert ids(tmp_path, tmp_path / "out") == ["a.png"]


def test_a_link_into_the_excluded_folder_is_left_out_too(tmp_path: Path) -> None:
    fill(tmp_path, "z.png", "out/overlays/z.png.png")
    (tmp_path / "latest").symlink_to(tmp_path / "out" / "overlays")
    assert ids(tmp_path, tmp_path / "out") == ["z.png"]


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        ((), "it is empty"),
        ((".hidden.png",), "it is empty"),
        (("a.txt", "b/c.csv"), "2 of another kind found"),
    ],
)
def test_a_folder_without_images_is_refused(
    tmp_path: Path, names: tuple[str, ...], cause: str
) -> None:
    with pytest.raises(InputError, match=f"{tmp_path} holds no image: {cause}") as caught:
        list_folder(fill(tmp_path, *names))
    assert ".png" in caught.value.fix


def test_a_folder_that_may_not_be_listed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a.png", "locked/b.png")
    scandir = os.scandir

    def locked(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(InputError, match="can't list .*locked: Permission denied"):
        list_folder(tmp_path)


def test_one_image_is_an_input_without_folder(tmp_path: Path) -> None:
    fill(tmp_path, "sub/a.png", "sub/b.png")
    listing = list_image(tmp_path / "sub" / "a.png")
    (name,) = listing.names
    assert (name.index, name.id, name.folder, listing.notes) == (0, "a.png", "", ())
    assert listing.kind == "pixels" and listing.resizable


@pytest.mark.parametrize(
    ("shape", "image_size", "expected"),
    [
        ((8, 6, 3), None, (8, 6, 3)),
        ((8, 6), None, (8, 6)),
        ((8, 6, 1), (8, 6), (8, 6, 1)),
        ((None, None, 3), (5, 7), (5, 7, 3)),
        ((8, None, 4), (8, 7), (8, 7, 4)),
        ((None, None), (5, 7), (5, 7)),
    ],
)
def test_the_size_comes_from_the_model_or_the_flag(
    tmp_path: Path,
    shape: tuple[int | None, ...],
    image_size: tuple[int, int] | None,
    expected: tuple[int, ...],
) -> None:
    listing = list_folder(fill(tmp_path, "a.png"))
    source = listing.bind(spec(*shape), "raw", "stretch", image_size)
    sample = source.read(listing.names[0])
    assert source.space.shape == sample.x.shape == expected
    assert sample.raw.shape == (expected if len(expected) == 3 else (*expected, 1))


@pytest.mark.parametrize(
    ("shape", "image_size", "problem"),
    [
        ((None, None, 3), None, "takes any image size"),
        ((8, None, 3), None, "takes any image size"),
        ((8, 6, 3), (6, 8), "--image-size 6x8 does not fit the model: its input 'image' is 8x6"),
        ((8, None, 3), (9, 9), "does not fit the model"),
    ],
)
def test_a_size_that_can_not_be_settled_is_refused(
    tmp_path: Path,
    shape: tuple[int | None, ...],
    image_size: tuple[int, int] | None,
    problem: str,
) -> None:
    listing = list_folder(fill(tmp_path, "a.png"))
    with pytest.raises(ConfigError, match=problem):
        listing.bind(spec(*shape), "unit", "stretch", image_size)


@pytest.mark.parametrize("shape", [(10,), (3, 8, 8), (10, 8, 8), (8, 8, None), (2, 8, 8, 3), ()])
def test_a_model_that_takes_no_image_is_refused(
    tmp_path: Path, shape: tuple[int | None, ...]
) -> None:
    listing = list_folder(fill(tmp_path, "a.png"))
    with pytest.raises(InputError, match="can't take an image") as caught:
        listing.bind(spec(*shape), "unit", "stretch", None)
    assert "npy" in caught.value.fix


def test_imagenet_means_are_refused_for_a_grey_model(tmp_path: Path) -> None:
    listing = list_folder(fill(tmp_path, "a.png"))
    with pytest.raises(ConfigError, match="--preprocess caffe needs three colour channels"):
        listing.bind(spec(8, 8, 1), "caffe", "stretch", None)


def test_a_sample_has_its_pixels_its_model_input_and_its_files_hash(tmp_path: Path) -> None:
    listing = list_folder(fill(tmp_path, "a.png"))
    sample = listing.bind(spec(3, 4, 3), "unit", "stretch", None).read(listing.names[0])
    assert sample.sha256 == hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    np.testing.assert_array_equal(sample.raw, np.full((3, 4, 3), (10, 20, 30)))
    np.testing.assert_allclose(sample.x, np.full((3, 4, 3), (10, 20, 30)) / 255, rtol=1e-6)
    assert sample.name is listing.names[0]


def test_resize_is_passed_on(tmp_path: Path) -> None:
    listing = list_folder(fill(tmp_path, "a.png"))
    sample = listing.bind(spec(2, 4, 3), "raw", "pad", None).read(listing.names[0])
    assert sample.x[0, :, 0].tolist() == [0, 10, 10, 0]


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "the file is empty"), (b"text", "not an image that Pillow can read")],
)
def test_a_broken_file_fails_alone(tmp_path: Path, content: bytes, problem: str) -> None:
    fill(tmp_path, "a.png")
    (tmp_path / "b.png").write_bytes(content)
    listing = list_folder(tmp_path)
    source = listing.bind(spec(2, 2, 3), "unit", "stretch", None)
    with pytest.raises(InputError, match=problem):
        source.read(listing.names[1])
    assert source.read(listing.names[0]).x.shape == (2, 2, 3)


def test_earlier_runs_are_passed_over_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    for name in ("one", "two"):
        (tmp_path / name / "overlays").mkdir(parents=True)
        (tmp_path / name / "overlays" / "a.png.png").touch()
        (tmp_path / name / "run.json").write_text('{"igcli": "0"}')
    listing = list_folder(tmp_path)
    assert [name.id for name in listing.names] == ["a.png"]
    assert listing.notes == ("2 folders hold earlier runs of igcli: passed over",)
    assert list_folder(tmp_path, tmp_path / "two").notes == (
        "1 folder holds an earlier run of igcli: passed over",
    )


@pytest.mark.slow
def test_a_hundred_thousand_files(tmp_path: Path) -> None:
    for i in range(100_000):
        os.mknod(tmp_path / f"{i}.png")
    names = list_folder(tmp_path).names
    assert [name.index for name in names] == list(range(100_000))
    assert [name.id for name in names] == sorted(f"{i}.png" for i in range(100_000))


def test_the_hash_alone_is_that_of_the_sample(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), "red").save(tmp_path / "a.png")
    listing = list_folder(tmp_path)
    source = listing.bind(InputSpec("x", (2, 3, 3), np.dtype("float32")), "unit", "stretch", None)
    digest = hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    assert source.sha256(listing.names[0]) == digest == source.read(listing.names[0]).sha256
    (tmp_path / "a.png").unlink()
    with pytest.raises(InputError, match="can't be read: No such file"):
        source.sha256(listing.names[0])
