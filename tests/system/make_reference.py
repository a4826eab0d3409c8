"""The option tables of ``igcli/docs/reference.md``, made from the commands' own help texts.

Run: ``python -m tests.system.make_reference``, which writes the page again. The page is whole: what
is to be said of an option stands in its help text, or on another page.
"""

import re
import textwrap
from collections.abc import Iterator

import click

from igcli.cli.main import COMMANDS, cli
from tests.conftest import ROOT

PAGE = ROOT / "igcli" / "docs" / "reference.md"
INTRODUCTION = """\
# Reference

All options of all commands, made from their help texts.

The other pages say more: `igcli help` lists them. `igcli COMMAND --help` prints a command's
options for a terminal. Every command takes `-h` or `--help`.
"""
WIDTH = 100
# A command that takes most of another's options names them, and has a table of its own ones.
SHARED = 10
# "[default: …]" where the default is no plain value, in the words of the help text.
_DEFAULT = re.compile(r"\s*\[default: (.*)\]$")


def reference() -> str:
    """Return the whole page."""
    return INTRODUCTION + "".join("\n" + "\n".join(_section(name)) + "\n" for name in COMMANDS)


def _section(name: str) -> Iterator[str]:
    command = _command(name)
    context = click.Context(command, info_name=f"igcli {name}")
    yield f"## igcli {name}\n"
    yield f"`{' '.join([context.command_path, *command.collect_usage_pieces(context)])}`"
    for paragraph in (command.help or "").split("\n\n"):
        yield "\n" + _wrapped(paragraph)
    rows = _rows(command)
    runs = _rows(_command("run")) if name != "run" else {}
    shared = [names for names, row in rows.items() if runs.get(names) == row]
    if len(shared) > SHARED:
        yield "\n" + _wrapped(f"It takes these options of `igcli run`: {', '.join(shared)}.")
        rows = {names: row for names, row in rows.items() if names not in shared}
    if rows:
        yield "\n| option | values | default | meaning |\n| --- | --- | --- | --- |"
        yield from rows.values()


def _command(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    return command


def _rows(command: click.Command) -> dict[str, str]:
    """Return the lines of a command's table, by the options' names."""
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    return {_names(option): _row(option) for option in options}


def _names(option: click.Option) -> str:
    return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))


def _row(option: click.Option) -> str:
    text = " ".join((option.help or "").split())
    written = _DEFAULT.search(text)
    meaning = _plain(_DEFAULT.sub("", text))
    cells = (_names(option), _values(option), _default(option, written), meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(option: click.Option) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return ", ".join(f"`{choice}`" for choice in option.type.choices)
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.IntRange | click.FloatRange):
        return _range(option.type)
    return "PATH" if isinstance(option.type, click.Path) else "a number"


def _range(numbers: click.IntRange | click.FloatRange) -> str:
    lowest = f"{numbers.min:g}" if numbers.min is not None else ""
    if numbers.max is None:
        return f"{lowest} or more"
    return f"{lowest} to {numbers.max:g}"


def _default(option: click.Option, written: re.Match[str] | None) -> str:
    if option.required:
        return "required"
    if written:
        return _plain(written[1]) if " " in written[1] else f"`{written[1]}`"
    if not option.show_default:
        return ""
    names = option.opts if option.default else option.secondary_opts
    return f"`{names[0] if option.is_flag else option.default}`"


def _wrapped(text: str) -> str:
    return textwrap.fill(_plain(" ".join(text.split())), WIDTH, break_on_hyphens=False)


def _plain(text: str) -> str:
    """Keep what stands for itself from being read as HTML."""
    return text.replace("<", "\\<")


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8")
