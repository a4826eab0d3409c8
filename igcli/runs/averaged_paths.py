"""The averaged paths of an input: one from each of its baselines, whose maps are averaged."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from igcli.attribution.averages import AveragedPaths, Draws, Leg, bend_of
from igcli.attribution.batches import Batches
from igcli.attribution.gradient_model import GradientModel
from igcli.attribution.path import StraightLine
from igcli.common.arrays import Array
from igcli.common.model_spec import ModelSpec
from igcli.common.sample import Sample
from igcli.inputs.baselines.slots import Slot

_SCORED_AT_ONCE = 32


def averaged_paths(
    model: GradientModel, end: Array, sample: Sample, slots: Sequence[Slot], keeps: int = 0
) -> AveragedPaths:
    """Return the paths of an input.

    Parameters
    ----------
    model : GradientModel
        What they run through.
    end : Array
        Where they end: the input, in the layer where they run in one; see `entered`.
    sample : Sample
        The input.
    slots : sequence of Slot
        Its baselines: several.
    keeps : int
        How many baselines' own maps are to be kept; 0 for none.

    Raises
    ------
    InputError
        When a baseline can't be made.
    """
    _check(sample, slots)
    legs, draws, places = _legs(slots)

    def line(number: int) -> StraightLine:
        return line_to(model, end, slots[places[number]].draw(sample, 0))

    return AveragedPaths(end.shape, legs, line, draws, keeps)


def _check(sample: Sample, slots: Sequence[Slot]) -> None:
    """Make each baseline once: what fails, fails before the paths are begun."""
    for slot in slots:
        slot.draw(sample, 0)


def _legs(slots: Sequence[Slot]) -> tuple[list[Leg], list[Draws], list[int]]:
    """Return the paths, what of them is drawn, and which slot each starts from.

    Draws of several kinds take turns, so that each stretch of the paths is like the whole.
    """
    counts: dict[Hashable, int] = {}
    populations: list[int | None] = []
    numbers: list[int] = []
    for slot in slots:
        if slot.drawn is not None and slot.drawn not in counts:
            populations.append(slot.population)
        numbers.append(counts.get(slot.drawn, 0))
        counts[slot.drawn] = numbers[-1] + 1
    kinds = [kind for kind in counts if kind is not None]
    turn = {i: (numbers[i] + 0.5) / counts[slot.drawn] for i, slot in enumerate(slots)}
    places = sorted(range(len(slots)), key=lambda i: (turn[i], i))
    legs = []
    for place in places:
        drawn = slots[place].drawn
        legs.append(
            Leg(
                start=place,
                end=0,
                slot=place,
                drawn=None if drawn is None else kinds.index(drawn),
                bend=0.0 if drawn is None else bend_of(numbers[place]),
            )
        )
    draws = [Draws(counts[k], p) for k, p in zip(kinds, populations, strict=True)]
    return legs, draws, places


def entered(model: GradientModel, x: Array) -> Array:
    """Return where a path is that is at x in the input: in the layer, where it runs in one."""
    return x if model.spec.entered is None else np.asarray(model.enter(x[None]))[0]


def line_to(model: GradientModel, end: Array, baseline: Array) -> StraightLine:
    """Return the path to a point from a baseline; what is held has the point's value at both."""
    return StraightLine(end, with_held(model.spec, entered(model, baseline), end))


def with_held(spec: ModelSpec, start: Array, end: Array) -> Array:
    """Return a path's start, of what is held the end's values: a copy where anything is."""
    held = [slice(p.start, p.start + p.size) for p in spec.parts if p.held]
    if held:
        start = start.copy()
    for part in held:
        start[part] = end[part]
    return start


def mean_start_scores(batches: Batches, paths: AveragedPaths) -> Array:
    """Return every class's score, the mean over the paths' starts."""
    points = (paths.line(number).baseline for number in range(len(paths.legs)))
    return _mean_scores(batches, points)


def _mean_scores(batches: Batches, points: Iterable[Array]) -> Array:
    total, count = 0.0, 0
    for some in _several_at_once(points, min(batches.size, _SCORED_AT_ONCE)):
        scores = batches.scores(np.stack(some)).astype(np.float64)
        total, count = total + scores.sum(axis=0), count + len(some)
    result: Array = np.asarray(total) / count
    return result


def _several_at_once(points: Iterable[Array], size: int) -> Iterator[list[Array]]:
    left = iter(points)
    while some := list(islice(left, size)):
        yield some
