"""Profiles of paths in HDF5: all nodes end to end, and where each row's begin.

Row i of the run has ``nodes[offsets[i] : offsets[i + 1]]``; a failed row has none.
"""

from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation, Profile
from igcli.store.span import Span, joined

GROUP = "profiles"
OFFSETS = "offsets"
FIELDS = ("alphas", "scores", "gradient_norms")


def write_profiles(file: Any, explanations: list[Explanation]) -> None:
    """Write the explanations' profiles to an open HDF5 file; nothing when there are none."""
    profiles = [e.profile for e in explanations]
    if not any(profiles):
        return
    group = file.create_group(GROUP)
    counts = [len(p.alphas) if p else 0 for p in profiles]
    group.create_dataset(OFFSETS, data=np.concatenate([[0], np.cumsum(counts)]), dtype="i8")
    for name in FIELDS:
        values = [getattr(p, name) for p in profiles if p]
        group.create_dataset(name, data=np.concatenate(values), dtype="f8")


def read_profile(file: Any, place: int) -> Profile | None:
    """Return the profile of one row of an open HDF5 file; None where none was stored."""
    if GROUP not in file:
        return None
    group = file[GROUP]
    begin, end = group[OFFSETS][place : place + 2]
    return Profile(*(group[name][begin:end] for name in FIELDS))


def joined_offsets(spans: Sequence[Span]) -> Array | None:
    """Return where each row's nodes begin where the spans' are laid end to end; None without any.

    There is one more: where the last row's end.
    """
    counts, found = [np.zeros(1, np.int64)], False
    for span in joined(spans):
        with h5py.File(span.path, "r") as source:
            if GROUP in source:
                found = True
                counts.append(np.diff(_offsets(source, span)))
            else:
                counts.append(np.zeros(span.rows, np.int64))
    return np.cumsum(np.concatenate(counts)) if found else None


def _offsets(file: Any, span: Span) -> Array:
    offsets: Array = file[GROUP][OFFSETS][span.place : span.places.stop + 1]
    return offsets


def join_profiles(spans: Sequence[Span], file: Any) -> None:
    """Join the spans' profiles into an open HDF5 file; nothing when there are none."""
    offsets = joined_offsets(spans)
    if offsets is None:
        return
    fields: dict[str, list[Array]] = {name: [np.zeros(0)] for name in FIELDS}
    for span in joined(spans):
        with h5py.File(span.path, "r") as source:
            if GROUP in source:
                first, *_, last = _offsets(source, span)
                for name in FIELDS:
                    fields[name].append(source[GROUP][name][first:last])
    group = file.create_group(GROUP)
    group.create_dataset(OFFSETS, data=offsets)
    for name in FIELDS:
        group.create_dataset(name, data=np.concatenate(fields[name]))
