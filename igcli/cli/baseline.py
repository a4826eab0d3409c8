"""``igcli baseline``: a small reference file of a run, calibrated by others, to be committed."""

from pathlib import Path

import click

from igcli.cli.console import track
from igcli.cli.options import debug_option
from igcli.cli.output_files import check_output, writing
from igcli.comparison.grid import DEFAULT_GRID


@click.command(name="baseline")
@click.argument("runs", metavar="OUT...", nargs=-1, required=True, type=click.Path(path_type=Path))
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
def command(runs: tuple[Path, ...], output: Path, grid: int | None) -> None:
    """Write the maps of a run directory, reduced, to a file that `igcli compare` takes.

    Further run directories, of models that are held to be as good as the first (other seeds, other
    epochs, last week's), calibrate it: what they differ from the first by is normal.
    """
    from igcli.common.text import in_bytes
    from igcli.comparison.drift.calibrate import write_reference

    check_output("-o", output)
    with writing("-o", output):
        size = write_reference(runs, output, grid, track)
    others = len(runs) - 1
    told = f", calibrated by {others} further run{'s' * (others > 1)}" if others else ""
    click.echo(f"{output}: {in_bytes(size)}{told}")
