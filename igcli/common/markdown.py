"""Markdown: tables and names, GitHub's flavour."""

from collections.abc import Iterable

from igcli.common.text import on_one_line


def escaped(text: str) -> str:
    """Return a name as code, also in a table's cell."""
    return code(text).replace("|", "\\|")


def code(text: str) -> str:
    """Return a name as code, outside of tables."""
    return "`" + on_one_line(text).replace("`", "'") + "`"


def plain(text: str) -> str:
    """Keep Markdown and HTML from taking anything in a text for their own."""
    return "".join("\\" + c if c in "\\`*_[]<>|&#~!" else c for c in on_one_line(text))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table."""
    lines = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(map(_cell, cells)) + " |" for cells in lines]


def _cell(text: str) -> str:
    """Return a cell's text; a bar would end it, also in code."""
    return text.replace("\\|", "|").replace("|", "\\|")
