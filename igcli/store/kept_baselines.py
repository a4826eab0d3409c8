"""The kept baselines of a run of averages: each baseline's own map, and the mass of its regions.

They lie beside the maps, in datasets that an igcli before them passes over: (rows, baselines, …) in
float32. What failed is NaN, as is what an input with a baseline of its own has not got.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.store.datasets import BASELINE_MAPS, BASELINE_REGIONS, MAPS
from igcli.store.maps import Maps
from igcli.store.run import StoredRun

_NAMES, _KEPT = "baselines", "kept_baselines"
_MOST_BYTES = 1 << 24


def baselines_to_json(names: Sequence[str], maps: Maps) -> dict[str, Any]:
    """Return what run.json says of an average's baselines, in order; nothing of a single one."""
    if len(names) < 2:
        return {}
    return {_NAMES: list(names)} | ({_KEPT: True} if maps.kept_baselines else {})


def baseline_names(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the baselines whose maps a run averages; none of a single one."""
    found = _settled(about).get(_NAMES)
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


def has_baselines(about: Mapping[str, Any]) -> bool:
    """Tell whether a run has each baseline's own map, or the mass of its regions."""
    return _settled(about).get(_KEPT) is True


def _settled(about: Mapping[str, Any]) -> Mapping[str, Any]:
    found = about.get("settled")
    return found if isinstance(found, Mapping) else {}


def baseline_maps(run: StoredRun, rows: Sequence[Explanation]) -> Iterator[dict[str, Array]]:
    """Yield the maps of each baseline, by input, (baselines, …), of rows that did not fail.

    The run has them (see `has_baselines`), and pixels (see `StoredRun.kept`).
    """
    names = {n: BASELINE_MAPS + p.removeprefix(MAPS) for n, p in run.layout.datasets.items()}
    count = len(baseline_names(run.about))
    shapes = run.layout.shapes.values()
    of_a_row = 4 * count * sum(int(np.prod(shape)) for shape in shapes)
    at_once = max(1, _MOST_BYTES // max(1, of_a_row))
    for found in run.arrays(list(names.values()), [row.row for row in rows], at_once):
        yield {name: found[path] for name, path in names.items()}


def baseline_masses(run: StoredRun, rows: Sequence[Explanation]) -> Iterator[Array]:
    """Yield the mass of each baseline's regions, (baselines, 2, rows, columns), as `masses` does.

    The run has them, and regions (see `StoredRun.kept`).
    """
    for found in run.arrays([BASELINE_REGIONS], [row.row for row in rows]):
        yield found[BASELINE_REGIONS]


def write_baselines(file: Any, explanations: Sequence[Explanation], maps: Maps) -> None:
    """Write what explanations have of each baseline to an open HDF5 file."""
    count, every = maps.kept_baselines, len(explanations)
    if maps.keeps_pixels:
        parts = {f"{BASELINE_MAPS}/{part.name}": part for part in maps.parts}
        for name, part in (parts or {BASELINE_MAPS: Part("", maps.shape, 0)}).items():
            shape = (every, count, *part.shape)
            dataset = file.create_dataset(name, shape, np.float32, fillvalue=np.nan)
            for row, explanation in enumerate(explanations):
                if explanation.baseline_maps is not None:
                    dataset[row] = np.stack([part.of(own) for own in explanation.baseline_maps])
    if maps.regions is not None:
        shape = (every, count, 2, *maps.regions.grid)
        dataset = file.create_dataset(BASELINE_REGIONS, shape, np.float32, fillvalue=np.nan)
        for row, explanation in enumerate(explanations):
            if explanation.baseline_maps is not None:
                dataset[row] = np.stack([maps.regions.masses(m) for m in explanation.baseline_maps])
