"""Preprocessing (PREPROCESS): from pixels to model space, and back for display.

Pixels are float32 0–255, RGB or grey, channels last. Inputs and baselines go through the same
function here, so that a baseline's colour is what the eye sees whatever the model's range.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.model_spec import InputSpec, Part
from igcli.common.sample import SourceKind
from igcli.common.shapes import PHOTO_CHANNELS, is_image_shape, with_channels

_IMAGENET_BGR_MEAN = np.array([103.939, 116.779, 123.68])
_IMAGENET_RGB_MEAN = np.array([0.485, 0.456, 0.406])
_IMAGENET_RGB_STD = np.array([0.229, 0.224, 0.225])


def unit(pixels: Array) -> Array:
    """0–255 → 0–1."""
    return pixels / 255.0


def symmetric(pixels: Array) -> Array:
    """0–255 → −1–1 (MobileNet, Inception, ResNet V2)."""
    return pixels / 127.5 - 1.0


def raw(pixels: Array) -> Array:
    """0–255 unchanged, for a model that rescales by itself."""
    return pixels


def caffe(pixels: Array) -> Array:
    """RGB → BGR minus the ImageNet means, in 0–255 units (VGG, ResNet V1)."""
    bgr: Array = pixels[..., ::-1] - _IMAGENET_BGR_MEAN
    return bgr


def torch(pixels: Array) -> Array:
    """0–1, minus the ImageNet means, over the standard deviations (DenseNet, RegNet)."""
    scaled: Array = (pixels / 255.0 - _IMAGENET_RGB_MEAN) / _IMAGENET_RGB_STD
    return scaled


PREPROCESS: dict[str, Callable[[Array], Array]] = {
    "unit": unit,
    "symmetric": symmetric,
    "raw": raw,
    "caffe": caffe,
    "torch": torch,
}
NEEDS_RGB = frozenset({"caffe", "torch"})
# Percent of the numbers, as programs for satellite images stretch them.
_MOST_OF = (2.0, 98.0)


@dataclass(frozen=True, slots=True)
class Space:
    """How raw numbers become model inputs, for one source and one model.

    Attributes
    ----------
    kind : {"pixels", "floats", "integers"}
        What raw numbers are.
    preprocess : str or None
        A name from PREPROCESS; None where there can be no pixels. Unused for a model that takes
        integers.
    input : InputSpec
        The model's input, every dimension settled.
    depth : int or None
        How many bits samples of more than 8 bits have in image files; None for what these tell.
    bands : tuple of int
        The channels that are shown, counted from 1: one, or red, green and blue. Empty for those
        of a photo, and for the mean of other channels.
    """

    kind: SourceKind
    preprocess: str | None
    input: InputSpec
    depth: int | None = None
    bands: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        colours = self.preprocess in NEEDS_RGB and not self.input.is_whole
        if self.kind == "pixels" and colours and self.raw_shape[-1] != 3:
            raise ConfigError(
                f"--preprocess {self.preprocess} needs three colour channels",
                f"the model's input {self.input.name!r} has shape {self.input.shape}",
                "use --preprocess unit, symmetric or raw",
            )
        if self.bands:
            self._check_bands()

    def _check_bands(self) -> None:
        written = ",".join(map(str, self.bands))
        if self.pictured is None:
            raise ConfigError(
                f"--bands {written} has no meaning for {self.input.name!r}",
                f"inputs of shape {self.shape} are no pictures",
                "leave it out",
            )
        if max(self.bands) > self._channels:
            raise ConfigError(
                f"--bands {written}: there is no band {max(self.bands)}",
                f"the model's input {self.input.name!r} has {self._channels}, counted from 1",
                "name one band, or three for red, green and blue",
            )

    @property
    def _channels(self) -> int:
        return with_channels(self.shape)[2]

    @property
    def shown_channels(self) -> int:
        """How many channels its pictures have; 0 where it has none."""
        if self.pictured is None:
            return 0
        if self.bands:
            return len(self.bands)
        return self._channels if self._channels in PHOTO_CHANNELS else 1

    @property
    def shape(self) -> tuple[int, ...]:
        """The model input's shape, without open dimensions."""
        return self.input.known_shape

    @property
    def raw_shape(self) -> tuple[int, ...]:
        """The shape of raw numbers: pixels carry their channel axis always."""
        if self.kind == "pixels" and is_image_shape(self.shape):
            return with_channels(self.shape)
        return self.shape

    @property
    def pictured(self) -> str | None:
        """The input's name, where it can be shown; None for numbers that are no picture."""
        shown = self.kind != "integers" or self.input.pixels
        return self.input.name if shown and is_image_shape(self.shape) else None

    def to_model(self, numbers: Array) -> Array:
        """Map raw numbers to a contiguous model input of the input's shape and dtype."""
        if self.kind == "pixels" and self.input.is_whole:
            # Whole numbers, as a picture's are: the model itself would cut the rest off.
            numbers = np.rint(numbers)
        elif self.kind == "pixels":
            assert self.preprocess is not None
            numbers = PREPROCESS[self.preprocess](numbers.astype(self.input.dtype, copy=False))
        return np.ascontiguousarray(numbers, dtype=self.input.dtype).reshape(self.shape)

    def to_display(self, numbers: Array) -> Array | None:
        """Map raw numbers to uint8 (height, width, channels), or None where there is no picture.

        Pixels are shown as they are. Floats have no known range: each input is stretched from its
        smallest to its largest number; bands, whose few brightest pixels say little of the others,
        from a fiftieth of them to another.
        """
        if self.pictured is None:
            return None
        pixels = numbers.reshape(with_channels(self.shape))
        is_photo = not self.bands and self._channels in PHOTO_CHANNELS
        if self.bands:
            pixels = pixels[..., [band - 1 for band in self.bands]]
        elif not is_photo:
            pixels = pixels.mean(axis=2, keepdims=True)
        if self.kind == "floats":
            ends = (0.0, 100.0) if is_photo else _MOST_OF
            low, high = (float(end) for end in np.percentile(pixels, ends))
            pixels = (
                (pixels - low) * (255.0 / (high - low)) if high > low else np.zeros_like(pixels)
            )
        return np.rint(pixels).clip(0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Spaces:
    """Several inputs' spaces, side by side: raw numbers and model inputs are vectors of all.

    Attributes
    ----------
    parts : tuple of Part
        Where each input lies in a vector; the same for raw numbers and model inputs.
    spaces : tuple of Space
        Theirs, in the same order.
    input : InputSpec
        The vector.
    """

    parts: tuple[Part, ...]
    spaces: tuple[Space, ...]
    input: InputSpec
    kind: SourceKind = "several"

    @property
    def shape(self) -> tuple[int, ...]:
        """The vector's shape."""
        return (sum(part.size for part in self.parts),)

    @property
    def raw_shape(self) -> tuple[int, ...]:
        """The raw vector's shape, the same."""
        return self.shape

    @property
    def pictured(self) -> str | None:
        """The first input that can be shown; None where none can."""
        return next((space.pictured for space in self.spaces if space.pictured is not None), None)

    @property
    def shown_channels(self) -> int:
        """How many channels the pictures of that input have."""
        shown = (s.shown_channels for s in self.spaces if s.pictured is not None)
        return next(shown, 0)

    @property
    def depth(self) -> None:
        """No array is an image file."""
        return None

    def raw_of(self, index: int, vector: Array) -> Array:
        """Return one input's raw numbers out of a vector."""
        return self.parts[index].of(vector).reshape(self.spaces[index].raw_shape)

    def to_model(self, numbers: Array) -> Array:
        """Map a raw vector to a model input."""
        return self.joined(
            space.to_model(self.raw_of(i, numbers)) for i, space in enumerate(self.spaces)
        )

    def joined(self, arrays: Iterable[Array]) -> Array:
        """Return one array per input as a vector."""
        return np.concatenate([array.ravel() for array in arrays]).astype(self.input.dtype)

    def to_display(self, numbers: Array) -> Array | None:
        """Return the picture of the first input that can be shown."""
        for i, space in enumerate(self.spaces):
            if space.pictured is not None and space.pictured == self.pictured:
                return space.to_display(self.raw_of(i, numbers))
        return None
