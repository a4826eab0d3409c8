"""Spectral clustering: a graph of nearest neighbours, its Laplacian's eigenvectors, k-means."""

from dataclasses import dataclass

import numpy as np

from igcli.common.arrays import Array

NEIGHBOURS = 10
MOST_CLUSTERS = 8
# Larger groups are sampled: eigenvectors take time with the third power.
MOST_ROWS = 2000
_STARTS, _ROUNDS = 8, 50
_AT_ONCE = 1024
# Graphs up to this size are solved whole; of larger ones a Krylov space of some blocks is searched.
_WHOLE, _BLOCK, _BLOCKS = 400, 12, 24


@dataclass(frozen=True, slots=True)
class Clustering:
    """Rows in clusters.

    Attributes
    ----------
    labels : Array
        int (rows,): the cluster of each, the largest is 0.
    eigenvalues : Array
        The Laplacian's smallest, ascending.
    sampled : int
        How many rows were clustered; the others were put to their neighbours among these.
    """

    labels: Array
    eigenvalues: Array
    sampled: int


def cluster(vectors: Array, seed: int) -> Clustering:
    """Return the clusters of rows (rows, columns): as many as the largest eigengap says.

    One cluster where there are too few rows for a graph.
    """
    random = np.random.default_rng(seed)
    count = len(vectors)
    if count <= 2 * NEIGHBOURS:
        return Clustering(np.zeros(count, int), np.zeros(0), count)
    chosen = np.arange(count)
    if count > MOST_ROWS:
        chosen = np.sort(random.choice(count, MOST_ROWS, replace=False))
    values, eigenvectors = spectrum(_graph(vectors[chosen]), random)
    clusters = 1 + int(np.argmax(np.diff(values)))
    rows = eigenvectors[:, :clusters]
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    own = _k_means(rows / np.where(norms > 0.0, norms, 1.0), clusters, random)
    labels = _by_neighbours(vectors, chosen, own, clusters)
    return Clustering(_by_size(labels), values, len(chosen))


def nearest(vectors: Array, among: Array, count: int) -> Array:
    """Return the places of each row's nearest ones among others, (rows, count), in any order."""
    sizes = (among**2).sum(axis=1)
    found = []
    for begin in range(0, len(vectors), _AT_ONCE):
        # Each row's own size is the same for all: it does not count.
        apart = sizes - 2.0 * (vectors[begin : begin + _AT_ONCE] @ among.T)
        found.append(np.argpartition(apart, count - 1, axis=1)[:, :count])
    return np.concatenate(found)


def _graph(vectors: Array) -> Array:
    """Return the symmetric graph of nearest neighbours: 1 where either is the other's."""
    count = len(vectors)
    near = nearest(vectors, vectors, NEIGHBOURS + 1)
    graph = np.zeros((count, count), np.float32)
    graph[np.arange(count)[:, None], near] = 1.0
    np.fill_diagonal(graph, 0.0)
    return np.maximum(graph, graph.T)


def spectrum(graph: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """Return the smallest eigenvalues of a graph's normalised Laplacian, and their vectors."""
    scale = 1.0 / np.sqrt(graph.sum(axis=1))
    steps = scale[:, None] * graph * scale
    if len(graph) <= _WHOLE:
        values, vectors = np.linalg.eigh(steps)
    else:
        space = _krylov(steps, random)
        values, vectors = np.linalg.eigh(space.T @ (steps @ space))
        vectors = space @ vectors
    # The Laplacian is 1 less the steps: its smallest are their largest.
    few = slice(None, -MOST_CLUSTERS - 2, -1)
    return 1.0 - values[few].astype(np.float64), vectors[:, few].astype(np.float64)


def _krylov(matrix: Array, random: np.random.Generator) -> Array:
    """Return an orthonormal basis of what a matrix makes of random vectors, again and again.

    A block of them finds eigenvalues that are there several times, as of a graph in pieces.
    """
    block = random.standard_normal((len(matrix), _BLOCK)).astype(matrix.dtype)
    space = np.zeros((len(matrix), 0), matrix.dtype)
    for _ in range(_BLOCKS):
        for _ in range(2):
            block = block - space @ (space.T @ block)
            block = np.linalg.qr(block)[0]
        space = np.concatenate([space, block], axis=1)
        block = matrix @ block
    return space


def _k_means(rows: Array, clusters: int, random: np.random.Generator) -> Array:
    """Return the labels of the best of several starts."""
    best, labels = np.inf, np.zeros(len(rows), int)
    for _ in range(_STARTS if clusters > 1 else 0):
        cost, found = _one_start(rows, clusters, random)
        if cost < best:
            best, labels = cost, found
    return labels


def _one_start(rows: Array, clusters: int, random: np.random.Generator) -> tuple[float, Array]:
    centres = _first_centres(rows, clusters, random)
    labels = np.full(len(rows), -1)
    for _ in range(_ROUNDS):
        apart = _squares(rows, centres)
        found = apart.argmin(axis=1)
        if (found == labels).all():
            break
        labels = found
        for place in np.unique(labels):
            centres[place] = rows[labels == place].mean(axis=0)
    return float(_squares(rows, centres).min(axis=1).sum()), labels


def _first_centres(rows: Array, clusters: int, random: np.random.Generator) -> Array:
    """Draw rows, each with a chance that grows with its distance to those drawn (k-means++)."""
    centres = [rows[random.integers(len(rows))]]
    while len(centres) < clusters:
        apart = _squares(rows, np.stack(centres)).min(axis=1)
        total = apart.sum()
        chances = apart / total if total > 0.0 else None
        centres.append(rows[random.choice(len(rows), p=chances)])
    return np.stack(centres)


def _squares(rows: Array, centres: Array) -> Array:
    apart: Array = ((rows[:, None, :] - centres[None]) ** 2).sum(axis=2)
    return apart


def _by_neighbours(vectors: Array, chosen: Array, own: Array, clusters: int) -> Array:
    """Return the labels of all rows: of those not chosen, what most of their neighbours have."""
    labels = np.full(len(vectors), -1)
    labels[chosen] = own
    left = np.flatnonzero(labels < 0)
    if len(left):
        near = own[nearest(vectors[left], vectors[chosen], NEIGHBOURS)]
        votes = np.stack([(near == place).sum(axis=1) for place in range(clusters)], axis=1)
        labels[left] = votes.argmax(axis=1)
    return labels


def _by_size(labels: Array) -> Array:
    """Return labels numbered anew, the largest cluster first; none is empty."""
    names, counts = np.unique(labels, return_counts=True)
    order = names[np.argsort(-counts, kind="stable")]
    ranks = {int(name): rank for rank, name in enumerate(order)}
    return np.array([ranks[int(label)] for label in labels])
