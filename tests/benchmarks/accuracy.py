"""How wrong is a map? Every method against the exact integral, on a real ImageNet MobileNetV2.

Run: ``python -m tests.benchmarks.accuracy`` (needs the data folder that `tests/conftest.py` names).
It prints, per method, the map error (L1, relative to the exact map) and the relative delta.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
from click.testing import CliRunner

from igcli.cli.main import cli
from igcli.quadrature import RULES
from igcli.records import Array
from tests.conftest import SHARED

FOLDERS = ("cats", "photos")


def explain(arguments: Sequence[str]) -> Iterator[tuple[Array, float]]:
    """Yield each photo's map and relative delta, cats first."""
    for folder in FOLDERS:
        with tempfile.TemporaryDirectory() as out:
            data = SHARED / "data"
            command = ["run", str(data / "mobilenetv2_imagenet.h5"), str(data / folder)]
            command += ["-o", f"{out}/run", "--preprocess", "symmetric", "--no-overlays"]
            result = CliRunner().invoke(cli, [*command, "--batch-size", "4", *arguments])
            assert result.exit_code == 0, result.output
            with h5py.File(Path(out) / "run" / "attributions.h5") as file:
                yield from zip(file["attributions"][()], file["relative_deltas"][()], strict=True)


def map_errors(maps: Sequence[Array]) -> Array:
    """Return the L1 distance to the exact integral, over its L1 norm, per photo."""
    with np.load(SHARED / "oracle" / "truth_mbv2.npz") as file:
        truth = file["attr"].astype(np.float64)
    differences = np.abs(np.stack(maps) - truth)
    errors: Array = differences.sum((1, 2, 3)) / np.abs(truth).sum((1, 2, 3))
    return errors


def main() -> None:
    """Print one line per method."""
    print("| method | map error: median | worst | relative delta: median | worst |")
    print("| --- | --- | --- | --- | --- |")
    for method in RULES:
        maps, deltas = zip(*explain(["--method", method, "--steps", "50"]), strict=True)
        errors = map_errors(maps)
        print(
            f"| {method}, 50 steps | {np.median(errors):.1%} | {errors.max():.1%} "
            f"| {np.median(deltas):.1%} | {max(deltas):.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
