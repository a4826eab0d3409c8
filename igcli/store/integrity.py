"""The integrity of a finished run: whether its files are whole, and say the same."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py

from igcli.common.errors import reason
from igcli.common.explanation import Explanation
from igcli.store.array_file import ArrayFile
from igcli.store.columns import write_csv
from igcli.store.datasets import array_names
from igcli.store.hdf5 import UNREADABLE, why_unreadable
from igcli.store.layout import ATTRIBUTIONS, RESULTS
from igcli.store.reader import read_joined
from igcli.store.sources import sources_of


class Damaged(Exception):
    """A run directory that can't be read as a whole; its argument says why, in words."""


def whole_rows(out: Path, run: str, rows: int) -> tuple[list[Explanation], list[ArrayFile]]:
    """Return a run's rows as its blocks have them, and the files of these.

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
        When a block is missing or not as it was written, or rows are in none.
    """
    sources = sources_of(out, {"run": run})
    stop = 0
    for file in sources.arrays:
        if file.start != stop:
            gap = f"no part with the rows {stop} to {file.start - 1}"
            raise Damaged(f"{sources.manifest} lists {gap}")
        if not file.is_whole():
            state = "is not as it was written" if file.path.exists() else "is not there"
            which = f", which holds the rows from {file.start} on," if file.entry.is_part else ""
            raise Damaged(f"{file.title}{which} {state}")
        stop = file.stop
    if stop != rows:
        raise Damaged(sources.why_nothing() or f"{sources.manifest} lists {stop} of {rows} rows")
    return sources.rows(Damaged), list(sources.arrays)


def disagreements(
    out: Path, rows: list[Explanation], files: list[ArrayFile], scratch: Path
) -> Iterator[str]:
    """Say where attributions.h5 and results.csv are not what the blocks hold.

    Parameters
    ----------
    out : Path
        The run directory.
    rows, files
        What `whole_rows` returned.
    scratch : Path
        A folder for a file.
    """
    if not files:
        return
    if files[0].path != out / ATTRIBUTIONS:
        yield from _in_the_view(out, rows, files)
    write_csv([file.span for file in files], scratch / RESULTS)
    try:
        lines = (out / RESULTS).read_bytes().split(b"\n")
    except OSError as error:
        yield f"{out / RESULTS} can't be read: {reason(error)}"
        return
    first = _first_difference((scratch / RESULTS).read_bytes().split(b"\n"), lines)
    if first is not None:
        yield f"{out / RESULTS} differs from the arrays, first in line {first + 1}"


def _in_the_view(out: Path, rows: list[Explanation], files: list[ArrayFile]) -> Iterator[str]:
    """Say where an attributions.h5 that refers to the parts is not what they hold."""
    path = out / ATTRIBUTIONS
    try:
        joined = read_joined(out)
        first = _first_difference(rows, joined)
        if first is not None:
            yield f"{path} differs from the parts, first in row {first}"
        with h5py.File(path, "r") as file:
            apart = [name for name in array_names(file) if not _refers(file[name], name, files)]
        for name in apart:
            yield f"{path}: /{name} is not made of the parts"
    except UNREADABLE as error:
        yield f"{path} can't be read: {why_unreadable(path, error)}"


def _refers(dataset: Any, name: str, files: list[ArrayFile]) -> bool:
    """Tell whether a dataset that attributions.h5 leads to is that of the parts, row by row."""
    sources = dataset.virtual_sources() if dataset.is_virtual else []
    if len(sources) != len(files):
        return False
    folder = Path(dataset.file.filename).parent
    found = [
        (folder / s.file_name, s.dset_name, _rows(s.vspace, f.rows), _rows(s.src_space, f.rows))
        for s, f in zip(sources, files, strict=True)
    ]
    wanted = [
        (file.path, name, (file.start, file.stop - 1), (place.start, place.stop - 1))
        for file in files
        for place in [file.span.places]
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
