"""Sureness: whether a model is much surer of the first images with another preprocessing.

A wrong range gives a map and no error. What tells is that a trained model is sure of photos in its
own range. Larger numbers alone make any model surer, a random one too: therefore the same pixels in
a random order must not do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array
from igcli.common.errors import IgcliError
from igcli.common.model_spec import ModelSpec
from igcli.common.sample import InputName, Sample
from igcli.inputs.preprocess import NEEDS_RGB, PREPROCESS, Space
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.readers.source import Source

LOOKED_AT = 16
_ROWS = 4
# Mean top probabilities: how sure is sure, and what is much more than chosen, or than of no image.
_SURE = 0.5
_MUCH = 0.25
_MORE_THAN_NOISE = 0.2
# Two hundred times larger numbers make a random model sure of colours too.
_OF_LARGE = 0.4
_LARGE = frozenset({"raw", "caffe"})
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Surer:
    """Another preprocessing that a model is much surer with."""

    chosen: str
    other: str
    sureness: float
    with_other: float
    images: int

    @property
    def in_words(self) -> str:
        """Say so, with the figures and with what to do."""
        return (
            f"the model is much surer of the first {self.images} images with --preprocess "
            f"{self.other} than with {self.chosen}: its mean top probability is "
            f"{self.with_other:.2f}, not {self.sureness:.2f}; see which one it was trained with"
        )


def find_surer(model: GradientModel, source: Source, names: Sequence[InputName]) -> Surer | None:
    """Return the preprocessing that a model is much surer with; None where there is none.

    Forward passes of a few images only. Only classifiers of pictures are looked at.
    """
    space = source.space
    if not isinstance(space, Space) or space.kind != "pixels" or not _classifies(model.spec):
        return None
    if space.preprocess is None or space.pictured is None:
        return None
    read = read_ahead(source, names[:LOOKED_AT])
    raws = [sample.raw for sample in read if isinstance(sample, Sample)]
    if len(raws) < _FEWEST:
        return None
    try:
        return _surer(model, space, raws, space.preprocess)
    except IgcliError:
        # A batch that can't be run is the run's own matter, and told there.
        return None


def _classifies(spec: ModelSpec) -> bool:
    return spec.classes > 1 and not spec.output_shape and not spec.inputs


def _surer(model: GradientModel, space: Space, raws: Sequence[Array], chosen: str) -> Surer | None:
    sureness = _sureness(model, space, raws, chosen)
    if sureness > 1.0 - _MUCH:
        return None
    rgb = space.raw_shape[-1] == 3
    others = [name for name in PREPROCESS if name != chosen and (rgb or name not in NEEDS_RGB)]
    found = {name: _sureness(model, space, raws, name) for name in others}
    shuffled = _shuffled(raws)
    for name in sorted(found, key=lambda name: -found[name]):
        if found[name] < max(_SURE, sureness + _MUCH):
            break
        gap = _OF_LARGE if name in _LARGE - {chosen} else _MORE_THAN_NOISE
        if found[name] - _sureness(model, space, shuffled, name) >= gap:
            return Surer(chosen, name, sureness, found[name], len(raws))
    return None


def _shuffled(raws: Sequence[Array]) -> list[Array]:
    """Return images with their pixels in a random order, colours kept."""
    random = np.random.default_rng(0)
    return [
        random.permutation(raw.reshape(-1, raw.shape[-1]), axis=0).reshape(raw.shape)
        for raw in raws
    ]


def _sureness(model: GradientModel, space: Space, raws: Sequence[Array], name: str) -> float:
    """Return the mean top probability."""
    into = replace(space, preprocess=name)
    tops = []
    for start in range(0, len(raws), _ROWS):
        points = model.enter(np.stack([into.to_model(raw) for raw in raws[start : start + _ROWS]]))
        tops.append(_probabilities(np.asarray(model.scores(points), np.float64)).max(axis=1))
    top = float(np.concatenate(tops).mean())
    return top if np.isfinite(top) else 0.0


def _probabilities(scores: Array) -> Array:
    """Return probabilities as they are, other scores softmaxed."""
    if scores.min() >= 0.0 and np.allclose(scores.sum(axis=1), 1.0, atol=1e-3):
        return scores
    powers: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: Array = powers / powers.sum(axis=1, keepdims=True)
    return probabilities
