"""HDF5: files made in memory, and what reading one may raise."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py

from igcli.common.errors import first_line

# What h5py raises for a file that is no HDF5, lacks something, or holds it damaged.
UNREADABLE = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError)


def why_unreadable(path: Path, error: Exception) -> str:
    """Say why a file can't be read; HDF5's own words are of use only where the file is there."""
    return first_line(error) if path.exists() else "it is not there"


def hdf5_bytes(write: Callable[[Any], None], libver: str = "earliest") -> bytes:
    """Return an HDF5 file as bytes.

    It is made in memory: where the disk fills up, HDF5 itself ends the process now and then.
    """
    memory = BytesIO()
    with h5py.File(memory, "w", libver=libver) as file:
        write(file)
    return memory.getvalue()
