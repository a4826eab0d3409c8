"""Segments as lists of pixels: order, and dilation as scikit-image has it."""

import numpy as np
import pytest
from skimage.morphology import dilation, disk

from igcli.findings.segments.segment_set import segment_set


def test_segments_come_plane_by_plane_by_ascending_label() -> None:
    planes = [np.array([[7, 2], [2, 7]]), np.array([[0, 0], [0, -3]])]
    found = segment_set(planes, reach=0)
    assert [found[i].tolist() for i in range(len(found))] == [[1, 2], [0, 3], [3], [0, 1, 2]]
    assert found.counts.tolist() == [2, 2, 1, 3] and found.pixels == 4


@pytest.mark.parametrize("reach", [1, 2, 5])
def test_dilation_is_by_a_disk(reach: int) -> None:
    labels = np.random.default_rng(3).integers(0, 12, (7, 9)).repeat(4, axis=0).repeat(3, axis=1)
    found = segment_set([labels], reach)
    for number in range(len(found)):
        wanted = dilation(labels == number, disk(reach))
        assert found[number].tolist() == np.flatnonzero(wanted).tolist()


def test_one_pixel() -> None:
    found = segment_set([np.zeros((1, 1), int)] * 2, reach=5)
    assert [found[0].tolist(), found[1].tolist()] == [[0], [0]]
