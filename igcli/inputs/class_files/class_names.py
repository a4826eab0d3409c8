"""Class names out of a file, in the forms that Keras users have them."""

import re
from pathlib import Path

from igcli.common.errors import InputError
from igcli.inputs.class_files.json_names import document_of, names_of
from igcli.inputs.class_files.numbered_names import FLAG, FORMS, ClassNames, in_order
from igcli.inputs.class_files.text_table import (
    TABLES,
    Table,
    are_counted,
    lines_of,
    read_text,
    table_of,
    whole_number,
)
from igcli.inputs.readers.arrays import load_array

_NUMBERED = re.compile(r"(\d+)(?:\s*[:,;=|]\s*|[.)]\s+|\s+)(\S.*)")
_NAME_WORDS = ("name", "class_name", "classname", "label_name", "display_name", "label", "class",
               "category")  # fmt: skip
_NUMBER_WORDS = ("index", "id", "class_id", "classid", "class_index", "class_idx", "label_id",
                 "number", "")  # fmt: skip


def read_class_names(path: Path) -> ClassNames:
    """Read a file of class names.

    One name a line in output order; lines that are numbered (``0 cat``); JSON, a list or an object
    in either direction; a CSV with a column of names, and one of numbers or in output order; an
    .npy of strings.

    Raises
    ------
    InputError
        When it is none of these, or its numbers are not those from 0 on.
    """
    if path.suffix.lower() == ".npy":
        return ClassNames(_of_array(path))
    text = read_text(path, FLAG)
    document = document_of(text, path)
    if document is not None:
        return names_of(document, path)
    table = table_of(text) if path.suffix.lower() in TABLES else None
    if table is not None:
        found = _of_table(table, path)
        if found is not None:
            return found
    lines = lines_of(text, path, FLAG)
    if path.suffix.lower() in TABLES and lines[0].casefold() in _NAME_WORDS and len(lines) > 1:
        return ClassNames(tuple(lines[1:]))
    return _of_lines(lines, path)


def _of_array(path: Path) -> tuple[str, ...]:
    try:
        array = load_array(path, FLAG)
    except InputError as error:
        raise InputError(error.problem, error.cause, f"a dict is no array: {FORMS}") from error
    if array.dtype.kind not in "US" or array.ndim != 1 or not array.size:
        raise InputError(
            f"{FLAG} {path} holds {array.dtype} of shape {array.shape}",
            "class names are one-dimensional strings",
            "save them with numpy.save(path, numpy.array(names, dtype=str))",
        )
    return tuple(str(name).strip() for name in array.astype(str))


def _of_lines(lines: list[str], path: Path) -> ClassNames:
    """Return one name a line; where all lines are numbered one by one, without the numbers."""
    found = [_NUMBERED.fullmatch(line) for line in lines]
    matches = [match for match in found if match is not None]
    numbers = [int(match[1]) for match in matches if len(match[1]) < 20]
    names = tuple(match[2].strip() for match in matches)
    is_alike = len(names) > 1 and len(set(names)) == 1
    if len(numbers) == len(lines) and not is_alike:
        first = min(numbers)
        if first < 2 and sorted(numbers) == list(range(first, first + len(lines))):
            return in_order(list(zip(numbers, names, strict=True)), path)
    return ClassNames(tuple(lines))


def _of_table(table: Table, path: Path) -> ClassNames | None:
    """Return a table's names; None where no column is one of numbers or called one of names."""
    header = [cell.casefold() for cell in table.rows[0]]
    below = table.without_header().columns
    if below and below[0]:
        counted = [i for i, column in enumerate(below) if are_counted(column)]
        # Numbers that are called the classes', and have gaps, are refused there.
        counted = counted or [
            i
            for i, column in enumerate(below)
            if header[i] in _NUMBER_WORDS and None not in map(whole_number, column)
        ]
        has_header = not any(whole_number(cell) is not None for cell in table.rows[0])
        named = [i for word in _NAME_WORDS for i, cell in enumerate(header) if cell == word]
        if has_header and (counted or named):
            return _of_columns(below, header, counted, named, path)
    columns = table.columns
    counted = [i for i, column in enumerate(columns) if are_counted(column)]
    if not counted:
        return None
    return _of_columns(columns, ["?"] * len(columns), counted, [], path)


def _of_columns(
    columns: list[list[str]],
    header: list[str],
    counted: list[int],
    named: list[int],
    path: Path,
) -> ClassNames:
    worded = [i for word in _NUMBER_WORDS for i in counted if header[i] == word]
    if not worded and len({tuple(columns[i]) for i in counted}) > 1:
        raise InputError(
            f"{FLAG} {path} has several columns of numbers",
            f"its columns are {', '.join(header)}",
            "call that of the classes' numbers 'index', and that of the names 'name'",
        )
    number = next(iter(worded or counted), None)
    others = [i for i in range(len(columns)) if i not in counted]
    name = next((i for i in [*named, *others] if i != number and all(columns[i])), None)
    if name is None:
        raise InputError(
            f"{FLAG} {path} has no column of names",
            f"its columns are {', '.join(header)}",
            "give it a column 'name', and one of the classes' numbers where they are not in order",
        )
    if number is None:
        return ClassNames(tuple(columns[name]))
    numbers = [whole_number(cell) or 0 for cell in columns[number]]
    return in_order(list(zip(numbers, columns[name], strict=True)), path)
