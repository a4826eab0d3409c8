"""Figures one below the other, and how many photos they are for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from igcli.common.errors import InputError
from igcli.reproduce.figures import photos_in, stacked, titled


def test_pictures_are_stacked_with_a_gap() -> None:
    red, blue = Image.new("RGB", (4, 2), "red"), Image.new("RGB", (2, 3), "blue")
    whole = stacked([red, blue])
    assert whole.size == (4, 2 + 24 + 3)
    places = [(3, 1), (3, 2), (1, 26), (3, 26)]
    assert [whole.getpixel(place) for place in places] == [
        (255, 0, 0), (255, 255, 255), (0, 0, 255), (255, 255, 255),
    ]  # fmt: skip


def test_a_title_stands_above() -> None:
    blue = Image.new("RGB", (200, 5), "blue")
    whole = titled(blue, "fireboat.jpg")
    height = whole.height - 5
    assert whole.crop((0, height, 200, whole.height)).tobytes() == blue.tobytes()
    assert min(whole.crop((0, 0, 200, height)).convert("L").tobytes()) < 100


def test_more_photos_than_a_figure_shows_are_refused(tmp_path: Path) -> None:
    folder, out = tmp_path / "photos", tmp_path / "photos" / "out"
    out.mkdir(parents=True)
    for i in range(24):
        (folder / f"{i}.png").touch()
        (out / f"{i}.png").touch()
    assert len(photos_in(folder, out)) == 24
    (folder / "one-more.png").touch()
    with pytest.raises(InputError, match="holds 25 photos"):
        photos_in(folder, out)


def test_arrays_are_no_photos(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 8, 8, 3), np.uint8))
    with pytest.raises(InputError, match="holds no photos"):
        photos_in(tmp_path / "x.npy", tmp_path / "out")
