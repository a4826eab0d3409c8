"""Spectral clustering: graphs in pieces, one piece, samples; and the Krylov space's eigenvalues."""

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.findings import spectral
from igcli.findings.spectral import cluster, nearest, spectrum


def clouds(counts: tuple[int, ...], seed: int = 0) -> tuple[Array, Array]:
    """Points around places far from each other, in any order, and which place each is of."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(counts)), counts))
    return random.standard_normal((len(labels), 5)) + 20.0 * np.eye(5)[labels], labels


@pytest.mark.parametrize("counts", [(60,), (60, 30), (70, 40, 20), (700, 40)])
def test_clouds_are_clusters_the_largest_first(counts: tuple[int, ...]) -> None:
    vectors, labels = clouds(counts)
    assert cluster(vectors, 0).labels.tolist() == labels.tolist()


def test_the_same_seed_gives_the_same() -> None:
    vectors = np.random.default_rng(0).random((120, 4))
    assert cluster(vectors, 3).labels.tolist() == cluster(vectors, 3).labels.tolist()


def test_too_few_for_a_graph_are_one_cluster() -> None:
    assert set(cluster(clouds((10, 10))[0], 0).labels) == {0}


def test_of_many_a_sample_is_clustered_and_the_rest_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spectral, "MOST_ROWS", 100)
    vectors, labels = clouds((300, 150))
    made = cluster(vectors, 0)
    assert made.sampled == 100
    assert made.labels.tolist() == labels.tolist()


def test_nearest_by_hand() -> None:
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    assert [sorted(row) for row in nearest(line, line, 2).tolist()] == [
        [0, 1], [0, 1], [1, 2], [2, 3],
    ]  # fmt: skip


def test_eigenvalues_of_a_ring_and_of_two() -> None:
    # Of a ring of n, the normalised Laplacian has 1 − cos(2πk/n).
    ring = np.roll(np.eye(12), 1, axis=1)
    graph = (ring + ring.T).astype(np.float32)
    turns = np.array([0, 1, 1, 2, 2, 3, 3, 4, 4])
    expected = 1.0 - np.cos(2 * np.pi * turns / 12)
    random = np.random.default_rng(0)
    assert spectrum(graph, random)[0] == pytest.approx(expected, abs=1e-5)
    two = np.kron(np.eye(2), graph).astype(np.float32)
    assert spectrum(two, random)[0] == pytest.approx(np.repeat(expected, 2)[:9], abs=1e-5)


def test_a_krylov_space_has_the_eigenvalues_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = clouds((200, 60, 40))
    graph = spectral._graph(vectors)
    whole, _ = spectrum(graph, np.random.default_rng(0))
    monkeypatch.setattr(spectral, "_WHOLE", 0)
    values, found = spectrum(graph, np.random.default_rng(0))
    assert whole[:3] == pytest.approx(0.0, abs=1e-5)
    assert values == pytest.approx(whole, abs=0.02)
    assert values[:3] == pytest.approx(whole[:3], abs=1e-5)
    assert found.T @ found == pytest.approx(np.eye(9), abs=1e-4)
