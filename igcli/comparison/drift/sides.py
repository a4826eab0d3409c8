"""The two sides of a comparison: a run directory, or a small reference file made from one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import NotComparable
from igcli.common.explanation import Explanation
from igcli.common.regions import Regions
from igcli.comparison.drift.reduced import Reduced, halved
from igcli.comparison.grid import reduced_shape
from igcli.store.columns import (
    COLUMNS,
    TRUTH_COLUMNS,
    columns_in,
    further_column,
    read_column,
    write_column,
)
from igcli.store.map_layout import flat
from igcli.store.run import open_finished_run

KEPT = ("id", "sha256", "target", "prediction", "score", "delta", "error_estimate",
        "regions_error", "converged", "status", "target_name", "prediction_name", "truth",
        "truth_name")  # fmt: skip


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
    regions_error: float | None = None
    target_name: str = ""
    prediction_name: str = ""
    truth: int | None = None
    truth_name: str = ""
    further: tuple[tuple[str, str], ...] = ()


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
    whole_shape : tuple of int
        Of the whole maps; empty where that is not known.
    regions : Regions or None
        The cells by whose mass it is compared; None where it is by maps.
    rows : list of Stored
        In row order.
    """

    title: str
    about: dict[str, Any]
    grid: int
    shape: tuple[int, ...]
    whole_shape: tuple[int, ...]
    regions: Regions | None
    rows: list[Stored]

    def maps(self, rows: Sequence[Stored], grid: int) -> Iterator[Reduced]:
        """Yield the maps of some rows as they are compared on a grid; whole where that is 0."""
        ...

    def picture(self, row: Stored) -> Array | None:
        """Return the image as the model saw it, uint8 (height, width, channels), if it is kept."""
        ...


def read_rows_of(file: Any) -> list[Stored]:
    """Return what is compared of every explanation in an open HDF5 file."""
    columns = columns_in(file)
    own = [column for column in columns if column.name in KEPT and not column.is_further]
    further = [column for column in columns if column.is_further]
    kept = {column.name: read_column(column, file) for column in own}
    texts = [[(column.name, text) for text in read_column(column, file)] for column in further]
    return [
        Stored(
            place,
            **{name: values[place] for name, values in kept.items()},
            further=tuple(column[place] for column in texts),
        )
        for place in range(len(kept["id"]))
    ]


def write_rows(file: Any, rows: Sequence[Stored]) -> None:
    """Write what `read_rows_of` reads to an open HDF5 file."""
    has_truth = any(row.truth is not None for row in rows)
    for column in (*COLUMNS, *(TRUTH_COLUMNS if has_truth else ())):
        if column.name in KEPT:
            write_column(file, column, [getattr(row, column.name) for row in rows])
    for place, (name, _) in enumerate(rows[0].further):
        write_column(file, further_column(place, name), [row.further[place][1] for row in rows])


def joint_shape(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the shape of maps as one: that of a single one, the length of several end to end."""
    return shapes[0] if len(shapes) == 1 else (sum(map(prod, shapes)),)


class RunSide:
    """A finished run directory, `run`."""

    grid = 0

    def __init__(self, out: Path) -> None:
        self.run = open_finished_run(out)
        self.title, self.about = self.run.title, self.run.about
        with self.run.usable_about() as about:
            about["settled"].items()
        self.run.check_files()
        if not self.run.rows:
            raise NotComparable(
                f"{self.title} holds no explanation",
                "it is a shard without inputs",
                "compare the run that its shards were merged into",
            )
        self.rows = [
            Stored(row.row, **{name: getattr(row, name) for name in KEPT}, further=row.further)
            for row in self.run.rows
        ]
        shapes = list(self.run.layout.shapes.values())
        self.shape = self.whole_shape = joint_shape(shapes)
        self.regions: Regions | None = None

    def maps(self, rows: Sequence[Stored], grid: int) -> Iterator[Reduced]:
        """Yield maps in the order of `rows`; see `Side.maps`."""
        for row, maps in zip(rows, self.run.maps(self._stored(rows)), strict=True):
            values = flat(maps)
            share = np.nan if row.error_estimate is None else row.error_estimate
            error = share * float(np.abs(values).sum(dtype=np.float64))
            yield halved(values, error, grid).reduced if grid else Reduced(values, error)

    def masses(self, rows: Sequence[Stored], regions: Regions) -> Iterator[Array]:
        """Yield the mass of some regions in the order of `rows`: as stored, or by the maps."""
        if self.run.kept.regions == regions:
            return self.run.masses(self._stored(rows))
        return (regions.masses(flat(maps)) for maps in self.run.maps(self._stored(rows)))

    def picture(self, row: Stored) -> Array | None:
        """See `Side.picture`."""
        return next(self.run.images(self._stored([row])))

    def _stored(self, rows: Sequence[Stored]) -> list[Explanation]:
        return [self.run.rows[row.place] for row in rows]


def shape_at(side: Side, grid: int) -> tuple[int, ...]:
    """Return the shape of a side's maps as they are compared."""
    return reduced_shape(side.shape, grid) if grid and not side.grid else side.shape
