import os
from pathlib import Path

import pytest
from PIL import Image

from igcli.common.errors import OutputError
from igcli.common.png import save_png
from igcli.store.lock import RunLock
from igcli.store.outdir import (
    check_out,
    check_sources,
    make_out,
    remove_debris,
    remove_joined,
    remove_run,
)


def earlier_run(folder: Path) -> Path:
    (folder / "overlays" / "cat").mkdir(parents=True)
    (folder / "parts").mkdir()
    for name in (
        "run.json",
        "results.csv",
        "attributions.h5",
        "attributions.npy",
        "report.html",
        "parts/part-000000000.h5",
    ):
        (folder / name).write_text("old")
    save_png(Image.new("L", (1, 1)), folder / "overlays" / "cat" / "a.png.png", "a")
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


def test_make_makes_the_folders(tmp_path: Path) -> None:
    make_out(tmp_path / "new" / "out")
    assert tree(tmp_path) == ["new", "new/out", "new/out/parts"]


def test_removal_removes_an_earlier_run_and_leaves_foreign_files_alone(tmp_path: Path) -> None:
    earlier_run(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "run.json").write_text("mine")
    remove_run(tmp_path)
    assert tree(tmp_path) == ["notes.txt", "parts", "run.json", "sub", "sub/run.json"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_removal_removes_links_and_not_what_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.png").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    for name in ("overlays", "parts", "results.csv"):
        (out / name).symlink_to(tmp_path / "elsewhere")
    remove_run(out)
    assert tree(out) == ["parts"] and not (out / "parts").is_symlink()
    assert (tmp_path / "elsewhere" / "a.png").read_text() == "mine"


def test_make_says_what_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="can't be written"):
        make_out(tmp_path / "file" / "out")


@pytest.mark.parametrize("text", ["{}", '{"a": 1}', "[1]", "no json"])
def test_a_run_json_of_somebody_else_makes_no_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(OutputError, match="no igcli run"):
        check_out(tmp_path, True)


def test_removal_leaves_files_that_igcli_did_not_write(tmp_path: Path) -> None:
    earlier_run(tmp_path)
    (tmp_path / "figures" / "heat").mkdir(parents=True)
    save_png(Image.new("L", (1, 1)), tmp_path / "figures" / "heat" / "a.png.png", "a")
    mine = ["figures/mine.png", "mine.csv", "overlays/cat/mine.png", "overlays/mine.txt"]
    mine.append("parts/mine.h5")
    for name in mine:
        (tmp_path / name).write_text("mine")
    Image.new("L", (1, 1)).save(tmp_path / "overlays" / "drawn.png")
    remove_run(tmp_path)
    files = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {*mine, "overlays/drawn.png", "run.json"}


@pytest.mark.parametrize("inside", ["overlays/cat/a.png.png", "overlays", "attributions.npy"])
def test_a_run_never_replaces_what_it_reads(tmp_path: Path, inside: str) -> None:
    out = earlier_run(tmp_path / "out")
    with pytest.raises(OutputError, match="lies in the run directory"):
        check_sources(out, [out / inside])
    check_sources(out, [tmp_path, out, tmp_path / "absent"])


@pytest.mark.parametrize(("resume", "overwrite"), [(True, False), (False, True), (False, False)])
@pytest.mark.parametrize("status", ["running", "partial"])
def test_an_unfinished_run_may_go_on_or_be_replaced(
    tmp_path: Path, status: str, resume: bool, overwrite: bool
) -> None:
    out = earlier_run(tmp_path / "out")
    (out / "run.json").write_text(f'{{"igcli": "0.1.0", "status": "{status}"}}')
    if resume or overwrite:
        check_out(out, overwrite, resume)
        return
    with pytest.raises(OutputError, match="holds an unfinished run") as caught:
        check_out(out, False)
    assert "--resume" in caught.value.fix and "--overwrite" in caught.value.fix


def test_what_a_run_leaves_that_is_killed_as_it_begins_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / ".lock").write_text("{}")
    (tmp_path / f".{'a1' * 16}.tmp").write_text("half")
    check_out(tmp_path, False)
    (tmp_path / "parts" / "mine").touch()
    with pytest.raises(OutputError, match="no igcli run"):
        check_out(tmp_path, False)


def test_a_run_that_is_being_written_is_refused_even_with_overwrite(tmp_path: Path) -> None:
    out = earlier_run(tmp_path / "out")
    with RunLock(out), pytest.raises(OutputError, match="is being written: by process"):
        check_out(out, True)
    check_out(out, True)


def test_debris_of_a_crash_is_removed_and_nothing_else(tmp_path: Path) -> None:
    out = earlier_run(tmp_path / "out")
    debris = f".{'0f' * 16}.tmp"
    for name in (debris, f"parts/{debris}", f"overlays/cat/{debris}"):
        (out / name).write_text("half")
    for name in (".mine.tmp", "overlays/.mine.tmp", "parts/mine.tmp"):
        (out / name).write_text("mine")
    remove_debris(out)
    remove_joined(out)
    files = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert files == [
        ".mine.tmp",
        "overlays/.mine.tmp",
        "overlays/cat/a.png.png",
        "parts/mine.tmp",
        "parts/part-000000000.h5",
        "run.json",
    ]
