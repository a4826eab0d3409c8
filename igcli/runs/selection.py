"""The selection of a run: the inputs that `--where` leaves, by forward passes over all of them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import numpy as np

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array
from igcli.common.errors import ModelError
from igcli.common.sample import Failed, InputName, Sample
from igcli.common.totals import Accuracy
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.readers.source import Source
from igcli.inputs.truth import Truths
from igcli.inputs.where import Holds, is_right

# As many are scored at once as in a run.
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Selection:
    """The inputs that are explained, of all that were scored.

    Attributes
    ----------
    count, of : int
        How many, and of how many.
    unscored : int
        How many of them could not be scored: they are explained, that they fail by name.
    correct, known : int
        How many of all inputs are predicted as what they are, of how many whose class is known.
    places : tuple of int
        Where they stand among all inputs, ascending; empty once the run is over.
    """

    count: int
    of: int
    unscored: int
    correct: int
    known: int
    places: tuple[int, ...] = ()

    @property
    def accuracy(self) -> Accuracy | None:
        """How often predictions are right over all inputs; None where no true class is known."""
        return Accuracy(self.correct, self.known) if self.known else None

    @property
    def sha256(self) -> str:
        """A hash of which inputs they are: runs that go on, and shards, must share it."""
        return hashlib.sha256(",".join(map(str, self.places)).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return what run.json says of it."""
        return {
            "selected": self.count,
            "of": self.of,
            "unscored": self.unscored,
            "correct": self.correct,
            "known": self.known,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, int]) -> Self:
        """Return what `to_dict` gave."""
        return cls(
            count=stored["selected"],
            of=stored["of"],
            unscored=stored["unscored"],
            correct=stored["correct"],
            known=stored["known"],
        )

    def in_words(self, conditions: Sequence[str]) -> str:
        """Say how many inputs there are, and how many can't be judged."""
        lost = f", {self.unscored} of them can't be scored" if self.unscored else ""
        return f"{', '.join(conditions)}: {self.count} of {self.of} inputs{lost}"


def select(
    model: GradientModel,
    source: Source,
    names: Sequence[InputName],
    holds: Holds,
    truths: Truths | None,
    limit: int | None,
) -> Selection:
    """Score all inputs, and return those for which the conditions hold, the first `limit` of them.

    An input that can't be read or scored is among them: it fails by name in the run.
    """
    places: list[int] = []
    unscored = correct = known = 0
    for place, (name, scores) in enumerate(_scored(model, source, names)):
        if scores is None:
            unscored += 1
            places.append(place)
            continue
        right = None if truths is None else is_right(truths, name, scores)
        known += right is not None
        correct += right is True
        if holds(name, scores):
            places.append(place)
    left = tuple(places[:limit])
    return Selection(len(left), len(names), unscored, correct, known, left)


def _scored(
    model: GradientModel, source: Source, names: Sequence[InputName]
) -> Iterator[tuple[InputName, Array | None]]:
    """Yield each input with its class scores, finite ones; None where there are none."""
    read = read_ahead(source, names)
    while some := list(islice(read, _AT_ONCE)):
        samples = [item for item in some if isinstance(item, Sample)]
        most = _AT_ONCE if len(names) > _AT_ONCE else 0
        scores = iter(class_scores(model, [sample.x for sample in samples], most))
        for item in some:
            own = None if isinstance(item, Failed) else next(scores)
            yield item.name, None if own is None or not np.isfinite(own).all() else own


def class_scores(model: GradientModel, inputs: Sequence[Array], most: int) -> list[Array | None]:
    """Return every class's score of some inputs, in one batch; None where the model fails alone.

    Parameters
    ----------
    model : GradientModel
        The model.
    inputs : sequence of Array
        In model space.
    most : int
        The batch is filled up to so many: a size that was had before costs less.
    """
    if not inputs:
        return []
    x = np.stack(inputs)
    missing = most - len(x)
    filled = np.concatenate([x, np.repeat(x[-1:], missing, axis=0)]) if missing > 0 else x
    try:
        return list(model.scores(model.enter(filled))[: len(x)])
    except ModelError:
        if len(inputs) == 1:
            return [None]
        return [score for one in inputs for score in class_scores(model, [one], 1)]
