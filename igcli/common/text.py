"""Text for people: sizes, durations, lists and names on one line."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any


def in_bytes(count: int) -> str:
    """Return a size with a unit, powers of 1024: 1.5 GB."""
    power = min(max(0, (max(count, 1).bit_length() - 1) // 10), 4)
    return f"{count / 1024**power:.3g} {('B', 'KB', 'MB', 'GB', 'TB')[power]}"


def per_second(count: int, seconds: float) -> float | None:
    """Return a rate to one decimal; None where no time went by."""
    return round(count / seconds, 1) if seconds else None


def in_time(seconds: float) -> str:
    """Return a duration with a unit: 12 s, 45 min, 3 h 20 min."""
    if seconds < 100.0:
        return f"{seconds:.2g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def the_first(names: Sequence[str], shown: int) -> str:
    """List the first few names, and say how many more there are."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def counted(count: int, word: str) -> str:
    """Return a number and what it counts: 1 image, 2 images."""
    return f"{count} {word}{'s' if count != 1 else ''}"


def finite(value: float) -> float | None:
    """Return None for an infinite number and for NaN: JSON has neither."""
    return value if isfinite(value) else None


def all_finite(value: Any) -> Any:
    """Return a value that JSON can hold: None in the place of numbers that it does not have."""
    if isinstance(value, Mapping):
        return {key: all_finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [all_finite(item) for item in value]
    return finite(value) if isinstance(value, float) else value


def shortened(text: str, most: int) -> str:
    """Return the whole sentences of a text that fit; of a longer one its first words and "…"."""
    if len(text) <= most:
        return text
    end = max(text.rfind(stop, 0, most) for stop in (". ", "! ", "? "))
    if end > 0:
        return text[: end + 1]
    return f"{text[: most - 2].rpartition(' ')[0] or text[: most - 2]} …"


def on_one_line(text: str) -> str:
    """Return a name as a terminal can show it: control characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def in_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table's lines: the first column at the left, the others at the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        padded = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *padded])
