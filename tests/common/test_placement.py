from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igcli.common.placement import RESIZE, Placement, Size, crop, pad, stretch

unhurried = settings(deadline=None)  # other work on the machine is no failure

sizes = st.tuples(st.integers(1, 700), st.integers(1, 700))


def resize_with_pad(source: Size, target: Size) -> tuple[Size, Size]:
    """tf.image.resize_with_pad's rule in exact arithmetic: (resized size, padding before).

    TensorFlow: floor the scaled size; the padding is the floor of half of what the size before
    flooring leaves. A side that would become 0 is refused by TensorFlow and 1 here.
    """
    scale = min(Fraction(t, s) for s, t in zip(source, target, strict=True))
    width, height = (s * scale for s in source)
    return (max(1, int(width)), max(1, int(height))), (
        int((target[0] - width) / 2),
        int((target[1] - height) / 2),
    )


def test_there_are_these_ways_to_resize() -> None:
    assert set(RESIZE) == {"stretch", "pad", "crop"}


@unhurried
@given(sizes, sizes)
def test_stretch_takes_all_and_fills_all(source: Size, target: Size) -> None:
    assert stretch(source, target) == Placement((0, 0, *source), target, (0, 0))


@pytest.mark.parametrize(
    ("source", "target", "size", "offset"),
    [
        ((4, 4), (8, 8), (8, 8), (0, 0)),
        ((8, 4), (8, 8), (8, 4), (0, 2)),
        ((4, 8), (8, 8), (4, 8), (2, 0)),
        ((16, 4), (8, 8), (8, 2), (0, 3)),
        ((500, 375), (224, 224), (224, 168), (0, 28)),
        ((640, 480), (224, 224), (224, 168), (0, 28)),
        ((3, 1), (6, 6), (6, 2), (0, 2)),
        ((1, 1), (5, 3), (3, 3), (1, 0)),
        ((8, 4), (8, 7), (8, 4), (0, 1)),
        ((1000, 1), (10, 10), (10, 1), (0, 4)),
    ],
)
def test_pad_fits_inside_and_centres(source: Size, target: Size, size: Size, offset: Size) -> None:
    assert pad(source, target) == Placement((0, 0, *source), size, offset)


@unhurried
@given(sizes, sizes)
def test_pad_never_leaves_the_canvas(source: Size, target: Size) -> None:
    placement = pad(source, target)
    for side in (0, 1):
        assert placement.size[side] >= 1 and placement.offset[side] >= 0
        assert placement.offset[side] + placement.size[side] <= target[side]


@pytest.mark.parametrize(
    ("source", "target"),
    [((49, 49), (4, 4)), ((110, 80), (224, 224)), ((550, 400), (299, 299)), ((94, 94), (96, 96))],
)
def test_pad_fills_the_longer_side_whatever_the_rounding(source: Size, target: Size) -> None:
    assert pad(source, target).size == resize_with_pad(source, target)[0]


@pytest.mark.parametrize(
    ("source", "target", "offset"),
    [((4, 3), (7, 7), (0, 0)), ((1, 3), (224, 224), (74, 0)), ((500, 335), (224, 224), (0, 36))],
)
def test_pad_puts_the_picture_where_tensorflow_does(
    source: Size, target: Size, offset: Size
) -> None:
    assert resize_with_pad(source, target)[1] == offset
    assert pad(source, target).offset == offset


@pytest.mark.parametrize(
    ("source", "target", "box"),
    [
        ((4, 4), (8, 8), (0, 0, 4, 4)),
        ((8, 4), (2, 2), (2, 0, 6, 4)),
        ((4, 8), (2, 2), (0, 2, 4, 6)),
        ((5, 4), (4, 4), (0.5, 0, 4.5, 4)),
        ((1, 1), (4, 2), (0, 0.25, 1, 0.75)),
        ((500, 375), (224, 224), (62.5, 0, 437.5, 375)),
    ],
)
def test_crop_covers_the_target_and_keeps_the_centre(
    source: Size, target: Size, box: tuple[float, ...]
) -> None:
    placement = crop(source, target)
    assert placement.box == pytest.approx(box, abs=1e-9)
    assert (placement.size, placement.offset) == (target, (0, 0))


@pytest.mark.parametrize(
    ("source", "target"), [((190, 500), (224, 224)), ((31, 31), (299, 299)), ((49, 480), (4, 4))]
)
def test_crop_stays_inside_the_source_whatever_the_rounding(source: Size, target: Size) -> None:
    left, top, right, bottom = crop(source, target).box
    assert left >= 0 and top >= 0 and right <= source[0] and bottom <= source[1]


@unhurried
@given(sizes, sizes)
def test_crop_keeps_the_targets_aspect_ratio(source: Size, target: Size) -> None:
    left, top, right, bottom = crop(source, target).box
    assert (right - left) / (bottom - top) == pytest.approx(target[0] / target[1], rel=1e-9)
    assert (left + right) / 2 == pytest.approx(source[0] / 2)
    assert (top + bottom) / 2 == pytest.approx(source[1] / 2)
