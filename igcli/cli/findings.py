"""``igcli findings``: all that can be found in a run's maps, at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from igcli.cli.causal_options import causal_options, check_test, refuse_without, run_test
from igcli.cli.console import tell_result, track
from igcli.cli.object_options import check_objects, object_options
from igcli.cli.options import by_option, debug_option
from igcli.cli.output_files import check_output, writing
from igcli.common import exit_codes

if TYPE_CHECKING:
    from igcli.evaluation.causal.causal_test import CausalRequest


def _needs_no_test(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        raise click.UsageError(
            "findings takes no --test: it tests where MODEL and INPUTS are given, igcli findings "
            "OUT MODEL INPUTS"
        )


@click.command(name="findings")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.argument("inputs", type=click.Path(path_type=Path), required=False)
@object_options
@by_option
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="As in clusters and in locate, and of what the test draws.",
)
@causal_options
@click.option("--test", is_flag=True, hidden=True, expose_value=False, callback=_needs_no_test)
@click.option("--json", "as_json", is_flag=True, help="Print all findings as JSON, with the ids.")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the findings as Markdown.",
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
    by: str | None,
    seed: int,
    as_json: bool,
    markdown: Path | None,
    **test: Any,
) -> None:
    """Find all that the maps of OUT, a run directory, tell: accuracy, places, clusters, objects.

    It does what summarize, clusters and, with boxes or masks, locate do, in one go, and writes
    OUT/findings, with which `igcli report` opens. With the MODEL and INPUTS that OUT was made from,
    it asks the model whether it needs what was found, as clusters --test does; else TensorFlow is
    not needed. Exit code 0 whatever is found; 2: OUT is no run or of another model, or no row has
    such a group; 3: it is not finished, or damaged, or images could not be tested.
    """
    from igcli.evaluation.causal.causal_files import remove_causal
    from igcli.evaluation.causal.causal_found import with_causal
    from igcli.findings.gathered.gather import gather, search_if_able
    from igcli.findings.gathered.gathered_files import (
        check_gathered,
        spots_there,
        write_findings,
        write_gathered,
    )
    from igcli.findings.gathered.gathered_text import lines
    from igcli.findings.gathered.gathered_text import markdown as in_markdown
    from igcli.findings.gathered.of_objects import spots_of
    from igcli.findings.locate import locate
    from igcli.findings.locate_search import LocateRequest
    from igcli.store.files import write_whole
    from igcli.store.layout import FINDINGS
    from igcli.store.run import open_finished_run

    check_objects(boxes, masks, mask_value, any_class)
    tested = _request(ctx, out, seed, test)
    if markdown is not None:
        check_output("--markdown", markdown)
    request = LocateRequest(
        boxes, masks, any_class, mask_value, upright, images, tolerance_px, seed
    )
    folder = out / FINDINGS
    with open_finished_run(out) as run:
        check_gathered(folder)
        if tested is not None:
            check_test(tested, folder)
        has_objects = boxes is not None or masks is not None
        located = locate(run, request, track) if has_objects else None
        searched = search_if_able(run, by, seed)
        found = gather(run, searched, spots_there(run) if located is None else spots_of(located))
        with writing("OUT", folder):
            remove_causal(folder)
            write_gathered(run, found, searched, located)
        failed = False
        if tested is not None and not isinstance(searched, str):
            tests = run_test(tested, searched.clusters, searched.summary.places, folder)
            found, failed = with_causal(found, tests), bool(tests.failed)
            with writing("OUT", folder):
                write_findings(found, folder)
    if markdown is not None:
        with writing("--markdown", markdown):
            write_whole(markdown, in_markdown(found).encode())
    tell_result(as_json, found.to_dict, lambda: lines(found))
    if failed:
        ctx.exit(exit_codes.INCOMPLETE)


def _request(
    ctx: click.Context, out: Path, seed: int, test: dict[str, Any]
) -> "CausalRequest | None":
    """Return what is to be tested; None where no MODEL and INPUTS are given."""
    if test["model"] is None:
        refuse_without(ctx, "MODEL and INPUTS", test)
        return None
    if test["inputs"] is None:
        raise click.UsageError("MODEL needs INPUTS: igcli findings OUT MODEL INPUTS")
    from igcli.evaluation.causal.causal_test import CausalRequest

    return CausalRequest(out=out, seed=seed, **test)
