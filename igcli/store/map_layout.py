"""The map layout of a stored run: which maps it has, of which inputs, and which one has images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.common.shapes import first_picture, is_image_shape, with_channels
from igcli.store.datasets import IMAGES, MAPS, ZONES, map_names


@dataclass(frozen=True, slots=True)
class MapLayout:
    """How a run's arrays are named and shaped.

    Attributes
    ----------
    datasets : dict of str to str
        The maps' HDF5 datasets by the inputs they are of, in the file's order. A single map has no
        name where run.json does not tell its input's.
    shapes : dict of str to tuple of int
        The maps' shapes, by the same names.
    order : tuple of str
        These names as people see them: the image's input first, then as the model has them.
    pictured : str or None
        The input that the images are of; None where none are stored.
    image_shape : tuple of int
        Of the images: height, width, channels; empty where none are stored.
    has_zones : bool
        Whether zones of an output are stored.
    """

    datasets: dict[str, str]
    shapes: dict[str, tuple[int, ...]]
    order: tuple[str, ...]
    pictured: str | None
    image_shape: tuple[int, ...]
    has_zones: bool = False

    @property
    def is_grouped(self) -> bool:
        """Whether the maps are a group of datasets, one for each input; else one dataset."""
        return MAPS not in self.datasets.values()

    @property
    def picture(self) -> str | None:
        """The map that lies on a picture's pixels: the images', or a single one of such a shape."""
        if self.pictured is not None:
            return self.pictured
        single = next(iter(self.shapes)) if len(self.shapes) == 1 else None
        return single if single is not None and is_image_shape(self.shapes[single]) else None


@dataclass(frozen=True, slots=True)
class Block:
    """The maps of some rows.

    Attributes
    ----------
    rows : list of int
        Which.
    maps : dict of str to Array
        float32 (rows, …) by input, in the order of `MapLayout.datasets`; NaN where a row failed.
    """

    rows: list[int]
    maps: dict[str, Array]


NO_MAPS = MapLayout({}, {}, (), None, ())


def read_layout(file: Any, explained: Sequence[str], pictured: str = "") -> MapLayout:
    """Return the layout of an open HDF5 file; it has no maps where regions alone are kept.

    Parameters
    ----------
    file : h5py.File
        A part, or what joins them.
    explained : sequence of str
        The inputs that are explained, in the model's order, as far as run.json tells.
    pictured : str
        The input that the images are of, if run.json tells; else it is the first with their shape.
    """
    datasets = {name.partition("/")[2]: name for name in map_names(file)}
    if list(datasets) == [""] and len(explained) == 1:
        datasets = {explained[0]: datasets[""]}
    shapes = {name: tuple(file[path].shape[1:]) for name, path in datasets.items()}
    image = tuple(file[IMAGES].shape[1:]) if IMAGES in file else ()
    places = {name: place for place, name in enumerate(explained)}
    order = sorted(shapes, key=lambda name: places.get(name, len(places)))
    shown = first_picture({n: shapes[n] for n in order if with_channels(shapes[n]) == image})
    if image and pictured in shapes:
        shown = pictured
    order.sort(key=lambda name: name != shown)
    return MapLayout(datasets, shapes, tuple(order), shown, image, ZONES in file)


def flat(maps: Mapping[str, Array]) -> Array:
    """Return a row's maps as one array: a single one in its own shape, several end to end."""
    values = list(maps.values())
    return values[0] if len(values) == 1 else np.concatenate([one.ravel() for one in values])
