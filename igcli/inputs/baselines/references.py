"""References: inputs that are drawn as baselines, by the seed and the id of what is explained."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from igcli.common.errors import ConfigError, InputError
from igcli.common.sample import InputName, Sample
from igcli.inputs.baselines.recipes import draw_key
from igcli.inputs.readers.registry import list_inputs
from igcli.inputs.readers.source import Listing, Source

_KEPT_BYTES = 128 * 2**20
_KEPT_LISTS = 256
# Told apart from the draws of other random baselines of the same input.
_STREAM = 0x64617461


@dataclass(frozen=True, slots=True)
class Pool:
    """What references are drawn from: inputs bound to the model, and their names."""

    source: Source
    names: Sequence[InputName]


Pools: TypeAlias = Callable[[str], Pool]


def pools_of(
    listing: Listing, source: Source, out: Path, bind_others: Callable[[Listing], Source]
) -> Pools:
    """Return what finds a pool: the run's own inputs, or those of another folder or array.

    Parameters
    ----------
    listing, source
        The run's inputs, listed and bound to the model.
    out : Path
        The run directory, which holds no inputs.
    bind_others : callable
        Binds other inputs as the run's are.

    Raises
    ------
    IgcliError
        From the pools: when the others can't be read, or are of another kind.
    """

    def pool(of: str) -> Pool:
        if not of:
            return Pool(source, listing.names)
        others = list_inputs(Path(of), out)
        if others.kind != listing.kind:
            raise ConfigError(
                f"--baseline data:{of} can't be used",
                f"it holds {others.kind}, and INPUTS {listing.kind}",
                "draw from inputs of the same kind",
            )
        return Pool(bind_others(others), others.names)

    return pool


@dataclass(slots=True)
class _Drawn:
    """What was drawn for one input so far, and where the drawing stands."""

    random: np.random.Generator
    seen: set[int] = field(default_factory=set)
    accepted: list[int] = field(default_factory=list)


class References:
    """Draws references of each input, each once, and never the input itself.

    What can't be read is passed over, as is what has the input's own bytes.

    Parameters
    ----------
    pool : Pool
        What they are drawn from.
    seed : int
        Of the run.
    """

    def __init__(self, pool: Pool, seed: int) -> None:
        self._pool, self._seed = pool, seed
        self._drawn: OrderedDict[str, _Drawn] = OrderedDict()
        self._read: OrderedDict[int, Sample | None] = OrderedDict()
        self._bytes = 0

    @property
    def population(self) -> int:
        """How many there are to be drawn from, about: all but the input itself."""
        return max(1, len(self._pool.names) - 1)

    def check(self, count: int, text: str) -> None:
        """Raise ConfigError where there can't be as many references."""
        if count > self.population:
            raise ConfigError(
                f"--baseline {text} draws {count} references of each input",
                f"there are {len(self._pool.names)} to draw from, and never the input itself",
                f"draw {self.population} or fewer",
            )

    def of(self, sample: Sample, number: int) -> Sample:
        """Return a sample's reference of some number.

        Raises
        ------
        InputError
            When there are not as many that can be read.
        """
        drawn = self._drawn.get(sample.name.id)
        if drawn is None:
            key = [*draw_key(self._seed, sample.name.id), _STREAM]
            drawn = self._drawn[sample.name.id] = _Drawn(np.random.default_rng(key))
            while len(self._drawn) > _KEPT_LISTS:
                self._drawn.popitem(last=False)
        while len(drawn.accepted) <= number:
            self._draw(drawn, sample)
        found = self._sample(drawn.accepted[number])
        assert found is not None
        return found

    def _draw(self, drawn: _Drawn, sample: Sample) -> None:
        names = self._pool.names
        if len(drawn.seen) == len(names):
            raise InputError(
                f"there are only {len(drawn.accepted)} references of it that can be read"
            )
        place = int(drawn.random.integers(len(names)))
        while place in drawn.seen:
            place = int(drawn.random.integers(len(names)))
        drawn.seen.add(place)
        found = self._sample(place)
        if found is not None and found.sha256 != sample.sha256:
            drawn.accepted.append(place)

    def _sample(self, place: int) -> Sample | None:
        if place in self._read:
            self._read.move_to_end(place)
            return self._read[place]
        found: Sample | None = None
        try:
            found = self._pool.source.read(self._pool.names[place])
        except InputError:
            pass
        self._read[place] = found
        self._bytes += _size(found)
        while self._bytes > _KEPT_BYTES and len(self._read) > 1:
            self._bytes -= _size(self._read.popitem(last=False)[1])
        return found


def _size(sample: Sample | None) -> int:
    return 0 if sample is None else sample.x.nbytes + sample.raw.nbytes
