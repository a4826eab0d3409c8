"""The digits by the command line: regions certified, and kept alone, through every command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pandas as pd
import pytest
from click.testing import Result

Igcli = Callable[..., Result]


@pytest.fixture(scope="module")
def digits(root: Path) -> tuple[Path, Path]:
    return root / "sample_data" / "digits.h5", root / "sample_data" / "digits"


def done(igcli: Igcli, *arguments: object) -> Any:
    result = igcli(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.slow
def test_each_option_changes_what_is_written(
    igcli: Igcli, digits: tuple[Path, Path], tmp_path: Path
) -> None:
    """And what is certified holds, for the same inputs in fewer steps."""
    runs = {
        "pixels": (),
        "regions": ("--certify", "regions:4"),
        "less": ("--certify", "regions:4", "--store", "regions"),
        "half": ("--store-dtype", "float16"),
    }
    said, tables, names = {}, {}, {}
    for name, flags in runs.items():
        out = tmp_path / name
        said[name] = done(igcli, "run", *digits, "-o", out, "--no-overlays", *flags)
        tables[name] = pd.read_csv(out / "results.csv")
        with h5py.File(out / "attributions.h5") as file:
            names[name] = {
                key: (file[key].shape, str(file[key].dtype))
                for key in ("attributions", "images", "regions", "map_scales")
                if key in file
            }
    maps, images = ((10, 28, 28, 1), "float32"), ((10, 28, 28, 1), "uint8")
    assert names == {
        "pixels": {"attributions": maps, "images": images,
                   "regions": ((10, 2, 14, 14), "float32")},
        "regions": {"attributions": maps, "images": images, "regions": ((10, 2, 7, 7), "float32")},
        "less": {"regions": ((10, 2, 7, 7), "float32")},
        "half": {"attributions": (maps[0], "float16"), "images": images,
                 "regions": ((10, 2, 14, 14), "float32"), "map_scales": ((10,), "float32")},
    }  # fmt: skip
    assert said["regions"]["certified"] == "regions" and said["pixels"]["certified"] == "pixels"
    assert tables["regions"]["steps"].sum() < tables["pixels"]["steps"].sum()
    assert (tables["regions"]["regions_error"] <= 0.05).all()
    assert (tables["regions"]["error_estimate"] > 0.05).any() and tables["regions"][
        "converged"
    ].all()
    assert (tables["half"]["error_estimate"] <= 0.05).all()
    assert tables["less"].equals(tables["regions"])


@pytest.mark.slow
def test_a_run_of_regions_alone_goes_through_every_command(
    igcli: Igcli, digits: tuple[Path, Path], tmp_path: Path
) -> None:
    asked = (*digits, "--certify", "regions:4", "--store", "regions", "--no-overlays")
    for i in (1, 2):
        done(igcli, "run", *asked, "-o", tmp_path / f"s{i}", "--shard", f"{i}/2")
    out = tmp_path / "out"
    merged = done(igcli, "merge", out, tmp_path / "s1", tmp_path / "s2")
    assert merged["regions_error"]["worst"] <= 0.05
    again = igcli("run", *asked, "-o", out, "--resume")
    assert again.exit_code == 0 and "10 of them before" in again.stdout
    other = igcli("run", *asked, "-o", out, "--resume", "--certify", "regions")
    assert other.exit_code == 2 and "--certify is regions:4 there and regions here" in other.stderr
    assert done(igcli, "report", out)["pictured"] == 10
    assert done(igcli, "render", out, "--style", "regions")["drawn"] == 10
    refused = igcli("render", out)
    assert refused.exit_code == 2 and "run again with --store pixels" in refused.stderr
    compared = done(igcli, "compare", out, out)
    assert compared["regions"] == 4 and compared["drift"] is False
    assert igcli("baseline", out, "-o", tmp_path / "r.igref").exit_code == 0
    assert done(igcli, "compare", tmp_path / "r.igref", out)["regions"] == 4
    verified = done(igcli, "verify", out, *digits, "-n", "4")
    assert verified["verified"] and verified["measured_error"] is None
    assert 0.0 < verified["measured_regions"]["worst"] <= 0.05


@pytest.mark.slow
def test_estimates_are_of_both(igcli: Igcli, digits: tuple[Path, Path]) -> None:
    found = done(igcli, "inspect", *digits, "--estimate", "--certify", "regions:4")["estimate"]
    assert found["gradients"] == found["certify"]["regions"]["gradients"]
    assert found["gradients"] < found["certify"]["pixels"]["gradients"]
    assert found["disk"] == found["store"]["pixels"] > found["store"]["regions"]
