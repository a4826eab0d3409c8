"""``igcli run``: explain a folder of images or an array."""

import json
from pathlib import Path
from typing import Any

import click

from igcli.cli.options import config_option, debug_option, named, track, warn
from igcli.cli.settings import settings_options
from igcli.config import RunConfig
from igcli.gates import USAGE

_SHOWN_FAILURES = 5


@click.command(name="run")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("inputs", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="Run directory to write."
)
@settings_options
@click.option(
    "--fail-on",
    metavar="GATE",
    multiple=True,
    help=f"Exit with 1 when any explanation crosses it: {USAGE}.",
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier run in OUT.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@config_option
@debug_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **settings: Any) -> None:
    """Explain INPUTS (a folder, an image, an .npy or an .npz) with MODEL.

    MODEL is a .keras or .h5 file or a SavedModel folder. Exit code 0: all explained; 1: a --fail-on
    threshold was crossed; 2: wrong usage or unusable input, nothing written; 3: some inputs failed,
    or the run stopped part-way.
    """
    from igcli.models.open import check_path, open_model
    from igcli.pipeline import run
    from igcli.plan import make_plan
    from igcli.result import on_one_line

    config = RunConfig(**settings)
    check_path(config.model)
    result = run(make_plan(config, open_model, warn), track, warn)
    for identity, message in result.tally.failures[:_SHOWN_FAILURES]:
        click.echo(f"igcli: failed: {on_one_line(f'{identity}: {message}')}", err=True)
    if len(result.tally.failures) > _SHOWN_FAILURES:
        more = len(result.tally.failures) - _SHOWN_FAILURES
        click.echo(f"igcli: and {more} more, named in results.csv", err=True)
    for gate, crossed in result.tally.crossed.items():
        click.echo(f"igcli: --fail-on {gate}: crossed by {on_one_line(named(crossed))}", err=True)
    if not result.complete:
        click.echo(
            "igcli: interrupted; what was finished is kept. To explain all, run again with "
            "--overwrite",
            err=True,
        )
    click.echo(
        json.dumps(result.to_dict(), allow_nan=False) if as_json else "\n".join(result.lines())
    )
    ctx.exit(result.exit_code)
