"""``igcli agreement`` on one run that keeps the map of each of its baselines."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from igcli.comparison.agreement.of_kept import KeptChoices
from igcli.report.page.agreement import agreement_of
from igcli.store.kept_baselines import baselines_to_json
from igcli.store.maps import Maps
from igcli.store.run import open_run
from tests.comparison.agreement.runs import SIDE, spot
from tests.comparison.runs import failed, row, write_run

Igcli = Callable[..., Result]
NAMES = ("black", "white")


def kept_run(out: Path, pixels: bool = True) -> Path:
    """Maps of a that are 0.6 apart, and of b, 0.2; c has a baseline of its own, d has failed."""
    maps = Maps((SIDE, SIDE, 1), baselines=2, keeps_baselines=True)
    rows = []
    for name, share in (("a", 0.4), ("b", 0.8), ("c", np.nan)):
        own = np.stack([spot(0, 1.0), spot(0, share)])
        average = own[0] if name == "c" else own.mean(axis=0)
        rows.append(replace(row(name, average, error_estimate=0.01), baseline_maps=own))
    write_run(out, [*rows, failed("d")], maps, side=2, pixels=pixels)
    about = json.loads((out / "run.json").read_text())
    about["settled"] |= baselines_to_json(NAMES, maps)
    (out / "run.json").write_text(json.dumps(about))
    return out


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept_run(tmp_path_factory.mktemp("kept") / "out")


def test_the_kept_maps_of_one_run_are_measured(igcli: Igcli, tmp_path: Path, kept: Path) -> None:
    result = igcli("agreement", kept, "--json", "-o", tmp_path / "found")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["baselines"] == list(NAMES)
    assert [one["id"] for one in found["images"]] == ["a", "b"]
    assert [one["density"]["value"] for one in found["images"]] == pytest.approx([0.6, 0.2])
    assert (found["left_out"]["one baseline"], found["left_out"]["failed"]) == (["c"], ["d"])
    # Each of two maps is taken to be off by √2 times what the average is: all have a norm of 1.
    by_errors = [one["density"]["by_errors"] for one in found["images"]]
    assert by_errors == pytest.approx([2 * 2**0.5 * 0.01] * 2)
    assert "the error estimates are of the averages" in result.stderr


def test_regions_say_what_pixels_say(tmp_path: Path, kept: Path) -> None:
    cells = kept_run(tmp_path / "out", pixels=False)
    densities = []
    for out in (kept, cells):
        with KeptChoices(open_run(out)) as choices:
            (maps,) = choices.maps(choices.rows[:1])
            assert maps.masses is not None
            densities.append(maps.masses)
            assert maps.regions_errors == pytest.approx([0.01 * 2**0.5] * 2)
    np.testing.assert_array_equal(densities[0], densities[1])


def test_the_report_measures_by_itself(kept: Path) -> None:
    with open_run(kept) as run:
        shown = agreement_of(run)
    assert shown is not None
    assert "The maps of <strong>2</strong> differ" in "".join(shown.html)
    assert [one["row"] for one in json.loads(shown.rows)] == [0, 1]


def test_an_average_without_its_maps_tells_nothing(igcli: Igcli, tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", [row("a", spot(0, 0.5))], Maps((SIDE, SIDE, 1)))
    about = json.loads((out / "run.json").read_text())
    about["settled"]["baselines"] = list(NAMES)
    (out / "run.json").write_text(json.dumps(about))
    result = igcli("agreement", out)
    assert result.exit_code == 2
    assert "run it again with --keep-baselines" in result.stderr
