"""The files of areas: regions.csv, regions.h5 and a picture each, in one folder."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any, TextIO

import h5py

from igcli.common.arrays import Array
from igcli.common.errors import InputError, OutputError, reason
from igcli.common.explanation import Explanation, input_id
from igcli.common.files import has_header
from igcli.common.png import drawn_with
from igcli.findings.segments.area_picture import STYLE
from igcli.findings.segments.areas import Area, Ranking
from igcli.findings.segments.one_map import Done
from igcli.store.files import remove_files, whole_file
from igcli.store.layout import AREAS_CSV, AREAS_H5, OVERLAYS
from igcli.store.picture_names import PictureNames

PICTURES = "pictures"
FIELDS = (
    "id", "target", "target_name", "region", "rank", "area", "value", "error", "error_bound",
    "x1", "y1", "x2", "y2",
)  # fmt: skip
_PLANES, _IDS = "regions", "ids"
_MARK, RUN_MARK = "igcli", "run"


class AreaFolder:
    """Where the files go.

    Parameters
    ----------
    folder : Path
        The folder.
    names : PictureNames
        Of the run's pictures.
    per_input : int
        How many explanations each input has.
    """

    def __init__(self, folder: Path, names: PictureNames, per_input: int) -> None:
        self.folder = folder
        self._names, self._per_input = names, per_input

    def picture(self, row: Explanation) -> Path:
        """Return the path of a row's picture."""
        if ".." in row.id.split("/"):
            raise InputError(
                f"ID {row.id!r} leads out of the folder", fix="name the others by their IDs"
            )
        base = input_id(row.id, self._per_input)
        path = self._names.path(Path(), base, row.id.removeprefix(base))
        return self.folder / PICTURES / path.relative_to(OVERLAYS)

    def prepare(self, rows: Sequence[Explanation], overwrite: bool) -> None:
        """Make the folder and remove what an earlier call wrote there.

        Raises
        ------
        OutputError
            When that can't be, or something of others is in the way and `overwrite` is not given.
        """
        pictures = {self.picture(row) for row in rows}
        try:
            self._check(pictures, overwrite)
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in (AREAS_CSV, AREAS_H5):
                (self.folder / name).unlink(missing_ok=True)
            if not (self.folder / PICTURES).is_symlink():
                remove_files(self.folder / PICTURES, "*.png", _is_drawn)
        except OSError as error:
            raise OutputError(f"-o {self.folder} can't be used", reason(error)) from error

    def _check(self, pictures: set[Path], overwrite: bool) -> None:
        tables = {self.folder / AREAS_CSV: _is_table, self.folder / AREAS_H5: _is_array}
        checks = {**dict.fromkeys(pictures, _is_drawn), **tables}
        for path, is_own in checks.items():
            if path.is_dir():
                raise OutputError(f"{path} is a folder", fix="name another folder with -o")
            if path.exists() and not (overwrite or is_own(path)):
                raise OutputError(
                    f"{path} is there already, and not of igcli regions",
                    fix="name another folder with -o, or replace it with --overwrite",
                )

    @contextmanager
    def writer(self, shape: tuple[int, int], settings: dict[str, Any]) -> "Iterator[AreaWriter]":
        """Give what writes rows; the tables get their names when all are written."""
        csv_path, h5_path = self.folder / AREAS_CSV, self.folder / AREAS_H5
        with whole_file(csv_path) as csv_file, whole_file(h5_path) as h5_file:
            with (
                csv_file.open("w", encoding="utf-8", newline="") as table,
                h5py.File(h5_file, "w") as arrays,
            ):
                yield AreaWriter(self, table, arrays, shape, settings)


class AreaWriter:
    """Writes one row after the other: memory does not grow with the run."""

    def __init__(
        self,
        folder: AreaFolder,
        table: TextIO,
        arrays: h5py.File,
        shape: tuple[int, int],
        settings: dict[str, Any],
    ) -> None:
        self._folder = folder
        self._table = csv.writer(table, lineterminator="\n")
        self._table.writerow(FIELDS)
        self._planes = arrays.create_dataset(
            _PLANES, (0, *shape), "float32", maxshape=(None, *shape), chunks=(1, *shape),
            compression="gzip", compression_opts=1, shuffle=True,
        )  # fmt: skip
        self._ids = arrays.create_dataset(_IDS, (0,), h5py.string_dtype(), maxshape=(None,))
        arrays.attrs[_MARK] = STYLE
        arrays.attrs.update(settings)

    def add(self, row: Explanation, done: Done) -> None:
        """Write a row's picture, plane and areas."""
        path = self._folder.picture(row)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, synced=False) as temporary:
            temporary.write_bytes(done.png)
        count = len(self._ids)
        self._planes.resize(count + 1, axis=0)
        self._ids.resize(count + 1, axis=0)
        self._planes[count], self._ids[count] = done.ranking.plane, row.id
        self._table.writerows(_lines(row, done.ranking))


def _lines(row: Explanation, ranked: Ranking) -> Iterator[tuple[Any, ...]]:
    for number, area in enumerate(ranked.areas, start=1):
        yield (
            row.id, row.target, row.target_name, number, area.rank, area.count,
            *_numbers(area), *area.box,
        )  # fmt: skip


def _numbers(area: Area) -> Iterator[str]:
    yield repr(area.value)
    for number in (area.error, area.bound):
        yield "" if isnan(number) else f"{number:.6g}"


def _is_drawn(path: Path) -> bool:
    settings = drawn_with(path)
    return settings is not None and settings.get("style") == STYLE


def _is_table(path: Path) -> bool:
    return has_header(path, FIELDS)


def _is_array(path: Path) -> bool:
    try:
        with h5py.File(path) as file:
            return bool(file.attrs.get(_MARK) == STYLE)
    except (OSError, RuntimeError, KeyError):
        return False


class StoredAreas:
    """The planes that an earlier call of `igcli regions` left of a run's explanations.

    Parameters
    ----------
    path : Path
        Its regions.h5; where it is not there, not igcli's or of another run, nothing is stored.
    run : str
        The run, as its run.json names it.
    """

    def __init__(self, path: Path, run: str) -> None:
        self._path = path
        self._places: dict[str, int] = {}
        try:
            with h5py.File(path) as file:
                if file.attrs.get(_MARK) == STYLE and file.attrs.get(RUN_MARK) == run:
                    self._places = {name: i for i, name in enumerate(file[_IDS].asstr()[:])}
        except (OSError, RuntimeError, KeyError):
            self._places = {}

    def of(self, identity: str) -> Array | None:
        """Return the value of each pixel's region, (height, width); None where none is stored."""
        if identity not in self._places:
            return None
        with h5py.File(self._path) as file:
            plane: Array = file[_PLANES][self._places[identity]]
        return plane
