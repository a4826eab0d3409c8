"""Cuts: how many of the rows that paths ask for make the next batch."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from igcli.attribution.batches import Batches

# Admits jobs until so many rows are queued, as far as there are any; returns how many are.
Fill: TypeAlias = Callable[[int], int]


class Cut(Protocol):
    """Settles the batches of one call, and how far they are sent ahead of their results."""

    @property
    def window(self) -> int:
        """How many batches may be ready or under way."""
        ...

    def next_rows(self, fill: Fill, under_way: int) -> int:
        """Return the size of the next batch; 0 when all paths wait, or none is left.

        Parameters
        ----------
        fill : callable
            Called with how many rows are wanted.
        under_way : int
            How many batches are.
        """
        ...


class FullGroups:
    """Full batches, one for each stream at a time; what is left at the end is spread over all.

    For paths that ask for all of their nodes at once: the next jobs' rows are always there.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._left = 0
        self._rows = 0

    @property
    def window(self) -> int:
        """One batch more than there are streams: the next one is ready when a stream is free."""
        return self._batches.streams + 1

    def next_rows(self, fill: Fill, under_way: int) -> int:
        """Return the size of the next batch of a group; a new group where the last one is sent."""
        if not self._left:
            group = self._batches.size * self._batches.streams
            self._left = min(group, fill(group))
            self._rows = -(-self._left // self._batches.streams)
        rows = min(self._rows, self._left)
        self._left -= rows
        return rows


class IdleShares:
    """What rows there are, shared by the streams that are idle, up to a full batch each.

    For paths that ask for more when the last ones are in: a batch is no fuller than they are.
    """

    # So many batches per stream that judging a path keeps no stream waiting.
    _WAITING = 4

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    @property
    def window(self) -> int:
        """Several batches for each stream."""
        return self._WAITING * self._batches.streams

    def next_rows(self, fill: Fill, under_way: int) -> int:
        """Return an idle stream's share of the rows, after admitting jobs for them."""
        idle = max(1, self._batches.streams - under_way)
        size = self._batches.size
        return min(size, -(-fill(idle * size) // idle))
