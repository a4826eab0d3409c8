"""Target files: a text, a CSV, an .npy or an .npz that gives each input its class."""

import json
from collections.abc import Sequence
from pathlib import Path

from igcli.common.arrays import Array, Warn
from igcli.common.errors import InputError, first_line
from igcli.common.sample import InputName
from igcli.inputs.class_files.classes import Classes
from igcli.inputs.class_files.target_arrays import targets_of_array
from igcli.inputs.class_files.target_tables import TargetTable
from igcli.inputs.class_files.text_table import TABLES, Table, lines_of, read_text, table_of
from igcli.inputs.readers.archive import load_archive
from igcli.inputs.readers.arrays import load_array

_JSON = 'write {"FILE": CLASS, …}, or a list of one class per input, in input order'


def targets_of_file(
    path: Path,
    names: Sequence[InputName],
    classes: Classes,
    warn: Warn,
    flag: str = "--target",
) -> list[int]:
    """Return each input's class.

    Parameters
    ----------
    path : Path
        An .npy (see `targets_of_array`); a text of one class a line, in input order; a CSV, lines
        of file and class with a blank between, or a JSON object, that name the inputs.
    names : sequence of InputName
        Every input.
    classes : Classes
        Of the model.
    warn : callable
        Told what in the file was passed over.
    flag : str
        That which names the file.

    Raises
    ------
    InputError, ConfigError
        When the file is none of these, or an input's class can't be known from it.
    """
    title = f"{flag} {path}"
    if path.suffix.lower() == ".npy":
        return targets_of_array(load_array(path, flag), len(names), classes, title)
    if path.suffix.lower() == ".npz":
        return targets_of_array(_only_array(path, flag), len(names), classes, title)
    return _of_text(path, names, classes, flag, warn)


def _of_text(
    path: Path, names: Sequence[InputName], classes: Classes, flag: str, warn: Warn
) -> list[int]:
    title = f"{flag} {path}"
    text = read_text(path, flag)
    if path.suffix.lower() == ".json":
        text = _of_json(text, title)
    lines = lines_of(text, path, flag)
    is_csv = path.suffix.lower() in TABLES
    if len(lines) == len(names) and all(map(classes.has, dict.fromkeys(lines))):
        return _of_lines(lines, 1, classes, title)
    for table, is_one in ((table_of(text), is_csv), (_of_pairs(lines), False)):
        read = TargetTable(table, title, names, classes) if table else None
        if read and (is_one or read.names_files):
            return read.read(warn)
    first = 1
    if is_csv and len(lines) == len(names) + 1 and not classes.has(lines[0]):
        lines, first = lines[1:], 2
    if len(lines) != len(names):
        raise InputError(
            f"{title} has {len(lines)} entries",
            f"there are {len(names)} inputs",
            "give one target per input, in input order",
        )
    return _of_lines(lines, first, classes, title)


def _of_json(text: str, title: str) -> str:
    """Return JSON's list as lines, and its object of file and class as lines with a tab."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{title} is not JSON", first_line(error), _JSON) from error
    if isinstance(found, dict) and all(isinstance(v, (str, int)) for v in found.values()):
        return "\n".join(f"{file}\t{name}" for file, name in found.items())
    if isinstance(found, list) and all(isinstance(entry, (str, int)) for entry in found):
        return "\n".join(map(str, found))
    raise InputError(f"{title} holds no targets", "it is JSON of another form", _JSON)


def _of_lines(lines: list[str], first: int, classes: Classes, title: str) -> list[int]:
    known: dict[str, int] = {}
    for i, line in enumerate(lines, first):
        if line not in known:
            known[line] = classes.of_cell(line, f"{title}, entry {i}")
    return [known[line] for line in lines]


def _of_pairs(lines: list[str]) -> Table | None:
    """Return lines of file and class, with blanks between, as a table."""
    rows = [line.rsplit(maxsplit=1) for line in lines]
    return Table(rows) if all(len(row) == 2 for row in rows) else None


def _only_array(path: Path, flag: str) -> Array:
    arrays = load_archive(path, flag)
    if len(arrays) != 1:
        raise InputError(
            f"{flag} {path} has {len(arrays)} arrays: {', '.join(arrays)}",
            "targets are one array",
            "save it as an .npy; for an array beside the inputs in INPUTS, array:NAME",
        )
    return next(iter(arrays.values()))
