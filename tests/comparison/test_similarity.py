"""Every metric against another implementation of it; what is undefined there, against literals."""

from collections.abc import Callable
from math import hypot, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy.spatial import distance
from scipy.stats import pearsonr, spearmanr
from skimage.measure import block_reduce, centroid
from skimage.metrics import normalized_root_mse

from igcli.common.arrays import Array
from igcli.comparison.similarity import METRICS, measured

SHAPES = [(28, 28, 1), (9, 7, 3), (40,)]


def cosine(a: Array, b: Array) -> float:
    return 1.0 - float(distance.cosine(a.ravel(), b.ravel()))


def spearman(a: Array, b: Array) -> float:
    return float(spearmanr(a.ravel(), b.ravel()).statistic)


def coarse(a: Array, b: Array) -> float:
    """Cells of 2×2 where a side is of 28, else the numbers themselves."""
    means = [np.abs(v).mean(axis=2) if v.ndim == 3 else np.abs(v) for v in (a, b)]
    if a.shape[0] == 28:
        means = [block_reduce(m, (2, 2), np.mean) for m in means]
    return float(pearsonr(means[0].ravel(), means[1].ravel()).statistic)


def plane(values: Array) -> Array:
    magnitudes = np.abs(values)
    return magnitudes if values.ndim != 3 else np.array(magnitudes.sum(axis=2))


def top(percent: int) -> Callable[[Array, Array], float]:
    def overlap(a: Array, b: Array) -> float:
        sets = []
        for flat in (plane(a).ravel().tolist(), plane(b).ravel().tolist()):
            count = max(1, round(len(flat) * percent / 100))
            best = sorted((-value, i) for i, value in enumerate(flat))[:count]
            sets.append({i for value, i in best if value != 0.0})
        return len(sets[0] & sets[1]) / max(map(len, sets))

    return overlap


def l1(a: Array, b: Array) -> float:
    x, y = a.ravel().tolist(), b.ravel().tolist()
    return float(sum(abs(q - p) for p, q in zip(x, y, strict=True)) / sum(map(abs, x)))


def l2(a: Array, b: Array) -> float:
    return float(normalized_root_mse(a, b, normalization="euclidean"))


def shift(a: Array, b: Array) -> float:
    centres = [np.array(ndimage.center_of_mass(plane(values))) for values in (a, b)]
    if a.ndim == 3:
        # Two other implementations agree on it.
        for values, centre in zip((a, b), centres, strict=True):
            np.testing.assert_allclose(centroid(plane(values)), centre, atol=1e-9)
    diagonal = hypot(*(side - 1 for side in plane(a).shape))
    return hypot(*(centres[0] - centres[1])) / diagonal


def signs(a: Array, b: Array) -> float:
    alike = whole = 0.0
    for p, q in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True):
        whole += abs(p)
        if p * q > 0:
            alike += abs(p)
    return alike / whole


def density(values: Array) -> Array:
    """Shares of the positive part in cells of much the same size, by a loop."""
    positive = np.maximum(values, 0.0)
    if positive.ndim == 3:
        positive = positive.sum(axis=2)
    sides = [min(n, 25 if positive.ndim == 1 else 5) for n in positive.shape]
    cells = np.zeros(sides)
    for place, value in np.ndenumerate(positive):
        begins = [np.arange(m) * n // m for n, m in zip(positive.shape, sides, strict=True)]
        cells[tuple(int((b <= i).sum()) - 1 for i, b in zip(place, begins, strict=True))] += value
    shares: Array = cells / cells.sum()
    return shares


def moved(a: Array, b: Array) -> float:
    if not (a > 0).any() or not (b > 0).any():
        return float((a > 0).any() != (b > 0).any())
    return 0.5 * float(np.abs(density(a) - density(b)).sum())


OTHERS: dict[str, Callable[[Array, Array], float]] = {
    "cosine": cosine, "spearman": spearman, "coarse": coarse, "top1": top(1), "top5": top(5),
    "top10": top(10), "l1": l1, "l2": l2, "shift": shift, "signs": signs,
    "moved": moved,
}  # fmt: skip


def test_every_metric_has_another_implementation() -> None:
    assert list(OTHERS) == list(METRICS)


def undefined(values: Array) -> bool:
    """Whether scipy has no answer for a map (or ours is by agreement)."""
    means = plane(values)
    if means.shape == (28, 28):
        means = block_reduce(means, (2, 2), np.mean)
    return bool(np.ptp(values) == 0 or np.ptp(means) == 0)


def check(a: Array, b: Array) -> None:
    if undefined(a) or undefined(b):
        return
    for (name, metric), ours in zip(METRICS.items(), measured(a, b), strict=True):
        theirs = OTHERS[name](a.astype(np.float64), b.astype(np.float64))
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9), name
        assert metric.measure(a.astype(np.float64), b.astype(np.float64)) == ours


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_random_maps(shape: tuple[int, ...]) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        a, b = (random.standard_normal(shape).astype(np.float32) for _ in range(2))
        check(a, b)
        check(a, a + 0.1 * b)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_maps_of_ties(shape: tuple[int, ...]) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        check(*(random.integers(-2, 3, shape).astype(np.float32) for _ in range(2)))


