"""COLUMNS: the fields of results.csv, in order, and their datasets in the HDF5 files.

A run of averages has AVERAGE_COLUMNS behind them, and one that knows true classes TRUTH_COLUMNS.
One whose inputs a list names has the list's further columns behind those: datasets of texts in one
group, numbered in the list's order, each with its name as an attribute.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.store.files import whole_file
from igcli.store.span import Span, joined

Kind = Literal["text", "int", "float", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """One field of an explanation.

    Attributes
    ----------
    name : str
        In results.csv, and the attribute of `Explanation`.
    dataset : str
        In the HDF5 files.
    kind : {"text", "int", "float", "flag"}
        How it is stored. What is missing is −1 (int, flag) or NaN (float), and an empty field in
        results.csv.
    is_further : bool
        Whether it is one of a list's further columns, in `Explanation.further`.
    """

    name: str
    dataset: str
    kind: Kind
    is_further: bool = False


COLUMNS = (
    Column("id", "ids", "text"),
    Column("path", "paths", "text"),
    Column("sha256", "sha256", "text"),
    Column("target", "targets", "int"),
    Column("target_name", "target_names", "text"),
    Column("prediction", "predictions", "int"),
    Column("prediction_name", "prediction_names", "text"),
    Column("score", "scores", "float"),
    Column("baseline_score", "baseline_scores", "float"),
    Column("attribution_sum", "attribution_sums", "float"),
    Column("delta", "deltas", "float"),
    Column("relative_delta", "relative_deltas", "float"),
    Column("steps", "steps", "int"),
    Column("error_estimate", "error_estimates", "float"),
    Column("regions_error", "regions_errors", "float"),
    Column("converged", "converged", "flag"),
    Column("status", "status", "text"),
    Column("message", "messages", "text"),
)
AVERAGE_COLUMNS = (
    Column("sampling_error", "sampling_errors", "float"),
    Column("norm_ratio", "norm_ratios", "float"),
)
TRUTH_COLUMNS = (
    Column("truth", "truths", "int"),
    Column("truth_name", "truth_names", "text"),
    Column("correct", "correct", "flag"),
)
_FURTHER, _NAME = "further", "column"
# Rows whose columns are copied at once.
_AT_ONCE = 4096
_MISSING: dict[Kind, Any] = {"text": "", "int": -1, "float": np.nan, "flag": -1}


def _dtype(kind: Kind) -> Any:
    return {"text": h5py.string_dtype(), "int": "i8", "float": "f8", "flag": "i1"}[kind]


def columns_in(file: Any) -> tuple[Column, ...]:
    """Return the columns that an open HDF5 file has: those of earlier igclis had fewer."""
    known = (*COLUMNS, *AVERAGE_COLUMNS, *TRUTH_COLUMNS)
    own = tuple(column for column in known if column.dataset in file)
    places = sorted(map(int, file[_FURTHER])) if _FURTHER in file else []
    return own + tuple(
        further_column(place, str(file[_FURTHER][str(place)].attrs[_NAME])) for place in places
    )


def further_column(place: int, name: str) -> Column:
    """Return the column of one further field of the inputs' list, by its place and name."""
    return Column(name, f"{_FURTHER}/{place}", "text", is_further=True)


def columns_of(spans: Sequence[Span]) -> tuple[Column, ...]:
    """Return the columns that the files of some spans have; COLUMNS where there are none."""
    if not spans:
        return COLUMNS
    with h5py.File(spans[0].path, "r") as first:
        return columns_in(first)


def write_columns(
    file: Any,
    explanations: list[Explanation],
    has_truth: bool = False,
    is_averaged: bool = False,
) -> None:
    """Write one dataset per column to an open HDF5 file.

    Parameters
    ----------
    file : h5py.File
        The file.
    explanations : list of Explanation
        Its rows.
    has_truth : bool
        Whether their run knows true classes, be it of none of these.
    is_averaged : bool
        Whether their run is of averages.
    """
    more = (*(AVERAGE_COLUMNS if is_averaged else ()), *(TRUTH_COLUMNS if has_truth else ()))
    for column in (*COLUMNS, *more):
        write_column(file, column, [getattr(e, column.name) for e in explanations])
    names = [name for name, _ in explanations[0].further] if explanations else []
    for place, name in enumerate(names):
        texts = [e.further[place][1] for e in explanations]
        write_column(file, further_column(place, name), texts)


def write_column(file: Any, column: Column, values: list[Any]) -> None:
    """Write one column to an open HDF5 file; None for what is missing."""
    stored = [_MISSING[column.kind] if value is None else value for value in values]
    _create(file, column, (len(stored),))[:] = stored


def _create(file: Any, column: Column, shape: tuple[int]) -> Any:
    dataset = file.create_dataset(column.dataset, shape, _dtype(column.kind))
    if column.is_further:
        dataset.attrs[_NAME] = column.name
    return dataset


def read_column(column: Column, file: Any, places: slice = slice(None)) -> list[Any]:
    """Return a column's values out of an open HDF5 file that has it; None for what is missing.

    `places` are those of the rows that are asked for; all of them unless it says otherwise.
    """
    if column.kind == "text":
        return [str(text) for text in file[column.dataset].asstr()[places]]
    values = file[column.dataset][places].tolist()
    if column.kind == "float":
        return [None if value != value else value for value in values]
    if column.kind == "flag":
        return [None if value < 0 else bool(value) for value in values]
    return [None if value < 0 else value for value in values]


def copy_columns(spans: Sequence[Span], file: Any) -> None:
    """Join the spans' columns into an open HDF5 file, some thousand rows at a time."""
    rows = sum(span.rows for span in spans)
    joint = {column.dataset: _create(file, column, (rows,)) for column in columns_of(spans)}
    start = 0
    for several in _in_thousands(spans):
        stop = start + sum(span.rows for span in several)
        for name, pieces in _read(several, list(joint)).items():
            joint[name][start:stop] = np.concatenate(pieces)
        start = stop


def _in_thousands(spans: Sequence[Span]) -> Iterator[list[Span]]:
    several: list[Span] = []
    for span in joined(spans):
        several.append(span)
        if sum(span.rows for span in several) >= _AT_ONCE:
            yield several
            several = []
    if several:
        yield several


def _read(spans: Sequence[Span], names: Sequence[str]) -> dict[str, list[Array]]:
    found: dict[str, list[Array]] = {name: [] for name in names}
    for span in spans:
        with h5py.File(span.path, "r") as source:
            for name, pieces in found.items():
                pieces.append(source[name][span.places])
    return found


def write_csv(spans: Sequence[Span], path: Path) -> None:
    """Write results.csv from some spans, in their order."""
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer, columns = csv.writer(_UnixLines(file)), columns_of(spans)
        writer.writerow(column.name for column in columns)
        for span in joined(spans):
            with h5py.File(span.path, "r") as source:
                fields = [
                    map(_field, read_column(column, source, span.places)) for column in columns
                ]
            writer.writerows(zip(*fields, strict=True))


class _UnixLines:
    """End rows with a line feed alone.

    The csv module quotes a carriage return inside a field only where rows end with one.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.removesuffix("\r\n") + "\n")


def _field(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else repr(value)
