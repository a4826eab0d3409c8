"""``igcli merge``: the shards of one run become one run directory."""

from functools import partial
from pathlib import Path

import click

from igcli.cli.console import tell_doubts, tell_failures, tell_result, track, warn
from igcli.cli.options import debug_option
from igcli.cli.signals import Stopping


@click.command(name="merge")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("shards", metavar="SHARD...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace an earlier run in OUT.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@debug_option
@click.pass_context
def command(
    ctx: click.Context, out: Path, shards: tuple[Path, ...], overwrite: bool, as_json: bool
) -> None:
    """Join SHARDs, the run directories of `igcli run --shard I/N`, into the one run OUT.

    They must be finished, of the same model, inputs and settings, and leave no gap. Exit code 0:
    all was explained; 2: they don't fit together, or OUT can't be written; 3: some inputs failed,
    some overlays are missing, a shard is damaged, or it was stopped part-way.
    """
    from igcli.runs.shards.merge import merge

    if not shards:
        raise click.UsageError("no SHARD is named: OUT comes first, then every shard", ctx)
    with Stopping():
        result = merge(out, shards, overwrite, partial(track, unit="parts"))
    tell_failures(result.tally.failures, "failed")
    tell_failures(result.undrawn, "not drawn", "run.json")
    if result.undrawn:
        click.echo(
            "igcli: to draw them: run their shards again with --resume, then merge again with "
            "--overwrite",
            err=True,
        )
    if result.parts_note:
        warn(result.parts_note)
    tell_result(as_json, result.to_dict, result.lines)
    tell_doubts(result.doubts)
    ctx.exit(result.exit_code)
