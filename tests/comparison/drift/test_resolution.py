"""Thresholds that the maps' own errors would cross, and the tolerance that is advised."""

from pathlib import Path

import pytest

from igcli.common.errors import ConfigError, IgcliError
from igcli.common.progress import untracked
from igcli.comparison.drift.reference_file import write_igref
from tests.comparison.runs import maps_like, row, rows_of, verdict_of, write_run

MAPS = maps_like(8)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_run(tmp_path / "old", rows_of(MAPS))


def advised(error: IgcliError) -> float:
    return float(error.fix.split("--tolerance ")[1].split()[0])


@pytest.mark.parametrize("estimate", [0.05, 0.02])
@pytest.mark.parametrize(
    "text", ["cosine.p05<0.9995", "spearman.median<0.9995", "coarse.min<0.9995",
             "top5.mean<0.97", "l1.p95>0.01",
             "l2.max>0.005", "shift.median>0.0001", "signs.mean<0.99999"],
)  # fmt: skip
def test_a_threshold_finer_than_the_noise_is_refused_with_what_would_do(
    tmp_path: Path, text: str, estimate: float
) -> None:
    maps = maps_like(8, (28, 28, 1))
    old = write_run(tmp_path / "old", rows_of(maps, error_estimate=estimate))
    with pytest.raises(ConfigError) as caught:
        verdict_of(old, old, text)
    said = str(caught.value)
    assert said.startswith(f"--fail-on {text} is finer than the runs can tell: the errors of ")
    finer = advised(caught.value)
    assert 0 < finer < estimate and "rerun both with" in said
    # A path may use up all of its tolerance.
    again = write_run(tmp_path / "again", rows_of(maps, error_estimate=finer), tolerance=finer)
    assert verdict_of(again, again, text).exit_code == 0
    # Half as fine again would not do.
    coarser = rows_of(maps, error_estimate=1.5 * finer)
    coarse = write_run(tmp_path / "coarse", coarser, tolerance=1.5 * finer)
    with pytest.raises(ConfigError, match="finer than the runs can tell"):
        verdict_of(coarse, coarse, text)


def test_of_runs_of_unequal_tolerance_the_coarser_one_is_to_be_rerun(tmp_path: Path) -> None:
    maps = maps_like(8, (28, 28, 1))
    old = write_run(tmp_path / "old", rows_of(maps, error_estimate=0.05))
    fine = write_run(tmp_path / "fine", rows_of(maps, error_estimate=0.005), tolerance=0.005)
    for pair in ((old, fine), (fine, old)):
        with pytest.raises(ConfigError) as caught:
            verdict_of(*pair, "l1.max>0.03")
        # t + 0.005 = 0.03, and a quarter less.
        assert caught.value.fix.startswith(f"rerun {old} with --tolerance ")
        assert advised(caught.value) == pytest.approx(0.02, rel=0.06)
    again = write_run(tmp_path / "again", rows_of(maps, error_estimate=0.02), tolerance=0.02)
    assert verdict_of(again, fine, "l1.max>0.03").exit_code == 0
    # Both are too coarse for this: 2t = 0.009, and a quarter less.
    with pytest.raises(ConfigError) as caught:
        verdict_of(old, fine, "l1.max>0.009")
    assert caught.value.fix.startswith("rerun both with --tolerance ")
    assert advised(caught.value) == pytest.approx(0.0036, rel=0.06)


def test_a_fixed_rule_has_no_tolerance_to_rerun_at(tmp_path: Path) -> None:
    maps = maps_like(8, (28, 28, 1))
    old = write_run(tmp_path / "old", rows_of(maps, error_estimate=0.05))
    rule = write_run(tmp_path / "rule", rows_of(maps, error_estimate=None), tolerance=None)
    with pytest.raises(ConfigError) as caught:
        verdict_of(old, rule, "l1.max>0.03")
    assert caught.value.fix.startswith("rerun both with --method adaptive --tolerance ")
    assert advised(caught.value) == pytest.approx(0.012, rel=0.09)


def test_paths_that_are_better_than_asked_need_no_rerun(tmp_path: Path) -> None:
    """One image in eight is off by its whole tolerance: the advice is about that one."""
    rows = rows_of(maps_like(8, (28, 28, 1)), error_estimate=0.001)
    rows[3] = row("d", rows[3].attribution, error_estimate=0.05)
    old = write_run(tmp_path / "old", rows)
    with pytest.raises(ConfigError) as caught:
        verdict_of(old, old, "l1.max>0.05")
    assert advised(caught.value) == pytest.approx(0.02, rel=0.06)


def test_a_tolerance_out_of_reach_is_not_advised(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", rows_of(maps_like(8, (28, 28, 1)), error_estimate=0.05))
    with pytest.raises(ConfigError, match="paths that exact are out of reach"):
        verdict_of(old, old, "l1.max>0.0001")


def test_a_threshold_that_leaves_no_room(old: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="set a threshold that leaves room for errors"):
        verdict_of(old, old, "cosine.min<1")
    fixed = write_run(tmp_path / "fixed", rows_of(MAPS, error_estimate=None), tolerance=None)
    assert verdict_of(fixed, fixed, "cosine.min<1").exit_code == 0


def test_of_a_reference_file_the_run_behind_it_is_to_be_rerun(tmp_path: Path) -> None:
    maps = maps_like(8, (28, 28, 1))
    old = write_run(tmp_path / "old", rows_of(maps, error_estimate=0.05))
    fine = write_run(tmp_path / "fine", rows_of(maps, error_estimate=0.005), tolerance=0.005)
    small = tmp_path / "old.igref"
    write_igref(old, small, 28, untracked)
    with pytest.raises(ConfigError) as caught:
        verdict_of(small, fine, "l1.max>0.03")
    assert caught.value.fix.startswith(f"rerun what {small} was made from with --tolerance ")
    assert advised(caught.value) == pytest.approx(0.02, rel=0.06)


def test_of_many_images_some_are_tried(tmp_path: Path) -> None:
    """Of 120, one is bad: `max` is about it, and `median` about the others."""
    rows = [
        row(f"{i}", values, error_estimate=0.05 if i == 77 else 0.02)
        for i, values in enumerate(maps_like(120, (8, 8, 1)))
    ]
    old = write_run(tmp_path / "old", rows, part_rows=60)
    for text, expected in (("l1.max>0.05", 0.02), ("l1.median>0.03", 0.012)):
        with pytest.raises(ConfigError) as caught:
            verdict_of(old, old, text)
        assert advised(caught.value) == pytest.approx(expected, rel=0.09)
