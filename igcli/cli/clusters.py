"""``igcli clusters``: whether a class has several reasons, and whether one is suspicious."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from igcli.cli.causal_options import causal_options, check_test, refuse_without, run_test
from igcli.cli.console import tell_result, warn
from igcli.cli.options import by_option, debug_option
from igcli.cli.output_files import check_output, writing
from igcli.common import exit_codes

if TYPE_CHECKING:
    from igcli.evaluation.causal.causal_test import CausalRequest
    from igcli.evaluation.causal.tested import CausalTests
    from igcli.findings.clusters import Clusters


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
@by_option
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
@causal_options
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
    from igcli.evaluation.causal.causal_files import remove_causal
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
            check_test(request, folder)
        clusters = find_clusters(run, by, part, seed)
        with writing("-o", folder):
            sheets = write_clusters(run, clusters, folder)
    if clusters.suspicious and not sheets:
        warn("no contact sheets: this run stores no images")
    remove_causal(folder)
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
    if not is_tested:
        refuse_without(ctx, "--test", test)
        return None
    if test["model"] is None or test["inputs"] is None:
        missing = "MODEL and INPUTS" if test["model"] is None else "INPUTS"
        raise click.UsageError(f"--test needs {missing}: igcli clusters OUT MODEL INPUTS --test")
    from igcli.evaluation.causal.causal_test import CausalRequest

    return CausalRequest(out=out, seed=seed, **test)


def _test(request: "CausalRequest", clusters: "Clusters", folder: Path) -> "CausalTests":
    from igcli.evaluation.causal.places_to_test import fixed_places

    return run_test(request, clusters, fixed_places(clusters), folder)
