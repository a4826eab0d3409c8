"""``igcli merge``: the shards of one run become one run directory."""

import json
from pathlib import Path

import click

from igcli.cli.options import debug_option, tell_failures, track


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
    all was explained; 2: they don't fit together, or OUT can't be written; 3: some inputs failed.
    """
    from igcli.merge import merge

    if not shards:
        raise click.UsageError("Missing argument 'SHARD...'.")
    result = merge(out, shards, overwrite, track)
    tell_failures(result.tally.failures, "failed")
    click.echo(
        json.dumps(result.to_dict(), allow_nan=False) if as_json else "\n".join(result.lines())
    )
    ctx.exit(result.exit_code)
