"""The options of causal tests, and the test itself, shared by clusters and findings."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from igcli.cli.console import track, warn
from igcli.cli.options import as_given_options
from igcli.common.choices import FILLS

if TYPE_CHECKING:
    from igcli.evaluation.causal.causal_test import CausalRequest
    from igcli.evaluation.causal.tested import CausalTests
    from igcli.findings.clusters import Clusters
    from igcli.findings.places import Place

F = TypeVar("F", bound=Callable[..., Any])
_NAMES = ("count", "fill", "custom_objects", "allow_unsafe")
_OPTIONS = (
    click.option(
        "--fill",
        type=click.Choice(FILLS),
        default="mean",
        show_default=True,
        help="What the test covers cells with: the mean colour of the rest of the image, or a blur "
        "of what is around them.",
    ),
    click.option(
        "-n",
        "count",
        metavar="IMAGES",
        type=click.IntRange(1),
        default=200,
        show_default=True,
        help="The most images of a place that the test takes, and of those it is held against.",
    ),
    as_given_options("for the test"),
)


def causal_options(function: F) -> F:
    """Add the options to a command, whose arguments are OUT, MODEL and INPUTS."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def refuse_without(ctx: click.Context, what: str, test: dict[str, Any]) -> None:
    """Raise UsageError for arguments and options of a test that is not asked for."""
    named = [name.upper() for name in ("model", "inputs") if test[name] is not None]
    given = [
        param.opts[0]
        for param in ctx.command.params
        if param.name in _NAMES
        and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    ]
    if named or given:
        raise click.UsageError(f"{', '.join([*named, *given])}: of no use without {what}")


def check_test(request: "CausalRequest", folder: Path) -> None:
    """Raise before any work what can be known then."""
    from igcli.evaluation.causal.causal_files import check_causal
    from igcli.models.open import check_path

    check_path(request.model)
    check_causal(folder)


def run_test(
    request: "CausalRequest", clusters: "Clusters", places: "Sequence[Place]", folder: Path
) -> "CausalTests":
    """Test what was found, and write it to a folder that is there."""
    from igcli.cli.output_files import writing
    from igcli.evaluation.causal.causal_files import write_causal
    from igcli.evaluation.causal.causal_test import causal_test
    from igcli.evaluation.causal.places_to_test import places_to_test
    from igcli.models.open import open_model

    found = places_to_test(clusters, places)
    tests = causal_test(request, found, clusters.densities, open_model, track, warn)
    with writing("-o", folder):
        write_causal(tests, folder)
    return tests
