"""The slots of a list of baselines: one for each path that starts at it.

An item of the list is a baseline; ``NAME*N``, N draws of a random one; or ``data:N`` and
``data:FOLDER:N``, N inputs that are drawn by the seed and the id of the one that is explained.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.files import is_file
from igcli.common.sample import Sample, SourceKind
from igcli.inputs.baselines.recipes import BASELINES

RANDOM = ("uniform", "gaussian")
DATA = "data"
_DATA = re.compile(r"data(?::(?P<of>.+))?:(?P<count>\d+)")
_MOST = 10_000
# Makes a sample's baseline, of draw number k: the same wherever it is made.
Draw: TypeAlias = Callable[[Sample, int], Array]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list of baselines, read.

    Attributes
    ----------
    text : str
        As it was written.
    name : str
        What makes one baseline: without ``*N``.
    count : int
        How many paths start so.
    is_random : bool
        Whether it is drawn.
    of : str
        What inputs are drawn from: a folder or an array; empty for the run's own.
    """

    text: str
    name: str
    count: int = 1
    is_random: bool = False
    of: str = ""

    @property
    def is_data(self) -> bool:
        """Whether inputs are drawn."""
        return self.name == DATA


@dataclass(frozen=True, slots=True)
class Slot:
    """One baseline of an average.

    Attributes
    ----------
    name : str
        What it is called.
    draw : callable
        Makes it, for a sample and a draw's number. What isn't random is the same for all numbers.
    drawn : Hashable
        Which draws it is one of; None where it is no matter of chance.
    population : int or None
        How many there were to be drawn from, each once; None for endlessly many.
    """

    name: str
    draw: Draw
    drawn: Hashable = None
    population: int | None = None


def read_item(text: str, kind: SourceKind) -> Item:
    """Read an item of a list; what is no draw is its own name.

    Raises
    ------
    ConfigError
        When what is repeated is not random, or a number is out of range.
    """
    if is_file(text):
        return Item(text, text)
    if text == DATA or text.startswith(f"{DATA}:"):
        return _data(text)
    name, star, number = text.rpartition("*")
    if not star:
        recipe = text.partition(":")[0]
        return Item(text, text, is_random=recipe in RANDOM and recipe in BASELINES.get(kind, ()))
    count = _number(number, text)
    if name.partition(":")[0] not in RANDOM:
        raise ConfigError(
            f"--baseline {text} can't be used",
            f"{name} is the same each time",
            f"write {name}, or repeat a random one: uniform*5",
        )
    return Item(text, name, count, is_random=True)


def merged(items: Sequence[Item]) -> list[Item]:
    """Return a list's items, those that draw from the same made one: no draw comes twice."""
    found: list[Item] = []
    for item in items:
        same = next(
            (
                i
                for i, o in enumerate(found)
                if item.is_random and (o.name, o.of) == (item.name, item.of)
            ),
            None,
        )
        if same is None:
            found.append(item)
        else:
            found[same] = replace(found[same], count=found[same].count + item.count)
    return found


def _data(text: str) -> Item:
    found = _DATA.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"--baseline {text} can't be read",
            fix="write data:N, or data:FOLDER:N with a folder or an array: data:32",
        )
    of = found["of"] or ""
    if of and not Path(of).exists():
        raise ConfigError(
            f"--baseline {text}: {of} does not exist", fix="name a folder of images, or an array"
        )
    return Item(text, DATA, _number(found["count"], text), is_random=True, of=of)


def _number(digits: str, text: str) -> int:
    count = int(digits) if digits.isascii() and digits.isdigit() else 0
    if not 1 <= count <= _MOST:
        raise ConfigError(
            f"--baseline {text} can't be read", f"N is a whole number from 1 to {_MOST}"
        )
    return count


def slots_of(item: Item, draw: Draw, population: int | None = None) -> list[Slot]:
    """Return an item's slots, the draws of each numbered on from its own."""

    def own(first: int) -> Draw:
        return lambda sample, number: draw(sample, first + number * item.count)

    drawn = item.text if item.is_random else None
    if item.count == 1:
        return [Slot(item.text, own(0), drawn, population)]
    return [Slot(f"{item.name} #{i + 1}", own(i), drawn, population) for i in range(item.count)]


def side_by_side(lists: Sequence[Sequence[Slot]], names: Sequence[str]) -> list[list[Slot]]:
    """Return the slots of several inputs that go together: lists of one go with all.

    Raises
    ------
    ConfigError
        Where they are longer, and not of the same length.
    """
    longest = max(len(slots) for slots in lists)
    for name, slots in zip(names, lists, strict=True):
        if len(slots) not in {1, longest}:
            raise ConfigError(
                f"--baseline gives {name} {len(slots)} baselines, and another input {longest}",
                "the baselines of all inputs make up one path, the first of each the first",
                "give each as many, or one",
            )
    return [[slots[i % len(slots)] for slots in lists] for i in range(longest)]
