"""``igcli summarize``: what the maps of each class have in common."""

from pathlib import Path

import click

from igcli.cli.console import tell_result
from igcli.cli.options import by_option, debug_option
from igcli.cli.output_files import check_output, writing


@click.command(name="summarize")
@click.argument("out", type=click.Path(path_type=Path))
@by_option
@click.option("--json", "as_json", is_flag=True, help="Print all as JSON, image by image too.")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the groups and what stands out as Markdown.",
)
@debug_option
def command(out: Path, by: str | None, as_json: bool, markdown: Path | None) -> None:
    """Summarize the maps of OUT, a run directory, group by group.

    Each map counts once: it is divided by its own L1 norm. It says how alike the maps of a group
    are, where their mass lies, and at which fixed places a group stands out although its images do
    not: a watermark, a tag, a frame. Neither the model nor TensorFlow is needed. Exit code 0
    whatever is found; 2: OUT is no run, or no row has such a group; 3: it is not finished, or
    damaged.
    """
    from igcli.findings.summarize import summarize
    from igcli.findings.summary_text import lines
    from igcli.findings.summary_text import markdown as in_markdown
    from igcli.store.files import write_whole

    if markdown is not None:
        check_output("--markdown", markdown)
    summary = summarize(out, by)
    if markdown is not None:
        with writing("--markdown", markdown):
            write_whole(markdown, in_markdown(summary).encode())
    tell_result(as_json, summary.to_dict, lambda: lines(summary))
