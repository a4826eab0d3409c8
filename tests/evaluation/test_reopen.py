"""A run of an earlier igcli is read as it was asked for, and stays what it says."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from igcli.evaluation.reopen import VerifyRequest, reopen
from igcli.store.kept import Kept
from igcli.store.run import open_finished_run

Igcli = Callable[..., Result]


@pytest.fixture
def earlier(shared_data: Path, tmp_path: Path) -> Path:
    """What igcli 0.1.0 made of the sample digits."""
    run = shared_data / "v0_1_0" / "run"
    if not run.is_dir():
        pytest.skip(f"no run of igcli 0.1.0 at {run}")
    shutil.copytree(run, tmp_path / "run")
    for path in (tmp_path / "run").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path / "run"


@pytest.fixture
def digits(root: Path) -> tuple[Path, Path]:
    """The model and the inputs of that run."""
    return root / "sample_data" / "digits.h5", root / "sample_data" / "digits"


def test_a_run_of_0_1_0_is_of_the_same_settings(earlier: Path, digits: tuple[Path, Path]) -> None:
    notes: list[str] = []
    reopened = reopen(VerifyRequest(earlier, *digits), notes.append)
    assert reopened.method.title == "adaptive, tolerance 0.05"
    assert reopened.config.profile_path and reopened.config.tolerance is None
    assert reopened.spelled_out.min_steps == 9 and reopened.spelled_out.baseline == ("black",)
    # Another igcli is told of; a setting that 0.1.0 did not have makes no difference.
    assert all("was written by igcli 0.1.0" in note for note in notes)


@pytest.mark.slow
def test_a_run_of_0_1_0_is_what_it_says(
    igcli: Igcli, earlier: Path, digits: tuple[Path, Path]
) -> None:
    result = igcli("verify", earlier, *digits)
    assert result.exit_code == 0, result.output
    assert "all as stored" in result.stdout


def test_a_run_of_0_1_0_has_pixels_and_no_regions(earlier: Path, igcli: Igcli) -> None:
    with open_finished_run(earlier) as run:
        assert run.kept == Kept(None, False, True)
        assert run.rows and all(row.regions_error is None for row in run.rows)
        assert all(row.error_estimate is not None for row in run.rows)
        assert next(run.maps(run.rows[:1]))
    for command in (["report", earlier], ["render", earlier], ["compare", earlier, earlier]):
        assert igcli(*command).exit_code == 0, command
    result = igcli("render", earlier, "--style", "regions")
    assert result.exit_code == 2 and "has no regions to draw" in result.stderr
