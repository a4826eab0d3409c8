"""Target tables: which column names the inputs, which has their classes, and what each says."""

from collections.abc import Sequence
from dataclasses import dataclass

from igcli.common.arrays import Warn
from igcli.common.errors import ConfigError, InputError
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.inputs.class_files.classes import Classes
from igcli.inputs.class_files.file_names import FileNames, looks_like_a_file
from igcli.inputs.class_files.text_table import Table, whole_number

_SHOWN = 3
FILE_WORDS = frozenset(
    {"file", "files", "filename", "file_name", "filepath", "file_path", "path", "image", "images",
     "image_id", "image_name", "image_path", "img", "id", "name", "id_code"}
)  # fmt: skip
CLASS_WORDS = ("label", "labels", "class", "class_id", "classid", "class_name", "target", "y",
               "category", "truth")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Columns:
    """A table taken apart.

    Attributes
    ----------
    files : list of str
        The file names; empty where rows are in input order.
    cells : list of str
        The classes.
    first_line : int
        Where they begin.
    """

    files: list[str]
    cells: list[str]
    first_line: int


class TargetTable:
    """One table of targets.

    Parameters
    ----------
    table : Table
        Its rows.
    title : str
        What errors call it.
    names : sequence of InputName
        Every input.
    classes : Classes
        Of the model.
    """

    def __init__(
        self, table: Table, title: str, names: Sequence[InputName], classes: Classes
    ) -> None:
        self._table, self._title = table, title
        self._names, self._classes = names, classes
        self._known = FileNames(names)
        self._head = [cell.casefold() for cell in table.rows[0]]
        self._files = self._file_column()

    @property
    def names_files(self) -> bool:
        """Whether most rows name an input, written as a file."""
        if self._files is None:
            return False
        cells = self._table.columns[self._files]
        written = [cell for cell in cells if looks_like_a_file(cell)]
        return 2 * self._known.count(written) >= len(cells)

    def read(self, warn: Warn) -> list[int]:
        """Return each input's class.

        Raises
        ------
        InputError, ConfigError
            When an input has no class or two, or it can't be told which column is what.
        """
        found = self._taken_apart(warn)
        if found.files:
            return self._by_name(found, warn)
        if len(found.cells) != len(self._names):
            raise InputError(
                f"{self._title} has {len(found.cells)} entries",
                f"there are {len(self._names)} inputs, and no column names them",
                "give a column of file names below INPUTS, or one target per input in input order",
            )
        return [self._class(cell, found.first_line + i) for i, cell in enumerate(found.cells)]

    def _class(self, cell: str, line: int) -> int:
        return self._classes.of_cell(cell, f"{self._title}, line {line}")

    def _file_column(self) -> int | None:
        """Return the column that names inputs: one that is written or called so before others."""
        found = []
        for place, column in enumerate(self._table.columns):
            count = self._known.count(column)
            is_called_so = self._head[place] in FILE_WORDS
            written = sum(map(looks_like_a_file, column))
            # Numbers may be the names of files, and are more often something else.
            is_text = any(whole_number(cell) is None for cell in column[1:])
            if count and (written or is_called_so or is_text):
                found.append((written, is_called_so, count, -place))
        return -max(found)[3] if found else None

    def _taken_apart(self, warn: Warn) -> _Columns:
        has_header = self._has_header()
        below = self._table.without_header() if has_header else self._table
        header = self._head if has_header else []
        columns = below.columns
        rest = [i for i in range(len(columns)) if i != self._files]
        if self._files is None:
            rest = self._without_index(columns, rest, header)
        cells = self._class_cells(columns, rest, header, warn)
        files = [] if self._files is None else columns[self._files]
        return _Columns(files, cells, 2 if has_header else 1)

    def _has_header(self) -> bool:
        first = self._table.rows[0]
        if len(self._table.rows) == 1:
            return False
        if set(self._head) & {*CLASS_WORDS, *FILE_WORDS}:
            return not (self._files is not None and self._known.find(first[self._files]))
        if self._files is not None and (
            self._known.find(first[self._files]) or looks_like_a_file(first[self._files])
        ):
            return False
        below = self._table.without_header().columns
        is_above_numbers = any(
            whole_number(head) is None and None not in map(whole_number, cells)
            for head, cells in zip(first, below, strict=True)
        )
        return is_above_numbers or not any(map(self._classes.has, first))

    def _without_index(
        self, columns: list[list[str]], rest: list[int], header: list[str]
    ) -> list[int]:
        """Leave out a data frame's index; refuse other columns that say whose rows they are."""
        kept = [i for i in rest if not _is_index(columns[i])] or rest
        worded = [i for i in kept if header and header[i] in CLASS_WORDS] or kept
        strangers = [
            i
            for i in kept
            if (header and header[i] in FILE_WORDS and i not in worded)
            or all(map(looks_like_a_file, columns[i]))
        ]
        if strangers and len(rest) > 1:
            raise ConfigError(
                f"{self._title} names none of the {len(self._names)} inputs",
                f"it has {columns[strangers[0]][0]!r}, and INPUTS has {self._names[0].id!r}",
                "write file names as they are below INPUTS, or leave only the classes, in input "
                "order",
            )
        return kept

    def _class_cells(
        self, columns: list[list[str]], rest: list[int], header: list[str], warn: Warn
    ) -> list[str]:
        """Return the column of classes; of one-hot columns, the number or name of the one."""
        if len(rest) == 1:
            return columns[rest[0]]
        worded = [i for word in CLASS_WORDS for i in rest if header and header[i] == word]
        if worded:
            return columns[worded[0]]
        hot = [_hot([columns[i][row] for i in rest]) for row in range(len(columns[0]))]
        places = [place for place in hot if place is not None]
        if len(places) == len(hot):
            return self._hot_classes(places, rest, header, warn)
        fitting = [i for i in rest if all(map(self._classes.has, columns[i]))]
        if len(fitting) == 1:
            return columns[fitting[0]]
        names = [header[i] or "one without a name" for i in rest] if header else [str(len(rest))]
        raise InputError(
            f"{self._title} does not tell which column has the classes",
            f"columns beside the file names: {the_first(names, _SHOWN)}",
            "call it 'label', or keep two columns: file name and label",
        )

    def _hot_classes(
        self, places: list[int], rest: list[int], header: list[str], warn: Warn
    ) -> list[str]:
        """Return one-hot columns' classes: by their names, where these are known."""
        known = {name.casefold() for name in self._classes.labels.names}
        titles = [header[i] for i in rest] if header else []
        if titles and known >= set(titles):
            return [titles[place] for place in places]
        if len(rest) != self._classes.count:
            raise InputError(
                f"{self._title} has {len(rest)} one-hot columns",
                self._classes.said,
                "give one column for each class, or one of class numbers or names",
            )
        if titles:
            shown = the_first(titles, _SHOWN)
            warn(f"{self._title}: its columns are taken as classes 0, 1, … in their order: {shown}")
        return [str(place) for place in places]

    def _by_name(self, found: _Columns, warn: Warn) -> list[int]:
        targets: dict[int, tuple[int, int]] = {}
        others: list[str] = []
        for line, file in enumerate(found.files, found.first_line):
            place = self._place(file, line)
            if place is None:
                others.append(file)
                continue
            target = self._class(found.cells[line - found.first_line], line)
            first, earlier = targets.setdefault(place, (target, line))
            if first != target:
                raise ConfigError(
                    f"{self._title} has two classes for {self._names[place].id}",
                    f"{first} in line {earlier} and {target} in line {line}",
                    "keep one of them",
                )
        missing = [n.id for place, n in enumerate(self._names) if place not in targets]
        if missing:
            raise ConfigError(
                f"{self._title} has no class for {len(missing)} of {len(self._names)} inputs",
                the_first(missing, _SHOWN),
                "add their rows, or name a folder without them",
            )
        if others:
            rows = "row names" if len(others) == 1 else "rows name"
            warn(f"{self._title}: {len(others)} {rows} no input here, {others[0]!r} for one")
        return [targets[place][0] for place in range(len(self._names))]

    def _place(self, file: str, line: int) -> int | None:
        places = self._known.find(file)
        if len(places) > 1:
            raise ConfigError(
                f"{self._title}, line {line}: {file!r} names {len(places)} inputs",
                the_first([self._names[i].id for i in places], _SHOWN),
                "write paths below INPUTS",
            )
        return places[0] if places else None


def _is_index(cells: list[str]) -> bool:
    """Tell whether cells count rows in their order, from 0 or 1 on."""
    numbers = [whole_number(cell) for cell in cells]
    return any(numbers == list(range(first, first + len(cells))) for first in (0, 1))


def _hot(cells: list[str]) -> int | None:
    """Return the place of the single 1 among zeros; None where it is not so."""
    numbers = [whole_number(cell) for cell in cells]
    is_hot = numbers.count(1) == 1 and numbers.count(0) == len(cells) - 1
    return numbers.index(1) if is_hot else None
