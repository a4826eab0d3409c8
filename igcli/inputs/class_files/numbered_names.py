"""Numbered names: class names in the order of their numbers, from 0 or 1 on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from igcli.common.errors import InputError
from igcli.common.text import the_first

FLAG = "--labels"
FORMS = (
    'write one name a line, or JSON: ["cat", "dog"], {"cat": 0, "dog": 1} or {"0": "cat", "1": '
    '"dog"}'
)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Names in output order, and what is to be told of how they were read; "" for nothing."""

    names: tuple[str, ...]
    note: str = ""


def in_order(numbered: Sequence[tuple[int, str]], path: Path) -> ClassNames:
    """Return names by their numbers, which must be those from 0 or 1 on."""
    numbers = [number for number, _ in numbered]
    first = min(numbers)
    if first not in (0, 1) or sorted(numbers) != list(range(first, first + len(numbers))):
        missing = sorted(set(range(max(numbers) + 1)) - set(numbers))
        twice = [name for number, name in numbered if numbers.count(number) > 1]
        cause = f"there is no name for class {the_first([str(n) for n in missing], _SHOWN)}"
        if twice:
            cause = f"{the_first(twice, _SHOWN)} have the same number"
        raise InputError(
            f"{FLAG} {path} does not number its {len(numbers)} names from 0 on",
            cause,
            "give each class of the model one name, the first one number 0",
        )
    names = tuple(name for _, name in sorted(numbered))
    counts_from_1 = f"{FLAG} {path} counts from 1: {names[0]!r} names class 0"
    return ClassNames(names, counts_from_1 if first else "")
