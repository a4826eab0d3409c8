"""The maps of an explanation: what of a path's attribution is stored and shown, by name."""

from dataclasses import dataclass
from math import prod

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import FLOAT16, FLOAT32
from igcli.common.model_spec import InputSpec, ModelSpec, Part, parts_of
from igcli.common.regions import Regions
from igcli.common.register import Register
from igcli.common.shapes import with_channels
from igcli.store.half import half_rounded


@dataclass(frozen=True, slots=True)
class Maps:
    """The layout of what is stored.

    Attributes
    ----------
    shape : tuple of int
        Of `Explanation.attribution`.
    parts : tuple of Part
        The maps that it is a vector of, by name; empty where it is one map.
    picture : Part or None
        The map that can be shown over its input.
    taken : tuple of Part
        Where the maps lie in a path's vector; empty where all of it is the map.
    channels : int
        Of the images that are stored with that map; 0 for as many as the map has.
    regions : Regions or None
        The cells whose mass is stored; None where what is explained is not one picture.
    keeps_pixels : bool
        Whether maps and images are stored, not the mass of regions alone.
    dtype : str
        Of the maps as they are stored, one of STORE_DTYPES.
    has_truth : bool
        Whether the run knows true classes, and stores them.
    baselines : int
        How many baselines' maps are averaged.
    keeps_baselines : bool
        Whether each baseline's own map is stored too.
    zone_shape : tuple of int
        Of the zones that are stored; empty where there are none.
    sides : tuple of int
        Height and width of the images, where the map has others: that of a layer.
    register : Register or None
        Where the cells of such a map lie on them.
    """

    shape: tuple[int, ...]
    parts: tuple[Part, ...] = ()
    picture: Part | None = None
    taken: tuple[Part, ...] = ()
    channels: int = 0
    regions: Regions | None = None
    keeps_pixels: bool = True
    dtype: str = FLOAT32
    has_truth: bool = False
    baselines: int = 1
    keeps_baselines: bool = False
    zone_shape: tuple[int, ...] = ()
    sides: tuple[int, ...] = ()
    register: Register | None = None

    @property
    def pixel_bytes(self) -> int:
        """How many bytes the map and the image of one explanation take where they are stored."""
        number = 2 if self.dtype == FLOAT16 else 4
        return number * prod(self.shape) + (prod(self.image_shape) if self.picture else 0)

    @property
    def region_bytes(self) -> int:
        """How many bytes the mass of an explanation's regions takes."""
        return 0 if self.regions is None else 8 * prod(self.regions.grid)

    @property
    def row_bytes(self) -> int:
        """How many bytes the arrays of one explanation take."""
        own = self.region_bytes + (self.pixel_bytes if self.keeps_pixels else 0)
        pixels = 4 * prod(self.shape) if self.keeps_pixels else 0
        return own + self.kept_baselines * (self.region_bytes + pixels)

    @property
    def is_averaged(self) -> bool:
        """Whether an explanation is the average of several maps."""
        return self.baselines > 1

    @property
    def kept_baselines(self) -> int:
        """How many baselines' own maps are stored."""
        return self.baselines if self.keeps_baselines else 0

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image: height, width, channels; empty where there are none."""
        if self.picture is None:
            return ()
        shape = with_channels(self.picture.shape)
        return (*(self.sides or shape[:2]), self.channels or shape[2])

    @property
    def shown_shape(self) -> tuple[int, ...]:
        """The shape of the map that is shown; a layer's is brought to the image's size."""
        assert self.picture is not None
        return self.picture.shape if self.register is None else (*self.sides, 1)

    def as_read(self, attribution: Array) -> Array:
        """Return what is stored of an explanation as it is read back: half precision rounds."""
        if self.dtype != FLOAT16:
            return attribution
        if not self.parts:
            return half_rounded(attribution)
        return np.concatenate([half_rounded(part.of(attribution)).ravel() for part in self.parts])

    def named(self, point: InputSpec) -> tuple[Part, ...]:
        """Return the maps by name, also where there is one."""
        return self.parts or (Part(point.name, self.shape, 0),)

    def shown(self, attribution: Array) -> Array:
        """Return the map to be shown, of what is stored of an explanation that has a picture.

        A layer's is brought to the image's size, its channels summed.
        """
        assert self.picture is not None
        found = self.picture.of(attribution)
        return found if self.register is None else self.register.over(found, self.sides)

    def of(self, attribution: Array) -> Array:
        """Return what is stored of a path's attribution."""
        if not self.taken:
            return attribution
        pieces = [part.of(attribution).ravel() for part in self.taken]
        return np.concatenate(pieces).reshape(self.shape)


def maps_of(spec: ModelSpec, point: InputSpec, pictured: str | None, channels: int = 0) -> Maps:
    """Settle what is stored of a model's paths.

    What is held has no attribution. The map that is shown is that of `pictured`, the input that can
    be shown, if there is one, over images of so many channels; or that of a layer whose cells lie
    on that input.
    """
    shape = point.known_shape
    if spec.register is not None and pictured is not None:
        return _of_layer(spec, point, channels)
    shown = None if spec.entered is not None else pictured
    if not spec.parts:
        picture = None if shown is None else Part(point.name, shape, 0)
        return Maps(shape, picture=picture, channels=channels)
    taken = tuple(part for part in spec.parts if not part.held)
    parts = parts_of([p.name for p in taken], [p.shape for p in taken], [False] * len(taken))
    if not spec.is_grouped:
        return Maps(parts[0].shape, taken=taken)
    picture = next((part for part in parts if part.name == shown), None)
    return Maps((sum(part.size for part in parts),), parts, picture, taken, channels)


def _of_layer(spec: ModelSpec, point: InputSpec, channels: int) -> Maps:
    taken = tuple(part for part in spec.parts if not part.held)
    shape = taken[0].shape if taken else point.known_shape
    return Maps(
        shape,
        picture=Part(point.name, shape, 0),
        taken=taken,
        channels=channels,
        sides=spec.input.known_shape[:2],
        register=spec.register,
    )
