"""Profiles of paths in HDF5: all nodes end to end, and where each row's begin.

Row i of the run has ``nodes[offsets[i] : offsets[i + 1]]``; a failed row has none.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli.common.explanation import Explanation, Profile

GROUP = "profiles"
_FIELDS = ("alphas", "scores", "gradient_norms")


def write_profiles(file: Any, explanations: list[Explanation]) -> None:
    """Write the explanations' profiles to an open HDF5 file; nothing when there are none."""
    profiles = [e.profile for e in explanations]
    if not any(profiles):
        return
    group = file.create_group(GROUP)
    counts = [len(p.alphas) if p else 0 for p in profiles]
    group.create_dataset("offsets", data=np.concatenate([[0], np.cumsum(counts)]), dtype="i8")
    for name in _FIELDS:
        values = [getattr(p, name) for p in profiles if p]
        group.create_dataset(name, data=np.concatenate(values), dtype="f8")


def read_profile(file: Any, place: int) -> Profile | None:
    """Return the profile of one row of an open HDF5 file; None where none was stored."""
    if GROUP not in file:
        return None
    group = file[GROUP]
    begin, end = group["offsets"][place : place + 2]
    return Profile(*(group[name][begin:end] for name in _FIELDS))


def join_profiles(parts: list[Path], file: Any) -> None:
    """Join the parts' profiles into an open HDF5 file; nothing when there are none."""
    offsets, fields = [np.zeros(1, np.int64)], {name: [np.zeros(0)] for name in _FIELDS}
    found = False
    for part in parts:
        with h5py.File(part, "r") as source:
            if GROUP in source:
                found = True
                offsets.append(source[GROUP]["offsets"][1:] + offsets[-1][-1])
                for name in _FIELDS:
                    fields[name].append(source[GROUP][name][()])
            else:
                offsets.append(np.full(len(source["ids"]), offsets[-1][-1]))
    if found:
        group = file.create_group(GROUP)
        group.create_dataset("offsets", data=np.concatenate(offsets))
        for name in _FIELDS:
            group.create_dataset(name, data=np.concatenate(fields[name]))
