"""The datasets of maps, images and regions in an HDF5 file, by name."""

from typing import Any

import h5py

from igcli.common.arrays import Array
from igcli.store.half import from_half

MAPS = "attributions"
IMAGES = "images"
REGIONS = "regions"
ZONES = "zones"
# Of each of several baselines, by itself: the maps, and the mass of their regions.
BASELINE_MAPS = "baseline_maps"
BASELINE_REGIONS = "baseline_regions"
# Of maps in half precision: one number a row and map.
SCALES = "map_scales"


def map_names(file: Any) -> list[str]:
    """Return the names of the maps' datasets in an open HDF5 file: one, or those in the group.

    There is none where regions alone are kept.
    """
    return _names_under(file, MAPS)


def baseline_map_names(file: Any) -> list[str]:
    """Return the names of the datasets of each baseline's own maps, as `map_names` does."""
    return _names_under(file, BASELINE_MAPS)


def _names_under(file: Any, top: str) -> list[str]:
    if top not in file:
        return []
    found = file[top]
    if isinstance(found, h5py.Dataset):
        return [top]
    names: list[str] = []
    found.visititems(
        lambda name, node: names.append(f"{top}/{name}") if isinstance(node, h5py.Dataset) else None
    )
    return names


def scales_name(map_name: str) -> str:
    """Return the name of the dataset with the scales of a dataset of maps in half precision."""
    return SCALES + map_name.removeprefix(MAPS)


def map_rows(file: Any, name: str, places: slice) -> Array:
    """Return some rows of a dataset of maps, float32, whatever they are stored as."""
    values: Array = file[name][places]
    scales = scales_name(name)
    return from_half(values, file[scales][places]) if scales in file else values


def array_names(file: Any) -> list[str]:
    """Return the names of the datasets of all arrays but profiles in an open HDF5 file."""
    maps = map_names(file)
    scales = [name for name in map(scales_name, maps) if name in file]
    others = [name for name in (IMAGES, REGIONS, ZONES, BASELINE_REGIONS) if name in file]
    return [*maps, *scales, *others, *baseline_map_names(file)]
