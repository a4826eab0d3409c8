"""``igcli evaluate``: whether maps tell what the model's scores hang on."""

from pathlib import Path
from typing import Any

import click

from igcli.cli.console import tell_result, track, warn
from igcli.cli.options import as_given_options, debug_option
from igcli.cli.output_files import check_output, write_output, writing
from igcli.common.choices import FAITHFULNESS, MAP_ORDERS, SIGNED

_FILE = click.Path(path_type=Path, dir_okay=False)
_PATH = click.Path(path_type=Path)


@click.command(name="evaluate")
@click.argument("outs", metavar="OUT...", type=_PATH, nargs=-1, required=True)
@click.argument("model", type=_PATH)
@click.argument("inputs", type=_PATH)
@click.option(
    "-n",
    "count",
    metavar="IMAGES",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="The most images, drawn at random.",
)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    type=click.Choice(FAITHFULNESS),
    default=FAITHFULNESS[:2],
    show_default=True,
    help="What is measured; may be repeated.",
)
@click.option(
    "--order",
    type=click.Choice(MAP_ORDERS),
    default=SIGNED,
    show_default=True,
    help="Which pixels come first: what speaks most for the class, or what the map is largest at.",
)
@click.option(
    "--cell",
    metavar="PIXELS",
    type=click.IntRange(1),
    help="Edit squares of so many pixels a side at once.  [default: 1; of a run that stores "
    "regions, its own]",
)
@click.option(
    "--steps-of",
    "step",
    metavar="PIXELS",
    type=click.IntRange(1),
    help="How many pixels a step of deletion or insertion changes; RISE has 224.  [default: a 32nd "
    "of the picture]",
)
@click.option(
    "--fill",
    metavar="BASELINE",
    default="own",
    show_default=True,
    help="What pixels are taken away to: the run's own baseline, blur[:SIGMA], or another as run's "
    "--baseline has it.",
)
@click.option(
    "--insert-from",
    "start",
    metavar="BASELINE",
    default="blur",
    show_default=True,
    help="What insertion begins from: blur (of 5 pixels, more of pictures beyond 224), blur:SIGMA, "
    "own, or another baseline.",
)
@click.option(
    "--normalize/--no-normalize",
    default=True,
    show_default=True,
    help="Scale a map for infidelity by the factor that makes it least; controls always are.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the choice of images, of ties, of the random control and of intervals.",
)
@click.option(
    "--fail-on",
    multiple=True,
    metavar="GATE",
    help="Exit with 1 where this is so, may be repeated: METRIC.gain<V (insertion.gain<0.05), "
    "METRIC.low<V (the lower end of the gain's interval), METRIC.value>V, or left_out>V.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for evaluate.csv and evaluate.json.  [default: the first OUT]",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--junit", type=_FILE, help="Write JUnit XML, a test case for each gate.")
@as_given_options()
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    fail_on: tuple[str, ...],
    folder: Path | None,
    as_json: bool,
    junit: Path | None,
    **request: Any,
) -> None:
    """Tell whether the maps of OUT, a finished run of MODEL over INPUTS, are faithful to the model.

    Pixels are taken away, or put back, in the map's order, and the class's score is asked for: of
    the map, and of five orders that know nothing of the model, on the same images. The answer is
    how much better the map is than the best of these, with an interval.

    Exit code 0: it was measured, and no gate was crossed; 1: a gate was crossed; 2: wrong usage, or
    OUT is of another model or other inputs; 3: OUT is not finished, or nothing could be measured.
    """
    from igcli.evaluation.faithfulness.asked import EvaluateRequest
    from igcli.evaluation.faithfulness.evaluate import evaluate
    from igcli.evaluation.faithfulness.evaluate_files import (
        check_folder,
        to_dict,
        write_evaluated,
    )
    from igcli.evaluation.faithfulness.evaluate_files import junit as junit_of
    from igcli.evaluation.faithfulness.evaluate_gates import judge, parse_gates
    from igcli.evaluation.faithfulness.evaluate_text import summary
    from igcli.evaluation.faithfulness.journal import remove_journal
    from igcli.models.open import check_path, open_model

    request["metrics"] = tuple(dict.fromkeys(request["metrics"]))
    asked = EvaluateRequest(**request)
    gates = parse_gates(fail_on, asked.metrics)
    check_path(asked.model)
    if junit is not None:
        check_output("--junit", junit)
    place = asked.outs[0] if folder is None else folder
    if folder is not None or place.is_dir():
        check_folder(place)
    found = evaluate(asked, place, open_model, track, warn)
    judged = judge(gates, found)
    with writing("-o", place):
        write_evaluated(found, judged, place)
        remove_journal(place)
    if junit is not None:
        write_output("--junit", junit, junit_of(judged))
    tell_result(as_json, lambda: to_dict(found, judged), lambda: summary(found, judged))
    if not found.measured:
        warn("nothing could be measured; evaluate.csv says why, image by image")
    ctx.exit(_exit_code(any(one.crossed for one in judged), bool(found.measured)))


def _exit_code(crossed: bool, measured: bool) -> int:
    from igcli.common.exit_codes import GATE, INCOMPLETE, OK

    return GATE if crossed else OK if measured else INCOMPLETE
