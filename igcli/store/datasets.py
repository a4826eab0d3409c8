"""The datasets of maps, images and regions in an HDF5 file, by name."""

from typing import Any

import h5py

MAPS = "attributions"
IMAGES = "images"
REGIONS = "regions"


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


def array_names(file: Any) -> list[str]:
    """Return the names of the datasets of all arrays but profiles in an open HDF5 file."""
    return [*map_names(file), *(name for name in (IMAGES, REGIONS) if name in file)]
