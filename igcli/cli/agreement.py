"""``igcli agreement``: how much hangs on the choice of the baseline."""

from pathlib import Path

import click

from igcli.cli.console import tell_result, track, warn
from igcli.cli.options import by_option, debug_option
from igcli.cli.output_files import check_output, write_output, writing
from igcli.common import exit_codes

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="agreement")
@click.argument("outs", metavar="OUT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@by_option
@click.option(
    "--fail-on",
    multiple=True,
    metavar="GATE",
    help="Exit with 1 where this is so, may be repeated: MEASURE.STATISTIC<V or >V, as "
    "'density.p95>0.3' and 'cosine.p05<0.5', 'density.median by class>0.3', or 'left_out>0.1'.",
)
@click.option(
    "--min-group",
    metavar="N",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Images that a group must have to be judged by a gate with 'by'.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for agreement.csv, agreement.json and agreement.png.  [default: OUT/agreement, "
    "of the first OUT]",
)
@click.option(
    "--pictures",
    metavar="N",
    type=click.IntRange(0),
    default=12,
    show_default=True,
    help="Draw the maps of N images, at most: those that hinge on the choice most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--junit", type=_FILE, help="Write JUnit XML, a test case for each gate.")
@click.option("--markdown", type=_FILE, help="Write a comment for a pull request.")
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    outs: tuple[Path, ...],
    by: str | None,
    fail_on: tuple[str, ...],
    min_group: int,
    output: Path | None,
    pictures: int,
    as_json: bool,
    junit: Path | None,
    markdown: Path | None,
) -> None:
    """Tell how far maps hang on their baseline: of several runs of the same inputs, or of one.

    Each OUT is a run directory with another --baseline; or there is one, of several baselines and
    with --keep-baselines. It measures how far apart the maps of each image are, beside what their
    own errors explain, and names the images that hinge on the choice.
    Neither the model nor TensorFlow is needed. Exit code 0: measured, and no gate was crossed; 1: a
    gate was crossed; 2: wrong usage, or a gate is finer than the maps' errors; 3: an OUT is not
    whole, or they say nothing about each other.
    """
    from igcli.comparison.agreement.agree import agree, check_measured
    from igcli.comparison.agreement.agreement_files import (
        check_folder,
        gates_to_dict,
        to_dict,
        write_agreement,
    )
    from igcli.comparison.agreement.agreement_files import junit as junit_of
    from igcli.comparison.agreement.agreement_gates import judge, parse_gates
    from igcli.comparison.agreement.agreement_text import markdown as markdown_of
    from igcli.comparison.agreement.agreement_text import summary
    from igcli.comparison.agreement.open_choices import open_choices
    from igcli.store.layout import AGREEMENT

    gates = parse_gates(fail_on)
    folder = output or outs[0] / AGREEMENT
    with open_choices(outs) as choices:
        for flag, path in (("--junit", junit), ("--markdown", markdown), ("-o", folder)):
            if path is not None:
                check_output(flag, path)
        check_folder(folder)
        found = agree(choices, track)
        check_measured(found)
        with writing("-o", folder):
            write_agreement(choices, found, by, folder, pictures)
        judged = judge(gates, found, choices, by, min_group)
    if junit is not None:
        write_output("--junit", junit, junit_of(found, judged))
    if markdown is not None:
        write_output("--markdown", markdown, markdown_of(found, judged, by).encode())
    tell_result(
        as_json,
        lambda: {**to_dict(found, by), **gates_to_dict(judged)},
        lambda: [*summary(found, judged, by), f"files      {folder}"],
    )
    for note in found.notes:
        warn(note)
    ctx.exit(exit_codes.GATE if any(j.crossed for j in judged) else exit_codes.OK)
