"""``igcli regions``: which parts of a photo count, XRAI's regions from stored maps."""

from pathlib import Path

import click

from igcli.cli.console import tell_failures, tell_result, track
from igcli.cli.options import debug_option
from igcli.cli.output_files import writing
from igcli.common.choices import REDUCED, WHERE


def _parse_top(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        share = float(value.removesuffix("%")) / 100.0 if value.endswith("%") else 0.0
    except ValueError:
        share = 0.0
    if 0.0 < share <= 1.0:
        return share
    raise click.BadParameter(f"{value!r} is no percentage from above 0 to 100, 20% for example")


@click.command(name="regions")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("ids", nargs=-1)
@click.option(
    "--fast",
    is_flag=True,
    help="Rank segments once, by all their pixels, not anew by those that are left.",
)
@click.option(
    "--reduce",
    type=click.Choice(REDUCED),
    default=REDUCED[0],
    show_default=True,
    help="A pixel's number: the sum of its channels, which keeps completeness, or the greatest, "
    "as PAIR's XRAI has it.",
)
@click.option(
    "--top",
    metavar="PERCENT%",
    callback=_parse_top,
    help="Draw the photo where the best regions are, as few as hold so much of its area, and the "
    "rest grey.  [default: draw all regions, coloured by their order]",
)
@click.option(
    "--segments",
    metavar="FOLDER|FILE",
    type=click.Path(exists=True, path_type=Path),
    help="Your own segments, a number for each pixel: .png or .npy files called as the images, or "
    "one for all.  [default: those of the image, by Felzenszwalb's method at six scales]",
)
@click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    help=f"Only explanations for which it holds: {WHERE}. Can be repeated: all must hold.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for regions.csv, regions.h5 and pictures.  [default: OUT/regions]",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1),
    help="How many processes work.  [default: one for each core]",
)
@click.option(
    "--overwrite", is_flag=True, help="Replace files that igcli regions did not write, too."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: Path,
    ids: tuple[str, ...],
    fast: bool,
    reduce: str,
    top: float | None,
    segments: Path | None,
    where: tuple[str, ...],
    output: Path | None,
    jobs: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Rank the segments of the images of OUT, a run directory, by their attribution (XRAI).

    All explanations, or those of some IDs: ids of results.csv or patterns such as 'cat/*'. Each
    region has a value, attribution a pixel, and its error; regions that the errors do not tell
    apart share a rank. Neither the model nor TensorFlow is needed. Exit code 0: all are ranked;
    2: wrong usage, or OUT has no maps of pixels; 3: some have no region, or OUT is not whole.
    """
    from igcli.common.exit_codes import INCOMPLETE
    from igcli.common.machine import cpus
    from igcli.findings.segments.area_run import AreaRequest, find_areas
    from igcli.findings.segments.area_text import lines, to_dict
    from igcli.report.pictures.chosen import Choice
    from igcli.store.layout import AREAS
    from igcli.store.run import open_finished_run
    from igcli.store.select import select_rows

    folder = out / AREAS if output is None else output
    processes = cpus() if jobs is None else jobs
    request = AreaRequest(reduce, fast, top, segments, folder, overwrite, processes)
    with open_finished_run(out, f"OUT {out}") as run:
        rows = Choice(where).of(select_rows(run, ids))
        with writing("-o", folder):
            found = find_areas(run, rows, request, track)
    tell_failures(found.failed, "no regions")
    tell_result(as_json, lambda: to_dict(found, request), lambda: lines(found, request))
    if found.failed:
        ctx.exit(INCOMPLETE)
