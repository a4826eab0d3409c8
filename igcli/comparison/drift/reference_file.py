"""The reference file: a run's maps on a grid in half precision, small enough to commit."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from igcli import __version__
from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.progress import Track
from igcli.common.regions import Regions
from igcli.comparison.drift.calibration import (
    Calibration,
    read_calibration,
    write_calibration,
)
from igcli.comparison.drift.densities import DensitySide, regions_of
from igcli.comparison.drift.reduced import Halved, Reduced, halved
from igcli.comparison.drift.sides import (
    RunSide,
    Stored,
    joint_shape,
    read_rows_of,
    write_rows,
)
from igcli.comparison.grid import DEFAULT_GRID, reduced_shape
from igcli.store.files import write_whole
from igcli.store.hdf5 import hdf5_bytes
from igcli.store.kept import read_kept
from igcli.store.run_json import REFERENCE

# The maps on a grid; or, of a run that keeps nothing finer, densities over regions.
_FORMAT, _OF_REGIONS = 1, 2
# Added to either where other runs are in the file.
_CALIBRATED = 2
_MAKE_ONE = "make one with igcli baseline OUT -o FILE.igref"
_TOLD = ("igcli", "identity", "settled", "model", "versions", "run")


def write_igref(
    out: Path,
    path: Path,
    grid: int | None,
    track: Track,
    calibration: Calibration | None = None,
) -> int:
    """Write the reference file of a finished run; return its size in bytes.

    Parameters
    ----------
    out, path : Path
        The run directory, and the file.
    grid : int or None
        The sides of the grid that maps are reduced to; None for the usual one. A run that keeps
        regions alone has their cells.
    track : callable
        Wraps the iteration over maps.
    calibration : Calibration or None
        What other runs differ from this one by.

    Raises
    ------
    IgcliError
        When the run can't be read, or the file has another ending than .igref.
    """
    if path.suffix != REFERENCE:
        raise ConfigError(
            f"-o {path} has another ending than {REFERENCE}", fix=f"name it …{REFERENCE}"
        )
    side = RunSide(out)
    regions = regions_of(side, grid)
    if regions is not None and grid is not None:
        raise ConfigError(
            f"--grid {grid} can't be used with {out}",
            "it keeps regions alone, and the file has these",
            "leave it out",
        )
    ok = [row for row in side.rows if row.status == "ok"]
    grid = DEFAULT_GRID if grid is None else grid
    shape = reduced_shape(side.shape, grid) if regions is None else (*regions.grid, 2)
    maps = np.zeros((len(side.rows), *shape), np.float16)
    scales = np.zeros(len(side.rows))
    errors = np.full(len(side.rows), np.nan)
    for row, kept in track(zip(ok, _halved(side, ok, grid, regions), strict=True), len(ok)):
        maps[row.place], scales[row.place], errors[row.place] = kept.values, kept.scale, kept.error
    with side.run.usable_about() as told:
        about = {key: told[key] for key in _TOLD} | {"format": _FORMAT, "grid": grid}
    about["shape"] = list(side.shape if regions is None else shape)
    if regions is not None:
        about |= {"format": _OF_REGIONS, "grid": 0}
    if calibration is not None:
        # An igcli that knows no calibration must not judge without it.
        about["format"] += _CALIBRATED

    def write(file: Any) -> None:
        file.attrs["igref"] = json.dumps(about)
        file.create_dataset("maps", data=maps, compression="gzip", shuffle=True)
        file.create_dataset("scales", data=scales)
        file.create_dataset("errors", data=errors)
        write_rows(file, side.rows)
        if calibration is not None:
            write_calibration(file, calibration)

    data = hdf5_bytes(write)
    write_whole(path, data)
    return len(data)


def _halved(
    side: RunSide, rows: Sequence[Stored], grid: int, regions: Regions | None
) -> Iterator[Halved]:
    if regions is not None:
        return DensitySide(side, regions).halved(rows)
    return (halved(whole.values, whole.error, grid) for whole in side.maps(rows, 0))


def _check_format(path: Path, found: object) -> None:
    if found not in {_FORMAT, _OF_REGIONS, _FORMAT + _CALIBRATED, _OF_REGIONS + _CALIBRATED}:
        raise InputError(
            f"{path} is of a later igcli than {__version__}", fix="make it again, or update"
        )


class ReferenceSide:
    """A reference file, read whole: it is small."""

    def __init__(self, path: Path) -> None:
        self.title = str(path)
        if not path.is_file():
            there = path.exists()
            raise InputError(
                f"{path} is no reference file",
                "it is a folder" if there else "there is no such file",
                _MAKE_ONE,
            )
        try:
            with h5py.File(path, "r") as file:
                self.about: dict[str, Any] = json.loads(file.attrs["igref"])
                _check_format(path, self.about["format"])
                self.grid = int(self.about["grid"])
                of_regions = self.about["format"] in {_OF_REGIONS, _OF_REGIONS + _CALIBRATED}
                self.regions = read_kept(self.about).regions if of_regions else None
                self.about["identity"].items(), self.about["settled"].items()
                self.rows = read_rows_of(file)
                self._maps = file["maps"][()]
                self._scales, self._errors = file["scales"][()], file["errors"][()]
                self.calibration = read_calibration(file, len(self.rows))
        except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path} is no reference file",
                "it was cut short, or is of another kind",
                _MAKE_ONE,
            ) from error
        self.shape = tuple(self._maps.shape[1:])
        self.whole_shape = _whole_shape(self.about)

    def maps(self, rows: Sequence[Stored], grid: int) -> Iterator[Reduced]:
        """Yield maps in the order of `rows`, on the file's own grid."""
        for row in rows:
            place = row.place
            scale, error = float(self._scales[place]), float(self._errors[place])
            yield Halved(self._maps[place], scale, error).reduced

    def picture(self, row: Stored) -> Array | None:
        """Return nothing: pictures are not kept."""
        return None


def _whole_shape(about: dict[str, Any]) -> tuple[int, ...]:
    """Return the shape of the maps that a file was made of; empty where it does not tell.

    Older files tell what was explained alone.
    """
    explained = about["settled"].get("explained")
    shapes = list(explained.values()) if isinstance(explained, dict) else []
    shape = about.get("shape") or (joint_shape([tuple(s) for s in shapes]) if shapes else ())
    return tuple(shape)
