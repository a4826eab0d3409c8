"""``igcli reproduce``: the published examples, each from one command."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import click

from igcli.cli.console import tell_failures, tell_result, track, warn
from igcli.cli.main import DEBUG
from igcli.cli.options import debug_option
from igcli.cli.signals import Stopping
from igcli.common import exit_codes
from igcli.common.config import RunConfig
from igcli.common.progress import Track

_NAMES = ("mnist", "imagenet", "tf-tutorial", "iris", "two-inputs")


@click.command(name="reproduce")
@click.argument("example", type=click.Choice(_NAMES))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--data",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="A local copy of the data: mnist an .npz, imagenet and tf-tutorial photos, iris a .csv or "
    ".npy. Nothing is fetched then.",
)
@click.option(
    "--model",
    metavar="MODEL",
    type=click.Path(exists=True, path_type=Path),
    help="A local model: nothing is fetched or trained then.",
)
@click.option(
    "--labels",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Photos: class names, one a line, in output order.",
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    help="How long to train.  [default: as published, or as many batches]",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of training, made data and random baselines.",
)
@click.option(
    "--as-published",
    is_flag=True,
    help="Repeat what igcli mends: mnist's float64 input, imagenet's wrong range, iris' coarse "
    "rule.",
)
@click.option("--overwrite", is_flag=True, help="Replace the same example in OUT.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@debug_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **asked: Any) -> None:
    """Repeat a published EXAMPLE: its data, its model, its table and its figure.

    What is not given is fetched to $IGCLI_CACHE (~/.cache/igcli) and checked. Exit code 0: all was
    explained; 2: wrong usage, or a file that can't be had; 3: some inputs failed, or it was
    stopped.
    """
    from igcli.reproduce.example_run import Asked, Tools
    from igcli.reproduce.examples import reproduce
    from igcli.reproduce.fetch import Cache, cache_folder

    with Stopping() as stopping:
        tools = Tools(
            explain=_explainer(ctx, stopping),
            track=_track_in,
            warn=warn,
            cache=Cache(cache_folder(), _track_in("MB"), warn),
        )
        found = reproduce(Asked(**asked), tools)
    tell_failures(found.failures, "failed")
    tell_result(as_json, found.to_dict, found.lines)
    ctx.exit(exit_codes.INCOMPLETE if found.failures else exit_codes.OK)


def _track_in(unit: str) -> Track:
    return partial(track, unit=unit)


def _explainer(ctx: click.Context, stopping: Stopping) -> Any:
    """Return what runs `igcli run` with some arguments, loading each model once."""
    from igcli.cli.run import command as run_command
    from igcli.models.open import check_path, open_model
    from igcli.runs.executors.local import run_plan
    from igcli.runs.planning.plan import make_plan

    load_once = cache(open_model)
    debug = ["--debug"] if ctx.meta.get(DEBUG) else []

    def explain(arguments: Sequence[str], begin: Callable[[], None]) -> Any:
        # A context of its own: what this command remembers is not the run's to change.
        parsed = run_command.make_context("run", [*arguments, *debug])
        config = RunConfig(**{k: v for k, v in parsed.params.items() if k != "as_json"})
        check_path(config.model)
        plan = make_plan(config, load_once, warn)
        begin()
        stopping.running = True
        try:
            return plan, run_plan(plan, track, warn, stopping.event)
        finally:
            stopping.running = False

    return explain
