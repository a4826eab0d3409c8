"""The reader of lists: image files that a CSV or JSONL file names, with what it says of each."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.common.errors import InputError, first_line
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.inputs.readers.images import ImageListing
from igcli.inputs.readers.source import printable
from igcli.store.columns import AVERAGE_COLUMNS, COLUMNS, TRUTH_COLUMNS

LISTS = (".csv", ".tsv", ".jsonl")
LABEL, BASELINE = "label", "baseline"
_PATH, _ID = "path", "id"
_SEPARATORS = ",;\t"
_OWN = frozenset(column.name for column in (*COLUMNS, *AVERAGE_COLUMNS, *TRUTH_COLUMNS))
_NAMELESS = "unnamed"
_SHOWN = 4
_FORMS = (
    "a list is a CSV whose first line names its columns, path among them, or JSONL with one "
    'object a line, {"path": "a.png", "label": "cat"}'
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One input of a list: the line that it stands in, and its fields by column."""

    line: int
    fields: dict[str, str]


def list_listed(path: Path) -> ImageListing:
    """List the image files that a list names, in its order.

    A path is relative to the list. A file that is missing fails by name once it is read. What a
    list says of an input beside its path and id is kept with it.

    Raises
    ------
    InputError
        When it is no list, names nothing, or names an input twice; the line is told.
    """
    title = f"INPUTS {path}"
    entries = list(_read(path, title))
    if not entries:
        raise InputError(f"{title} names no input", "it has no line below its columns", _FORMS)
    columns = list(dict.fromkeys(name for entry in entries for name in entry.fields))
    further, notes = _further([name for name in columns if name not in (_PATH, _ID)])
    ids = _ids(entries, title)
    names = [
        InputName(
            index=i,
            id=identity,
            path=printable(str(path.parent / entry.fields[_PATH])),
            folder=_folder(entry.fields[_PATH]),
            further=tuple((name, entry.fields.get(c, "")) for c, name in further.items()),
            baseline=_baseline(entry.fields.get(BASELINE, ""), path.parent),
        )
        for i, (entry, identity) in enumerate(zip(entries, ids, strict=True))
    ]
    files = [path.parent / entry.fields[_PATH] for entry in entries]
    baselines = dict.fromkeys(Path(name.baseline) for name in names if name.baseline)
    return ImageListing(files, names, notes, named=(*files, *baselines))


def _further(columns: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what the further columns are called in the run, and a note on those renamed."""
    further: dict[str, str] = {}
    for column in columns:
        name = column
        while name in _OWN or name in further.values() or (name != column and name in columns):
            name = f"list_{name}"
        further[column] = name
    renamed = [f"{name} as {own}" for name, own in further.items() if name != own]
    if not renamed:
        return further, ()
    said = the_first(renamed, _SHOWN)
    return further, (f"columns of the list with names of igcli's own are kept: {said}",)


def _ids(entries: Sequence[_Entry], title: str) -> list[str]:
    seen: dict[str, int] = {}
    ids = []
    for entry in entries:
        given = entry.fields.get(_ID, "")
        identity = _safe(given or entry.fields[_PATH])
        if identity in seen:
            raise InputError(
                f"{title}, line {entry.line}: {identity!r} is in line {seen[identity]} too",
                "every input has an id of its own; its path where the list gives none",
                f"write each once, or give them different values in a column {_ID}",
            )
        seen[identity] = entry.line
        ids.append(identity)
    return ids


def _safe(text: str) -> str:
    """Return an id that is a path below a folder: pictures are called by it."""
    parts = [part for part in printable(text).split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "input"


def _folder(path: str) -> str:
    """Return the first folder of a path below the list's own."""
    parts = Path(path).parts
    return printable(parts[0]) if len(parts) > 1 and parts[0] not in ("/", "..") else ""


def _baseline(text: str, folder: Path) -> str:
    """Return a baseline, its file as it is found from here."""
    # Those of a name and no ending are recipes: black, blur:12.
    return str(folder / text) if Path(text).suffix and ":" not in text else text


def _read(path: Path, title: str) -> Iterator[_Entry]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = stream.read()
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"{title} can't be read", cause, _FORMS) from error
    read = _of_jsonl if path.suffix.lower() == ".jsonl" else _of_table
    for entry in read(lines, title):
        if not entry.fields.get(_PATH):
            raise InputError(f"{title}, line {entry.line} has no {_PATH}", fix=_FORMS)
        if "\0" in entry.fields[_PATH]:
            raise InputError(f"{title}, line {entry.line}: a path has no zero bytes")
        yield entry


def _of_table(text: str, title: str) -> Iterator[_Entry]:
    first = text.splitlines()[0] if text.strip() else ""
    separator = next((s for s in _SEPARATORS if _PATH in _header(first, s)), None)
    if separator is None:
        raise InputError(
            f"{title} has no column {_PATH}",
            f"its first line is {first[:60]!r}" if first else "it is empty",
            _FORMS,
        )
    rows = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    try:
        # What pandas saves begins with a column of row numbers that has no name.
        columns = [cell.strip() or _NAMELESS for cell in next(rows)]
        _check_columns(columns, title)
        begin = rows.line_num + 1
        for cells in rows:
            line, begin = begin, rows.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                raise InputError(
                    f"{title}, line {line} has {len(cells)} fields",
                    f"its columns are {len(columns)}: {the_first(columns, _SHOWN)}",
                    "a field with a comma in it stands in quotes",
                )
            fields = zip(columns, (cell.strip() for cell in cells), strict=True)
            yield _Entry(line, dict(fields))
    except csv.Error as error:
        raise InputError(f"{title}, line {rows.line_num} is no CSV", first_line(error)) from error


def _header(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return []


def _check_columns(columns: Sequence[str], title: str) -> None:
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"{title} has two columns {twice!r}", fix="give every column a name of its own"
        )


def _of_jsonl(text: str, title: str) -> Iterator[_Entry]:
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            found = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{title}, line {line} is not JSON", first_line(error), _FORMS
            ) from error
        if not isinstance(found, dict):
            raise InputError(f"{title}, line {line} is no JSON object", fix=_FORMS)
        yield _Entry(line, {name.strip(): _text(value) for name, value in found.items()})


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else json.dumps(value)
