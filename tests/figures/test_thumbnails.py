"""Planes and small pictures of signed maps."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from igcli.figures.thumbnails import data_uri, encoded, is_folded, plane, small_heat


def test_channels_are_summed_and_cells_are_square() -> None:
    values = np.arange(5 * 4 * 2, dtype=np.float32).reshape(5, 4, 2)
    whole = plane(values, 5)
    assert whole.dtype == np.float64
    assert whole.tolist() == (values[..., 0] + values[..., 1]).tolist()
    # Five rows in cells of two: the last cells have one row.
    reduced = plane(values, 3)
    assert reduced.shape == (3, 2)
    assert reduced[0, 0] == values[:2, :2].sum() and reduced[2, 1] == values[4:, 2:].sum()


@pytest.mark.parametrize(("length", "shape"), [(4, (2, 2)), (7, (3, 3)), (1, (1, 1))])
def test_a_line_is_folded(length: int, shape: tuple[int, int]) -> None:
    folded = plane(np.arange(1.0, length + 1), 9)
    assert folded.shape == shape
    assert folded.ravel().tolist() == [*range(1, length + 1), *[0] * (folded.size - length)]
    assert is_folded((length,)) and is_folded((1, 2, 3, 4)) and not is_folded((4, 4))


@pytest.mark.parametrize("steps", [127, 15])
def test_colours(steps: int) -> None:
    drawn = small_heat(np.array([[-2.0, -1.0, 0.0, 1.0, 2.0]]), 1.0, steps).convert("RGB")
    red, green = (255, 0, 0), (0, 128, 0)
    assert [drawn.getpixel((x, 0)) for x in range(5)] == [red, red, (255, 255, 255), green, green]
    assert small_heat(np.zeros((1, 1)), 0.0).convert("RGB").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(("form", "kind"), [("PNG", "png"), ("JPEG", "jpeg")])
def test_data_uris_hold_the_picture(form: str, kind: str) -> None:
    uri = data_uri(encoded(Image.new("RGB", (3, 2), (10, 200, 30)), form))
    head, data = uri.split(",")
    assert head == f"data:image/{kind};base64"
    assert Image.open(BytesIO(b64decode(data))).size == (3, 2)
