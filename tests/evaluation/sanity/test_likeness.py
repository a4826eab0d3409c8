"""The scale of likeness, its verdict, the steps and the edges, in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from igcli.common.choices import CASCADE, INDEPENDENT
from igcli.comparison.similarity import METRICS
from igcli.evaluation.sanity.likeness import Anchors, Kept, anchors_of, changed, kept
from igcli.evaluation.sanity.made_maps import MadeMap
from igcli.evaluation.sanity.redraw_steps import steps_of
from igcli.evaluation.sanity.sanity_verdict import verdict_of
from igcli.evaluation.sobel import edges_of

NAMES = ("d", "c", "b", "a")


def filled(*values: float) -> np.ndarray:
    return np.repeat(np.array(values)[:, None], len(METRICS), axis=1)


def test_kept_is_the_place_between_unrelated_and_same() -> None:
    anchors = Anchors(filled(0.9, 0.9, 0.9), filled(0.1, 0.1, 0.1))
    found = kept(filled(0.3, 0.3, 0.3), anchors, "cosine", 0)
    assert found is not None
    # (0.3 − 0.1) / (0.9 − 0.1), whichever images are drawn.
    np.testing.assert_allclose([found.share, *found.interval], 0.25, rtol=1e-12)
    assert kept(filled(np.nan, 0.3, np.nan), anchors, "cosine", 0) is None
    assert kept(filled(0.5, 0.5, 0.5), Anchors(filled(1, 1, 1), filled(1, 1, 1)), "l1", 0) is None


@pytest.mark.parametrize(
    "low, high, verdict",
    [(0.1, 0.49, "depend"), (0.5, 0.7, "do not depend"), (0.4, 0.6, "not clear")],
)
def test_the_verdict_needs_the_whole_interval(low: float, high: float, verdict: str) -> None:
    assert verdict_of(Kept(0.5, (low, high)), 0.5) == verdict


def test_maps_change_beyond_their_errors() -> None:
    one = MadeMap("a", values=np.array([1.0, 2.0]), error=0.2)
    within, beyond = (MadeMap("a", values=np.array([1.0, v]), error=0.1) for v in (2.29, 2.31))
    assert changed([one, one], [within, beyond]).tolist() == [False, True]


def test_anchors_are_of_other_images() -> None:
    random = np.random.default_rng(0)
    maps = [MadeMap(str(i), values=random.standard_normal((28, 28)), error=0.0) for i in range(4)]
    anchors = anchors_of(maps, maps)
    cosine = list(METRICS).index("cosine")
    np.testing.assert_allclose(anchors.same[:, cosine], 1.0)
    # Of independent numbers: ± 1/√784 = 0.036 each, three others to the mean.
    assert (np.abs(anchors.unrelated[:, cosine]) < 0.1).all()
    # Two classes of each of two images: the other class of the same one is no other image.
    pairs = [replace(maps[0], input=name) for name in "aa"] + [
        replace(maps[1], input=name) for name in "bb"
    ]
    of_two = anchors_of(pairs, pairs).unrelated[:, cosine]
    assert (np.abs(of_two) < 0.2).all()


def test_steps_go_down_and_end_with_two_draws_of_everything() -> None:
    steps = steps_of(NAMES, CASCADE, 8)
    assert [step.layers for step in steps] == [
        ("d",), ("d", "c"), ("d", "c", "b"), NAMES, NAMES
    ]  # fmt: skip
    assert [step.draw for step in steps] == [0, 0, 0, 0, 1]
    alone = steps_of(NAMES, INDEPENDENT, 2)
    assert [step.layers for step in alone] == [("d",), ("a",), NAMES, NAMES]


def test_sobel_of_a_ramp_and_of_a_plane() -> None:
    ramp = np.repeat(3.0 * np.arange(6.0)[None], 5, axis=0)[..., None]
    # Two pixels apart, weights 1 2 1: 8 × the slope; the border is repeated, so half there.
    expected = np.array([12.0, 24.0, 24.0, 24.0, 24.0, 12.0])
    np.testing.assert_array_equal(edges_of(ramp)[..., 0], np.tile(expected, (5, 1)))
    assert not edges_of(np.full((4, 4, 3), 7.0)).any()
