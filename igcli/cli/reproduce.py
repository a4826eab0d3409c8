"""``igcli reproduce``: the published examples, each from one command."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from igcli.cli.console import tell_failures, tell_result, track, warn
from igcli.cli.options import debug_option
from igcli.cli.signals import Stopping
from igcli.common.progress import Track
from igcli.reproduce.examples import EXAMPLES


@click.command(name="reproduce")
@click.argument("example", type=click.Choice(list(EXAMPLES)))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--data",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="A local copy of the data: mnist an .npz, imagenet and tf-tutorial photos, iris a .csv or "
    ".npy. Nothing is fetched then.",
)
@click.option(
    "--model",
    metavar="MODEL",
    type=click.Path(exists=True, path_type=Path),
    help="A local model: nothing is fetched or trained then.",
)
@click.option(
    "--labels",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Photos: class names, one a line, in output order.",
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    help="How long to train.  [default: as published, or as many batches]",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of training, made data and random baselines.",
)
@click.option(
    "--as-published",
    is_flag=True,
    help="Repeat what igcli mends: mnist's float64 input, imagenet's wrong range, iris' coarse "
    "rule.",
)
@click.option("--overwrite", is_flag=True, help="Replace the same example in OUT.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@debug_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **request: Any) -> None:
    """Repeat a published EXAMPLE: its data, its model, its table and its figure.

    What is not given is fetched to $IGCLI_CACHE (~/.cache/igcli) and checked. Exit code 0: all was
    explained; 2: wrong usage, or a file that can't be had; 3: some inputs failed, or it was
    stopped.
    """
    from igcli.models.open import open_model
    from igcli.reproduce.fetch import Cache, cache_folder
    from igcli.reproduce.reproduce import reproduce
    from igcli.reproduce.request import ExampleRequest
    from igcli.reproduce.tools import Tools, explainer

    with Stopping() as stopping:
        tools = Tools(
            explain=explainer(open_model, track, warn, stopping.in_order),
            track=_track_in,
            warn=warn,
            cache=Cache(cache_folder(), _track_in("MB"), warn),
        )
        result = reproduce(ExampleRequest(**request), tools)
    tell_failures(result.failures, "failed")
    tell_result(as_json, result.to_dict, result.lines)
    ctx.exit(result.exit_code)


def _track_in(unit: str) -> Track:
    return partial(track, unit=unit)
