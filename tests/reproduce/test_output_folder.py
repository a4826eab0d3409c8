"""Who may write to OUT, and what is left of a refused example there."""

import json
from pathlib import Path

import pytest

from igcli.common.errors import OutputError
from igcli.reproduce.output_folder import OutputFolder


def hold(out: Path, example: str, status: str) -> None:
    """Make a folder as an example leaves it."""
    out.mkdir()
    about = {"status": status, "asked": {"example": example}}
    (out / "reproduce.json").write_text(json.dumps(about))


def test_a_finished_example_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    hold(out, "mnist", "complete")
    with pytest.raises(OutputError, match="holds the example already"):
        OutputFolder(out, "mnist", overwrite=False)
    assert OutputFolder(out, "mnist", overwrite=True).replacing
    with pytest.raises(OutputError, match="holds the example mnist"):
        OutputFolder(out, "iris", overwrite=True)


@pytest.mark.parametrize("status", ["running", "stopped"])
def test_an_example_that_was_not_finished_may_start_again(tmp_path: Path, status: str) -> None:
    out = tmp_path / "out"
    hold(out, "mnist", status)
    assert OutputFolder(out, "mnist", overwrite=False).replacing
    with pytest.raises(OutputError, match="holds the example mnist"):
        OutputFolder(out, "iris", overwrite=False)


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(OutputError, match="no example of igcli"):
        OutputFolder(tmp_path, "mnist", overwrite=True)
    with pytest.raises(OutputError, match="is a file"):
        OutputFolder(tmp_path / "mine.txt", "mnist", overwrite=True)


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    late = OutputFolder(out, "mnist", overwrite=True)
    first = OutputFolder(out, "mnist", overwrite=True)
    first.open()
    with pytest.raises(OutputError, match="is being written"):
        OutputFolder(out, "mnist", overwrite=True)
    with pytest.raises(OutputError, match="is being written"):
        late.open()
    first.withdraw()
    assert not out.exists()


def test_what_was_there_before_is_put_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    hold(out, "mnist", "complete")
    (out / "digits.npy").write_bytes(b"old")
    place = OutputFolder(out, "mnist", overwrite=True)
    for name in ("digits.npy", "model.keras"):
        place.early(name).write_bytes(b"new")
        place.early(name)
    assert place.contents() == ["digits.npy", "model.keras"]
    place.withdraw()
    assert (out / "digits.npy").read_bytes() == b"old"
    assert sorted(path.name for path in out.iterdir()) == ["digits.npy", "reproduce.json"]
