"""The datasets of maps, images and regions in an HDF5 file, by name."""

from typing import Any

import h5py

from igcli.common.arrays import Array
from igcli.store.half import from_half

MAPS = "attributions"
IMAGES = "images"
REGIONS = "regions"
ZONES = "zones"
# Of maps in half precision: one number a row and map.
SCALES = "map_scales"


def map_names(file: Any) -> list[str]:
    """Return the names of the maps' datasets in an open HDF5 file: one, or those in the group.

    There is none where regions alone are kept.
    """
    if MAPS not in file:
        return []
    found = file[MAPS]
    if isinstance(found, h5py.Dataset):
        return [MAPS]
    names: list[str] = []
    found.visititems(
        lambda name, node: (
            names.append(f"{MAPS}/{name}") if isinstance(node, h5py.Dataset) else None
        )
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
    return [*maps, *scales, *(name for name in (IMAGES, REGIONS, ZONES) if name in file)]
