"""An example under way: what was asked, what it may use, what it says and where it puts things."""

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image

from igcli import __version__
from igcli.common.arrays import Warn
from igcli.common.errors import IgcliError, InputError, RunStopped
from igcli.common.png import save_png
from igcli.common.progress import Track
from igcli.reproduce.fetch import Cache
from igcli.reproduce.output_folder import Place
from igcli.reproduce.presets import preset
from igcli.reproduce.result import Reproduced, labelled
from igcli.runs.planning.plan import Plan
from igcli.runs.result import RunResult
from igcli.store.files import whole_file, write_whole

TABLE = "table.txt"


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

    def again(self) -> str:
        """Return the command that starts once more, whatever is in `out` by then."""
        words = ["igcli", "reproduce", self.example, "-o", str(self.out)]
        for flag in ("data", "model", "labels", "epochs", "seed"):
            if value := getattr(self, flag):
                words += [f"--{flag}", str(value)]
        return shlex.join([*words, *["--as-published"] * self.as_published, "--overwrite"])


Explain: TypeAlias = Callable[[Sequence[str], Callable[[], None]], tuple[Plan, RunResult]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What an example is given to work with.

    Attributes
    ----------
    explain : callable
        The arguments of ``igcli run``, and what to call once they were found to be possible and
        before anything is written → the plan and the result of that run.
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
    """One example under way; a context, which puts OUT in order however it ends.

    What fails before `begin` leaves nothing in OUT. What ends it later is a RunStopped, and
    reproduce.json says so.

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
        self._begun = False
        self._place = Place(asked.out, asked.example, asked.overwrite)

    def __enter__(self) -> "Work":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._place.close()
        elif not self._begun:
            self._place.withdraw()
        else:
            with suppress(OSError):
                self._tell("stopped", {})
            self._place.close()
            if isinstance(error, (KeyboardInterrupt, IgcliError, OSError)):
                raise self._stopped(error) from error

    def begin(self) -> None:
        """Make OUT, if that was not done before: what was asked for can be done.

        Raises
        ------
        OutputError
            When OUT can't be made, or another process writes to it.
        """
        if not self._begun:
            self._place.open()
            self._begun = True
            self._tell("running", {})

    def early(self, name: str) -> Path:
        """Return the path in OUT of what is needed to tell whether the example can be done."""
        return self._place.early(name)

    def explain(
        self, model: Path, inputs: Path, name: str, flags: Sequence[str] = (), config: str = ""
    ) -> tuple[Plan, RunResult]:
        """Run igcli with the example's preset and some flags into OUT/NAME.

        Raises
        ------
        InputError
            When what is explained does not fit the model.
        RunStopped
            When the run is not finished.
        """
        out = self.out / name
        use = ["--config", str(preset(config or self.asked.example)), *flags]
        arguments = [str(model), str(inputs), "-o", str(out), *use]
        self._commands.append(shlex.join(["igcli", "run", *arguments]))
        replaced = ["--overwrite"] if self._place.replacing else []
        try:
            plan, result = self.tools.explain([*arguments, *replaced], self.begin)
        except InputError as error:
            raise self._unfit(error) from error
        if not result.complete:
            # Its own advice is to resume it, which an example can't.
            cause = result.stopped.cause if result.stopped else ""
            raise RunStopped(f"{out} has {result.done} of {result.asked} explanations", cause)
        self._failures += result.tally.failures
        self._files.append(out)
        return plan, result

    def label_flags(self, labels: Path | None) -> list[str]:
        """Return what tells a run the class names; say so where there are none."""
        if labels is None:
            self.tools.warn("no --labels: classes are told by number")
        return ["--labels", str(labels)] if labels else []

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
        text = "\n".join(found.lines()) + "\n"
        write_whole(self.out / TABLE, text.encode())
        self._tell("complete", found.to_dict())
        return found

    def _unfit(self, error: InputError) -> InputError:
        """Name the option that is wrong where a model refuses the example's own inputs."""
        model = self.asked.model
        if model is None:
            return error
        return InputError(
            f"--model {model} does not fit what {self.asked.example} explains",
            error.cause or error.problem,
            "name a model of such inputs, or leave --model out",
        )

    def _stopped(self, error: BaseException) -> RunStopped:
        """Say what ended the example, what is there, and how to start again."""
        cause = f"{self.out} holds {', '.join(self._place.contents()) or 'nothing yet'}"
        if isinstance(error, IgcliError):
            said = f"{error.problem}: {error.cause}" if error.cause else error.problem
            cause = f"{said}; {cause}"
        elif isinstance(error, OSError):
            cause = f"{error.strerror or type(error).__name__}; {cause}"
        return RunStopped(
            f"stopped before {self.asked.example} was finished",
            cause,
            f"start again: {self.asked.again()}",
        )

    def _tell(self, status: str, found: dict[str, Any]) -> None:
        asked = asdict(self.asked)
        settings = {k: str(v) if isinstance(v, Path) else v for k, v in asked.items()}
        self._place.tell({"igcli": __version__, "status": status, "asked": settings, **found})
