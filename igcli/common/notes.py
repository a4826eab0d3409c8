"""Notes: what a run notices, told at once and kept; doubts are told again at the end of the run."""

from collections.abc import Iterable
from typing import Any

from igcli.common.arrays import Warn


class Doubt(str):
    """A note that means: this run is very likely wrong.

    Whoever has a `Warn` tells one by ``warn(Doubt("..."))``. The text must stand alone, with its
    figures and with what to do: it is read again below the summary, and in run.json.
    """

    __slots__ = ()


class Notes:
    """A `Warn` that keeps what it is told, each text once.

    Parameters
    ----------
    warn : callable
        What every note is passed on to, at once.
    """

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._kept: dict[str, str] = {}

    @classmethod
    def of(cls, warn: Warn) -> "Notes":
        """Return `warn` itself where it keeps notes already."""
        return warn if isinstance(warn, cls) else cls(warn)

    def __call__(self, message: str) -> None:
        """Pass a note on, and keep it."""
        self.keep([message])
        self._warn(message)

    def keep(self, messages: Iterable[str]) -> None:
        """Keep notes that were told before, by an earlier run."""
        for message in messages:
            self._kept.setdefault(message, message)

    @property
    def kept(self) -> tuple[str, ...]:
        """Every note, in the order they came; some are doubts."""
        return tuple(self._kept.values())


def doubts(notes: Iterable[str]) -> list[str]:
    """Return those notes that mean that a run is very likely wrong."""
    return [note for note in notes if isinstance(note, Doubt)]


def notes_to_json(notes: Iterable[str]) -> list[dict[str, Any]]:
    """Return notes as run.json holds them."""
    return [{"note": str(note), "doubt": isinstance(note, Doubt)} for note in notes]


def notes_from_json(found: object) -> list[str]:
    """Return the notes that a run.json holds; none where it holds anything else."""
    entries = found if isinstance(found, list) else []
    texts = [
        (entry["note"], entry.get("doubt") is True)
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("note"), str)
    ]
    return [Doubt(text) if is_doubt else text for text, is_doubt in texts]
