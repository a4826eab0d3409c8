"""Which images of two runs can be compared, and what is found of each pair."""

from pathlib import Path

import numpy as np
import pytest

from igcli.common.explanation import Explanation
from igcli.common.progress import untracked
from igcli.comparison.drift.compare import open_side
from igcli.comparison.drift.pairs import Matched, Measured, match, measure
from igcli.comparison.noise import disturbed
from igcli.comparison.similarity import METRICS, measured
from tests.comparison.runs import failed, maps_like, moved, row, rows_of, write_run

L1 = list(METRICS).index("l1")


def matched(tmp_path: Path, old: list[Explanation], new: list[Explanation]) -> Matched:
    return match(
        open_side(write_run(tmp_path / "old", old)), open_side(write_run(tmp_path / "new", new))
    )


def test_every_image_has_its_place(tmp_path: Path) -> None:
    maps = maps_like(9)
    old = [
        row("same", maps[0]), row("gone", maps[1]), row("redrawn", maps[2]),
        failed("broken there"), row("broken here", maps[3]), failed("broken twice"),
        row("short there", maps[4], converged=False), row("short here", maps[5]),
        row("another target", maps[6]), row("another prediction", maps[7]),
        failed("unread there", sha256=""), row("unread here", maps[8]),
        row("redrawn and broken", maps[8]), row("another target alone", maps[8]),
    ]  # fmt: skip
    new = [
        failed("unread here", sha256=""), row("unread there", maps[8]), row("new", maps[0]),
        row("another prediction", maps[7], prediction=2),
        row("another target", maps[6], target=2, prediction=2),
        row("short here", maps[5], converged=False), row("short there", maps[4]),
        failed("broken twice"), failed("broken here"), row("broken there", maps[3]),
        row("redrawn", maps[2], sha256="bb"), row("same", maps[0]),
        failed("redrawn and broken", sha256="bb"), row("another target alone", maps[8], target=2),
    ]  # fmt: skip
    found = matched(tmp_path, old, new)
    assert [a.id for a, _ in found.pairs] == [
        "same", "short there", "short here", "another prediction"
    ]  # fmt: skip
    assert all(a.id == b.id for a, b in found.explained)
    assert [a.id for a, _ in found.retargeted] == ["another target", "another target alone"]
    assert [a.id for a, _ in found.retargeted_alone] == ["another target alone"]
    assert found.missing == ["gone"] and found.extra == ["new"]
    assert found.input_changed == ["redrawn", "redrawn and broken"]
    assert found.failed == [
        "broken there", "broken here", "broken twice", "unread there", "unread here",
        "redrawn and broken",
    ]  # fmt: skip
    assert found.unconverged == ["short there", "short here"]
    assert len(found.explained) == 6 and found.common == 13


def test_fixed_rules_do_not_converge_and_do_not_count(tmp_path: Path) -> None:
    rows = rows_of(maps_like(3), converged=None, error_estimate=None)
    assert matched(tmp_path, rows, rows).unconverged == []


def test_rows_keep_their_maps_in_any_order(tmp_path: Path) -> None:
    """In parts of three, against a run in another order, of which every other row is needed."""
    maps = maps_like(20)
    old = rows_of(maps)
    new = rows_of([moved(values, 0.2, i) for i, values in enumerate(maps)])
    sides = (
        open_side(write_run(tmp_path / "old", old)),
        open_side(write_run(tmp_path / "new", new[::-1])),
    )
    pairs = match(*sides).pairs[::3]
    assert len(pairs) == 7
    found = measure(*sides, pairs, 0, untracked)
    assert found.seen[:, L1] == pytest.approx(0.2, rel=1e-5)
    for i, (a, _) in enumerate(pairs):
        place = "abcdefghijklmnopqrstuvwxyz".index(a.id)
        expected = measured(maps[place], moved(maps[place], 0.2, place))
        np.testing.assert_array_equal(found.seen[i], expected)


def measured_pair(
    tmp_path: Path, share: float, errors: tuple[float | None, float | None]
) -> Measured:
    values = maps_like(1)[0]
    maps = (values, moved(values, share))
    old, new = (
        open_side(write_run(tmp_path / name, rows_of([m], error_estimate=error)))
        for name, m, error in zip(("old", "new"), maps, errors, strict=True)
    )
    return measure(old, new, match(old, new).pairs, 0, untracked)


def test_both_maps_errors_count(tmp_path: Path) -> None:
    found = measured_pair(tmp_path, 0.06, (0.04, 0.05))
    values = maps_like(1)[0]
    size = np.abs(moved(values, 0.06)).sum(dtype=float) / np.abs(values).sum(dtype=float)
    assert found.share[0] == pytest.approx(0.04 + 0.05 * size)
    expected = measured(values, disturbed(values, float(found.share[0]), "a"))
    np.testing.assert_allclose(found.noise[0], expected, rtol=1e-9)
    assert found.within_noise.tolist() == [True]
    assert found.judged[0].tolist() == [metric.same for metric in METRICS.values()]
    assert found.seen[0, L1] == pytest.approx(0.06, rel=1e-5)


@pytest.mark.parametrize(("share", "within"), [(0.079, True), (0.5, False)])
def test_an_unknown_error_is_taken_to_be_the_other_one(
    tmp_path: Path, share: float, within: bool
) -> None:
    found = measured_pair(tmp_path, share, (0.04, None))
    assert found.share[0] == pytest.approx(0.08, rel=1e-6)
    assert found.within_noise.tolist() == [within]


def test_where_no_error_is_known_every_difference_counts(tmp_path: Path) -> None:
    found = measured_pair(tmp_path, 1e-4, (None, None))
    assert np.isnan(found.share).all() and np.isnan(found.noise).all()
    assert not found.within_noise.any()
    np.testing.assert_array_equal(found.judged, found.seen)


def test_an_infinite_error_is_none_that_is_known(tmp_path: Path) -> None:
    assert np.isnan(measured_pair(tmp_path, 0.1, (float("inf"), float("inf"))).share).all()


def test_maps_of_zeros(tmp_path: Path) -> None:
    zeros = np.zeros((6, 5, 3), np.float32)
    old = write_run(tmp_path / "old", rows_of([zeros, zeros]))
    new = write_run(tmp_path / "new", rows_of([zeros, maps_like(1)[0]]))
    sides = open_side(old), open_side(new)
    found = measure(*sides, match(*sides).pairs, 0, untracked)
    assert found.share.tolist() == [0.0, 0.0] and found.errors.tolist() == [[0.0, 0.0]] * 2
    assert found.within_noise.tolist() == [True, False]
    assert found.seen[:, L1].tolist() == [0.0, np.inf]
