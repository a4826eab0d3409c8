"""``igcli verify``: whether a run directory is what it says."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from igcli.cli.console import tell_result, track, warn
from igcli.cli.options import as_given_options, debug_option


@click.command(name="verify")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("inputs", type=click.Path(path_type=Path))
@click.option(
    "-n",
    "count",
    metavar="INPUTS",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many inputs to explain again.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the random choice."
)
@as_given_options()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@debug_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **request: Any) -> None:
    """Check OUT, a finished run of MODEL over INPUTS, by explaining a random sample again.

    Its files must be whole and say the same; the sample's hashes, targets, scores and deltas must
    be true, and its maps as near to maps of a tenth of the tolerance as they claim. Exit code 0:
    all holds; 1: something does not; 2: wrong usage, or OUT is of another model or other inputs;
    3: the run is not finished.
    """
    from igcli.evaluation.reopen import VerifyRequest
    from igcli.evaluation.verify import verify
    from igcli.models.open import check_path, open_model

    check_path(request["model"])
    verified = verify(VerifyRequest(**request), open_model, track, warn)
    is_given = ctx.get_parameter_source("count") is ParameterSource.COMMANDLINE
    if is_given and verified.rows and request["count"] > verified.inputs:
        warn(f"-n {request['count']}: the run is of {verified.inputs} inputs, all explained again")
    tell_result(as_json, verified.to_dict, verified.lines)
    ctx.exit(verified.exit_code)
