"""The view: an attributions.h5 that refers to the parts of a run, which are not packed yet.

It holds the columns. Its arrays are links to a file among the parts, which lays theirs end to end.
So without the parts beside it they can't be opened: virtual datasets in attributions.h5 itself
would read as NaN.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.store.columns import copy_columns
from igcli.store.datasets import array_names
from igcli.store.files import write_whole
from igcli.store.hdf5 import hdf5_bytes
from igcli.store.layout import ATTRIBUTIONS, view_path
from igcli.store.profiles import join_profiles
from igcli.store.span import Span

# What virtual datasets need.
_LIBVER = "latest"


def write_view(out: Path, run: str, spans: Sequence[Span]) -> None:
    """Write attributions.h5 and the file that it refers to.

    Parameters
    ----------
    out : Path
        The run directory.
    run : str
        The run's key.
    spans : sequence of Span
        Its rows, all in files among the parts.
    """
    path = view_path(out, run)
    # One that tells of other rows would refer to this file, too.
    (out / ATTRIBUTIONS).unlink(missing_ok=True)
    write_whole(path, hdf5_bytes(partial(_lay_end_to_end, spans=spans), _LIBVER))
    refer = partial(_refer, spans=spans, target=path.relative_to(out).as_posix())
    write_whole(out / ATTRIBUTIONS, hdf5_bytes(refer, _LIBVER))


def _refer(file: Any, spans: Sequence[Span], target: str) -> None:
    with h5py.File(spans[0].path, "r") as first:
        names = list(dict.fromkeys(name.partition("/")[0] for name in array_names(first)))
    for name in names:
        file[name] = h5py.ExternalLink(target, f"/{name}")
    copy_columns(spans, file)
    join_profiles(spans, file)


def _lay_end_to_end(file: Any, spans: Sequence[Span]) -> None:
    with h5py.File(spans[0].path, "r") as first:
        names = array_names(first)
    for name in names:
        _join_dataset(file, name, spans)


def _join_dataset(file: Any, name: str, spans: Sequence[Span]) -> None:
    shapes = []
    for span in spans:
        with h5py.File(span.path, "r") as source:
            shapes.append(source[name].shape)
            dtype = source[name].dtype
    layout = h5py.VirtualLayout((sum(span.rows for span in spans), *shapes[0][1:]), dtype)
    start = 0
    for span, shape in zip(spans, shapes, strict=True):
        # By its name alone: it lies beside the view, also where the run directory is moved.
        source = h5py.VirtualSource(span.path.name, name, shape)
        layout[start : start + span.rows] = source[span.places]
        start += span.rows
    missing = np.nan if dtype.kind == "f" else 0
    file.create_virtual_dataset(name, layout, fillvalue=missing)
