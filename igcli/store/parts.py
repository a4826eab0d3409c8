"""Parts: the run's arrays in pieces, each a whole HDF5 file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import FLOAT16
from igcli.common.explanation import Explanation
from igcli.common.model_spec import Part
from igcli.common.regions import Regions
from igcli.store.columns import write_columns
from igcli.store.content import content_sha256
from igcli.store.datasets import IMAGES, MAPS, REGIONS, ZONES, map_rows, scales_name
from igcli.store.files import whole_file, write_whole
from igcli.store.half import to_half
from igcli.store.hdf5 import hdf5_bytes
from igcli.store.kept_baselines import write_baselines
from igcli.store.maps import Maps
from igcli.store.profiles import write_profiles

_NPY_ROWS = 64


@dataclass(frozen=True, slots=True)
class Sums:
    """What a part was when it was written: see `igcli.store.manifest.PartEntry`."""

    size: int
    sha256: str
    content: str


def write_part(path: Path, explanations: list[Explanation], maps: Maps) -> Sums:
    """Write consecutive explanations: their maps, pictures, regions and columns.

    The maps are one dataset, or a group of one for each input. Failed rows are NaN.
    """
    content = ""

    def write(file: Any) -> None:
        nonlocal content
        _write(file, explanations, maps)
        content = content_sha256(file, 0, len(explanations))

    data = hdf5_bytes(write)
    write_whole(path, data)
    return Sums(len(data), hashlib.sha256(data).hexdigest(), content)


def _write(file: Any, explanations: list[Explanation], maps: Maps) -> None:
    if maps.kept_baselines:
        write_baselines(file, explanations, maps)
    if maps.keeps_pixels:
        _write_pixels(file, explanations, maps)
    if maps.regions is not None:
        file.create_dataset(REGIONS, data=_masses(explanations, maps.regions))
    if maps.zone_shape:
        zones = _images(explanations, "zone", maps.zone_shape)
        file.create_dataset(ZONES, data=zones)
    write_columns(file, explanations, maps.has_truth, maps.is_averaged)
    write_profiles(file, explanations)


def _write_pixels(file: Any, explanations: list[Explanation], maps: Maps) -> None:
    parts = {f"{MAPS}/{part.name}": part for part in maps.parts}
    for name, part in (parts or {MAPS: Part("", maps.shape, 0)}).items():
        values = _stacked(explanations, part)
        if maps.dtype == FLOAT16:
            halves = np.empty(values.shape, np.float16)
            scales = np.ones(len(values), np.float32)
            for row, explanation in enumerate(explanations):
                halves[row] = np.nan
                if explanation.attribution is not None:
                    halves[row], scales[row] = to_half(values[row])
            file.create_dataset(scales_name(name), data=scales)
            values = halves
        file.create_dataset(name, data=values)
    if maps.picture is not None:
        file.create_dataset(IMAGES, data=_images(explanations, "image", maps.image_shape))


def _stacked(explanations: list[Explanation], part: Part) -> Array:
    stacked = np.full((len(explanations), *part.shape), np.nan, np.float32)
    for row, explanation in enumerate(explanations):
        if explanation.attribution is not None:
            stacked[row] = part.of(explanation.attribution)
    return stacked


def _masses(explanations: list[Explanation], regions: Regions) -> Array:
    masses = np.full((len(explanations), 2, *regions.grid), np.nan, np.float32)
    for row, explanation in enumerate(explanations):
        if explanation.regions is not None:
            masses[row] = explanation.regions
    return masses


def _images(explanations: list[Explanation], name: str, shape: tuple[int, ...]) -> Array:
    """Return the images, or the zones, of explanations; black where there is none."""
    images = np.zeros((len(explanations), *shape), np.uint8)
    for row, explanation in enumerate(explanations):
        image = getattr(explanation, name)
        if image is not None:
            images[row] = image
    return images


def save_npy(attributions: Path, path: Path) -> None:
    """Copy /attributions of `attributions` to an .npy file, a few rows at a time.

    Written, not mapped: where the disk fills up, a mapped file ends the process.
    """
    with h5py.File(attributions, "r") as file, whole_file(path) as temporary:
        shape = file[MAPS].shape
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        with temporary.open("wb") as target:
            np.lib.format.write_array_header_1_0(target, header)
            for start in range(0, shape[0], _NPY_ROWS):
                piece = map_rows(file, MAPS, slice(start, start + _NPY_ROWS))
                target.write(piece.astype("<f4").tobytes())
