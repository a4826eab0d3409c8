"""File names in a table, matched with the inputs that they name."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from igcli.common.picture_files import without_ending
from igcli.common.sample import InputName


class FileNames:
    """Finds inputs by file names as tables have them.

    A name may be an input's id (the path below INPUTS), a longer path that ends in it, a shorter
    one that a single id ends in (its base name, above all), or one of these without the ending.
    """

    def __init__(self, names: Sequence[InputName]) -> None:
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._ends: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(names):
            for known in {_plain(name.id), _plain(without_ending(name.id))}:
                self._exact[known].append(place)
                parts = known.split("/")
                for start in range(1, len(parts)):
                    self._ends["/".join(parts[start:])].append(place)

    def find(self, cell: str) -> list[int]:
        """Return the places of the inputs that a name may be of: none, one, or several."""
        parts = [part for part in _plain(cell).split("/") if part not in {"", "."}]
        for start in range(len(parts)):
            found = self._exact.get("/".join(parts[start:]))
            if found:
                return found
        return self._ends.get("/".join(parts), []) if parts else []

    def count(self, cells: Iterable[str]) -> int:
        """Count the cells that name an input."""
        return sum(bool(self.find(cell)) for cell in cells)


def looks_like_a_file(cell: str) -> bool:
    """Tell whether a cell is written as a file name: with folders, or with an ending."""
    return "/" in cell or "\\" in cell or bool(PurePosixPath(cell).suffix)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip().replace("\\", "/"))
