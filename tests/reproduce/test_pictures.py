"""Figures one below the other, and how many photos they are for."""

import pytest
from PIL import Image

from igcli.errors import InputError
from igcli.records import InputName
from igcli.reproduce.pictures import check_few, stacked


def test_pictures_are_stacked_with_a_gap() -> None:
    red, blue = Image.new("RGB", (4, 2), "red"), Image.new("RGB", (2, 3), "blue")
    whole = stacked([red, blue])
    assert whole.size == (4, 2 + 24 + 3)
    places = [(3, 1), (3, 2), (1, 26), (3, 26)]
    assert [whole.getpixel(place) for place in places] == [
        (255, 0, 0), (255, 255, 255), (0, 0, 255), (255, 255, 255),
    ]  # fmt: skip


def test_more_photos_than_a_figure_shows_are_refused() -> None:
    names = [InputName(i, f"{i}.png", f"{i}.png") for i in range(25)]
    check_few(names[:24])
    with pytest.raises(InputError, match="holds 25 photos"):
        check_few(names)
