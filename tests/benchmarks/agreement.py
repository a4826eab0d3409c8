"""How far is igcli from alibi 0.9.6 on alibi's own MNIST example?

Run: ``python -m tests.benchmarks.agreement`` (needs the data folder that `tests/conftest.py`
names).

The first ten test digits, 50 steps, zero baseline, every fixed rule, the same model in three forms,
against numbers that alibi wrote. alibi's trapezoid is multiplied by 50/49 first: its weights sum to
49/50.
"""

import tempfile
from pathlib import Path

import numpy as np

from igcli.attribution.quadrature import RULES
from tests.benchmarks.accuracy import DATA, explain
from tests.conftest import SHARED

MODELS = ("mnist.h5", "mnist_keras2_float64.h5", "mnist_keras2_savedmodel")


def main() -> None:
    """Print the largest differences of each rule and model."""
    with tempfile.TemporaryDirectory() as folder, np.load(DATA / "mnist_t10k.npz") as file:
        digits = Path(folder) / "ten.npy"
        np.save(digits, file["x"][:10, ..., None].astype(np.float64) / 255)
        print(
            "| model | rule | attributions, at most | deltas, at most |\n| --- | --- | --- | --- |"
        )
        for model in MODELS:
            for rule in RULES:
                found = explain(DATA / model, [digits], "--method", rule, "--baseline", "zeros")
                with np.load(SHARED / "oracle" / "alibi_mnist_black50.npz") as alibi:
                    maps, deltas = alibi[f"attr_{rule}"], alibi[f"delta_{rule}"]
                if rule == "riemann_trapezoid":
                    deltas = deltas + maps.reshape(10, -1).sum(1) / 49
                    maps = maps * 50 / 49
                far = np.abs(found.maps - maps).max(), np.abs(found.deltas - deltas).max()
                print(f"| {model} | {rule} | {far[0]:.1e} | {far[1]:.1e} |", flush=True)


if __name__ == "__main__":
    main()
