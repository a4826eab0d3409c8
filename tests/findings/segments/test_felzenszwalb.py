"""Segments of images of every kind: halves, one colour, one pixel, grey, RGBA, a large one."""

import sys

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.findings.segments import felzenszwalb
from igcli.findings.segments.felzenszwalb import check_installed, photo_segments


def halves(height: int, width: int, channels: int) -> Array:
    image = np.zeros((height, width, channels), np.uint8)
    image[:, width // 2 :] = 255
    return image


def test_two_halves_are_two_segments_and_the_columns_between_dilated_by_five() -> None:
    found = photo_segments(halves(224, 224, 3))
    # A width of 0.8 blurs three columns on either side of the edge, each longer than 150 pixels.
    spans = [(0, 113), *((left, left + 10) for left in range(104, 109 + 1)), (110, 223)]
    assert len(found) == len(spans) * len(felzenszwalb.SCALES)
    for number in range(len(found)):
        left, right = spans[number % len(spans)]
        wanted = np.arange(left, right + 1) + 224 * np.arange(224)[:, None]
        assert found[number].tolist() == wanted.ravel().tolist()


def test_alpha_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(felzenszwalb, "SCALES", (100,))
    image = halves(112, 224, 4)
    image[..., 3] = np.random.default_rng(0).integers(0, 256, (112, 224))
    found, wanted = photo_segments(image), photo_segments(image[..., :3])
    assert (found.starts == wanted.starts).all() and (found.members == wanted.members).all()


def test_a_grey_image_has_segments_that_cover_it() -> None:
    found = photo_segments(halves(112, 224, 1))
    assert np.unique(found.members).tolist() == [*range(112 * 224)]
    # The left half, and what the edge's blur and the dilation add to it.
    assert {*range(112)} <= {*(found[0] % 224).tolist()} < {*range(130)}


@pytest.mark.parametrize("shape", [(1, 1, 3), (40, 30, 3), (9, 300, 1)])
def test_one_colour_is_one_segment(shape: tuple[int, int, int]) -> None:
    found = photo_segments(np.full(shape, 93, np.uint8))
    assert len(found) == len(felzenszwalb.SCALES)
    assert all(len(found[i]) == shape[0] * shape[1] for i in range(len(found)))


@pytest.mark.parametrize("shape", [(61, 300), (448, 90), (224, 225)])
def test_labels_come_back_as_a_resized_picture_does(shape: tuple[int, int]) -> None:
    from skimage.transform import resize

    labels = np.random.default_rng(1).integers(0, 99, (224, 224))
    wanted = resize(labels, shape, order=0, preserve_range=True, anti_aliasing=False)
    rows, columns = felzenszwalb._nearest(shape[0]), felzenszwalb._nearest(shape[1])
    assert (labels[np.ix_(rows, columns)] == wanted.astype(int)).all()


def test_without_scikit_image_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    check_installed()
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ConfigError) as caught:
        check_installed()
    assert "pip install 'igcli[regions]'" in caught.value.fix
