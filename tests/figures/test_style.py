from typing import Any

import numpy as np
import pytest

from igcli.common.errors import ConfigError
from igcli.figures.settle import settle_look
from igcli.figures.style import OVERLAY, Look


def test_without_options_it_is_what_a_run_draws() -> None:
    assert settle_look() == OVERLAY == Look("overlay", "all", "sum", "red-white-green", 2.0, 0.5)


@pytest.mark.parametrize(
    ("asked", "settled"),
    [
        ({"style": "heat"}, ("all", "sum", "red-white-green", 2, None, "image")),
        ({"style": "heat", "sign": "positive"}, ("positive", "sum", "Greens", 2, None, "image")),
        ({"style": "heat", "sign": "negative"}, ("negative", "sum", "Reds", 2, None, "image")),
        ({"sign": "absolute"}, ("absolute", "sum", "Blues", 2, 0.5, "image")),
        ({"reduce": "l2"}, ("absolute", "l2", "Blues", 2, 0.5, "image")),
        ({"style": "mask"}, ("absolute", "sum", None, 2, None, "image")),
        ({"style": "alpha", "sign": "positive"}, ("positive", "sum", None, 2, None, "image")),
        ({"style": "panel"}, ("all", "sum", "PiYG", 0, None, "auto")),
        ({"style": "panel", "clip": 5}, ("all", "sum", "PiYG", 5, None, "shown")),
        ({"style": "panel", "scale": "shown"}, ("all", "sum", "PiYG", 0, None, "shown")),
        ({"style": "panel", "scale": "image"}, ("all", "sum", "PiYG", 10, None, "image")),
        ({"style": "panel", "scale": "run", "clip": 1}, ("all", "sum", "PiYG", 1, None, "run")),
        ({"style": "tutorial"}, ("absolute", "abs-sum", "inferno", 0, 0.4, "image")),
        ({"style": "tutorial", "sign": "all"}, ("all", "sum", "inferno", 0, 0.4, "image")),
        ({"scale": 0.5, "alpha": 0.0}, ("all", "sum", "red-white-green", 2, 0, 0.5)),
    ],
)
def test_what_is_not_asked_for_goes_by_the_style(
    asked: dict[str, Any], settled: tuple[Any, ...]
) -> None:
    look = settle_look(**asked)
    assert (look.sign, look.reduce, look.cmap, look.clip, look.alpha, look.scale) == settled


@pytest.mark.parametrize(
    ("asked", "flag"),
    [
        ({"style": "mask", "sign": "all"}, "--sign all"),
        ({"style": "alpha", "sign": "all"}, "--sign all"),
        ({"style": "panel", "sign": "positive"}, "--sign positive"),
        ({"style": "panel", "sign": "absolute"}, "--sign absolute"),
        ({"style": "panel", "cmap": "viridis"}, "--cmap viridis"),
        ({"style": "heat", "scale": "auto"}, "--scale auto"),
        ({"style": "panel", "reduce": "l2"}, "--reduce l2"),
        ({"style": "mask", "cmap": "gray"}, "--cmap gray"),
        ({"style": "heat", "alpha": 0.5}, "--alpha 0.5"),
        ({"sign": "all", "reduce": "abs-sum"}, "--reduce abs-sum"),
        ({"sign": "positive", "reduce": "l2"}, "--reduce l2"),
        ({"scale": 0.0}, "--scale 0"),
        ({"scale": -1.0}, "--scale -1"),
        ({"scale": float("nan")}, "--scale nan"),
        ({"scale": float("inf")}, "--scale inf"),
        ({"scale": 1.0, "clip": 2.0}, "--clip 2"),
    ],
)
def test_what_a_style_can_not_do_is_refused_by_its_flag(asked: dict[str, Any], flag: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settle_look(**asked)
    assert refused.value.problem.startswith(flag) and refused.value.fix


def test_the_scale_is_of_the_sign_that_is_drawn() -> None:
    attribution = np.array([[-8.0, 1.0, 2.0]])
    for sign, top in (("all", 8.0), ("positive", 2.0), ("negative", 8.0), ("absolute", 8.0)):
        look = settle_look(sign=sign, clip=0)
        assert look.top(look.plane(attribution)) == top
    assert settle_look(scale=3.0).top(attribution) == 3.0
    assert settle_look(clip=80).top(attribution) == 2.0


@pytest.mark.parametrize(
    ("own", "settled"),
    [
        ([0.5, 0.3, 0.26], ("shown", 0.0)),  # digits: most maps reach a quarter of the scale
        ([0.9, 0.2, 0.2], ("image", 10.0)),  # photos: most would be pale
        ([], ("shown", 0.0)),
    ],
)
def test_a_sheet_has_one_scale_where_its_maps_are_read_on_it(
    own: list[float], settled: tuple[str, float]
) -> None:
    look = settle_look("panel").on_sheet(1.0, own)
    assert (look.scale, look.clip) == settled


def test_a_scale_that_was_asked_for_stays() -> None:
    for scale in ("shown", "run", "image"):
        look = settle_look("panel", scale=scale)
        assert look.on_sheet(1.0, [0.01]) == look
