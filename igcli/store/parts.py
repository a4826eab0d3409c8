"""Parts: the run's arrays in pieces, each a whole HDF5 file, and the files that join them."""

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.store.columns import copy_columns, write_columns
from igcli.store.files import whole_file, write_whole
from igcli.store.hdf5 import hdf5_bytes
from igcli.store.maps import Maps
from igcli.store.profiles import join_profiles, write_profiles

_NPY_ROWS = 64
MAPS = "attributions"
IMAGES = "images"


def write_part(path: Path, explanations: list[Explanation], maps: Maps) -> tuple[int, str]:
    """Write consecutive explanations: their maps, pictures and columns. Failed rows are NaN.

    The maps are one dataset, or a group of one for each input. The file's size and SHA-256 are
    returned.
    """
    data = hdf5_bytes(partial(_write, explanations=explanations, maps=maps))
    write_whole(path, data)
    return len(data), hashlib.sha256(data).hexdigest()


def _write(file: Any, explanations: list[Explanation], maps: Maps) -> None:
    if not maps.parts:
        whole = Part("", maps.shape, 0)
        file.create_dataset(MAPS, data=_stacked(explanations, whole))
    for part in maps.parts:
        file.create_dataset(f"{MAPS}/{part.name}", data=_stacked(explanations, part))
    if maps.picture is not None:
        file.create_dataset(IMAGES, data=_images(explanations, maps.image_shape))
    write_columns(file, explanations)
    write_profiles(file, explanations)


def _stacked(explanations: list[Explanation], part: Part) -> Array:
    stacked = np.full((len(explanations), *part.shape), np.nan, np.float32)
    for row, explanation in enumerate(explanations):
        if explanation.attribution is not None:
            stacked[row] = part.of(explanation.attribution)
    return stacked


def _images(explanations: list[Explanation], shape: tuple[int, ...]) -> Array:
    images = np.zeros((len(explanations), *shape), np.uint8)
    for row, explanation in enumerate(explanations):
        if explanation.image is not None:
            images[row] = explanation.image
    return images


def join_parts(parts: list[Path], path: Path) -> None:
    """Write attributions.h5: virtual datasets over the parts, in row order, and every column."""

    def write(file: Any) -> None:
        with h5py.File(parts[0], "r") as first:
            names = map_names(first)
        for name in (*names, IMAGES):
            _join_dataset(file, name, parts)
        copy_columns(parts, file)
        join_profiles(parts, file)

    data = hdf5_bytes(write, libver="latest")
    write_whole(path, data)


def map_names(file: Any) -> list[str]:
    """Return the names of the maps' datasets in an open HDF5 file: one, or those in the group."""
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


def _join_dataset(file: Any, name: str, parts: list[Path]) -> None:
    shapes = []
    for part in parts:
        with h5py.File(part, "r") as source:
            if name not in source:
                return
            shapes.append(source[name].shape)
            dtype = source[name].dtype
    rows = sum(shape[0] for shape in shapes)
    layout = h5py.VirtualLayout((rows, *shapes[0][1:]), dtype)
    start = 0
    for part, shape in zip(parts, shapes, strict=True):
        # Relative to attributions.h5, so that the run directory can be moved.
        relative = f"{part.parent.name}/{part.name}"
        layout[start : start + shape[0]] = h5py.VirtualSource(relative, name, shape)
        start += shape[0]
    missing = np.nan if dtype == np.float32 else 0
    file.create_virtual_dataset(name, layout, fillvalue=missing)


def save_npy(attributions: Path, path: Path) -> None:
    """Copy /attributions of `attributions` to an .npy file, a few rows at a time.

    Written, not mapped: where the disk fills up, a mapped file ends the process.
    """
    with h5py.File(attributions, "r") as file, whole_file(path) as temporary:
        source = file[MAPS]
        header = {"descr": "<f4", "fortran_order": False, "shape": source.shape}
        with temporary.open("wb") as target:
            np.lib.format.write_array_header_1_0(target, header)
            for start in range(0, len(source), _NPY_ROWS):
                target.write(source[start : start + _NPY_ROWS].astype("<f4").tobytes())
