"""RandomCrop at inference, as the Keras that wrote a file had it: today's does nothing then.

Until Keras 3.5 it resized the largest window of its own aspect ratio. Keras 3.6 and 3.7 cut its
size out of the image at that window's upper left corner. Since 3.8 it does nothing.
"""

from typing import Any

from igcli.models.keras2.operations import CannotRepair

_IDLE_SINCE = (3, 8)
_CUTS_SINCE = (3, 6)


def random_crop(
    node: dict[str, Any], version: tuple[int, ...]
) -> tuple[str, dict[str, Any]] | None:
    """Return the class and the settings of the layer that does the same; None where nothing is.

    Raises
    ------
    CannotRepair
        When the file does not say how large the images are that were cut.
    """
    if version >= _IDLE_SINCE:
        return None
    config = node["config"]
    layout = {"data_format": config["data_format"]} if "data_format" in config else {}
    size = config["height"], config["width"]
    if version >= _CUTS_SINCE:
        return "Cropping2D", {**layout, "cropping": _cut(node, size)}
    height, width = size
    return "Resizing", {**layout, "height": height, "width": width, "crop_to_aspect_ratio": True}


def _cut(node: dict[str, Any], size: tuple[int, int]) -> list[list[int]]:
    shape = (node.get("build_config") or {}).get("input_shape") or []
    first = node["config"].get("data_format") == "channels_first"
    image = shape[2:4] if first else shape[1:3]
    if len(shape) != 4 or None in image or any(n < k for n, k in zip(image, size, strict=True)):
        raise CannotRepair(
            node["config"].get("name", "RandomCrop"),
            "Keras 3.6 and 3.7 cut images with RandomCrop at inference too, and the file does not "
            "say of what size they were",
        )
    (height, width), (tall, wide) = size, image
    window = (
        max(min(tall, int(wide * height / width)), 1),
        max(min(wide, tall * width // height), 1),
    )
    starts = [(n - k) // 2 for n, k in zip(image, window, strict=True)]
    return [[s, n - s - k] for s, n, k in zip(starts, image, size, strict=True)]
