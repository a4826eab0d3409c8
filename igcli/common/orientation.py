"""The orientation that EXIF tells: how stored pixels are turned to stand upright."""

from igcli.common.arrays import Array

# The tag's number.
ORIENTATION = 0x0112


def upright(numbers: Array, orientation: int) -> Array:
    """Turn (height, width, …) as EXIF's orientation says."""
    if orientation >= 5:
        numbers = numbers.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        numbers = numbers[:, ::-1]
    if orientation in (3, 4, 7, 8):
        numbers = numbers[::-1]
    return numbers
