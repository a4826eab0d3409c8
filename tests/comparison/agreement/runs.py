"""Runs of the same images with different baselines, whose maps are as far apart as a test says."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.store.maps import Maps
from tests.comparison.runs import row, write_run

SIDE = 8
NAMES = [f"{truth}-{i}" for truth in (0, 1) for i in range(3)]


def spot(at: int, share: float) -> Array:
    """A map with `share` of its mass at a place on the diagonal, the rest in the corner."""
    values = np.zeros((SIDE, SIDE, 1), np.float32)
    values[at, at] = share
    values[-1, -1] = 1.0 - share
    return values


def write(out: Path, shares: dict[str, float], baseline: str, **changed: Any) -> Path:
    """A run whose maps have these shares at (0, 0): those of two runs are that far apart."""
    fields: dict[str, Any] = {"error_estimate": 0.01, **changed.pop("fields", {})}
    rows = [
        row(
            name,
            spot(0, share),
            **{**fields, "truth": int(name[0]), "truth_name": f"class {name[0]}"},
        )
        for name, share in shares.items()
    ]
    rows += changed.pop("more", [])
    run = write_run(out, rows, Maps((SIDE, SIDE, 1)), baseline=[baseline], **changed)
    about = json.loads((run / "run.json").read_text())
    about["settled"]["baseline"] = baseline
    (run / "run.json").write_text(json.dumps(about))
    return run


def apart(out: Path) -> Path:
    """A run from white, whose maps are 0.1, 0.2, … 0.6 apart from those with a share of 1."""
    return write(out, {name: 0.9 - 0.1 * i for i, name in enumerate(NAMES)}, "white")
