"""``igcli clusters``: whether a class has several reasons, and whether one is suspicious."""

from pathlib import Path

import click

from igcli.cli.console import tell_result, warn
from igcli.cli.options import debug_option
from igcli.cli.output_files import check_output, writing


@click.command(name="clusters")
@click.argument("out", type=click.Path(path_type=Path))
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
    help="Of k-means, and of the sample of a group of over 2,000.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all as JSON, with the ids.")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the table and the suspicious clusters as Markdown.",
)
@debug_option
def command(
    out: Path,
    output: Path | None,
    by: str | None,
    part: str,
    seed: int,
    as_json: bool,
    markdown: Path | None,
) -> None:
    """Cluster the maps of OUT, a run directory, group by group, and name suspicious clusters.

    A cluster is suspicious when its maps look at one small place, more than the rest of the group
    and by more than their own errors, where their images bear the same thing but are different
    pictures else: the mark of a shortcut. Neither the model nor TensorFlow is needed. Exit code 0
    whatever is found; 2: OUT is no run, or no row has such a group; 3: it is not finished, or
    damaged.
    """
    from igcli.findings.cluster_files import check_folder, write_clusters
    from igcli.findings.clusters import find_clusters
    from igcli.findings.clusters_text import lines
    from igcli.findings.clusters_text import markdown as in_markdown
    from igcli.store.files import write_whole
    from igcli.store.layout import CLUSTERS
    from igcli.store.run import open_finished_run

    if markdown is not None:
        check_output("--markdown", markdown)
    folder = output or out / CLUSTERS
    with open_finished_run(out) as run:
        check_output("-o", folder)
        check_folder(folder)
        clusters = find_clusters(run, by, part, seed)
        with writing("-o", folder):
            sheets = write_clusters(run, clusters, folder)
    if clusters.suspicious and not sheets:
        warn("no contact sheets: this run stores no images")
    if markdown is not None:
        with writing("--markdown", markdown):
            write_whole(markdown, in_markdown(clusters).encode())
    tell_result(as_json, clusters.to_dict, lambda: lines(clusters))
