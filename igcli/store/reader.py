"""The reader of explanations out of parts and packed files."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.store.columns import COLUMNS, columns_in, read_column
from igcli.store.datasets import REGIONS, map_names, map_rows
from igcli.store.layout import ATTRIBUTIONS
from igcli.store.span import Span, joined


def read_rows(spans: Iterable[Span]) -> Iterator[Explanation]:
    """Yield the rows of some spans in order, without maps and pictures."""
    for span in joined(spans):
        with h5py.File(span.path, "r") as file:
            columns = [(c, read_column(c, file, span.places)) for c in columns_in(file)]
        own = {column.name: values for column, values in columns if not column.is_further}
        names = [column.name for column, _ in columns if column.is_further]
        texts = zip(*(values for column, values in columns if column.is_further), strict=True)
        for place, values in enumerate(zip(*own.values(), strict=True)):
            further = tuple(zip(names, next(texts), strict=True)) if names else ()
            fields = dict(zip(own, values, strict=True))
            yield Explanation(row=span.start + place, further=further, **fields)


def read_joined(out: Path) -> list[Explanation]:
    """Return the rows that attributions.h5 has, without maps and pictures."""
    path = out / ATTRIBUTIONS
    with h5py.File(path, "r") as file:
        rows = len(file[COLUMNS[0].dataset])
    return list(read_rows([Span(path, 0, rows)]))


def read_masses(out: Path, rows: Sequence[int]) -> Iterator[Array]:
    """Yield the mass of each region of some rows of attributions.h5, which has them."""
    with h5py.File(out / ATTRIBUTIONS, "r") as file:
        for row in rows:
            yield file[REGIONS][row]


def read_maps(out: Path, rows: Sequence[int]) -> Iterator[Array]:
    """Yield the maps of some rows of attributions.h5, each flat: several one behind the other."""
    with h5py.File(out / ATTRIBUTIONS, "r") as file:
        names = map_names(file)
        for row in rows:
            maps = (map_rows(file, name, slice(row, row + 1)) for name in names)
            yield np.concatenate([values.ravel() for values in maps])
