"""The ranking of segments, against boolean masks that are counted anew each time."""

from collections.abc import Sequence

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.findings.segments.greedy import areas_by_gain, areas_by_mean
from igcli.findings.segments.segment_set import SegmentSet, segment_set

SHAPE = (24, 30)


def masks_of(segments: SegmentSet) -> list[Array]:
    masks = []
    for number in range(len(segments)):
        mask = np.zeros(segments.pixels, bool)
        mask[segments[number]] = True
        masks.append(mask)
    return masks


def plainly(values: Array, masks: Sequence[Array], least: int, fast: bool) -> list[list[int]]:
    """XRAI by its definition: a mean of new pixels for each mask in each round."""
    covered, found = np.zeros(len(values), bool), []
    means = [values[mask].mean() for mask in masks]
    waiting = (
        sorted(range(len(masks)), key=lambda i: -means[i]) if fast else list(range(len(masks)))
    )
    while waiting := [i for i in waiting if (masks[i] & ~covered).sum() >= least]:
        gains = [values[masks[i] & ~covered].mean() for i in waiting]
        best = waiting[0] if fast else waiting[int(np.argmax(gains))]
        found.append(np.flatnonzero(masks[best] & ~covered).tolist())
        covered |= masks[best]
        waiting.remove(best)
    rest = np.flatnonzero(~covered).tolist()
    return [*found, rest] if rest else found


def random_segments(seed: int) -> SegmentSet:
    random = np.random.default_rng(seed)
    planes = []
    for side in (3, 6, 12):
        small = random.integers(0, 9, (SHAPE[0] // side + 1, SHAPE[1] // side + 1))
        large = small.repeat(side, axis=0).repeat(side, axis=1)
        planes.append(large[: SHAPE[0], : SHAPE[1]])
    return segment_set(planes, reach=2)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("least", [1, 50])
def test_areas_are_those_of_boolean_masks(seed: int, fast: bool, least: int) -> None:
    segments = random_segments(seed)
    values = np.random.default_rng(seed + 100).standard_normal(segments.pixels)
    found = (areas_by_mean if fast else areas_by_gain)(values, segments, least)
    wanted = plainly(values, masks_of(segments), least, fast)
    assert [area.tolist() for area in found] == wanted


@pytest.mark.parametrize("fast", [False, True])
def test_equal_means_are_taken_in_the_order_of_segments(fast: bool) -> None:
    segments = random_segments(1)
    # Whole numbers: many means are equal, and all sums exact.
    values = np.random.default_rng(2).integers(0, 2, segments.pixels).astype(np.float64)
    values[: segments.pixels // 2] = 0.0
    found = (areas_by_mean if fast else areas_by_gain)(values, segments, 20)
    wanted = plainly(values, masks_of(segments), 20, fast)
    assert [area.tolist() for area in found] == wanted


def test_a_segment_that_adds_too_little_is_in_the_rest() -> None:
    labels = np.zeros((10, 10), int)
    labels[:7] = 1
    labels[7, :9] = 2
    segments = segment_set([labels], reach=0)
    values = labels.ravel().astype(np.float64)
    found = areas_by_gain(values, segments, 50)
    assert [len(area) for area in found] == [70, 30]
    assert [len(area) for area in areas_by_gain(values, segments, 1)] == [9, 70, 21]
