"""Small finished runs with pictures, written as a run writes them."""

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
from igcli.report.pictures.render import Wanted, render
from igcli.report.pictures.rendered import Rendered
from igcli.store.kept import stores_to_json
from igcli.store.maps import Maps
from tests.stored import store_run

SHAPE = (6, 5, 3)


def row(
    identity: str, attribution: Array | None, image: Array | None, **fields: Any
) -> Explanation:
    return Explanation(
        0, identity, f"/images/{identity}", "aa", **{"target": 1, "prediction": 1, **fields},
        score=0.8, delta=0.001, status="failed" if attribution is None else "ok",
        message="broken" if attribution is None else "", attribution=attribution, image=image,
    )  # fmt: skip


def image_like(seed: int, shape: tuple[int, ...] = SHAPE) -> Array:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def map_like(seed: int, shape: tuple[int, ...] = SHAPE) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def rows_of(ids: Sequence[str], broken: Sequence[str] = ()) -> list[Explanation]:
    """Explanations with maps that grow: the i-th is i + 1 times as large as the first."""
    return [
        row(identity, None if identity in broken else (i + 1) * map_like(0), image_like(i))
        for i, identity in enumerate(ids)
    ]


def write_run(
    out: Path,
    rows: Sequence[Explanation],
    status: Any = "complete",
    baseline: str = "black",
    inputs_are: str = "pixels",
    per_input: int = 1,
    shape: tuple[int, ...] = SHAPE,
    part_rows: int = 2,
    pictured: bool = True,
    packed: bool = True,
    side: int = 0,
    pixels: bool = True,
) -> Path:
    maps = Maps(
        shape,
        picture=Part("x", shape, 0) if pictured else None,
        regions=Regions(shape, side) if side else None,
        keeps_pixels=pixels,
    )
    about = {
        "run": "r",
        "igcli": "0",
        "identity": {},
        "inputs": {"count": len(rows) // per_input},
        "per_input": per_input,
        "config": {"seed": 3},
        "model": {"path": "m.keras"},
        "versions": {},
        "settled": {
            "baseline": baseline,
            "inputs_are": inputs_are,
            "explained": {"x": list(shape)},
            **stores_to_json(maps, False),
        },
    }
    if maps.regions is not None:
        rows = [
            e if e.attribution is None else replace(e, regions=maps.regions.masses(e.attribution))
            for e in rows
        ]
    return store_run(out, maps, about, rows, part_rows, status, packed)


def rendered(out: Path, *ids: str, said: list[str] | None = None, **wanted: Any) -> Rendered:
    told: list[str] = [] if said is None else said
    return render(Wanted(out, ids, **wanted), untracked, told.append)
