"""Small pictures: what fits is kept as it is, what does not is made to fit."""

from base64 import b64decode
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.explanation import Profile
from igcli.common.regions import Regions
from igcli.report.page.seen import Seen
from igcli.report.page.thumbnails import IMAGE_BYTES, MAPS_BYTES, MAX_NODES, show

RANDOM = np.random.default_rng(3)


def shown(maps: dict[str, Array], image: Array | None = None, path: Profile | None = None) -> Any:
    return show(Seen(0, maps, image, path))


def data(uri: str) -> bytes:
    return b64decode(uri.partition(",")[2])


def noise(*shape: int) -> Array:
    return RANDOM.standard_normal(shape).astype(np.float32)


def test_a_small_image_and_map_are_kept_pixel_by_pixel() -> None:
    image = RANDOM.integers(0, 256, (28, 28, 1), np.uint8)
    values = np.zeros((28, 28, 1), np.float32)
    values[3, 4], values[5, 6] = 0.5, -0.25
    found = shown({"x": values}, image)
    drawn = np.array(Image.open(BytesIO(data(found["image"]))))
    np.testing.assert_array_equal(drawn, image[..., 0])
    heat = Image.open(BytesIO(data(found["maps"][0]["src"]))).convert("RGB")
    assert heat.size == (28, 28) and found["maps"][0]["side"] == (28, 28)
    assert heat.getpixel((4, 3)) == (0, 128, 0) and heat.getpixel((0, 0)) == (255, 255, 255)
    assert found["maps"][0]["scale"] == 0.5 and found["maps"][0]["sum"] == 0.25


@pytest.mark.parametrize("side", [64, 224, 300, 900])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_largest_noise_fits(side: int, channels: int) -> None:
    image = RANDOM.integers(0, 256, (side, side // 2, channels), np.uint8)
    found = shown({"x": noise(side, side // 2, channels)}, image)
    assert len(data(found["image"])) <= IMAGE_BYTES
    assert len(data(found["maps"][0]["src"])) <= MAPS_BYTES
    height, width = found["maps"][0]["side"]
    assert height >= 48 and abs(height - 2 * width) <= 2
    width, height = Image.open(BytesIO(data(found["image"]))).size
    assert height >= 48 and abs(height - 2 * width) <= 2


def test_several_maps_share_the_bytes() -> None:
    maps = {name: noise(200, 200) for name in "abcd"}
    found = shown(maps)
    assert sum(len(data(one["src"])) for one in found["maps"]) <= MAPS_BYTES
    assert [one["name"] for one in found["maps"]] == list("abcd") and found["image"] is None


def test_few_numbers_are_bars_and_many_a_picture() -> None:
    values = np.array([0.5, -0.25, 0.125], np.float32)
    (found,) = shown({"x": values})["maps"]
    assert found == {"name": "x", "sum": 0.375, "bars": [0.5, -0.25, 0.125]}
    (found,) = shown({"x": noise(40)})["maps"]
    assert found["folded"] and found["side"] == (6, 7)


def test_a_path_has_its_nodes_thinned_where_there_are_very_many() -> None:
    alphas = np.linspace(0.0, 1.0, 5)
    path = shown({"x": noise(2)}, path=Profile(alphas, alphas / 3, alphas + 1))["profile"]
    assert path == {
        "nodes": 5,
        "alphas": [0.0, 0.25, 0.5, 0.75, 1.0],
        "scores": [0.0, 0.0833333, 0.166667, 0.25, 0.333333],
        "norms": [1.0, 1.25, 1.5, 1.75, 2.0],
    }
    alphas = np.linspace(0.0, 1.0, 4097)
    path = shown({"x": noise(2)}, path=Profile(alphas, alphas, alphas))["profile"]
    assert path["nodes"] == 4097 and len(path["alphas"]) <= MAX_NODES + 1
    assert path["alphas"][0] == 0.0 and path["alphas"][-1] == 1.0
    nothing = np.zeros(0)
    assert shown({"x": noise(2)}, path=Profile(nothing, nothing, nothing))["profile"] is None


@pytest.mark.parametrize("side", [64, 224, 900])
def test_a_photo_has_its_heat_and_all_fits_as_before(side: int) -> None:
    """Where the mass is, the heat is light; the map and the image make room for it."""
    image = RANDOM.integers(0, 256, (side, side, 3), np.uint8)
    values = 0.01 * noise(side, side, 3)
    values[: side // 4, : side // 4] *= 100.0
    cells = Regions((side, side, 3), side // 8)
    found = show(Seen(0, {"x": values}, image, None, cells=cells))
    with Image.open(BytesIO(data(found["heat"]))) as picture:
        drawn = np.asarray(picture.convert("RGB")).astype(int)
    length = len(drawn)
    assert drawn.shape == (length, length, 3) and 48 <= length <= 224
    hot, cold = drawn[: length // 8, : length // 8], drawn[-length // 2 :, -length // 2 :]
    assert hot.mean() > 1.4 * cold.mean() and hot[..., 0].mean() > hot[..., 2].mean() + 50
    sizes = [len(data(uri)) for uri in (found["image"], found["heat"], found["maps"][0]["src"])]
    assert sum(sizes) <= IMAGE_BYTES + MAPS_BYTES
    assert show(Seen(0, {"x": values}, image, None))["heat"] is None
