"""Staged parts: written, and not listed in the manifest yet.

Where several processes explain one run, each writes its parts under temporary names, and the one
that holds the run directory gives them theirs: what comes late, or from a process that was given
up, never replaces anything.
"""

from dataclasses import dataclass
from pathlib import Path

from igcli.common.explanation import Explanation
from igcli.store.files import temporary_in
from igcli.store.layout import PARTS
from igcli.store.maps import Maps
from igcli.store.parts import Sums, write_part


@dataclass(frozen=True, slots=True)
class Staged:
    """A whole part that is not listed.

    Attributes
    ----------
    name : str
        Of its file, among the parts.
    start, rows : int
        The rows it holds.
    sums : Sums
        What it was when it was written.
    """

    name: str
    start: int
    rows: int
    sums: Sums

    def path(self, out: Path) -> Path:
        """Return the file in a run directory."""
        return out / PARTS / self.name


def whole_inputs(explanations: list[Explanation], per_input: int) -> list[Explanation]:
    """Leave out the last ones where they are not all of their input's."""
    return explanations[: len(explanations) - len(explanations) % per_input]


def stage(out: Path, explanations: list[Explanation], maps: Maps) -> Staged:
    """Write consecutive explanations as a part with a temporary name."""
    path = temporary_in(out / PARTS)
    return describe(path, explanations, write_part(path, explanations, maps))


class StagedWriter:
    """Writes one block's explanations as a part with a temporary name.

    Attributes
    ----------
    staged : Staged or None
        The part, once it is written.
    """

    def __init__(self, out: Path, maps: Maps, per_input: int) -> None:
        self.staged: Staged | None = None
        self._out = out
        self._maps = maps
        self._per_input = per_input
        self._buffer: list[Explanation] = []

    def add(self, explanation: Explanation) -> None:
        """Take the next row."""
        self._buffer.append(explanation)

    def flush(self) -> None:
        """Write what was added; what can't be written is given up."""
        self._write(self._buffer)

    def cut(self) -> None:
        """Write what was added since, but for half an input: the block was not finished."""
        self._write(whole_inputs(self._buffer, self._per_input))

    def _write(self, explanations: list[Explanation]) -> None:
        self._buffer = []
        if explanations:
            self.staged = stage(self._out, explanations, self._maps)


def describe(path: Path, explanations: list[Explanation], sums: Sums) -> Staged:
    """Return what the manifest is to say of a part that was written."""
    return Staged(path.name, explanations[0].row, len(explanations), sums)
