"""Small run directories, written as a run writes them, with every field chosen by a test."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.common.progress import untracked
from igcli.common.regions import Regions
from igcli.comparison.drift.compare import compare, open_side
from igcli.comparison.drift.thresholds import parse_thresholds
from igcli.comparison.drift.verdict import Verdict
from igcli.store.kept import stores_to_json
from igcli.store.maps import Maps
from tests.stored import store_run

SHAPE = (6, 5, 3)
IDENTITY = {
    "igcli": "0",
    "model": "m",
    "inputs": {"count": 1, "names": "n"},
    "target": "predicted",
    "baseline": ["black"],
    "seed": 0,
    "tolerance": 0.05,
}


def row(identity: str, attribution: Array | None, **fields: Any) -> Explanation:
    """An explanation of a class-1 image, converged to 1 % unless told otherwise."""
    usual: dict[str, Any] = {
        "path": f"/images/{identity}", "sha256": "aa", "target": 1, "prediction": 1,
        "score": 0.8, "baseline_score": 0.1, "delta": 0.001, "error_estimate": 0.01,
        "converged": True, "steps": 9,
    }  # fmt: skip
    return Explanation(0, identity, attribution=attribution, **{**usual, **fields})


def failed(identity: str, **fields: Any) -> Explanation:
    nothing = dict.fromkeys(
        ("target", "prediction", "score", "delta", "error_estimate", "converged", "steps")
    )
    return row(identity, None, **{**nothing, "status": "failed", "message": "broken", **fields})


def maps_like(count: int, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> list[Array]:
    random = np.random.default_rng(seed)
    return [random.standard_normal(shape).astype(np.float32) for _ in range(count)]


def rows_of(maps: Sequence[Array], **fields: Any) -> list[Explanation]:
    """Images a, b, c, … with these maps."""
    return [row("abcdefghijklmnopqrstuvwxyz"[i], values, **fields) for i, values in enumerate(maps)]


def moved(values: Array, share: float, seed: int = 1) -> Array:
    """A map whose L1 distance to `values` is `share` of its L1 norm."""
    noise = np.random.default_rng(seed).standard_normal(values.shape)
    result: Array = values + noise * share * np.abs(values).sum() / np.abs(noise).sum()
    return result.astype(np.float32)


def write_run(
    out: Path,
    rows: Sequence[Explanation],
    maps: Maps | None = None,
    status: Any = "complete",
    tolerance: float | None = 0.05,
    part_rows: int = 3,
    packed: bool = True,
    side: int = 0,
    pixels: bool = True,
    certified: bool = False,
    resize: str | None = None,
    **identity: Any,
) -> Path:
    """Write a run directory through the library's own writer."""
    if maps is None:
        first = next((e for e in rows if e.attribution is not None), None)
        shape = SHAPE if first is None or first.attribution is None else first.attribution.shape
        pictured = any(e.image is not None for e in rows)
        maps = Maps(shape, picture=Part("x", shape, 0) if pictured else None)
    maps = replace(maps, has_truth=any(row.truth is not None for row in rows))
    if side:
        regions = Regions(maps.shape, side)
        maps = replace(maps, regions=regions, keeps_pixels=pixels)
        rows = [
            e if e.attribution is None else replace(e, regions=regions.masses(e.attribution))
            for e in rows
        ]
    about = {
        "run": "r",
        "per_input": 1,
        "igcli": "0",
        "identity": {**IDENTITY, **identity},
        "settled": {
            "accuracy": {"tolerance": tolerance} if tolerance else None,
            "resize": resize,
            **(stores_to_json(maps, certified) if side else {}),
        },
        "model": {"path": "m.keras"},
        "versions": {},
    }
    return store_run(out, maps, about, rows, part_rows, status, packed)


# What a test is judged by that asks for nothing else.
PROFILE = ("prediction_changed>0.1", "looks_elsewhere>0.05", "cosine.median<0.75")


def verdict_of(
    reference: Path, new: Path, *texts: str, force: bool = False, grid: int | None = None
) -> Verdict:
    sides = open_side(reference), open_side(new)
    return compare(*sides, parse_thresholds(texts or PROFILE), force, untracked, grid)


def classes(
    count: int = 5, each: int = 10, moved_class: int | None = None, seed: int = 0, **fields: Any
) -> list[Explanation]:
    """Images of several true classes: one spot each, where it is plus noise that `seed` decides.

    A model of another seed has other noise; in `moved_class` it looks at the corner instead.
    """
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        for i in range(each):
            values = random.uniform(0.0, 0.3, (15, 15, 1)).astype(np.float32)
            spot = 0 if number == moved_class else 3 + 2 * (number % 4)
            values[spot : spot + 3, spot : spot + 3] += 1.0
            rows.append(
                row(f"{number}-{i}", values, **{"truth": number, "prediction": number,
                    "target": number, "truth_name": f"class {number}", **fields})
            )  # fmt: skip
    return rows
