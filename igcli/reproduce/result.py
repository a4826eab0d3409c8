"""The result of an example, as lines of text and as JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.common import exit_codes

_LABEL = 11


def labelled(label: str, text: str) -> str:
    """Return a line of a summary."""
    return f"{label:<{_LABEL}}{text}"


def epochs_in_words(count: int) -> str:
    """Return ``1 epoch``, ``40 epochs``."""
    return f"{count} epoch{'s' if count != 1 else ''}"


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What an example came to.

    Attributes
    ----------
    example : str
        Its name.
    out : Path
        The folder.
    lines_before : tuple of str
        The summary, with its tables.
    departures : tuple of str
        Where and why this is not as published.
    commands : tuple of str
        The runs, as commands.
    files : tuple of Path
        What was written.
    facts : dict
        Numbers of the summary: "accuracy", …
    rows : tuple of dict
        The table.
    failures : tuple
        (id, reason) of inputs that could not be explained.
    """

    example: str
    out: Path
    lines_before: tuple[str, ...]
    departures: tuple[str, ...]
    commands: tuple[str, ...]
    files: tuple[Path, ...]
    facts: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    failures: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """3 when some inputs could not be explained."""
        return exit_codes.INCOMPLETE if self.failures else exit_codes.OK

    def lines(self) -> list[str]:
        """Return the summary."""
        after = [labelled("departs", text) for text in self.departures]
        after += [labelled("ran", command) for command in self.commands]
        files = ", ".join(str(path) for path in self.files)
        return [*self.lines_before, *after, labelled("files", files)]

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "example": self.example,
            "out": str(self.out),
            **self.facts,
            "table": list(self.rows),
            "departures": list(self.departures),
            "commands": list(self.commands),
            "files": [str(path) for path in self.files],
            "failures": [{"id": i, "message": m} for i, m in self.failures],
        }
