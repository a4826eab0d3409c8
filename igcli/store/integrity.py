"""The integrity of a finished run: whether its files are whole, and say the same."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py

from igcli.common.errors import reason
from igcli.common.explanation import Explanation
from igcli.store.columns import write_csv
from igcli.store.layout import ATTRIBUTIONS, PARTS, RESULTS, manifest_path, part_path
from igcli.store.manifest import PartEntry, read_manifest
from igcli.store.parts import map_names
from igcli.store.reader import UNREADABLE, read_joined, read_rows, why_unreadable


class Damaged(Exception):
    """A run directory that can't be read as a whole; its argument says why, in words."""


def whole_rows(out: Path, run: str, rows: int) -> tuple[list[Explanation], list[PartEntry]]:
    """Return a run's rows as its parts have them, and the parts.

    Parameters
    ----------
    out : Path
        The run directory.
    run : str
        The run's key.
    rows : int
        How many there must be.

    Raises
    ------
    Damaged
        When a part is missing or not as it was written, or rows are in none.
    """
    entries = read_manifest(out, run)
    stop = 0
    for entry in entries:
        if entry.start != stop:
            gap = f"no part with the rows {stop} to {entry.start - 1}"
            raise Damaged(f"{manifest_path(out)} lists {gap}")
        if not entry.is_whole(out):
            path = part_path(out, entry.start)
            state = "is not as it was written" if path.exists() else "is not there"
            raise Damaged(f"{path}, which holds the rows from {entry.start} on, {state}")
        stop = entry.stop
    if stop != rows:
        raise Damaged(f"{manifest_path(out)} lists {stop} of {rows} rows")
    try:
        return list(read_rows(out, entries)), entries
    except UNREADABLE as error:
        raise Damaged(f"{out / PARTS} has parts that can't be read: {error}") from error


def disagreements(
    out: Path, rows: list[Explanation], entries: list[PartEntry], scratch: Path
) -> Iterator[str]:
    """Say where attributions.h5 and results.csv are not what the parts hold.

    Parameters
    ----------
    out : Path
        The run directory.
    rows, entries
        What `whole_rows` returned.
    scratch : Path
        A folder for a file.
    """
    if not entries:
        return
    try:
        joined = read_joined(out)
        first = _first_difference(rows, joined)
        if first is not None:
            yield f"{out / ATTRIBUTIONS} differs from the parts, first in row {first}"
        with h5py.File(out / ATTRIBUTIONS, "r") as file:
            apart = [name for name in map_names(file) if not _refers(file[name], name, entries)]
        for name in apart:
            yield f"{out / ATTRIBUTIONS}: /{name} is not made of the parts"
    except UNREADABLE as error:
        yield f"{out / ATTRIBUTIONS} can't be read: {why_unreadable(out / ATTRIBUTIONS, error)}"
    write_csv([part_path(out, entry.start) for entry in entries], scratch / RESULTS)
    try:
        lines = (out / RESULTS).read_bytes().split(b"\n")
    except OSError as error:
        yield f"{out / RESULTS} can't be read: {reason(error)}"
        return
    first = _first_difference((scratch / RESULTS).read_bytes().split(b"\n"), lines)
    if first is not None:
        yield f"{out / RESULTS} differs from the arrays, first in line {first + 1}"


def _refers(dataset: Any, name: str, entries: list[PartEntry]) -> bool:
    """Tell whether a dataset of attributions.h5 is that of the parts, row by row."""
    wanted = [
        (f"{PARTS}/{part_path(Path(), e.start).name}", name, (e.start, e.stop - 1), (0, e.rows - 1))
        for e in entries
    ]
    sources = dataset.virtual_sources() if dataset.is_virtual else []
    if len(sources) != len(entries):
        return False
    found = [
        (s.file_name, s.dset_name, _rows(s.vspace, e.rows), _rows(s.src_space, e.rows))
        for s, e in zip(sources, entries, strict=True)
    ]
    return found == wanted


def _rows(space: Any, every: int) -> tuple[int, int]:
    """Return the first and the last row of an HDF5 selection; one of all rows has no bounds."""
    if space.get_select_type() == h5py.h5s.SEL_ALL:
        return 0, every - 1
    low, high = space.get_select_bounds()
    return int(low[0]), int(high[0])


def _first_difference(one: Sequence[object], other: Sequence[object]) -> int | None:
    """Return the first place at which two lists differ; None where they are equal."""
    places = range(max(len(one), len(other)))
    return next((i for i in places if one[i : i + 1] != other[i : i + 1]), None)
