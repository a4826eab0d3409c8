"""The first paths of a run: a few inputs and their baselines, to try its model on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from igcli.attribution.gradient_model import GradientModel, PathRows
from igcli.common.arrays import Array
from igcli.common.dense import Dense
from igcli.common.errors import InputError, ModelError
from igcli.common.sample import InputName, Sample
from igcli.inputs.baselines.recipes import Baseline
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.readers.source import Source

_LOOKED_AT = 64


@dataclass(frozen=True, slots=True)
class FirstPaths:
    """Some paths that the model takes.

    Attributes
    ----------
    names : tuple of str
        The inputs' ids.
    x : Array
        The inputs themselves.
    ends, starts : Array
        Where the paths end and start; what is held is the same in both.
    scores : Array
        Every class's score at the ends.
    """

    names: tuple[str, ...]
    x: Array
    ends: Array
    starts: Array
    scores: Array

    @property
    def targets(self) -> Array:
        """The predicted class of each, int32."""
        targets: Array = self.scores.argmax(axis=1).astype(np.int32)
        return targets

    def rows(self, slots: Array, alphas: Array, dense: Dense | None) -> PathRows:
        """Return rows at some nodes of these paths, of the predicted class of each.

        Of an output of one score per place that is the mean over the class's zone.
        """
        targets, zones = self.targets, None
        if dense is not None:
            targets, zones = dense.largest_zones(self.scores)
        return PathRows(self.ends, self.starts, slots, alphas, targets[slots], zones)


def first_paths(
    model: GradientModel,
    source: Source,
    names: Sequence[InputName],
    baseline: Baseline,
    count: int,
) -> FirstPaths | None:
    """Return the paths of the first inputs that can be read and that the model takes, if any.

    Those that fail do so by name, in the run.
    """
    pairs = _pairs(source, names[:_LOOKED_AT], baseline, count)
    if not pairs:
        return None
    try:
        return _paths(model, pairs)
    except ModelError:
        fit = [pair for pair in pairs if _takes(model, pair)]
        return _paths(model, fit) if fit else None


def _pairs(
    source: Source, names: Sequence[InputName], baseline: Baseline, count: int
) -> list[tuple[Sample, Array]]:
    pairs: list[tuple[Sample, Array]] = []
    for sample in _samples(source, names):
        try:
            pairs.append((sample, baseline(sample)))
        except InputError:
            continue
        if len(pairs) == count:
            break
    return pairs


def _samples(source: Source, names: Sequence[InputName]) -> Iterator[Sample]:
    return (sample for sample in read_ahead(source, names) if isinstance(sample, Sample))


def _paths(model: GradientModel, pairs: Sequence[tuple[Sample, Array]]) -> FirstPaths:
    x = np.stack([sample.x for sample, _ in pairs])
    ends = model.enter(x)
    starts = np.array(model.enter(np.stack([start for _, start in pairs])))
    for part in model.spec.parts:
        if part.held:
            held = slice(part.start, part.start + part.size)
            starts[:, held] = ends[:, held]
    names = tuple(sample.name.id for sample, _ in pairs)
    return FirstPaths(names, x, ends, starts, model.scores(ends))


def _takes(model: GradientModel, pair: tuple[Sample, Array]) -> bool:
    try:
        _paths(model, [pair])
    except ModelError:
        return False
    return True
