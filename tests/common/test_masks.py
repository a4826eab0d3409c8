from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.errors import InputError
from igcli.common.masks import list_masks, read_mask

OBJECT = np.array([[0, 1, 1], [0, 0, 1]], bool)


def saved(path: Path, numbers: Any, mode: str | None = None) -> Path:
    picture = Image.fromarray(numbers)
    (picture.convert(mode) if mode else picture).save(path)
    return path


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "I;16"])
def test_what_is_not_black_is_the_object(tmp_path: Path, mode: str) -> None:
    path = saved(tmp_path / "m.png", OBJECT.astype(np.uint8) * 255, mode)
    assert read_mask(path, None).tolist() == OBJECT.tolist()


def test_a_map_of_classes_has_the_pixels_of_one(tmp_path: Path) -> None:
    numbers = np.array([[0, 3, 255], [7, 7, 3]], np.uint8)
    path = saved(tmp_path / "m.png", numbers)
    assert read_mask(path, 3).tolist() == [[False, True, False], [False, False, True]]


def test_a_palettes_places_are_the_classes(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 2], [1, 2]], np.uint8), "P")
    picture.putpalette([0, 0, 0, 0, 0, 0, 9, 9, 9])
    picture.save(tmp_path / "m.png")
    assert read_mask(tmp_path / "m.png", 2).tolist() == [[False, True], [False, True]]
    # Its colour is black, its class is not.
    assert read_mask(tmp_path / "m.png", None).tolist() == [[False, True], [True, True]]


def test_colours_have_no_class(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.png", np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(InputError, match="has colours"):
        read_mask(path, 1)


def test_broken_masks_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no mask"):
        list_masks(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "m.PNG").write_bytes(b"no picture")
    assert list(list_masks(tmp_path)) == ["a/m.PNG"]
    with pytest.raises(InputError, match="can't be read"):
        read_mask(tmp_path / "a" / "m.PNG", None)
