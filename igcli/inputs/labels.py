"""Labels: the names of a model's classes, in output order."""

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from igcli.common.errors import ConfigError, InputError


@dataclass(frozen=True, slots=True)
class Labels:
    """Class names in output order; empty when there is no label file."""

    names: tuple[str, ...] = ()
    path: Path | None = None

    def name(self, index: int, shape: tuple[int, ...] = ()) -> str:
        """Return a class's name, or an empty string.

        Where classes count over an output's `shape`, names are those of its last axis, and the
        place in the output comes first, as `--target` takes it.
        """
        if not shape:
            return self.names[index] if self.names else ""
        place = [int(i) for i in np.unravel_index(index, shape)]
        where = ",".join(map(str, place))
        return f"{where} {self.names[place[-1]]}" if self.names else where

    def index(self, name: str, where: str) -> int:
        """Return the class of that name: a whole line, or one of its comma-separated synonyms.

        Raises
        ------
        ConfigError
            When no line or more than one has it; `where` says who asks.
        """
        if not self.names:
            raise ConfigError(
                f"{where}: {name!r} is a class name", "no class names are known", "add --labels"
            )
        wanted = name.strip().casefold()
        lines = [line.casefold() for line in self.names]
        found = [i for i, line in enumerate(self.names) if line == name.strip()]
        if not found:
            found = [i for i, line in enumerate(lines) if line == wanted]
        if not found:
            found = [
                i for i, line in enumerate(lines) if wanted in (s.strip() for s in line.split(","))
            ]
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigError(
                f"{where}: the class name {name!r} is ambiguous",
                f"lines {', '.join(str(i + 1) for i in found)} of {self.path} have it",
                f"write the class number instead: {' or '.join(map(str, found))}",
            )
        close = difflib.get_close_matches(wanted, lines, 1)
        hint = f"did you mean {self.names[lines.index(close[0])]!r}?" if close else "check the name"
        raise ConfigError(f"{where}: no class {name!r} in {self.path}", fix=hint)

    def check(self, classes: int) -> None:
        """Raise ConfigError unless there is one name for each class."""
        if self.names and len(self.names) != classes:
            raise ConfigError(
                f"--labels {self.path} has {len(self.names)} names",
                f"the model has {classes} classes",
                "give a file with one name a line, in output order",
            )


def read_labels(path: Path | None) -> Labels:
    """Read class names, one a line, in output order."""
    if path is None:
        return Labels()
    return Labels(tuple(_lines(path, "--labels")), path)


def _lines(path: Path, flag: str) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if "\0" in text:
            raise ValueError("binary, or UTF-16")
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"{flag} {path} can't be read", cause, "name a text file") from error
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise InputError(f"{flag} {path} is empty", fix="write one entry a line")
    return [line.strip() for line in lines]
