"""What stopped a run part-way, in words."""

import errno
import os
from pathlib import Path

from igcli.common.errors import IgcliError, OutputVanished, RunStopped


def run_stopped(
    failure: Exception | None, stored: int, passing: int, asked: int, out: Path
) -> RunStopped:
    """Return the error that tells of a failure, or of a stop that was asked for, and what is kept.

    Parameters
    ----------
    failure : Exception or None
        An IgcliError, an OSError of the run directory, or a MemoryError; None where the user
        stopped the run.
    stored, passing, asked : int
        How many explanations are in whole parts, how many of them `--resume` computes again, and
        how many were asked for.
    out : Path
        The run directory.
    """
    kept = f"{stored} of them stored in {out}" if stored else "none of them stored"
    if passing:
        kept += f" ({passing} in unfinished blocks, which --resume computes again)"
    if failure is None:
        return RunStopped(f"stopped before all {asked} were explained, {kept}")
    fix = "see the cause"
    if isinstance(failure, OutputVanished):
        problem = f"stopped before all {asked} were explained"
        return RunStopped(problem, f"{failure.problem}: {failure.cause}", failure.fix)
    if isinstance(failure, IgcliError):
        cause = f"{failure.problem}: {failure.cause}" if failure.cause else failure.problem
        fix = failure.fix or fix
    elif isinstance(failure, OSError) and failure.errno:
        cause = os.strerror(failure.errno)
        fix = "free the disk" if failure.errno == errno.ENOSPC else f"check {out}"
    else:
        cause = str(failure).split("\n")[0] or type(failure).__name__
    problem = f"stopped before all {asked} were explained, {kept}"
    if stored == asked and not passing:
        problem = f"stopped after all {asked} were explained, before {out} was finished"
    return RunStopped(problem, cause, f"{fix}, then run again with --resume")
