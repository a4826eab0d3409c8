"""What is stored of a path: one map or several, and which of them is of a picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from igcli.common.model_spec import InputSpec, ModelSpec, Part, parts_of
from igcli.store.maps import maps_of

IMAGE = InputSpec("image", (4, 5, 3), np.dtype("float32"))
SPEC = ModelSpec(Path("m"), "keras", IMAGE, "out", 2, "softmax", "as-is", "CPU")
LAYER = InputSpec("conv", (2, 2, 8), np.dtype("float32"))


def several(*held: str) -> ModelSpec:
    shapes = {"tokens": (2, 2), "image": (4, 5, 3), "rear": (4, 5, 3)}
    parts = parts_of(shapes, shapes.values(), [name in held for name in shapes])
    inputs = tuple(InputSpec(n, s, np.dtype("float32")) for n, s in shapes.items())
    vector = InputSpec("all", (124,), np.dtype("float32"))
    return replace(SPEC, input=vector, inputs=inputs, parts=parts)


@pytest.mark.parametrize(
    ("pictured", "picture"), [("image", Part("image", (4, 5, 3), 0)), (None, None)]
)
def test_one_map(pictured: str | None, picture: Part | None) -> None:
    maps = maps_of(SPEC, IMAGE, pictured)
    assert maps.shape == (4, 5, 3) and not maps.parts and maps.picture == picture


def test_the_map_of_a_layer_is_of_no_picture() -> None:
    maps = maps_of(replace(SPEC, entered=LAYER), LAYER, "image")
    assert maps.shape == (2, 2, 8) and maps.picture is None


def test_of_several_maps_that_of_the_shown_input_is_a_picture() -> None:
    """Not the first one of a picture's shape: tokens have that too."""
    spec = several()
    maps = maps_of(spec, spec.input, "image")
    assert maps.shape == (124,) and maps.picture == Part("image", (4, 5, 3), 4)
    held = several("tokens")
    maps = maps_of(held, held.input, "image")
    assert maps.shape == (120,) and maps.picture == Part("image", (4, 5, 3), 0)
    np.testing.assert_array_equal(maps.of(np.arange(124)), np.arange(4, 124))


def test_an_input_that_is_held_has_no_map_to_be_shown_over_it() -> None:
    spec = several("image")
    maps = maps_of(spec, spec.input, "image")
    assert [part.name for part in maps.parts] == ["tokens", "rear"] and maps.picture is None
