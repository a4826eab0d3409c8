"""``igcli run``: explain a folder of images or an array."""

import shlex
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from igcli.cli.console import SHOWN, tell_doubts, tell_failures, tell_result, track, warn
from igcli.cli.executor_options import executor_options
from igcli.cli.main import ARGUMENTS
from igcli.cli.options import config_option, debug_option, spec_notes
from igcli.cli.run_options import run_option, settings_options
from igcli.cli.signals import Stopping
from igcli.common import exit_codes
from igcli.common.config import ON_ERROR, RunConfig
from igcli.common.errors import RunStopped
from igcli.common.notes import Notes
from igcli.runs.executors import EXECUTORS
from igcli.runs.planning.gates import USAGE


@click.command(name="run")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("inputs", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="Run directory to write."
)
@settings_options
@executor_options
@run_option(
    "fail_on",
    metavar="GATE",
    help=f"Exit with 1 when any explanation crosses it: {USAGE}.",
)
@run_option(
    "on_error",
    type=click.Choice(ON_ERROR),
    help="What an input that fails does to the others.",
)
@run_option("overwrite", help="Replace an earlier run in OUT.")
@run_option("resume", help="Go on with an unfinished run in OUT, if there is one.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@config_option("run")
@debug_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **settings: Any) -> None:
    """Explain INPUTS (a folder, an image, an .npy, an .npz or a list) with MODEL.

    MODEL is a .keras or .h5 file or a SavedModel folder. Exit code 0: all explained; 1: a --fail-on
    threshold was crossed; 2: wrong usage or unusable input, nothing written; 3: some inputs failed,
    or the run stopped part-way.
    """
    from igcli.models.open import check_path, open_model

    if settings["resume"] and settings["overwrite"]:
        if ctx.get_parameter_source("overwrite") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--resume keeps what --overwrite replaces: give one of them")
        settings["overwrite"] = False
    config = RunConfig(**settings)
    check_path(config.model)
    notes = Notes(warn)
    for line in spec_notes(ctx):
        notes(line)
    ready = import_module(EXECUTORS[config.executor]).ready
    with Stopping(_resuming(ctx)) as stopping:
        with ExitStack() as stack:
            try:
                execute = stack.enter_context(ready(config, open_model, notes))
            except KeyboardInterrupt:
                _tell_of_nothing(ctx, config.out, as_json)
            stopping.running = True
            result = execute(track, notes, stopping.event)
            stopping.over = True
        to_go_on = None if result.complete else _resuming(ctx)
        _tell(result, to_go_on)
        tell_result(as_json, lambda: {**result.to_dict(), "to_go_on": to_go_on}, result.lines)
        tell_doubts(result.doubts)
    ctx.exit(result.exit_code)


def _tell_of_nothing(ctx: click.Context, out: Path, as_json: bool) -> NoReturn:
    """Say that a run was stopped before it began, and leave."""
    stopped = RunStopped(f"stopped before the run began: {out} is as it was")
    again = shlex.join(["igcli", *ctx.meta[ARGUMENTS]])
    click.echo(f"igcli: {stopped}\nigcli: to go on: {again}", err=True)
    if as_json:
        summary = {"out": str(out), "status": None, "stopped": stopped.to_dict()}
        summary["to_go_on"] = again
        tell_result(as_json, lambda: summary, list)
    ctx.exit(exit_codes.INCOMPLETE)


def _tell(result: Any, to_go_on: str | None) -> None:
    """Print on stderr what did not go as asked."""
    from igcli.common.text import on_one_line, the_first

    tell_failures(result.tally.failures, "failed")
    tell_failures(result.undrawn, "not drawn", "run.json")
    for gate, crossed in result.tally.crossed.items():
        first = on_one_line(the_first(crossed, SHOWN))
        click.echo(f"igcli: --fail-on {gate}: crossed by {first}", err=True)
    if result.parts_note:
        warn(result.parts_note)
    if result.stopped is not None:
        click.echo(f"igcli: {result.stopped}", err=True)
    if to_go_on:
        click.echo(f"igcli: to go on: {to_go_on}", err=True)


def _resuming(ctx: click.Context) -> str:
    """Return the command that goes on, for a shell."""
    arguments = [a for a in ctx.meta[ARGUMENTS] if a not in {"--overwrite", "--resume"}]
    return shlex.join(["igcli", *arguments, "--resume"])
