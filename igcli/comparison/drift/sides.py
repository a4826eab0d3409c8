"""The two sides of a comparison: a run directory, or a small reference file made from one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import NotComparable
from igcli.comparison.grid import reduce_map, reduced_shape
from igcli.store.columns import COLUMNS, read_column
from igcli.store.layout import ATTRIBUTIONS, part_path
from igcli.store.manifest import read_manifest
from igcli.store.parts import IMAGES, map_names
from igcli.store.run_json import finished_run

_AT_ONCE = 64
KEPT = ("id", "sha256", "target", "prediction", "score", "delta", "error_estimate", "converged",
        "status")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """What is compared of one explanation beside its map; `place` is where the map lies."""

    place: int
    id: str
    sha256: str
    target: int | None
    prediction: int | None
    score: float | None
    delta: float | None
    error_estimate: float | None
    converged: bool | None
    status: str


@dataclass(frozen=True, slots=True)
class Reduced:
    """A map as it is compared.

    Attributes
    ----------
    values : Array
        As it is compared: whole, or reduced to a grid.
    error : float
        How far it may be off, as an absolute L1 norm; NaN where nothing is known of it.
    """

    values: Array
    error: float


class Side(Protocol):
    """One side of a comparison.

    Attributes
    ----------
    title : str
        What messages call it.
    about : dict
        What run.json says.
    grid : int
        The grid that its maps are reduced to; 0 where they are whole.
    shape : tuple of int
        Of its maps as they are kept.
    rows : list of Stored
        In row order.
    """

    title: str
    about: dict[str, Any]
    grid: int
    shape: tuple[int, ...]
    rows: list[Stored]

    def maps(self, rows: Sequence[Stored], grid: int) -> Iterator[Reduced]:
        """Yield the maps of some rows, reduced to a grid unless that is 0."""
        ...

    def picture(self, row: Stored) -> Array | None:
        """Return the image as the model saw it, uint8 (height, width, channels), if it is kept."""
        ...


def read_rows_of(file: Any) -> list[Stored]:
    """Return what is compared of every explanation in an open HDF5 file."""
    columns = [read_column(c, file) for c in COLUMNS if c.name in KEPT]
    names = [c.name for c in COLUMNS if c.name in KEPT]
    return [
        Stored(place, **dict(zip(names, values, strict=True)))
        for place, values in enumerate(zip(*columns, strict=True))
    ]


class RunSide:
    """A finished run directory."""

    grid = 0

    def __init__(self, out: Path) -> None:
        self.title = str(out)
        self.about = finished_run(str(out), out)
        self._check_parts(out)
        try:
            self._file = h5py.File(out / ATTRIBUTIONS, "r")
            self._datasets = [self._file[name] for name in map_names(self._file)]
            self.rows = read_rows_of(self._file)
        except (OSError, KeyError) as error:
            raise NotComparable(
                f"{out / ATTRIBUTIONS} can't be read",
                "it is damaged" if (out / ATTRIBUTIONS).exists() else "it is not there",
                "finish the run with --resume, which writes it again",
            ) from error
        if len(self._datasets) == 1:
            self.shape = tuple(self._datasets[0].shape[1:])
        else:
            self.shape = (sum(int(np.prod(d.shape[1:])) for d in self._datasets),)

    def maps(self, rows: Sequence[Stored], grid: int) -> Iterator[Reduced]:
        """Yield maps in the order of `rows`; see `Side.maps`."""
        for begin in range(0, len(rows), _AT_ONCE):
            chunk = rows[begin : begin + _AT_ONCE]
            for row, values in zip(chunk, self._read([r.place for r in chunk]), strict=True):
                self._check(row, values)
                share = np.nan if row.error_estimate is None else row.error_estimate
                error = share * float(np.abs(values).sum(dtype=np.float64))
                yield Reduced(reduce_map(values, grid) if grid else values, error)

    def picture(self, row: Stored) -> Array | None:
        """See `Side.picture`."""
        if IMAGES not in self._file:
            return None
        image: Array = self._slab(self._file[IMAGES], row.place, row.place + 1)[0]
        return image

    def _read(self, places: list[int]) -> Iterator[Array]:
        low, high = min(places), max(places) + 1
        if high - low > 2 * len(places):
            for place in places:
                yield self._joined(place, place + 1)[0]
        else:
            slab = self._joined(low, high)
            yield from (slab[place - low] for place in places)

    def _joined(self, low: int, high: int) -> Array:
        pieces = [self._slab(dataset, low, high) for dataset in self._datasets]
        if len(pieces) == 1:
            whole: Array = pieces[0]
            return whole
        return np.concatenate([piece.reshape(high - low, -1) for piece in pieces], axis=1)

    def _slab(self, dataset: Any, low: int, high: int) -> Array:
        try:
            slab: Array = dataset[low:high]
        except OSError as error:
            raise self._damaged(str(error).split("\n")[0]) from error
        return slab

    def _check(self, row: Stored, values: Array) -> None:
        if not np.isfinite(values).all():
            raise self._damaged(f"the map of {row.id} is not there, though its status is ok")

    def _check_parts(self, out: Path) -> None:
        for entry in read_manifest(out, str(self.about.get("run"))):
            if not entry.is_whole(out):
                raise self._damaged(f"{part_path(out, entry.start)} is not as it was written")

    def _damaged(self, cause: str) -> NotComparable:
        fix = "run `igcli run … --resume`, which computes it again"
        return NotComparable(f"{self.title} is damaged", cause, fix)


def shape_at(side: Side, grid: int) -> tuple[int, ...]:
    """Return the shape of a side's maps as they are compared."""
    return reduced_shape(side.shape, grid) if grid and not side.grid else side.shape
