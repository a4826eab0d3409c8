"""The console: results, warnings and progress, as people and scripts read them."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from igcli.common.notes import Doubt

T = TypeVar("T")
SHOWN = 5
_COLUMNS, _LINES = 79, 24


def tell_failures(
    failures: Sequence[tuple[str, str]], what: str, where: str = "results.csv"
) -> None:
    """Print the first few (id, reason) on stderr, and how many more there are, and where."""
    from igcli.common.text import on_one_line

    for identity, reason in failures[:SHOWN]:
        click.echo(f"igcli: {what}: {on_one_line(f'{identity}: {reason}')}", err=True)
    if len(failures) > SHOWN:
        click.echo(f"igcli: and {len(failures) - SHOWN} more, named in {where}", err=True)


def tell_result(
    as_json: bool, to_dict: Callable[[], Mapping[str, Any]], lines: Callable[[], Iterable[str]]
) -> None:
    """Print what a command came to on stdout: one JSON object on one line, or lines of text."""
    if as_json:
        click.echo(json.dumps(to_dict(), allow_nan=False))
    else:
        click.echo("\n".join(lines()))


def track(items: Iterable[T], total: int, done: int = 0, unit: str = "explanations") -> Iterable[T]:
    """Show a progress bar on stderr, when that is a terminal."""
    from tqdm import tqdm

    bar: Iterable[T] = tqdm(
        items,
        total=total,
        initial=done,
        unit=unit,
        file=sys.stderr,
        disable=None,
        **_size(),
    )
    return bar


def _size() -> dict[str, Any]:
    """Return how large the bar may be, for tqdm: as the terminal at each moment, if it tells.

    One of no columns or lines (what starts the command under a pty may not set them) would show
    nothing.
    """
    try:
        known = all(os.get_terminal_size(sys.stderr.fileno()))
    except (OSError, ValueError):
        known = True
    return {"dynamic_ncols": True} if known else {"ncols": _COLUMNS, "nrows": _LINES}


def tell_doubts(doubts: Iterable[str]) -> None:
    """Print on stderr, below the summary, why a run is very likely wrong."""
    for doubt in doubts:
        click.echo(f"igcli: this run is very likely wrong: {doubt}", err=True)


def warn(message: str) -> None:
    """Print one line of notice on stderr."""
    click.echo(f"igcli: {'doubt' if isinstance(message, Doubt) else 'note'}: {message}", err=True)
