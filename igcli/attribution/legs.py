"""The legs of a batch: spans of several paths' nodes, sent as spans of single paths."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

import numpy as np

from igcli.attribution.averages import AveragedPaths, decoded
from igcli.attribution.gradient_model import RowValues
from igcli.attribution.integral import Job
from igcli.attribution.path import StraightLine
from igcli.attribution.scheduler import Span
from igcli.common.arrays import Array


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """A path that stays where it is: what comes back for it is the gradient itself."""

    x: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the point."""
        return self.x.shape

    def point(self, alpha: float) -> Array:
        """Return the point."""
        return self.x

    def tangent(self, alpha: float) -> Array:
        """Return ones."""
        return np.ones(self.x.shape, self.x.dtype)


class OfSeveral(Protocol):
    """A live path that is several."""

    @property
    def job(self) -> Job:
        """What is to be integrated."""
        ...

    @property
    def pending(self) -> Array:
        """The nodes of this round, as `igcli.attribution.averages.decoded` reads them."""
        ...

    def line(self, number: int) -> StraightLine:
        """Return one of its paths."""
        ...

    def is_shared(self, node: float) -> bool:
        """Tell whether a node is a point of several paths, whose gradient itself is asked for."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OnePath:
    """Some nodes of one path of several; the scheduler does not know it."""

    job: Job
    pending: Array
    nodes: slice
    of: OfSeveral

    def add(self, nodes: slice, values: RowValues) -> None:
        """Do nothing: the path that it is of takes what comes."""

    def advance(self) -> None:
        """Do nothing."""

    def integral(self) -> Any:
        """Return nothing."""


def in_single_paths(
    batch: Sequence[Span[Any]], send: Callable[[list[Span[Any]]], list[RowValues]]
) -> list[RowValues]:
    """Send a batch of spans, those of several paths cut into their paths.

    Returns
    -------
    list of RowValues
        One for each span. The gradients of a span of several paths are a list of what came back
        for each piece, in order, with the number of its nodes.
    """
    pieces: list[tuple[int, Span[Any]]] = []
    for place, span in enumerate(batch):
        pieces += [(place, piece) for piece in (_cut(span) if _is_several(span) else [span])]
    if len(pieces) == len(batch) and all(a is b for (_, a), b in zip(pieces, batch, strict=True)):
        return send(list(batch))
    # Straight paths go together, whosever they are.
    order = sorted(range(len(pieces)), key=lambda i: _is_point(pieces[i][1]))
    values: dict[int, RowValues] = dict(
        zip(order, send([pieces[i][1] for i in order]), strict=True)
    )
    found: list[RowValues] = []
    for place, own in groupby(range(len(pieces)), key=lambda i: pieces[i][0]):
        parts = [values[i] for i in own]
        found.append(parts[0] if not _is_several(batch[place]) else _joined(parts))
    return found


def _is_several(span: Span[Any]) -> bool:
    return isinstance(span.live.job.path, AveragedPaths)


def _is_point(span: Span[Any]) -> bool:
    return not isinstance(span.live.job.path, StraightLine)


def _joined(parts: Sequence[RowValues]) -> RowValues:
    return RowValues(
        [(len(part.scores), part.gradients) for part in parts],
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.norms for part in parts]),
    )


def _cut(span: Span[Any]) -> list[Span[Any]]:
    live: OfSeveral = span.live
    paths = live.job.path
    assert isinstance(paths, AveragedPaths)
    cut: list[Span[Any]] = []
    places = range(*span.nodes.indices(len(live.pending)))

    def key(i: int) -> tuple[int, bool, int]:
        node = float(live.pending[i])
        shared = live.is_shared(node)
        return decoded(node)[0], shared, i if shared else 0

    for (number, shared, _), run in groupby(places, key):
        nodes = list(run)
        line, leg = live.line(number), paths.legs[number]
        t = [decoded(float(live.pending[i]))[1] for i in nodes]
        path = SinglePoint(_end(line, t[0])) if shared else line
        one = OnePath(
            job=replace(live.job, path=path),
            pending=np.array([leg.alpha(at) for at in t]),
            nodes=slice(nodes[0], nodes[-1] + 1),
            of=live,
        )
        cut.append(Span(one, slice(0, len(nodes))))
    return cut


def _end(line: StraightLine, t: float) -> Array:
    return line.x if t > 0.5 else line.baseline
