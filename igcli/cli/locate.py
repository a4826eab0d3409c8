"""``igcli locate``: whether the attribution is where the objects are."""

from pathlib import Path

import click

from igcli.cli.console import tell_result, track, warn
from igcli.cli.object_options import check_objects, object_options
from igcli.cli.options import debug_option
from igcli.cli.output_files import check_output, write_output, writing
from igcli.common.errors import ConfigError

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="locate")
@click.argument("out", type=click.Path(path_type=Path))
@object_options
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Decides, with the id, which of equally strong places a hit is asked of.",
)
@click.option(
    "--fail-on",
    multiple=True,
    metavar="GATE",
    help="Exit with 1 where this is so, may be repeated: MEASURE.STATISTIC<V or >V, as "
    "'inside.median<0.5' and 'lift.p05<1', or 'left_out>0.1'.",
)
@click.option("-o", "--output", type=_FILE, help="Table to write.  [default: OUT/locate.csv]")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--junit", type=_FILE, help="Write JUnit XML, a test case for each gate.")
@click.option("--markdown", type=_FILE, help="Write a comment for a pull request.")
@click.option(
    "--pictures",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Draw the worst located maps with the objects' outlines, 001.png the worst.",
)
@click.option(
    "--worst",
    metavar="N",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="With --pictures: how many are drawn, at most.",
)
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: Path,
    boxes: Path | None,
    masks: Path | None,
    mask_value: int | str | None,
    any_class: bool,
    upright: bool,
    images: Path | None,
    tolerance_px: float,
    seed: int,
    fail_on: tuple[str, ...],
    output: Path | None,
    as_json: bool,
    junit: Path | None,
    markdown: Path | None,
    pictures: Path | None,
    worst: int,
) -> None:
    """Tell whether the attribution of OUT, a run directory, lies in the objects of its images.

    Exit code 0: it was measured, and no gate was crossed; 1: a gate was crossed; 2: wrong usage, or
    a gate is finer than the maps' errors; 3: OUT is not whole, or nothing could be measured.
    """
    from igcli.findings.locate import locate
    from igcli.findings.locate_files import junit as junit_of
    from igcli.findings.locate_files import to_dict, write_csv
    from igcli.findings.locate_gates import judge, parse_gates
    from igcli.findings.locate_pictures import draw_worst
    from igcli.findings.locate_search import LocateRequest
    from igcli.findings.locate_text import markdown as markdown_of
    from igcli.findings.locate_text import summary
    from igcli.store.layout import LOCATE
    from igcli.store.run import open_finished_run

    check_objects(boxes, masks, mask_value, any_class)
    if boxes is None and masks is None:
        raise ConfigError("locate needs --boxes or --masks", fix="give one of them")
    gates = parse_gates(fail_on)
    request = LocateRequest(
        boxes, masks, any_class, mask_value, upright, images, tolerance_px, seed
    )
    with open_finished_run(out) as run:
        path = out / LOCATE if output is None else output
        _check_outputs({"--junit": junit, "--markdown": markdown, "-o": path}, path, pictures)
        found = locate(run, request, track)
        with writing("-o", path):
            write_csv(found, path)
        if pictures is not None:
            draw_worst(run, request, found, pictures, worst, track)
    judged = judge(gates, found)
    if junit is not None:
        write_output("--junit", junit, junit_of(found, judged))
    if markdown is not None:
        write_output("--markdown", markdown, markdown_of(found, judged).encode())
    tell_result(as_json, lambda: to_dict(found, judged), lambda: summary(found, judged))
    for doubt in found.doubts(tolerance_px):
        warn(doubt)
    if not found.measured:
        warn(f"nothing could be measured; {path} says why, image by image")
    ctx.exit(_exit_code(any(j.crossed for j in judged), bool(found.measured)))


def _check_outputs(files: dict[str, Path | None], table: Path, pictures: Path | None) -> None:
    """Raise OutputError for what can't be written, before any work."""
    from igcli.findings.locate_files import check_csv
    from igcli.findings.locate_pictures import check_folder

    for flag, file in files.items():
        if file is not None:
            check_output(flag, file)
    check_csv(table)
    if pictures is not None:
        check_folder(pictures)


def _exit_code(crossed: bool, measured: bool) -> int:
    from igcli.common.exit_codes import GATE, INCOMPLETE, OK

    return GATE if crossed else OK if measured else INCOMPLETE
