"""An example under way: what was asked, what it may use, what it says and where it puts things."""

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image

from igcli import __version__
from igcli.errors import OutputError, RunStopped
from igcli.figures.png import save_png
from igcli.plan import Plan
from igcli.progress import Track
from igcli.records import Warn
from igcli.reproduce.fetch import Cache
from igcli.reproduce.presets import preset
from igcli.reproduce.reproduced import Reproduced, labelled
from igcli.result import RunResult
from igcli.store.files import whole_file

ABOUT, TABLE = "reproduce.json", "table.txt"


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``igcli reproduce`` was asked for; None and False where nothing was.

    `out` is the folder to write, `data` and `model` are local copies of what would be fetched,
    `labels` class names. `as_published` undoes what igcli mends in an example.
    """

    example: str
    out: Path
    data: Path | None = None
    model: Path | None = None
    labels: Path | None = None
    epochs: int | None = None
    seed: int = 0
    as_published: bool = False
    overwrite: bool = False


Explain: TypeAlias = Callable[[Sequence[str]], tuple[Plan, RunResult]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What an example is given to work with.

    Attributes
    ----------
    explain : callable
        The arguments of ``igcli run`` → the plan and the result of that run.
    track : callable
        A unit → a Track that counts in it.
    warn : callable
        Told of downloads, and what else should not pass unseen.
    cache : Cache
        Of fetched files.
    """

    explain: Explain
    track: Callable[[str], Track]
    warn: Warn
    cache: Cache


class Work:
    """One example under way.

    Parameters
    ----------
    asked : Asked
        What is wanted.
    tools : Tools
        What to do it with.

    Raises
    ------
    OutputError
        When OUT holds something that may not be replaced.
    """

    def __init__(self, asked: Asked, tools: Tools) -> None:
        self.asked = asked
        self.tools = tools
        self.out = asked.out
        self.facts: dict[str, Any] = {}
        self.rows: list[dict[str, Any]] = []
        self._lines: list[str] = []
        self._departures: list[str] = []
        self._files: list[Path] = []
        self._commands: list[str] = []
        self._failures: list[tuple[str, str]] = []
        _check_out(asked)

    def begin(self) -> None:
        """Make OUT: what was asked for can be done.

        Raises
        ------
        OutputError
            When OUT can't be made.
        """
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            _tell(self.asked, "running", {})
        except OSError as error:
            raise OutputError(
                f"OUT {self.out} can't be written",
                error.strerror or str(error),
                "name another with -o",
            ) from error

    def explain(
        self, model: Path, inputs: Path, name: str, flags: Sequence[str] = (), config: str = ""
    ) -> tuple[Plan, RunResult]:
        """Run igcli with the example's preset and some flags into OUT/NAME.

        Raises
        ------
        RunStopped
            When the run is not finished.
        """
        out = self.out / name
        use = ["--config", str(preset(config or self.asked.example)), *flags]
        arguments = [str(model), str(inputs), "-o", str(out), *use]
        self._commands.append(shlex.join(["igcli", "run", *arguments]))
        replaced = ["--overwrite"] if self.asked.overwrite else []
        plan, result = self.tools.explain([*arguments, *replaced])
        if not result.complete:
            fix = "start again with --overwrite"
            raise RunStopped(str(result.stopped or f"{out} was not finished"), fix=fix)
        self._failures += result.tally.failures
        self._files.append(out)
        return plan, result

    def say(self, label: str, text: str) -> None:
        """Add a line to the summary."""
        self._lines.append(labelled(label, text))

    def show(self, lines: Sequence[str]) -> None:
        """Add a table to the summary, set apart."""
        self._lines += ["", *lines, ""]

    def depart(self, text: str) -> None:
        """Say where, and why, this is not as published."""
        self._departures.append(text)

    def draw(self, name: str, picture: Image.Image) -> None:
        """Write a figure into OUT."""
        path = self.out / name
        with whole_file(path, synced=False) as temporary:
            save_png(picture, temporary, f"{self.asked.example}: {path.stem}")
        self._files.append(path)

    def finish(self) -> Reproduced:
        """Write table.txt and reproduce.json; return what there is to tell."""
        self._files.append(self.out / TABLE)
        found = Reproduced(
            example=self.asked.example,
            out=self.out,
            lines_before=tuple(self._lines),
            departures=tuple(self._departures),
            commands=tuple(self._commands),
            files=tuple(self._files),
            facts=self.facts,
            rows=tuple(self.rows),
            failures=tuple(self._failures),
        )
        with whole_file(self.out / TABLE) as temporary:
            temporary.write_text("\n".join(found.lines()) + "\n", encoding="utf-8")
        _tell(self.asked, "complete", found.to_dict())
        return found


def _check_out(asked: Asked) -> None:
    """Raise OutputError unless OUT is free, or holds the same example and may be replaced."""
    out = asked.out
    if out.exists() and not out.is_dir():
        raise OutputError(f"OUT {out} is a file", fix="name a folder with -o")
    if not out.is_dir() or not any(out.iterdir()):
        return
    try:
        there = json.loads((out / ABOUT).read_text(encoding="utf-8"))["asked"]["example"]
    except (OSError, ValueError, LookupError, TypeError):
        raise OutputError(
            f"OUT {out} is not empty, and no example of igcli",
            "igcli replaces nothing but its own files",
            "name another folder with -o",
        ) from None
    if there != asked.example:
        raise OutputError(f"OUT {out} holds the example {there}", fix="name another folder with -o")
    if not asked.overwrite:
        raise OutputError(
            f"OUT {out} holds the example already",
            fix="add --overwrite to replace it, or name another folder with -o",
        )


def _tell(asked: Asked, status: str, found: dict[str, Any]) -> None:
    settings = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(asked).items()}
    about = {"igcli": __version__, "status": status, "asked": settings, **found}
    with whole_file(asked.out / ABOUT) as temporary:
        temporary.write_text(json.dumps(about, indent=2, allow_nan=False) + "\n", encoding="utf-8")
