"""The classes of a model: what a target may be, as a number, a name or a place in the output."""

from dataclasses import dataclass

import numpy as np

from igcli.common.errors import ConfigError
from igcli.inputs.class_files.text_table import whole_number
from igcli.inputs.labels import Labels

_LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True)
class Classes:
    """What a model's targets may be.

    Attributes
    ----------
    labels : Labels
        The class names.
    count : int
        How many classes there are.
    shape : tuple of int
        The output's shape, where classes count over several axes: a target is then a place in it.
    """

    labels: Labels
    count: int
    shape: tuple[int, ...] = ()

    @property
    def said(self) -> str:
        """How many there are, in words."""
        return f"the model has {self.count} class{'es' if self.count != 1 else ''}"

    def of(self, text: str, where: str) -> int:
        """Return the class that a text names: a number, a name, or a place in the output.

        Raises
        ------
        ConfigError
            When there is none; `where` says who asks.
        """
        if self.shape:
            return self.place(text, where)
        if is_integer(text):
            return self.number(int(text), where)
        if not self.labels.names:
            raise ConfigError(
                f"{where}: {text!r} is no class number, file or keyword",
                "no class names are known",
                "write predicted, top:K, folder, a number or a file, or add --labels for names",
            )
        return self.labels.index(text, where)

    def of_cell(self, text: str, where: str) -> int:
        """Return the class that a cell of a file names; numbers may be written ``3.0``.

        Raises
        ------
        ConfigError
            When there is none, or the text is the number of one class and the name of another.
        """
        number = whole_number(text)
        if number is None and not self.shape and not self.labels.names and not is_integer(text):
            raise ConfigError(
                f"{where}: {text!r} is no class number",
                "no class names are known",
                "add --labels FILE, or --labels folders where INPUTS has a sub-folder for each "
                "class; or write numbers",
            )
        if self.shape or number is None:
            return self.of(text, where)
        other = self.other_named(number)
        if other is not None:
            raise ConfigError(
                f"{where}: {text!r} is the number of one class and the name of class {other}",
                f"{self.labels.title} has names that are numbers, in another order",
                "save numbers as an .npy of integers, names as an .npy of strings",
            )
        return self.number(number, where)

    def has(self, text: str) -> bool:
        """Tell whether a cell of a file names a class."""
        try:
            self.of_cell(text, "")
        except ConfigError:
            return False
        return True

    def other_named(self, number: int) -> int | None:
        """Return the class whose name is this number, where that is another class."""
        named = [i for i, name in enumerate(self.labels.names) if whole_number(name) == number]
        return named[0] if named and number not in named else None

    def number(self, index: int, where: str) -> int:
        """Return a class number; raise ConfigError where there is no such class."""
        if not 0 <= index < self.count:
            if self.count == 1:
                cause, fix = "the model's only target is 0, the output itself", "write 0"
            else:
                cause = f"{self.said}, counted from 0"
                fix = f"write a number from 0 to {self.count - 1}"
            raise ConfigError(f"{where}: class {index} is out of range", cause, fix)
        return index

    def place(self, text: str, where: str) -> int:
        """Return the element at a place in the output, ``3,12,40``."""
        numbers = text.split(",")
        is_place = all(is_integer(number.strip()) for number in numbers)
        if not is_place or len(numbers) != len(self.shape):
            raise ConfigError(
                f"{where}: {text!r} is no place in the output",
                f"its shape is {self.shape}",
                f"write {len(self.shape)} numbers, {','.join(['0'] * len(self.shape))} for one",
            )
        place = [int(number) for number in numbers]
        if not all(0 <= i < size for i, size in zip(place, self.shape, strict=True)):
            raise ConfigError(
                f"{where}: {text} is out of range",
                f"the output's shape is {self.shape}, counted from 0",
                f"write numbers up to {','.join(str(size - 1) for size in self.shape)}",
            )
        return int(np.ravel_multi_index(place, self.shape))


def is_integer(text: str) -> bool:
    """Tell whether a text is a whole number, short enough to be one of a class."""
    return text.removeprefix("-").isdecimal() and len(text) < _LONGEST_NUMBER
