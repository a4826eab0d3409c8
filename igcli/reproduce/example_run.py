"""The example run: its files in OUT, its summary, and what becomes of OUT when it ends."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from PIL import Image

from igcli import __version__
from igcli.common.config import RunConfig
from igcli.common.errors import IgcliError, InputError, RunStopped, first_line, reason
from igcli.common.png import save_png
from igcli.reproduce.output_folder import OutputFolder
from igcli.reproduce.presets import preset_config, run_command
from igcli.reproduce.request import ExampleRequest
from igcli.reproduce.result import ExampleResult, labelled
from igcli.reproduce.tools import Tools
from igcli.runs.planning.plan import Plan
from igcli.runs.result import RunResult
from igcli.store.files import whole_file, write_whole

TABLE = "table.txt"


class ExampleRun:
    """An example that is being reproduced: a context, which puts OUT in order however it ends.

    What fails before `begin` leaves nothing in OUT. What ends it later is a RunStopped, and
    reproduce.json says so.

    Parameters
    ----------
    request : ExampleRequest
        The example, and what it is to be done with.
    tools : Tools
        How it runs igcli, shows progress, warns and fetches files.

    Raises
    ------
    OutputError
        When OUT holds something that may not be replaced.
    """

    def __init__(self, request: ExampleRequest, tools: Tools) -> None:
        self.request = request
        self.tools = tools
        self.out = request.out
        self.facts: dict[str, Any] = {}
        self.rows: list[dict[str, Any]] = []
        self._lines: list[str] = []
        self._departures: list[str] = []
        self._files: list[Path] = []
        self._commands: list[str] = []
        self._failures: list[tuple[str, str]] = []
        self._begun = False
        self._folder = OutputFolder(request.out, request.example, request.overwrite)

    def __enter__(self) -> "ExampleRun":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._folder.close()
        elif not self._begun:
            self._folder.withdraw()
        else:
            with suppress(OSError):
                self._write_about("stopped", {})
            self._folder.close()
            if isinstance(error, (KeyboardInterrupt, IgcliError, OSError)):
                raise self._stopped(error) from error

    def begin(self) -> None:
        """Make OUT, unless that was done before; from here on a failure leaves its files there.

        Raises
        ------
        OutputError
            When OUT can't be made, or another process writes to it.
        """
        if not self._begun:
            self._folder.open()
            self._begun = True
            self._write_about("running", {})

    def early(self, name: str) -> Path:
        """Return a path in OUT for what must be written to tell whether the run is possible."""
        return self._folder.early(name)

    def config(self, model: Path, inputs: Path) -> RunConfig:
        """Return the config of a run with the example's preset, for `explain`."""
        return preset_config(self.request.example, model, inputs, self.out)

    def with_labels(self, config: RunConfig, labels: Path | None) -> RunConfig:
        """Return a config with the class names; say so where there are none."""
        if labels is None:
            self.tools.warn("no --labels: classes are told by number")
        return replace(config, labels=labels)

    def explain(self, config: RunConfig, name: str) -> tuple[Plan, RunResult]:
        """Carry a run out into OUT/NAME.

        Raises
        ------
        InputError
            When what is explained does not fit the model.
        RunStopped
            When the run is not finished.
        """
        out = self.out / name
        config = replace(config, out=out)
        self._commands.append(run_command(config, self.request.example))
        try:
            plan, result = self.tools.explain(
                replace(config, overwrite=self._folder.replacing), self.begin
            )
        except InputError as error:
            raise self._unfit(error) from error
        if not result.complete:
            # Its own advice is to resume it, which an example can't.
            cause = result.stopped.cause if result.stopped else ""
            raise RunStopped(f"{out} has {result.done} of {result.asked} explanations", cause)
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
        """Add where, and why, this is not as published."""
        self._departures.append(text)

    def draw(self, name: str, picture: Image.Image) -> None:
        """Write a figure into OUT."""
        path = self.out / name
        with whole_file(path, synced=False) as temporary:
            save_png(picture, temporary, f"{self.request.example}: {path.stem}")
        self._files.append(path)

    def finish(self) -> ExampleResult:
        """Write table.txt and reproduce.json; return what the example came to."""
        self._files.append(self.out / TABLE)
        result = ExampleResult(
            example=self.request.example,
            out=self.out,
            lines_before=tuple(self._lines),
            departures=tuple(self._departures),
            commands=tuple(self._commands),
            files=tuple(self._files),
            facts=self.facts,
            rows=tuple(self.rows),
            failures=tuple(self._failures),
        )
        text = "\n".join(result.lines()) + "\n"
        write_whole(self.out / TABLE, text.encode())
        self._write_about("complete", result.to_dict())
        return result

    def _unfit(self, error: InputError) -> InputError:
        """Return an error that names --model, where that refuses the example's own inputs."""
        model = self.request.model
        if model is None:
            return error
        return InputError(
            f"--model {model} does not fit what {self.request.example} explains",
            error.cause or error.problem,
            "name a model of such inputs, or leave --model out",
        )

    def _stopped(self, error: BaseException) -> RunStopped:
        """Return the error that says what ended the example, what OUT holds, how to start again."""
        cause = f"{self.out} holds {', '.join(self._folder.contents()) or 'nothing yet'}"
        if isinstance(error, IgcliError):
            cause = f"{first_line(error)}; {cause}"
        elif isinstance(error, OSError):
            cause = f"{reason(error)}; {cause}"
        return RunStopped(
            f"stopped before {self.request.example} was finished",
            cause,
            f"start again: {self.request.command()}",
        )

    def _write_about(self, status: str, outcome: dict[str, Any]) -> None:
        """Write reproduce.json."""
        request = asdict(self.request)
        asked = {k: str(v) if isinstance(v, Path) else v for k, v in request.items()}
        about = {"igcli": __version__, "status": status, "asked": asked, **outcome}
        self._folder.write_about(about)
