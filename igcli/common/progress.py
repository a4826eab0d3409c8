"""Progress: a wrapper around long iterations, given from outside: the library prints nothing."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Wraps an iteration; gets how many items there are, how many were done before, and of what."""

    def __call__(
        self, items: Iterable[T], total: int, done: int = 0, unit: str = "explanations"
    ) -> Iterable[T]:
        """Return the same items."""
        ...


def untracked(
    items: Iterable[T], total: int, done: int = 0, unit: str = "explanations"
) -> Iterable[T]:
    """Show nothing."""
    return items
