"""Path profiles: ragged rows survive parts, failed rows are empty."""

from pathlib import Path

import h5py
import numpy as np

from igcli.common.explanation import Explanation, Profile
from igcli.store.maps import Maps
from igcli.store.parts import write_part
from igcli.store.span import Span
from igcli.store.view import write_view


def explanation(row: int, count: int | None) -> Explanation:
    name = f"x-{row}"
    if count is None:
        return Explanation(row, name, name, "", status="failed")
    numbers = np.arange(count, dtype=float)
    profile = Profile(numbers / 10, numbers + row, numbers * 2)
    return Explanation(row, name, name, "", attribution=np.ones(2, np.float32), profile=profile)


def test_rows_keep_their_nodes_across_parts(tmp_path: Path) -> None:
    counts = [3, None, 2, None, 4, 1]
    (tmp_path / "parts").mkdir()
    spans = []
    for i, rows in enumerate([(0, 1), (2,), (3,), (4, 5)]):
        spans.append(Span(tmp_path / "parts" / f"part-{i}.h5", rows[0], len(rows)))
        write_part(spans[-1].path, [explanation(row, counts[row]) for row in rows], Maps((2,)))
    write_view(tmp_path, "r", spans)
    with h5py.File(tmp_path / "attributions.h5") as file:
        group = file["profiles"]
        assert list(group["offsets"]) == [0, 3, 3, 5, 5, 9, 10]
        assert list(group["scores"][3:5]) == [2.0, 3.0]
        assert list(group["alphas"][5:9]) == [0.0, 0.1, 0.2, 0.3]


def test_no_profiles_no_group(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    path = tmp_path / "parts" / "part-0.h5"
    plain = Explanation(0, "x", "x", "", attribution=np.ones(2, np.float32))
    write_part(path, [plain], Maps((2,)))
    write_view(tmp_path, "r", [Span(path, 0, 1)])
    with h5py.File(tmp_path / "attributions.h5") as file:
        assert "profiles" not in file
