"""What belongs to another executor is refused by name; one that is not installed, too."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Igcli = Callable[..., Result]


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--ray-address", "auto"),
        ("--workers", "2"),
        ("--gpus-per-worker", "0.5"),
        ("--cpus-per-worker", "4"),
    ],
)
def test_options_of_ray_need_ray(
    igcli: Igcli, root: Path, tmp_path: Path, flag: str, value: str
) -> None:
    given = (root / "sample_data" / "digits.h5", root / "sample_data" / "digits")
    result = igcli("run", *given, "-o", tmp_path / "out", flag, value)
    assert result.exit_code == 2
    assert result.stderr == (
        f"igcli: {flag} {value} can't be used with --executor local: the run is one process\n"
        "to fix this: add --executor ray, or leave it out\n"
    )
    assert not (tmp_path / "out").exists()


def test_where_ray_is_not_installed_it_says_how(
    igcli: Igcli, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    given = (root / "sample_data" / "digits.h5", root / "sample_data" / "digits")
    result = igcli("run", *given, "-o", tmp_path / "out", "--executor", "ray")
    assert result.exit_code == 2
    assert result.stderr.startswith("igcli: --executor ray can't be used: Ray can't be imported")
    assert result.stderr.endswith("to fix this: install it: pip install 'igcli[ray]'\n")


def test_what_is_wrong_with_the_run_is_found_before_ray_starts(
    igcli: Igcli, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    model = root / "sample_data" / "digits.h5"
    result = igcli("run", model, tmp_path / "gone", "-o", tmp_path / "out", "--executor", "ray")
    assert result.exit_code == 2 and "does not exist" in result.stderr
