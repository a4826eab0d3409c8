"""Class names out of a file, in the forms that Keras users have them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.common.errors import InputError
from igcli.common.text import the_first
from igcli.inputs.class_files.text_table import (
    TABLES,
    Table,
    are_counted,
    lines_of,
    read_text,
    table_of,
    whole_number,
)

_FLAG = "--labels"
_FORMS = (
    'write one name a line, or JSON: ["cat", "dog"], {"cat": 0, "dog": 1} or {"0": "cat", "1": '
    '"dog"}'
)
_SHOWN = 5
_NUMBERED = re.compile(r"(\d+)(?:\s*[:,;=|]\s*|[.)]\s+|\s+)(\S.*)")
# Where the names stand in a larger document: Keras, Teachable Machine, Hugging Face, COCO.
_KEYS = ("class_indices", "class_names", "classes", "labels", "names", "id2label", "label2id",
         "categories")  # fmt: skip
_NAME_WORDS = ("name", "class_name", "classname", "label_name", "display_name", "label", "class",
               "category")  # fmt: skip
_NUMBER_WORDS = ("index", "id", "class_id", "classid", "class_index", "class_idx", "label_id",
                 "number", "")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Names in output order, and what is to be told of how they were read; "" for nothing."""

    names: tuple[str, ...]
    note: str = ""


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
    text = read_text(path, _FLAG)
    document = _document(text, path)
    if document is not None:
        return _of_json(document, path)
    table = table_of(text) if path.suffix.lower() in TABLES else None
    if table is not None:
        found = _of_table(table, path)
        if found is not None:
            return found
    lines = lines_of(text, path, _FLAG)
    if path.suffix.lower() in TABLES and lines[0].casefold() in _NAME_WORDS and len(lines) > 1:
        return ClassNames(tuple(lines[1:]))
    return _of_lines(lines, path)


def _of_array(path: Path) -> tuple[str, ...]:
    from igcli.inputs.readers.arrays import load_array

    array = load_array(path, _FLAG)
    if array.dtype.kind not in "US" or array.ndim != 1 or not array.size:
        raise InputError(
            f"{_FLAG} {path} holds {array.dtype} of shape {array.shape}",
            "class names are one-dimensional strings",
            "save them with numpy.save(path, numpy.array(names, dtype=str))",
        )
    return tuple(str(name).strip() for name in array.astype(str))


def _document(text: str, path: Path) -> Any:
    """Return JSON's list or object; None where the text is none, and is not called so either."""
    is_named = path.suffix.lower() == ".json"
    if not is_named and text.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        if not is_named:
            return None
        raise InputError(f"{_FLAG} {path} is not JSON", str(error)[:200], _FORMS) from error
    return found if is_named or isinstance(found, (list, dict)) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"it has {twice!r} twice")
    return found


def _of_json(document: Any, path: Path) -> ClassNames:
    if isinstance(document, dict) and not _is_mapping(document):
        inner = next((document[key] for key in _KEYS if key in document), None)
        return _of_json_part(inner, path)
    return _of_json_part(document, path)


def _of_json_part(found: Any, path: Path) -> ClassNames:
    if isinstance(found, dict) and found and _is_mapping(found):
        return _in_order(_numbered(found), path)
    if isinstance(found, list) and found:
        if all(isinstance(entry, dict) and "name" in entry for entry in found):
            numbers = [entry.get("id", place) for place, entry in enumerate(found)]
            names = [_said(entry["name"]) for entry in found]
            if all(isinstance(number, int) for number in numbers) and all(names):
                return _in_order(list(zip(numbers, names, strict=True)), path)
        names = [_said(entry) for entry in found]
        if all(names):
            return ClassNames(tuple(names))
    raise InputError(f"{_FLAG} {path} holds no class names", "it is JSON of another form", _FORMS)


def _is_mapping(found: dict[str, Any]) -> bool:
    """Tell whether an object maps names to numbers, or numbers to names."""
    to_numbers = all(_number(value) is not None for value in found.values())
    return to_numbers or (
        all(whole_number(key) is not None for key in found) and all(map(_said, found.values()))
    )


def _numbered(found: dict[str, Any]) -> list[tuple[int, str]]:
    """Return (number, name): numbers of JSON are the classes', else keys that are numbers."""
    by_number = {key: whole_number(key) for key in found}
    values_are_text = all(isinstance(value, str) for value in found.values())
    if None not in by_number.values() and (
        values_are_text or any(_number(value) is None for value in found.values())
    ):
        return [(by_number[key] or 0, _said(value)) for key, value in found.items()]
    return [(_number(value) or 0, key.strip()) for key, value in found.items()]


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    return whole_number(str(value).strip())


def _said(value: Any) -> str:
    """Return a name; several names of one class as synonyms. "" for what is none."""
    if isinstance(value, list):
        return ", ".join(value) if value and all(isinstance(v, str) for v in value) else ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _in_order(numbered: Sequence[tuple[int, str]], path: Path) -> ClassNames:
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
            f"{_FLAG} {path} does not number its {len(numbers)} names from 0 on",
            cause,
            "give each class of the model one name, the first one number 0",
        )
    names = tuple(name for _, name in sorted(numbered))
    counts_from_1 = f"{_FLAG} {path} counts from 1: {names[0]!r} names class 0"
    return ClassNames(names, counts_from_1 if first else "")


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
            return _in_order(list(zip(numbers, names, strict=True)), path)
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
            f"{_FLAG} {path} has several columns of numbers",
            f"its columns are {', '.join(header)}",
            "call that of the classes' numbers 'index', and that of the names 'name'",
        )
    number = next(iter(worded or counted), None)
    others = [i for i in range(len(columns)) if i not in counted]
    name = next((i for i in [*named, *others] if i != number and all(columns[i])), None)
    if name is None:
        raise InputError(
            f"{_FLAG} {path} has no column of names",
            f"its columns are {', '.join(header)}",
            "give it a column 'name', and one of the classes' numbers where they are not in order",
        )
    if number is None:
        return ClassNames(tuple(columns[name]))
    numbers = [whole_number(cell) or 0 for cell in columns[number]]
    return _in_order(list(zip(numbers, columns[name], strict=True)), path)
