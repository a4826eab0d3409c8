"""The calibration of a reference: what runs of equally good models differ from it by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.comparison.drift.numbers import Numbers, Pair, numbers
from igcli.comparison.drift.pairs import Matched, Measured
from igcli.comparison.drift.sides import Stored
from igcli.comparison.similarity import METRICS

GROUP = "calibration"
_COLUMNS = ("prediction", "target", "score", "delta")


@dataclass(frozen=True, slots=True)
class Calibrating:
    """One run, by the reference's rows.

    Attributes
    ----------
    title : str
        What it was called.
    judged : Array
        float32 (rows, metrics): what it differs from the reference by, where differences within
        the maps' errors count as none; NaN where they could not be compared.
    columns : dict of str to Array
        Its prediction, target, score and delta, float64 (rows,); NaN where there is none.
    known : Array
        bool (rows,): which images both explain.
    places : Array
        float32 (rows, cells): where what speaks for the class lies, see `gained.density`; NaN where
        the reference explains another class. No cells in files of igcli before it had these.
    """

    title: str
    judged: Array
    columns: dict[str, Array]
    known: Array
    places: Array


@dataclass(frozen=True, slots=True)
class Calibration:
    """The runs that a reference is calibrated with, and the metrics that they have."""

    metrics: tuple[str, ...]
    runs: tuple[Calibrating, ...]

    def numbers(self, pairs: Sequence[Pair]) -> list[Numbers]:
        """Return the numbers of each run, of the images of some pairs and in their order."""
        return [self._numbers(run, pairs) for run in self.runs]

    def places(self, pairs: Sequence[Pair]) -> list[Array]:
        """Return where what speaks for the class lies in each run, (pairs, cells)."""
        rows = [a.place for a, _ in pairs]
        return [run.places[rows] for run in self.runs if run.places.shape[1]]

    def _numbers(self, run: Calibrating, pairs: Sequence[Pair]) -> Numbers:
        own = [(a, _row(run, a, b)) for a, b in pairs if run.known[a.place]]
        same = [(a, b) for a, b in own if a.target == b.target]
        other = [(a, b) for a, b in own if a.target != b.target]
        places = [a.place for a, _ in same]
        seen = np.full((len(same), len(METRICS)), np.nan)
        names = tuple(name for name in METRICS if name in self.metrics)
        for name in names:
            seen[:, list(METRICS).index(name)] = run.judged[places, self.metrics.index(name)]
        found = numbers(
            Matched(same, other, [], [], [], [], []),
            Measured(seen, np.full_like(seen, np.nan), np.full((len(same), 2), np.nan), names),
        )
        return _in_order(found, pairs)


def _row(run: Calibrating, a: Stored, b: Stored) -> Stored:
    """Return what a run says of an image; its truth is what the compared runs know."""
    found = {name: float(run.columns[name][a.place]) for name in _COLUMNS}
    return replace(
        b,
        truth=b.truth if a.truth is None else a.truth,
        prediction=_whole(found["prediction"]),
        target=_whole(found["target"]),
        score=_known(found["score"]),
        delta=_known(found["delta"]),
    )


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _in_order(found: Numbers, pairs: Sequence[Pair]) -> Numbers:
    places = {a.place: place for place, (a, _) in enumerate(found.pairs)}
    order = np.array([places.get(a.place, -1) for a, _ in pairs], int)
    values = {
        name: np.where(order < 0, np.nan, np.append(some, np.nan)[order])
        for name, some in found.values.items()
    }
    return Numbers(list(pairs), values)


def calibrating(title: str, rows: int, matched: Matched, found: Measured) -> Calibrating:
    """Return what a comparison of a run with the reference, which has so many rows, says."""
    judged = np.full((rows, len(found.names)), np.nan, np.float32)
    columns = {name: np.full(rows, np.nan) for name in _COLUMNS}
    known = np.zeros(rows, bool)
    where = np.full((rows, found.places.shape[2]), np.nan, np.float32)
    places = [a.place for a, _ in matched.pairs]
    chosen = [list(METRICS).index(name) for name in found.names]
    judged[places] = found.judged[:, chosen]
    where[places] = found.places[:, 1].astype(np.float16)
    for a, b in matched.explained:
        known[a.place] = True
        for name, values in columns.items():
            value = getattr(b, name)
            values[a.place] = np.nan if value is None else value
    return Calibrating(title, judged, columns, known, where)


def write_calibration(file: Any, calibration: Calibration) -> None:
    """Write a calibration to an open HDF5 file."""
    group = file.create_group(GROUP)
    group.attrs["metrics"] = ",".join(calibration.metrics)
    for place, run in enumerate(calibration.runs):
        own = group.create_group(str(place))
        own.attrs["title"] = run.title
        own.create_dataset("judged", data=run.judged, compression="gzip", shuffle=True)
        own.create_dataset("known", data=run.known)
        halves = run.places.astype(np.float16)
        own.create_dataset("places", data=halves, compression="gzip", shuffle=True)
        for name, values in run.columns.items():
            own.create_dataset(name, data=values)


def read_calibration(file: Any, rows: int) -> Calibration | None:
    """Return the calibration in an open HDF5 file; None where it has none.

    Raises
    ------
    ValueError
        When it is of another number of rows than the file.
    """
    if GROUP not in file:
        return None
    group = file[GROUP]
    metrics = tuple(str(group.attrs["metrics"]).split(","))
    runs = tuple(_read(group[str(place)]) for place in range(len(group)))
    if any(run.judged.shape != (rows, len(metrics)) for run in runs):
        raise ValueError("a calibrating run has other rows than the file")
    return Calibration(metrics, runs)


def _read(own: Any) -> Calibrating:
    columns = {name: own[name][()] for name in _COLUMNS}
    judged, known = own["judged"][()], own["known"][()]
    places = own["places"][()] if "places" in own else np.zeros((len(judged), 0))
    return Calibrating(str(own.attrs["title"]), judged, columns, known, places.astype(np.float32))
