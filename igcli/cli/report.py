"""``igcli report``: one HTML file to look through a run."""

from pathlib import Path

import click

from igcli.cli.console import tell_result, track, warn
from igcli.cli.options import debug_option


@click.command(name="report")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write.  [default: OUT/report.html]",
)
@click.option(
    "--pictures",
    metavar="N",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Put the pictures of N explanations into it, at most: first of those that did not "
    "converge, then by error estimate.",
)
@click.option("--overwrite", is_flag=True, help="Replace a FILE that igcli did not write, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@debug_option
def command(out: Path, output: Path | None, pictures: int, overwrite: bool, as_json: bool) -> None:
    """Write one HTML page about OUT, a run directory, that needs nothing else to be read.

    It has the summary, the distributions of error estimates, deltas and steps, all explanations in
    a table to sort and filter, their pictures, and the settings. Exit code 0 though some inputs
    failed, or the run is not finished (the page says so); 2: OUT is no run; 3: it is damaged.
    """
    from igcli.report.page.page import write_report

    written = write_report(out, output, pictures, overwrite, track)
    if written.missing:
        warn(f"the run is not finished: {written.missing} explanations are missing")
    tell_result(as_json, written.to_dict, written.lines)
