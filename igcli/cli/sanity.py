"""``igcli sanity``: whether maps depend on the model."""

from pathlib import Path
from typing import Any

import click

from igcli.cli.console import tell_result, track, warn
from igcli.cli.options import config_option, debug_option
from igcli.cli.output_files import check_output, write_output, writing
from igcli.cli.run_options import settings_options_of
from igcli.common.choices import (
    CASCADE,
    IG,
    INITIAL,
    REDRAWS,
    SANITY_MAPS,
    SANITY_METRICS,
    SANITY_ORDERS,
)
from igcli.common.config import RunConfig

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="sanity")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("inputs", type=click.Path(path_type=Path))
@click.option(
    "-n",
    "count",
    metavar="INPUTS",
    type=click.IntRange(2),
    default=20,
    show_default=True,
    help="How many inputs, drawn at random.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for sanity.csv, sanity.json and sanity.png.",
)
@click.option(
    "--order",
    type=click.Choice(SANITY_ORDERS),
    default=CASCADE,
    show_default=True,
    help="cascade: all layers from the top down to each depth; independent: each layer alone.",
)
@click.option(
    "--depths",
    metavar="N",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="At how many depths maps are made, spread over the layers. Every layer at once comes on "
    "top, twice.",
)
@click.option(
    "--redraw",
    type=click.Choice(REDRAWS),
    default=INITIAL,
    show_default=True,
    help="initial: from each layer's initialiser, where it is known; permuted: each tensor's own "
    "values in random order.",
)
@click.option(
    "--maps",
    type=click.Choice(SANITY_MAPS),
    default=IG,
    show_default=True,
    help="edges: an edge detector in place of the maps, to see what the check says of it.",
)
@click.option(
    "--metric",
    type=click.Choice(SANITY_METRICS),
    default="spearman",
    show_default=True,
    help="What decides how much alike maps are, as `igcli compare` measures it.",
)
@click.option(
    "--most-kept",
    metavar="SHARE",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=0.5,
    show_default=True,
    help="Maps depend on the model when surely less of their likeness is left without its weights.",
)
@settings_options_of(
    "method", "tolerance", "min_steps", "max_steps", "memory", "steps", "baseline", "target",
    "truth", "labels", "preprocess", "resize", "image_size", "bit_depth", "scores", "output",
    "explain", "layer", "layer_input", "signature", "input_value", "hold_mask", "batch_size",
    "device", "precision", "seed", "custom_objects", "allow_unsafe",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--junit", type=_FILE, help="Write JUnit XML, one test case.")
@click.option("--markdown", type=_FILE, help="Write a comment for a pull request.")
@config_option("run")
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: Path,
    inputs: Path,
    count: int,
    out: Path | None,
    order: str,
    depths: int,
    redraw: str,
    maps: str,
    metric: str,
    most_kept: float,
    as_json: bool,
    junit: Path | None,
    markdown: Path | None,
    **settings: Any,
) -> None:
    """Redraw MODEL's weights at random, layer by layer, and see whether maps of INPUTS change.

    Maps that stay as they were show the images, not the model. Nothing is written but what a flag
    names; MODEL's file is only read. Exit code 0: the maps depend on the model; 1: they do not, or
    it is not clear; 2: wrong usage, or a model without weights to redraw; 3: they depend, but some
    inputs could not be explained.
    """
    from igcli.evaluation.sanity.sanity_check import sanity
    from igcli.evaluation.sanity.sanity_files import check_folder, write_sanity
    from igcli.evaluation.sanity.sanity_files import junit as in_junit
    from igcli.evaluation.sanity.sanity_request import SanityRequest
    from igcli.evaluation.sanity.sanity_text import lines
    from igcli.evaluation.sanity.sanity_text import markdown as in_markdown
    from igcli.models.open import check_path, open_redrawable

    check_path(model)
    for flag, path in (("--junit", junit), ("--markdown", markdown)):
        if path is not None:
            check_output(flag, path)
    if out is not None:
        check_folder(out)
    config = RunConfig(model, inputs, out or Path(), **settings)
    request = SanityRequest(config, count, order, depths, redraw, maps, metric, most_kept)
    found = sanity(request, open_redrawable, track, warn)
    if out is not None:
        with writing("OUT", out):
            write_sanity(found, out)
    if junit is not None:
        write_output("--junit", junit, in_junit(found))
    if markdown is not None:
        write_output("--markdown", markdown, in_markdown(found).encode())
    tell_result(as_json, found.to_dict, lambda: lines(found))
    ctx.exit(found.exit_code)
