"""Shapes: which arrays are pictures, and whether a shape fits an open one."""

from collections.abc import Mapping

IMAGE_CHANNELS = (1, 3, 4)


def is_image_shape(shape: tuple[int | None, ...]) -> bool:
    """Tell whether an input of this shape can be shown as a picture."""
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in IMAGE_CHANNELS)


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
