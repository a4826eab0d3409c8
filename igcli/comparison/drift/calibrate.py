"""calibrate: a reference file of one run, with what other runs differ from it by."""

from collections.abc import Sequence
from pathlib import Path

from igcli.common.errors import NotComparable
from igcli.common.progress import Track
from igcli.comparison.drift.calibration import Calibrating, Calibration, calibrating
from igcli.comparison.drift.comparable import joined
from igcli.comparison.drift.pairs import match, measure
from igcli.comparison.drift.reference_file import write_igref
from igcli.comparison.drift.sides import RunSide


def write_reference(outs: Sequence[Path], path: Path, grid: int | None, track: Track) -> int:
    """Write the reference file of the first of some finished runs; return its size in bytes.

    Parameters
    ----------
    outs : sequence of Path
        Run directories: the others are of models that are held to be as good as the first.
    path, grid, track
        As `write_igref` takes them.

    Raises
    ------
    IgcliError
        When a run can't be read, or not be compared with the first.
    """
    runs = [_compared(outs[0], other, grid, track) for other in outs[1:]]
    calibration = None
    if runs:
        names = runs[0][1]
        calibration = Calibration(names, tuple(run for run, _ in runs))
    return write_igref(outs[0], path, grid, track, calibration)


def _compared(
    first: Path, other: Path, grid: int | None, track: Track
) -> tuple[Calibrating, tuple[str, ...]]:
    both = joined(RunSide(first), RunSide(other), False, grid)
    matched = match(both.reference, both.new)
    if not matched.explained or matched.missing or matched.input_changed:
        raise NotComparable(
            f"{other} can't calibrate {first}",
            f"{len(matched.explained)} of {len(both.reference.rows)} images are explained in both",
            "explain the same images with every model",
        )
    found = measure(both.reference, both.new, matched.pairs, both.grid, track, ())
    return calibrating(str(other), len(both.reference.rows), matched, found), found.names
