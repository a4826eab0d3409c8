"""``igcli baseline``: a small reference file of a run, to be committed."""

from pathlib import Path

import click

from igcli.cli.console import track
from igcli.cli.options import debug_option
from igcli.cli.output_files import check_output, writing
from igcli.comparison.grid import DEFAULT_GRID


@click.command(name="baseline")
@click.argument("run", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, ending in .igref.",
)
@click.option(
    "--grid",
    type=click.IntRange(min=1, max=4096),
    help=f"Sides of the grid that maps are reduced to, at most.  [default: {DEFAULT_GRID}]",
)
@debug_option
def command(run: Path, output: Path, grid: int | None) -> None:
    """Write the maps of the run directory OUT, reduced, to a file that `igcli compare` takes."""
    from igcli.common.text import in_bytes
    from igcli.comparison.drift.reference_file import write_igref

    check_output("-o", output)
    with writing("-o", output):
        size = write_igref(run, output, grid, track)
    click.echo(f"{output}: {in_bytes(size)}")
