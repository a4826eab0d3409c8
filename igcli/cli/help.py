"""``igcli help``: the pages of the manual, which are the Markdown files of ``igcli/docs``."""

import sys
from importlib.resources import files
from importlib.resources.abc import Traversable

import click

from igcli.cli.main import COMMANDS, cli
from igcli.common.errors import ConfigError

_SUFFIX = ".md"
_LONGEST = 40


@click.command(name="help")
@click.argument("topic", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None) -> None:
    """List the pages of the manual; with TOPIC, print that page, or that command's --help.

    On a terminal a page is shown in the pager ($PAGER, else less).
    """
    if topic is None:
        click.echo("\n".join(_contents()))
    elif topic in COMMANDS:
        click.echo(_help_of(topic, ctx))
    else:
        _show(_page(topic))


def pages() -> dict[str, Traversable]:
    """Return the pages' files by their topics, sorted."""
    by_topic = {
        file.name.removesuffix(_SUFFIX): file
        for file in files("igcli").joinpath("docs").iterdir()
        if file.name.endswith(_SUFFIX)
    }
    return dict(sorted(by_topic.items()))


def first_sentence(page: str) -> str:
    """Return what a page is about: the first sentence below its title."""
    paragraph = " ".join(page.split("\n\n")[1].split())
    return paragraph.split(". ")[0].removesuffix(".") + "."


def _contents() -> list[str]:
    lines = {topic: first_sentence(file.read_text("utf-8")) for topic, file in pages().items()}
    width = max(len(topic) for topic in lines)
    return [
        *(f"{topic.ljust(width)}  {line}" for topic, line in lines.items()),
        "",
        "igcli help TOPIC prints a page, igcli help COMMAND what igcli COMMAND --help prints.",
    ]


def _help_of(name: str, ctx: click.Context) -> str:
    other = cli.get_command(ctx, name)
    assert other is not None, name
    with click.Context(other, parent=ctx.find_root(), info_name=name) as context:
        return other.get_help(context)


def _page(topic: str) -> str:
    known = pages()
    if topic in known:
        return known[topic].read_text("utf-8")
    from difflib import get_close_matches

    close = get_close_matches(topic.lower(), [*known, *COMMANDS], n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    raise ConfigError(
        f"there is no page and no command {topic[:_LONGEST]!r}",
        fix=f"{meant}igcli help lists the pages, igcli --help the commands",
    )


def _show(text: str) -> None:
    if sys.stdout.isatty():
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)
