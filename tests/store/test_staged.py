"""What a worker writes: a block whole, or as far as it came, but never half an input."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from igcli.common.explanation import Explanation
from igcli.store.maps import Maps
from igcli.store.staged import StagedWriter


def writer_of(out: Path, rows: int, per_input: int) -> StagedWriter:
    (out / "parts").mkdir()
    writer = StagedWriter(out, Maps((2,)), per_input)
    for row in range(4, 4 + rows):
        attribution = np.full(2, row, np.float32)
        writer.add(Explanation(row, f"r{row}", "", "abc", attribution=attribution, status="ok"))
    return writer


def test_a_finished_block_is_a_part_that_has_no_name_yet(tmp_path: Path) -> None:
    writer = writer_of(tmp_path, 3, per_input=1)
    assert list((tmp_path / "parts").iterdir()) == []
    writer.flush()
    writer.cut()
    staged = writer.staged
    assert staged is not None and (staged.start, staged.rows) == (4, 3)
    assert list((tmp_path / "parts").iterdir()) == [staged.path(tmp_path)]
    assert staged.name.startswith(".")
    with h5py.File(staged.path(tmp_path)) as file:
        assert file["attributions"][:, 0].tolist() == [4, 5, 6]


@pytest.mark.parametrize(("rows", "written"), [(5, 4), (2, 2), (1, 0), (0, 0)])
def test_of_a_block_that_is_cut_whole_inputs_are_written(
    tmp_path: Path, rows: int, written: int
) -> None:
    writer = writer_of(tmp_path, rows, per_input=2)
    writer.cut()
    assert (writer.staged.rows if writer.staged else 0) == written


def test_what_can_not_be_written_is_given_up(tmp_path: Path) -> None:
    writer = writer_of(tmp_path, 2, per_input=1)
    (tmp_path / "parts").rmdir()
    with pytest.raises(OSError):
        writer.flush()
    writer.cut()
    assert writer.staged is None
