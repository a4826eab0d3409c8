"""``igcli clusters``: whether a class has several reasons, and whether one is suspicious."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from igcli.cli.console import tell_result, track, warn
from igcli.cli.options import debug_option
from igcli.cli.output_files import check_output, writing
from igcli.common import exit_codes
from igcli.common.choices import FILLS

if TYPE_CHECKING:
    from igcli.evaluation.causal.causal_test import CausalRequest
    from igcli.evaluation.causal.tested import CausalTests
    from igcli.findings.clusters import Clusters

_OF_TESTS = ("count", "fill", "custom_objects", "allow_unsafe")


@click.command(name="clusters")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.argument("inputs", type=click.Path(path_type=Path), required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for clusters.csv and a contact sheet of each suspicious cluster.  [default: "
    "OUT/clusters]",
)
@click.option(
    "--by",
    metavar="GROUP",
    help="What groups are made by: truth, prediction, target, folder (the input's own), or a "
    "column of the list that named the inputs.  [default: truth where the run knows it, else "
    "prediction]",
)
@click.option(
    "--of",
    "part",
    type=click.Choice(("positive", "absolute")),
    default="positive",
    show_default=True,
    help="What of the maps is clustered: the mass that speaks for the class, or all.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Of k-means, of the sample of a group of over 2,000, and of what --test draws.",
)
@click.option(
    "--test",
    "is_tested",
    is_flag=True,
    help="Ask MODEL whether it needs the places of suspicious clusters, and fixed places: cover "
    "their cells in INPUTS, and paste them into other classes' images.",
)
@click.option(
    "--fill",
    type=click.Choice(FILLS),
    default="mean",
    show_default=True,
    help="What --test covers cells with: the mean colour of the rest of the image, or a blur of "
    "what is around them.",
)
@click.option(
    "-n",
    "count",
    metavar="IMAGES",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="The most images of a place that --test takes, and of those it is held against.",
)
@click.option(
    "--custom-objects",
    metavar="FILE.py",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="As given to the run, for --test; it is run.",
)
@click.option(
    "--allow-unsafe",
    is_flag=True,
    help="As given to the run, for --test: load MODEL though it may run code on this machine.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all as JSON, with the ids.")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the table and the suspicious clusters as Markdown.",
)
@debug_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: Path,
    output: Path | None,
    by: str | None,
    part: str,
    seed: int,
    as_json: bool,
    markdown: Path | None,
    is_tested: bool,
    **test: Any,
) -> None:
    """Cluster the maps of OUT, a run directory, group by group, and name suspicious clusters.

    A cluster is suspicious when its maps look at one small place, more than the rest of the group
    and by more than their own errors, where their images bear the same thing but are different
    pictures else: the mark of a shortcut. Neither the model nor TensorFlow is needed, but for
    --test, which takes the MODEL and INPUTS that OUT was made from. Exit code 0 whatever is found;
    2: OUT is no run or of another model, or no row has such a group; 3: it is not finished, or
    damaged, or images could not be tested.
    """
    from igcli.findings.cluster_files import check_folder, write_clusters
    from igcli.findings.clusters import find_clusters
    from igcli.findings.clusters_text import lines
    from igcli.findings.clusters_text import markdown as in_markdown
    from igcli.store.files import write_whole
    from igcli.store.layout import CLUSTERS
    from igcli.store.run import open_finished_run

    request = _request(ctx, is_tested, out, seed, test)
    if markdown is not None:
        check_output("--markdown", markdown)
    folder = output or out / CLUSTERS
    with open_finished_run(out) as run:
        check_output("-o", folder)
        check_folder(folder)
        if request is not None:
            _check(request, folder)
        clusters = find_clusters(run, by, part, seed)
        with writing("-o", folder):
            sheets = write_clusters(run, clusters, folder)
    if clusters.suspicious and not sheets:
        warn("no contact sheets: this run stores no images")
    tests = None if request is None else _test(request, clusters, folder)
    if markdown is not None:
        text = in_markdown(clusters) + ("" if tests is None else tests.markdown())
        with writing("--markdown", markdown):
            write_whole(markdown, text.encode())

    def said() -> Iterator[str]:
        yield from lines(clusters)
        yield from () if tests is None else tests.lines()

    def to_dict() -> dict[str, Any]:
        return clusters.to_dict() | ({} if tests is None else {"test": tests.to_dict()})

    tell_result(as_json, to_dict, said)
    if tests is not None and tests.failed:
        ctx.exit(exit_codes.INCOMPLETE)


def _request(
    ctx: click.Context, is_tested: bool, out: Path, seed: int, test: dict[str, Any]
) -> "CausalRequest | None":
    """Return what is to be tested; None without --test, which MODEL and INPUTS go with."""
    named = [name.upper() for name in ("model", "inputs") if test[name] is not None]
    if not is_tested:
        given = [
            param.opts[0]
            for param in ctx.command.params
            if param.name in _OF_TESTS
            and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
        ]
        if named or given:
            raise click.UsageError(f"{', '.join([*named, *given])}: of no use without --test")
        return None
    if len(named) < 2:
        missing = "INPUTS" if named else "MODEL and INPUTS"
        raise click.UsageError(f"--test needs {missing}: igcli clusters OUT MODEL INPUTS --test")
    from igcli.evaluation.causal.causal_test import CausalRequest

    return CausalRequest(out=out, seed=seed, **test)


def _check(request: "CausalRequest", folder: Path) -> None:
    """Raise before any work what can be known then."""
    from igcli.evaluation.causal.causal_files import check_causal
    from igcli.models.open import check_path

    check_path(request.model)
    check_causal(folder)


def _test(request: "CausalRequest", clusters: "Clusters", folder: Path) -> "CausalTests":
    from igcli.evaluation.causal.causal_files import write_causal
    from igcli.evaluation.causal.causal_test import causal_test
    from igcli.evaluation.causal.places_to_test import fixed_places, places_to_test
    from igcli.models.open import open_model

    places = places_to_test(clusters, fixed_places(clusters))
    tests = causal_test(request, places, clusters.densities, open_model, track, warn)
    with writing("-o", folder):
        write_causal(tests, folder)
    return tests
