"""Numbers that are very likely not what the model takes are doubted, with their figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.model_spec import InputSpec
from igcli.common.notes import Doubt
from igcli.inputs.readers.arrays import list_array
from igcli.inputs.readers.images import list_folder
from igcli.runs.planning.first_look import look_at

SHAPE = (4, 5, 3)
DIGITS = np.random.default_rng(0).integers(0, 256, (3, *SHAPE))


def told_of_array(folder: Path, array: Any, scaling: str = "", shape: Any = SHAPE) -> list[str]:
    np.save(folder / "x.npy", array)
    listing = list_array(folder / "x.npy")
    source = listing.bind(InputSpec("image", shape, np.dtype("float32")), None, "stretch", None)
    notes: list[str] = []
    look_at(source, listing.names, scaling, None, notes.append)
    return notes


def told_of_images(folder: Path, arrays: list[Any], depth: int | None = None) -> list[str]:
    for i, array in enumerate(arrays):
        Image.fromarray(array).save(folder / f"{i}.png")
    listing = list_folder(folder)
    spec = InputSpec("image", (4, 5, 1), np.dtype("float32"))
    source = listing.bind(spec, "unit", "stretch", None).shown(depth, ())
    notes: list[str] = []
    look_at(source, listing.names, "", depth, notes.append)
    return notes


def test_floats_that_are_pixels_are_doubted(tmp_path: Path) -> None:
    (note,) = told_of_array(tmp_path, DIGITS.astype("float32"))
    assert isinstance(note, Doubt)
    assert note.startswith("the inputs of 'image' are floats from 0 to 255, as pixels are")
    assert "divide them by 255" in note


def test_floats_that_may_be_pixels_are_questioned(tmp_path: Path) -> None:
    (note,) = told_of_array(tmp_path, DIGITS * 0.7 + 0.1)
    assert not isinstance(note, Doubt) and "as pixels are" in note


@pytest.mark.parametrize(
    ("array", "scaling", "shape"),
    [
        (DIGITS / 255.0, "", SHAPE),
        (DIGITS / 127.5, "", SHAPE),
        (DIGITS - 128.0, "", SHAPE),
        (DIGITS * 257.0, "", SHAPE),
        (DIGITS.astype("float32"), "rescaling", SHAPE),
        (DIGITS.astype("uint8"), "", SHAPE),
        (DIGITS.reshape(3, -1).astype("float32"), "", (60,)),
    ],
)
def test_other_numbers_are_not(tmp_path: Path, array: Any, scaling: str, shape: Any) -> None:
    if array.dtype == np.uint8:
        np.save(tmp_path / "x.npy", array)
        listing = list_array(tmp_path / "x.npy")
        source = listing.bind(
            InputSpec("image", shape, np.dtype("float32")), "unit", "stretch", None
        )
        look_at(source, listing.names, scaling, None, pytest.fail)
    else:
        assert told_of_array(tmp_path, array, scaling, shape) == []


def test_floats_of_0_to_1_for_a_model_that_scales_pixels_are_doubted(tmp_path: Path) -> None:
    (note,) = told_of_array(tmp_path, DIGITS / 255.0, "rescaling")
    assert isinstance(note, Doubt)
    assert "from 0 to 1, and the model's 'rescaling' scales pixels of 0 to 255 itself" in note


def test_an_array_of_nothing_finite_is_left_to_fail(tmp_path: Path) -> None:
    assert told_of_array(tmp_path, np.full((2, *SHAPE), np.nan)) == []


@pytest.mark.parametrize(
    ("peak", "bits", "is_doubt"), [(1000, 10, True), (4000, 12, True), (9000, 14, False)]
)
def test_images_that_use_few_of_their_bits_are_told(
    tmp_path: Path, peak: int, bits: int, is_doubt: bool
) -> None:
    dark = np.full((4, 5), 3, np.uint16)
    bright = dark.copy()
    bright[2, 2] = peak
    (note,) = told_of_images(tmp_path, [dark, bright])
    assert f"the first images' largest 16-bit number is {peak} of 65535" in note
    assert note.endswith(f"add --bit-depth {bits}") and isinstance(note, Doubt) is is_doubt
    assert told_of_images(tmp_path, [dark, bright], depth=bits) == []


def test_images_of_all_their_bits_are_not(tmp_path: Path) -> None:
    deep = np.full((4, 5), 40_000, np.uint16)
    assert told_of_images(tmp_path, [deep, np.full((4, 5), 9, np.uint8)]) == []
    assert told_of_images(tmp_path, [np.zeros((4, 5), np.uint16)]) == told_of_images(
        tmp_path, [np.full((4, 5), 7, np.uint8)]
    )