RANGES = {
    **dict.fromkeys(("cosine", "spearman", "coarse"), (-1.0, 1.0)),
    **dict.fromkeys(("top1", "top5", "top10", "signs", "shift", "moved"), (0.0, 1.0)),
    **dict.fromkeys(("l1", "l2"), (0.0, inf)),
}


def test_every_metric_has_a_range() -> None:
    assert {name: (m.least, m.most) for name, m in METRICS.items()} == RANGES


NUMBERS = st.one_of(st.sampled_from([0.0, 0.0, 1.0, -1.0, 2.0]), st.floats(-100, 100, width=16))


@pytest.mark.slow
@given(st.data())
@settings(deadline=None, max_examples=150)
def test_any_maps(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([(9, 7, 3), (40,), (4, 5, 1), (1, 1, 3), (1,)]))
    pair = [
        data.draw(arrays(np.float32, shape, elements=NUMBERS, fill=st.just(0.0))) for _ in range(2)
    ]
    check(pair[0], pair[1])
    found = dict(zip(METRICS, measured(pair[0], pair[1]), strict=True))
    assert not np.isnan(list(found.values())).any()
    for name, (least, most) in RANGES.items():
        assert least <= found[name] <= most + 1e-9


@given(arrays(np.float32, (6, 5, 2), elements=NUMBERS))
@settings(deadline=None)
def test_a_map_is_the_same_as_itself(values: Array) -> None:
    same = [metric.same for metric in METRICS.values()]
    np.testing.assert_allclose(measured(values, values), same, atol=1e-12)


ZEROS = np.zeros((28, 28, 1))
ONES = np.ones((28, 28, 1))
SPOT = ZEROS.copy()
SPOT[0, 0, 0] = 2.0
LITERALS: list[tuple[Array, Array, list[float]]] = [
    # cosine, spearman, coarse, top1, top5, top10, l1, l2, shift, signs, moved
    (ZEROS, ZEROS, [1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0]),
    (ONES, ONES, [1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0]),
    (ZEROS, SPOT, [0, 0, 0, 0, 0, 0, inf, inf, 0.5, 0, 1]),
    (SPOT, ZEROS, [0, 0, 0, 0, 0, 0, 1, 1, 0.5, 0, 1]),
    (ONES, SPOT, [1 / 28, 0, 0, 1 / 8, 1 / 39, 1 / 78, 1, 1, 0.5, 1 / 784, 1 - 25 / 784]),
    (ZEROS, ONES, [0, 1, 1, 0, 0, 0, inf, inf, 0, 0, 1]),
    (ONES, 3 * ONES, [1, 1, 1, 1, 1, 1, 2, 2, 0, 1, 0]),
    (ONES, -ONES, [-1, 1, 1, 1, 1, 1, 2, 2, 0, 0, 1]),
    (SPOT, -SPOT, [-1, -1, 1, 1, 1, 1, 2, 2, 0, 0, 1]),
]


@pytest.mark.parametrize("case", range(len(LITERALS)))
def test_what_is_undefined_is_settled(case: int) -> None:
    a, b, expected = LITERALS[case]
    found = dict(zip(METRICS, measured(a, b), strict=True))
    assert found == pytest.approx(dict(zip(METRICS, expected, strict=True)), abs=1e-12)


def test_top_pixels_by_hand() -> None:
    a, b = np.zeros(200), np.zeros(200)
    a[:20] = np.arange(20, 0, -1)
    b[5:25] = -np.arange(20, 0, -1)
    assert METRICS["top1"].measure(a, b) == 0.0
    assert METRICS["top5"].measure(a, b) == 0.5
    assert METRICS["top10"].measure(a, b) == 0.75


def test_pixels_of_no_mass_are_never_on_top() -> None:
    a, b = np.zeros((20, 20, 1)), np.zeros((20, 20, 1))
    a[3, 3], b[15, 15] = 1.0, 1.0
    assert METRICS["top10"].measure(a, b) == 0.0
    b[3, 3] = 2.0
    assert METRICS["top10"].measure(a, b) == 0.5


def test_the_centre_moves_one_diagonal_at_most() -> None:
    a, b = np.zeros((9, 7, 3)), np.zeros((9, 7, 3))
    a[0, 0], b[8, 6] = 1.0, -1.0
    assert METRICS["shift"].measure(a, b) == pytest.approx(1.0)
    b[:] = 0.0
    b[3, 4, 0] = 1.0
    assert METRICS["shift"].measure(a, b) == pytest.approx(0.5)


def test_coarse_takes_neither_signs_nor_places_within_a_cell() -> None:
    random = np.random.default_rng(3)
    a = np.zeros((28, 28, 3))
    a[::2, ::2] = random.standard_normal((14, 14, 3))
    b = np.zeros_like(a)
    b[1::2, 1::2] = -a[::2, ::2]
    assert METRICS["coarse"].measure(a, b) == pytest.approx(1.0)
    assert METRICS["cosine"].measure(a, b) == 0.0
    assert METRICS["coarse"].measure(a, np.roll(a, 2, axis=0)) < 0.5


def test_coarse_cells_of_unequal_sizes_are_averaged() -> None:
    """Of 17 rows three cells have two: a map of one value is even, and no cell stands out."""
    even = np.full((17, 19, 3), 0.1)
    assert METRICS["coarse"].measure(even, -3 * even) == 1.0
    assert METRICS["coarse"].measure(even, np.random.default_rng(0).random((17, 19, 3))) == 0.0
