"""``igcli compare``: whether a new model has changed what it looks at."""

import json
from pathlib import Path

import click

from igcli.cli.console import tell_result, track, warn
from igcli.cli.options import config_option, debug_option, setting_option
from igcli.cli.output_files import check_output, write_output
from igcli.common.config import DriftConfig
from igcli.common.errors import NotComparable
from igcli.comparison.grid import DEFAULT_GRID

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="compare")
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@setting_option(
    DriftConfig,
    "fail_on",
    metavar="THRESHOLD",
    help="What fails the gate, may be repeated: METRIC.STATISTIC<V or >V, as 'cosine.p05<0.9', or "
    "SHARE>V, as 'prediction_changed>0.02'. 'by class' before < or > makes it one of every class; "
    "V may be normal (what calibrating runs differ by) or others (the other classes). The first "
    "one given replaces the whole default profile and that of --config; what is missing, failed "
    "or not converged fails all the same.  [default: the profile of configs/drift.toml; of normal "
    "limits where the reference is calibrated]",
)
@setting_option(
    DriftConfig,
    "grid",
    type=click.IntRange(min=0, max=4096),
    metavar="N",
    help="Sides of the grid that maps are reduced to before they are compared, at most; 0: whole "
    f"maps.  [default: an .igref file's own, else {DEFAULT_GRID}, as of igcli baseline]",
)
@setting_option(
    DriftConfig,
    "by",
    metavar="COLUMN",
    help="What 'by class' groups images by: class (true classes where they are known, else the "
    "reference's predictions), truth, prediction, target, folder, or a column of the inputs' "
    "list.",
)
@setting_option(
    DriftConfig,
    "min_group",
    type=click.IntRange(min=3),
    metavar="N",
    help="Images that a group must have to be judged.",
)
@setting_option(
    DriftConfig,
    "unclear",
    type=click.Choice(["pass", "fail"]),
    help="What a crossed threshold does where other images of the same kind might not have crossed "
    "it.",
)
@setting_option(DriftConfig, "force", help="Compare runs of different settings too.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.option("--junit", type=_FILE, help="Write JUnit XML, a test case for each threshold.")
@click.option("--markdown", type=_FILE, help="Write a comment for a pull request.")
@click.option("--html", type=_FILE, help="Write a page that shows the images that differ most.")
@config_option("drift")
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    reference: Path,
    new: Path,
    fail_on: tuple[str, ...],
    grid: int | None,
    by: str,
    min_group: int,
    unclear: str,
    force: bool,
    as_json: bool,
    **outputs: Path | None,
) -> None:
    """Compare NEW, a run directory, with REFERENCE, another one or an .igref file.

    Exit code 0: no drift; 1: a threshold was crossed; 2: wrong usage, and no report is written; 3:
    they can't be compared, and the reports say why.
    """
    from igcli.comparison.drift.compare import calibration_of, compare, open_side
    from igcli.comparison.drift.not_comparable import Refused
    from igcli.comparison.drift.reports import report, report_of_refusal
    from igcli.comparison.drift.text import summary
    from igcli.comparison.drift.thresholds import parse_thresholds

    parse_thresholds(fail_on)
    files = {form: path for form, path in outputs.items() if path is not None}
    for form, path in files.items():
        check_output(f"--{form}", path)
    try:
        sides = open_side(reference), open_side(new)
        thresholds = parse_thresholds(fail_on, calibration_of(sides[0]) is not None)
        verdict = compare(*sides, thresholds, force, track, grid, by, min_group, unclear == "fail")
    except NotComparable as error:
        refused = Refused(str(reference), str(new), error)
        for form, path in files.items():
            write_output(f"--{form}", path, report_of_refusal(form, refused))
        if as_json:
            click.echo(json.dumps(refused.to_dict()))
        raise
    for difference in verdict.forced:
        warn(f"--force: {difference}")
    for form, path in files.items():
        write_output(f"--{form}", path, report(form, verdict, *sides))
    tell_result(as_json, verdict.to_dict, lambda: summary(verdict))
    ctx.exit(verdict.exit_code)
