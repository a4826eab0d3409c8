import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from igcli.errors import OutputError
from igcli.store.layout import (
    check_out,
    check_sources,
    overlay_path,
    part_path,
    prepare_out,
    whole_file,
)


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_whole_file_writes_a_new_file(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.txt") as temporary:
        assert temporary.parent == tmp_path and not (tmp_path / "a.txt").exists()
        temporary.write_text("new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"


def test_whole_file_replaces_a_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with path.open() as reader, whole_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert reader.read() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_no_debris(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), whole_file(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_the_data_is_synced_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    fsync = os.fsync

    def spy(handle: int) -> None:
        synced.append((tmp_path / "a.txt").exists())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
    assert synced[0] is False


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    ("mask", "bits"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0, 0o666)]
)
def test_permission_bits_follow_the_umask(tmp_path: Path, mask: int, bits: int) -> None:
    os.umask(mask)
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
    assert mode(tmp_path / "a.txt") == bits
    assert os.umask(mask) == mask


@pytest.mark.usefixtures("umask")
def test_permission_bits_follow_the_umask_in_two_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)
    set_umask = os.umask

    def slow(mask: int) -> int:
        before = set_umask(mask)
        try:
            both.wait(0.2)
        except threading.BrokenBarrierError:
            pass
        return before

    def write(name: str) -> None:
        with whole_file(tmp_path / name) as temporary:
            temporary.write_text("x")

    monkeypatch.setattr(os, "umask", slow)
    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [mode(tmp_path / name) for name in ("a", "b")] == [0o644, 0o644]


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("a.png", "overlays/a.png.png"),
        ("cat/b/a.png@top2", "overlays/cat/b/a.png@top2.png"),
        ("digits-000003", "overlays/digits-000003.png"),
        ("x" * 251, f"overlays/{'x' * 251}.png"),
    ],
)
def test_a_picture_is_named_by_its_id(identity: str, expected: str) -> None:
    assert overlay_path(Path("out"), identity) == Path("out") / expected


@pytest.mark.parametrize("name", ["x" * 252, "x" * 255, "ü" * 126, "鶴" * 84, "🦆" * 500])
def test_a_name_too_long_for_a_file_system_is_cut_and_stays_unique(
    tmp_path: Path, name: str
) -> None:
    paths = [overlay_path(tmp_path, f"cat/{name}{end}") for end in ("1", "2")]
    for path in paths:
        assert path.parent == tmp_path / "overlays" / "cat" and path.suffix == ".png"
        assert len(path.name.encode()) <= 255
        assert path.name.startswith(name[:40])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert paths[0] != paths[1]
    assert overlay_path(tmp_path, f"cat/{name}1") == paths[0]


def test_parts_sort_by_their_first_row() -> None:
    names = [part_path(Path("o"), start).name for start in (0, 7, 512, 1_000_000)]
    assert names == sorted(names)
    assert part_path(Path("o"), 512) == Path("o/parts/part-000000512.h5")


def earlier_run(folder: Path) -> Path:
    (folder / "overlays" / "cat").mkdir(parents=True)
    (folder / "parts").mkdir()
    for name in (
        "run.json",
        "results.csv",
        "attributions.h5",
        "attributions.npy",
        "parts/part-000000000.h5",
        "overlays/cat/a.png.png",
    ):
        (folder / name).write_text("old")
    (folder / "run.json").write_text('{"igcli": "0.1.0", "status": "complete"}')
    return folder


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["new", "new/and/deep", "empty"])
def test_an_empty_or_new_folder_may_be_written(tmp_path: Path, name: str, overwrite: bool) -> None:
    (tmp_path / "empty").mkdir()
    check_out(tmp_path / name, overwrite)
    assert tree(tmp_path) == ["empty"]


def test_a_relative_folder_may_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_out(Path("out/run"), False)


def test_an_earlier_run_is_replaced_on_demand_only(tmp_path: Path) -> None:
    earlier_run(tmp_path)
    before = tree(tmp_path)
    check_out(tmp_path, True)
    with pytest.raises(OutputError, match="holds a run already") as caught:
        check_out(tmp_path, False)
    assert "--overwrite" in caught.value.fix
    assert tree(tmp_path) == before


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "overlays", "results.csv"])
def test_a_folder_that_holds_something_else_is_refused(
    tmp_path: Path, name: str, overwrite: bool
) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(OutputError, match="is not empty, and no igcli run"):
        check_out(tmp_path, overwrite)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_is_no_run_directory(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputError, match="out is a file"):
        check_out(tmp_path / "out", overwrite)


@pytest.mark.parametrize(
    "bits",
    [
        0o644,
        0o755,
    ],
)
def test_a_folder_below_a_file_is_refused(tmp_path: Path, bits: int) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "file").chmod(bits)
    with pytest.raises(OutputError, match="can't be written"):
        check_out(tmp_path / "file" / "out", False)


def test_a_folder_below_a_file_is_refused_for_the_right_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError) as caught:
        check_out(tmp_path / "file" / "out", False)
    assert "read-only" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "new/deep"])
def test_a_read_only_place_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(os, "access", lambda path, rights: Path(path) != tmp_path)
    with pytest.raises(OutputError, match=f"can't be written: {tmp_path} is read-only"):
        check_out(tmp_path / name, False)


def test_prepare_makes_the_folders(tmp_path: Path) -> None:
    prepare_out(tmp_path / "new" / "out")
    assert tree(tmp_path) == ["new", "new/out", "new/out/parts"]


def test_prepare_removes_an_earlier_run_and_leaves_foreign_files_alone(tmp_path: Path) -> None:
    earlier_run(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "run.json").write_text("mine")
    prepare_out(tmp_path)
    assert tree(tmp_path) == ["notes.txt", "parts", "sub", "sub/run.json"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_prepare_removes_links_and_not_what_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.png").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    for name in ("overlays", "parts", "results.csv"):
        (out / name).symlink_to(tmp_path / "elsewhere")
    prepare_out(out)
    assert tree(out) == ["parts"] and not (out / "parts").is_symlink()
    assert (tmp_path / "elsewhere" / "a.png").read_text() == "mine"


def test_prepare_says_what_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="can't be written"):
        prepare_out(tmp_path / "file" / "out")


@pytest.mark.parametrize("text", ["{}", '{"a": 1}', "[1]", "no json"])
def test_a_run_json_of_somebody_else_makes_no_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(OutputError, match="no igcli run"):
        check_out(tmp_path, True)


def test_prepare_leaves_files_that_igcli_did_not_write(tmp_path: Path) -> None:
    earlier_run(tmp_path)
    for name in ("overlays/mine.txt", "parts/mine.h5", "mine.csv"):
        (tmp_path / name).write_text("mine")
    prepare_out(tmp_path)
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert files == ["mine.csv", "overlays/mine.txt", "parts/mine.h5"]


@pytest.mark.parametrize("inside", ["overlays/cat/a.png.png", "overlays", "attributions.npy"])
def test_a_run_never_replaces_what_it_reads(tmp_path: Path, inside: str) -> None:
    out = earlier_run(tmp_path / "out")
    with pytest.raises(OutputError, match="lies in the run directory"):
        check_sources(out, [out / inside])
    check_sources(out, [tmp_path, out, tmp_path / "absent"])


def test_a_folder_named_like_a_picture_does_not_collide_with_one() -> None:
    out = Path("out")
    beside = overlay_path(out, "a.png")
    assert beside not in overlay_path(out, "a.png.png/b.png").parents
    assert len(overlay_path(out, "x" * 300 + "/b.png").parts[2].encode()) <= 255
