"""Pictures against those that were looked at; `python -m tests.figures.remake` makes new ones."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.figures.draw import Subject, draw
from igcli.figures.settle import settle_look
from igcli.figures.style import SMOOTH, STYLES
from tests.figures.alike import GOLDEN, difference
from tests.figures.scenes import LINES, SCENES, attribution, image, one, subject


def golden(name: str) -> Image.Image:
    with Image.open(GOLDEN / f"{name}.png") as picture:
        return picture.convert("RGB")


@pytest.mark.parametrize("name", SCENES)
def test_pictures_are_the_golden_ones(name: str) -> None:
    assert difference(golden(name), SCENES[name]()) == ""


def test_there_is_one_for_each_style_and_none_too_many() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(SCENES)
    assert set(STYLES) <= set(SCENES)
    assert all(path.stat().st_size < 30_000 for path in GOLDEN.iterdir())


def drawn(look: dict[str, Any], **fields: Any) -> Callable[[], Image.Image]:
    return lambda: draw(settle_look(**look), replace(subject(), **fields))


def with_one_pixel_changed() -> Any:
    changed = attribution()
    changed[8, 9] = -0.01
    return changed


def without_its_bar() -> Image.Image:
    picture = one("overlay")()
    picture.paste("white", (0, 228, picture.width, 245))
    return picture


VISIBLE = {
    "a sign": ("heat", drawn({"style": "heat"}, attribution=-attribution())),
    "one pixel of the map": ("overlay", drawn({}, attribution=with_one_pixel_changed())),
    "opacity": ("overlay", one("overlay", alpha=0.45)),
    "clipping": ("overlay", one("overlay", clip=10.0)),
    "the number at the end": ("heat", drawn({"style": "heat", "scale": 0.0585})),
    "the unit": ("heat", drawn({"style": "heat"}, attribution=10 * attribution())),
    "colours": ("heat", one("heat", cmap="PiYG")),
    "similar colours": ("heat", one("heat", cmap="coolwarm")),
    "reduction": ("heat", one("heat", reduce="max")),
    "the image": ("overlay", drawn({}, image=255 - image())),
    "a digit": ("overlay", drawn({}, lines=("class 8 cat", LINES[1]))),
    "a letter": ("overlay", drawn({}, lines=("class 3 car", LINES[1]))),
    "no caption": ("overlay", drawn({"caption": False})),
    "no bar": ("overlay", without_its_bar),
    "smoothing": ("heat", lambda: SCENES["heat"]().resize((67, 81)).resize((268, 324))),
    "one pixel to the right": ("heat", lambda: SCENES["heat"]().rotate(0, translate=(1, 0))),
    "mask for alpha": ("mask", one("alpha")),
    "a title": ("tutorial", SCENES["tutorial-no-baseline"]),
}


@pytest.mark.parametrize("what", VISIBLE)
def test_what_the_eye_would_see_is_told(what: str) -> None:
    name, change = VISIBLE[what]
    assert difference(golden(name), change()) != ""


def test_what_the_eye_would_not_see_is_not_told() -> None:
    picture = golden("overlay")
    noise = np.random.default_rng(0).integers(-1, 2, (picture.height, picture.width, 3))
    near = (np.asarray(picture).astype(int) + noise).clip(0, 255).astype(np.uint8)
    assert difference(picture, Image.fromarray(near)) == ""


EXTREME = {
    "constant": np.full((28, 28, 1), 0.5),
    "zero": np.zeros((28, 28, 3)),
    "tiny": 1e-40 * np.random.default_rng(0).normal(size=(28, 28, 3)).astype(np.float32),
    "huge": 1e37 * np.random.default_rng(0).normal(size=(28, 28, 1)).astype(np.float32),
    "one positive": np.eye(28)[..., None],
    "one negative": -np.eye(28),
    "1 × 1": np.full((1, 1, 3), -2.0),
    "1 × 300": np.linspace(-1, 1, 300)[None, :, None],
    "300 × 1": np.linspace(-1, 1, 300)[:, None],
    "grey": np.random.default_rng(1).normal(size=(40, 30, 1)),
    "RGBA": np.random.default_rng(1).normal(size=(40, 30, 4)),
}


@pytest.mark.parametrize("style", [name for name in STYLES if name != "panel"])
@pytest.mark.parametrize("name", EXTREME)
def test_extreme_maps_draw(style: str, name: str) -> None:
    values = EXTREME[name]
    channels = values.shape[2] if values.ndim == 3 else 1
    shape = (*values.shape[:2], channels)
    seen = np.broadcast_to(np.arange(shape[0], dtype=np.uint8)[:, None, None], shape)
    picture = draw(settle_look(style), Subject(values, seen, LINES, baseline=seen))
    # Photos keep their aspect up to one to four.
    least = 60 if style in SMOOTH else 100
    assert min(picture.size) >= least and max(picture.size) >= 224 and picture.mode == "RGB"
    assert np.asarray(picture).std() > 1


@pytest.mark.slow
def test_large_pictures_draw_in_bands_and_shrink_by_whole_factors() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(3000, 4000, 3)).astype(np.float32)
    seen = random.integers(0, 256, (3000, 4000, 3), np.uint8)
    whole = draw(settle_look("overlay"), Subject(values, seen, LINES))
    assert whole.width == 4000 and whole.height > 3000
    # Letters of 100 pixels: a fortieth of the width.
    assert whole.height == 3000 + (5 + 100 + 25 + 2 * 133) + (2 * 133 + 10)
    small = draw(settle_look("overlay", size=1000), Subject(values, seen, LINES, baseline=seen))
    assert small.width == 1334 and small.height > 1000
    cell = np.asarray(whole)[30:33, 60:63].astype(float).mean(axis=(0, 1))
    np.testing.assert_allclose(np.asarray(small)[10, 20], cell, atol=1)
