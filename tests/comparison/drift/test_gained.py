"""What is gained: a place that all images of a class have in common, where maps differ anyway."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.progress import untracked
from igcli.comparison.drift.calibrate import write_reference
from igcli.comparison.drift.gained import density, gained, gained_interval, gains_of_all
from igcli.comparison.drift.text import summary
from igcli.comparison.drift.verdict import Verdict
from igcli.comparison.drift.words import named
from tests.comparison.runs import row, verdict_of, write_run

GAINED, MOVED = "gained by class>others", "moved.mean by class>others"


def test_what_varies_is_no_gain() -> None:
    # Cells: as much in both images; all in one of them (a standard error is as large as the mean);
    # lost in both.
    gains = np.array([[0.2, 0.4, -0.3], [0.2, 0.0, -0.3]])
    assert gained(gains) == pytest.approx(0.2)
    assert np.isnan(gained(gains[:1]))


def test_a_density_is_of_what_speaks_for_the_class() -> None:
    values = np.zeros((28, 28, 3))
    values[0, 0], values[2, 0], values[27, 27] = 1.0, -5.0, 3.0
    found = density(values).reshape(14, 14)
    assert (found[0, 0], found[13, 13], found.sum()) == (0.25, 0.75, 1.0)
    assert not density(-np.ones((4, 4, 1))).any()


def test_each_run_is_held_against_the_others() -> None:
    reference, one, two, new = (np.full((1, 1), value) for value in (0.0, 0.3, 0.6, 0.8))
    found = gains_of_all(new, reference, [one, two])
    smaller = np.sqrt(8.0 / 9.0)
    expected = [0.8 - 0.3, -0.45 * smaller, 0.0, 0.45 * smaller]
    assert [float(values[0, 0]) for values in found] == pytest.approx(expected, abs=1e-6)
    assert len(gains_of_all(new, reference, [])) == 1


def test_a_gain_has_an_interval() -> None:
    """By simulation: 0.95 of the intervals hold what many images would give, or a little less."""
    random = np.random.default_rng(0)
    mean = np.array([0.3, 0.0, -0.3])
    held = 0
    for _ in range(100):
        gains = (mean + 0.1 * random.standard_normal((40, 3))).astype(np.float32)
        low, high = gained_interval(gains)
        held += int(low <= 0.3 <= high)
    assert 80 <= held <= 100


def _images(seed: int, marked: float = 0.0) -> Iterator[Explanation]:
    """Classes of spots anywhere, others for each seed; class 2 may have a share at one place."""
    random = np.random.default_rng(seed)
    for number in range(5):
        for i in range(10):
            values: Array = np.zeros((28, 28, 1), np.float32)
            for y, x in random.integers(0, 24, (8, 2)):
                values[y : y + 4, x : x + 4] += 1.0
            if number == 2:
                values *= (1.0 - marked) / values.sum()
                values[25:27, 1:3] += marked / 4
            yield row(f"{number}-{i}", values, truth=number, prediction=number, target=number)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    here = tmp_path_factory.mktemp("gained")
    for name, share in {"a": 0.0, "b": 0.0, "clean": 0.0, "marked": 0.3}.items():
        images = list(_images(ord(name[-1]), share))
        write_run(here / name, images, part_rows=50)
        write_run(here / f"{name} regions", images, part_rows=50, side=2, pixels=False)
    for ending in ("", " regions"):
        outs = [here / f"{name}{ending}" for name in "ab"]
        write_reference(outs, here / f"two{ending}.igref", None, untracked)
    return {path.name: path for path in here.iterdir()}


def _verdict(runs: dict[str, Path], reference: str, new: str) -> Verdict:
    return verdict_of(runs[reference], runs[new], GAINED, MOVED)


@pytest.mark.parametrize(
    ("reference", "ending"), [("a", ""), ("two.igref", ""), ("two regions.igref", " regions")]
)
def test_a_mark_beside_what_varies(runs: dict[str, Path], reference: str, ending: str) -> None:
    """How far maps moved does not tell it: they always do."""
    found = _verdict(runs, reference, f"marked{ending}")
    assert [j.threshold.text for j in found.failed] == [GAINED] and named(found) == ["2"]
    assert found.failed[0].groups[0].value == pytest.approx(0.3, abs=0.07)
    said = "\n".join(summary(found))
    assert "has come to places that these images share" in said
    # Whose the limits are, where one run says nothing of that.
    assert ("measured on small networks for MNIST's digits" in said) == (reference == "a")
    assert not _verdict(runs, reference, f"clean{ending}").crossed
