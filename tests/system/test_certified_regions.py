"""Certified densities on real models, against exact maps made with a trapezoid of many nodes."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from igcli.common.arrays import Array

Igcli = Callable[..., Result]


def total_variation(found: Array, exact: Array) -> float:
    """The largest of three, of all mass and of each sign with a twentieth of it."""
    parts = [(found.sum(0), exact.sum(0)), (found[0], exact[0]), (found[1], exact[1])]
    return max(
        0.5 * float(np.abs(one / one.sum() - other / other.sum()).sum())
        for one, other in parts
        if other.sum() >= 0.05 * exact.sum()
    )


def masses(pixels: Array, side: int) -> Array:
    """The positive and negative mass of cells, (maps, 2, rows, columns), of (maps, size, size)."""
    parts = np.stack([np.maximum(pixels, 0), np.maximum(-pixels, 0)], axis=1)
    count = pixels.shape[1] // side
    summed: Array = parts.reshape(-1, 2, count, side, count, side).sum(axis=(3, 5))
    return summed


def certified(igcli: Igcli, out: Path, *arguments: object) -> tuple[Array, pd.DataFrame]:
    result = igcli("run", *arguments, "-o", out, "--no-overlays", "--store", "regions")
    assert result.exit_code == 0, result.output
    with h5py.File(out / "attributions.h5") as file:
        return file["regions"][()].astype(np.float64), pd.read_csv(out / "results.csv")


def assert_holds(regions: Array, table: pd.DataFrame, truth: Array, most: float) -> None:
    pairs = zip(regions, truth, strict=True)
    errors = np.array([total_variation(ours, exact) for ours, exact in pairs])
    assert table["converged"].all()
    assert (errors <= table["regions_error"]).all() and (table["regions_error"] <= 0.05).all()
    assert table["steps"].mean() <= most
    # The pixels are known far less well, and that is said as well.
    assert (table["error_estimate"] > table["regions_error"]).mean() >= 0.5


@pytest.mark.slow
def test_four_photos(igcli: Igcli, shared_data: Path, oracle: Path, tmp_path: Path) -> None:
    """The other five are measured by tests/benchmarks/accuracy.py."""
    model = shared_data / "mobilenetv2_imagenet.h5"
    flags = ("--preprocess", "symmetric", "--certify", "regions", "--batch-size", 4)
    regions, table = certified(igcli, tmp_path / "cats", model, shared_data / "cats", *flags)
    with np.load(oracle / "truth_mbv2.npz") as file:
        pixels = file["attr"][: len(regions)].astype(np.float64).sum(axis=-1)
    assert_holds(regions, table, masses(pixels, 16), 18)


@pytest.mark.parametrize(
    "flags",
    [
        (),
        *(
            pytest.param(flags, marks=pytest.mark.slow)
            for flags in (("--baseline", "white"), ("--target", "3"))
        ),
    ],
    ids=" ".join,
)
def test_digits(igcli: Igcli, shared_data: Path, tmp_path: Path, flags: tuple[str, ...]) -> None:
    with np.load(shared_data / "mnist_t10k.npz") as file:
        np.save(tmp_path / "digits.npy", file["x"][100:120])
    common = (shared_data / "mnist.h5", tmp_path / "digits.npy", *flags)
    regions, table = certified(igcli, tmp_path / "out", *common, "--certify", "regions:4")
    exact = (*common, "--method", "riemann_trapezoid", "--steps", 513, "--no-overlays")
    assert igcli("run", *exact, "-o", tmp_path / "truth").exit_code == 0
    with h5py.File(tmp_path / "truth" / "attributions.h5") as file:
        truth = masses(file["attributions"][..., 0].astype(np.float64), 4)
    assert_holds(regions, table, truth, 18)
