"""Clusters: shortcuts that are planted are suspicious, and nothing else is."""

import numpy as np
import pytest

from igcli.common.groups import TRUTH, members
from igcli.findings.clusters import ABSOLUTE, POSITIVE, Cluster, clusters_of
from tests.findings.planted import KINDS, Planted, planted


def found_in(made: Planted, part: str = POSITIVE) -> list[Cluster]:
    names = [row.truth_name for row in made.densities.rows]
    return clusters_of(made.densities, members(names), TRUTH, part, 0)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_none_is_suspicious_in_twenty_sets_without_marks(kind: str) -> None:
    found = [one for seed in range(20) for one in found_in(planted(kind, 0.0, seed, 360))]
    assert [one.group for one in found if one.is_suspicious] == []
    if kind == "noise":
        assert all(one.suspicion is None and one.number == 1 for one in found)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("kind", ["noise", "photos"])
def test_marked_images_are_a_suspicious_cluster(kind: str, share: float) -> None:
    for seed in range(2):
        made = planted(kind, share, seed, 900)
        (one,) = (found for found in found_in(made) if found.is_suspicious)
        hits = np.isin(one.rows, made.marked)
        assert one.group == "class 0"
        assert hits.mean() >= 0.9 and hits.sum() >= 0.95 * len(made.marked)
        assert one.suspicion is not None and one.suspicion.place == (made.place,)


def test_content_of_two_styles_is_two_clusters_and_no_shortcut() -> None:
    made = planted("noise", 0.0, 0, 300)
    half = np.arange(300) % 2 == 0
    # One half has its mass on the left, bright there; the other on the right: halves of pictures.
    values = made.densities.values
    values[half, :, 7:], values[~half, :, :7] = 0.0, 0.0
    values /= np.abs(values).sum(axis=(1, 2, 3), keepdims=True)
    found = found_in(made)
    assert [one.number for one in found if one.group == "class 0"] == [1, 2]
    assert not any(one.is_suspicious for one in found)


def test_what_the_maps_errors_can_make_is_not_suspicious() -> None:
    made = planted("noise", 0.2, 0, 600)
    made.densities.errors[:] = 0.6
    assert not any(one.is_suspicious for one in found_in(made))


def test_either_part_of_the_maps_can_be_clustered() -> None:
    made = planted("noise", 0.2, 0, 600)
    # All that the mark does is against the class.
    row, column = made.place
    negative = made.densities.values[made.marked, row, column]
    made.densities.values[made.marked, row, column] = np.stack(
        [np.zeros(len(negative)), -np.abs(negative).sum(axis=1)], axis=1
    )
    assert any(one.is_suspicious for one in found_in(made, ABSOLUTE))
    assert not any(one.is_suspicious for one in found_in(made, POSITIVE))


def test_purity_accuracy_and_distances() -> None:
    made = planted("noise", 0.2, 0, 600)
    (one,) = (found for found in found_in(made) if found.is_suspicious)
    assert one.purity == 1.0
    assert one.accuracy == (1.0, 1.0)
    assert (np.diff(one.distances) >= 0.0).all()
    planes = made.densities.values[one.rows, :, :, 0]
    planes = planes / planes.sum(axis=(1, 2), keepdims=True)
    expected = 0.5 * np.abs(planes - planes.mean(axis=0)).sum(axis=(1, 2))
    assert one.distances == pytest.approx(expected, rel=1e-4)
