"""Shapes: which arrays are pictures, and whether a shape fits an open one."""

from collections.abc import Mapping

PHOTO_CHANNELS = (1, 3, 4)


def is_image_shape(shape: tuple[int | None, ...]) -> bool:
    """Tell whether an input of this shape can be shown as a picture.

    Its last axis is the channels': those of a photo, or any number of bands, as long as it can't be
    a side of pictures whose channels come first.
    """
    if len(shape) != 3:
        return len(shape) == 2
    height, width, channels = shape
    if channels is None or channels in PHOTO_CHANNELS:
        return channels is not None
    is_square = height == width and height != channels
    return is_square or all(side is None or side > channels for side in (height, width))


def first_picture(shapes: Mapping[str, tuple[int | None, ...]]) -> str | None:
    """Return the first input that can be shown as a picture, from inputs' shapes by name."""
    return next((name for name, shape in shapes.items() if is_image_shape(shape)), None)


def with_channels(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the pixel shape (height, width, channels) of an image-shaped model input."""
    return (*shape, 1) if len(shape) == 2 else shape


def fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Tell whether `shape` is `wanted`, open dimensions aside."""
    return len(shape) == len(wanted) and all(
        w in (None, s) for s, w in zip(shape, wanted, strict=True)
    )
