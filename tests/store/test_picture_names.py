"""Pictures are called by their inputs' stems, and none by the name of another."""

import re
import unicodedata
from pathlib import Path

import pytest

from igcli.store.picture_names import PictureNames, names_by_stem, naming_to_json

OUT = Path("out")


def names(*ids: str, by_stem: bool = True) -> list[str]:
    known = PictureNames(ids, by_stem)
    return [known.path(OUT, i).relative_to(OUT / "overlays").as_posix() for i in ids]


@pytest.mark.parametrize(
    ("identity", "rank", "expected"),
    [
        ("digit-3.png", "", "digit-3.png"),
        ("cat/b/a.JPG", "@top2", "cat/b/a@top2.png"),
        ("digits-000003", "", "digits-000003.png"),
        ("photo.png-000003", "", "photo.png-000003.png"),
        ("v1.2-000003", "", "v1.2-000003.png"),
        ("v1.2", "", "v1.2.png"),
        ("a/.png", "", "a/.png.png"),
        ("x" * 251, "", f"{'x' * 251}.png"),
    ],
)
def test_a_picture_is_named_by_the_stem(identity: str, rank: str, expected: str) -> None:
    path = PictureNames([identity]).path(OUT, identity, rank)
    assert path == OUT / "overlays" / expected


def test_the_ending_tells_two_apart() -> None:
    assert names("a.png", "a.jpg", "b.png", "sub/a.png") == [
        "a.png.png", "a.jpg.png", "b.png", "sub/a.png",
    ]  # fmt: skip


def test_a_name_with_its_ending_is_no_stem_of_another() -> None:
    assert names("a.png", "a.jpg", "a.png.tif") == ["a.png.png", "a.jpg.png", "a.png.tif.png"]
    found = names("a.png", "a.jpg", "a.png.tif", "a.png.tif.bmp", "a.png.tif.bmp.gif")
    assert len(set(found)) == 5


def test_ids_that_only_case_tells_apart_get_pictures_of_their_own() -> None:
    ids = ["a/X.png", "A/x.png", "a/y.png", "e\u0301.png", "\u00e9.png", "stra\u00dfe", "STRASSE"]
    found = names(*ids)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in found}) == len(ids)
    assert found[2] == "a/y.png"
    assert re.fullmatch(r"a/X\.png~[0-9a-f]{8}\.png", found[0])


def test_runs_of_before_have_every_ending() -> None:
    assert names("a.png", "sub/b.jpg", "x-000001", by_stem=False) == [
        "a.png.png", "sub/b.jpg.png", "x-000001.png",
    ]  # fmt: skip


def test_run_json_tells_which_it_is() -> None:
    assert names_by_stem({"settled": naming_to_json(PictureNames([]))})
    assert not names_by_stem({"settled": naming_to_json(PictureNames([], by_stem=False))})
    assert not names_by_stem({"settled": {}}) and not names_by_stem({})


@pytest.mark.parametrize("name", ["x" * 252, "x" * 255, "ü" * 126, "鶴" * 84, "🦆" * 500])
def test_a_name_too_long_for_a_file_system_is_cut_and_stays_unique(
    tmp_path: Path, name: str
) -> None:
    ids = [f"cat/{name}{end}" for end in ("1", "2")]
    known = PictureNames(ids)
    paths = [known.path(tmp_path, identity) for identity in ids]
    for path in paths:
        assert path.parent == tmp_path / "overlays" / "cat" and path.suffix == ".png"
        assert len(path.name.encode()) <= 255
        assert path.name.startswith(name[:40])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert paths[0] != paths[1]
    assert known.path(tmp_path, f"cat/{name}1") == paths[0]


def test_a_folder_named_like_a_picture_does_not_collide_with_one() -> None:
    known = PictureNames(["a.jpg", "a.png/b.png", "x" * 300 + "/b.png"])
    beside = known.path(OUT, "a.jpg")
    assert beside not in known.path(OUT, "a.png/b.png").parents
    assert len(known.path(OUT, "x" * 300 + "/b.png").parts[2].encode()) <= 255


def test_a_hundred_thousand_names() -> None:
    ids = [f"{i // 100}/{i}.png" for i in range(100_000)]
    assert PictureNames(ids).path(OUT, "7/700.png") == OUT / "overlays/7/700.png"
