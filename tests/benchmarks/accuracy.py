"""How wrong is a map? Every method against the exact integral, on real models.

Run: ``python -m tests.benchmarks.accuracy [--digits 100] [--photos 9] [--methods TEXT]`` (needs the
data folder that `tests/conftest.py` names).

Digits: the first of MNIST's test set, its example's CNN, against a trapezoid of 1,025 nodes
computed here. Photos: nine, an ImageNet MobileNetV2, against a stored trapezoid of 1,025 nodes
computed elsewhere. Black baseline, probability of the predicted class. The map error is the L1
distance to the exact map over its L1 norm; the ratio is the error estimate over the map error.
With ``--methods regions`` only the tables of densities, certified for themselves, are printed.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from click.testing import CliRunner

from igcli.attribution.quadrature import RULES
from igcli.cli.main import cli
from igcli.common.arrays import Array
from igcli.common.regions import Regions, default_side, distance
from tests.conftest import SHARED

DATA = SHARED / "data"
METHODS: dict[str, tuple[str, ...]] = {
    **{f"adaptive, tolerance {t}": ("--tolerance", t) for t in ("0.1", "0.05", "0.02")},
    **{f"{rule}, 50 steps": ("--method", rule, "--steps", "50") for rule in RULES},
    "riemann_trapezoid, 51 steps": ("--method", "riemann_trapezoid", "--steps", "51"),
}

REGION_TOLERANCES = ("0.1", "0.05", "0.03")


@dataclass(frozen=True)
class Run:
    """What a run stored, joined over its input folders."""

    maps: Array
    steps: Array
    estimates: Array
    regions_errors: Array
    relative_deltas: Array
    deltas: Array


def explain(model: Path, inputs: list[Path], *flags: str) -> Run:
    """Explain each of `inputs` and join the results."""
    fields: list[list[Array]] = []
    for path in inputs:
        with tempfile.TemporaryDirectory() as out:
            command = ["run", str(model), str(path), "-o", f"{out}/run", "--no-overlays", *flags]
            result = CliRunner().invoke(cli, command)
            assert result.exit_code == 0, result.output
            with h5py.File(f"{out}/run/attributions.h5") as file:
                names = ["attributions", "steps", "error_estimates", "regions_errors"]
                names += ["relative_deltas", "deltas"]
                fields.append([file[name][()] for name in names])
    return Run(*(np.concatenate(values) for values in zip(*fields, strict=True)))


def line(method: str, run: Run, truth: Array) -> str:
    """Return one row of the table."""
    axes = tuple(range(1, truth.ndim))
    errors = np.abs(run.maps - truth).sum(axes) / np.abs(truth).sum(axes)
    ratios = run.estimates / errors
    ratio = "– | –" if np.isnan(ratios).any() else f"{ratios.min():.2f} | {np.median(ratios):.2f}"
    return (
        f"| {method} | {run.steps.mean():.1f} | {np.median(errors):.2%} | {errors.max():.2%} "
        f"| {ratio} | {np.median(run.relative_deltas):.2%} | {run.relative_deltas.max():.2%} |"
    )


def table(
    title: str,
    methods: dict[str, tuple[str, ...]],
    model: Path,
    inputs: list[Path],
    truth: Array,
    *flags: str,
) -> None:
    """Print one table; nothing where no method is asked for."""
    if not methods:
        return
    print(
        f"\n{title}\n\n| method | steps, mean | map error: median | worst "
        "| estimate / error: least | median | relative delta: median | worst |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for method, chosen in methods.items():
        print(line(method, explain(model, inputs, *flags, *chosen), truth), flush=True)


def regions_table(title: str, model: Path, inputs: list[Path], truth: Array, *flags: str) -> None:
    """Print the table of certified densities: cells of the default size."""
    print(
        f"\n{title}: densities over cells\n\n| certified, tolerance | steps, mean "
        "| total variation: median | worst | estimate / it: least | median |\n"
        "| --- | --- | --- | --- | --- | --- |"
    )
    regions = Regions(truth.shape[1:], default_side(truth.shape[1:]))
    exact = [regions.masses(one) for one in truth]
    for tolerance in REGION_TOLERANCES:
        chosen = ("--certify", "regions", "--tolerance", tolerance)
        run = explain(model, inputs, *flags, *chosen)
        pairs = zip(run.maps, exact, strict=True)
        errors = np.array([distance(regions.masses(ours), theirs) for ours, theirs in pairs])
        ratios = run.regions_errors / errors
        print(
            f"| regions, {tolerance} | {run.steps.mean():.1f} | {np.median(errors):.2%} "
            f"| {errors.max():.2%} | {ratios.min():.2f} | {np.median(ratios):.2f} |",
            flush=True,
        )


def _first(count: int) -> list[Path]:
    """Return the first photos, each a folder's or a file's path, in the order of the truth."""
    folders = [DATA / "cats", DATA / "photos"]
    photos = [path for inner in folders for path in sorted(inner.iterdir())]
    return folders if count >= len(photos) else photos[:count]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--digits", type=int, default=100)
    parser.add_argument("--photos", type=int, default=9)
    parser.add_argument("--methods", default="", help="only those that this is in the name of")
    options = parser.parse_args()
    methods = {name: flags for name, flags in METHODS.items() if options.methods in name}
    with tempfile.TemporaryDirectory() as folder:
        digits = Path(folder) / "digits.npy"
        with np.load(DATA / "mnist_t10k.npz") as file:
            np.save(digits, file["x"][: options.digits])
        model = DATA / "mnist.h5"
        flags = ("--batch-size", "128")
        exact = ("--method", "riemann_trapezoid", "--steps", "1025")
        truth = explain(model, [digits], *flags, *exact).maps.astype(np.float64)
        title = f"{options.digits} digits, MNIST CNN"
        table(title, methods, model, [digits], truth, *flags)
        if options.methods in "regions":
            regions_table(title, model, [digits], truth, *flags)
    with np.load(SHARED / "oracle" / "truth_mbv2.npz") as file:
        truth = file["attr"][: options.photos].astype(np.float64)
    photo_flags = ("--preprocess", "symmetric", "--batch-size", "4")
    photo_model = DATA / "mobilenetv2_imagenet.h5"
    title = f"{options.photos} photos, MobileNetV2"
    photos = _first(options.photos)
    table(title, methods, photo_model, photos, truth, *photo_flags)
    if options.methods in "regions":
        regions_table(title, photo_model, photos, truth, *photo_flags)


if __name__ == "__main__":
    main()
