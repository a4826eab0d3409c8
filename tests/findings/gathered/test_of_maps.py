"""Groups whose mass lies elsewhere stand out, and none where all are alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from igcli.common.groups import TRUTH
from igcli.findings.gathered.of_maps import search_maps, standing_found
from igcli.findings.summarize import Summary, summary_of
from igcli.store.run import open_finished_run
from tests.comparison.runs import row, write_run
from tests.findings.planted import SIDE, planted


def summary(seed: int, moved: float = 0.0) -> Summary:
    """Summarize noise; of class 0, a share of the mass is moved into the leftmost column."""
    made = planted("noise", 0.0, seed, 300).densities
    values = made.values.copy()
    own = [i for i, one in enumerate(made.rows) if one.truth == 0]
    values[own] *= 1.0 - moved
    values[own, :, 0, 0] += moved / SIDE
    return summary_of(replace(made, values=values), Path("out"), TRUTH)


def test_none_in_twenty_sets_of_equal_groups() -> None:
    assert [one for seed in range(20) for one in standing_found(summary(seed))] == []


def test_a_group_that_looks_at_the_left_edge_is_named() -> None:
    border, left = standing_found(summary(0, 0.4))
    assert border.text.startswith("class 0: more mass at the border")
    assert left.text.startswith("class 0: mass lies nearer to the left")
    # An even map has 1 at the border, which is 36 % of the area, and its centre in the middle.
    assert border.numbers["own"] == pytest.approx(0.6 + 0.4 / 0.36, abs=0.05)
    assert left.numbers["own"] == pytest.approx(0.6 * 0.5 + 0.4 * 0.5 / SIDE, abs=0.02)
    assert left.numbers["others"] == pytest.approx(0.5, abs=0.02)
    assert len(left.ids) == 100


def test_errors_may_make_it() -> None:
    made = summary(0, 0.4)
    unsure = tuple(replace(group, error=0.5) for group in made.groups)
    assert list(standing_found(replace(made, groups=unsure))) == []


def test_of_several_explanations_of_an_input_the_first_counts(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [
        row(f"{name}@{rank}", random.standard_normal((8, 8, 1)).astype(np.float32), target=rank)
        for name in "abc"
        for rank in (1, 2)
    ]
    out = write_run(tmp_path / "out", rows, side=2)
    with open_finished_run(out) as run:
        run.about["per_input"] = 2
        found = search_maps(run, "target", 0)
    assert found.per_input == 2
    assert [one.id for one in found.clusters.densities.rows] == ["a@1", "b@1", "c@1"]
