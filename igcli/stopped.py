"""What stopped a run part-way, in words."""

import errno
import os
from pathlib import Path

from igcli.errors import IgcliError, OutputVanished, RunStopped


def run_stopped(failure: Exception, stored: int, asked: int, out: Path) -> RunStopped:
    """Return the error that tells of a failure, and of what is kept.

    Parameters
    ----------
    failure : Exception
        An IgcliError, an OSError of the run directory, or a MemoryError.
    stored, asked : int
        How many explanations are in whole parts, and how many were asked for.
    out : Path
        The run directory.
    """
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
    if stored == asked:
        problem = f"stopped after all {asked} were explained, before {out} was finished"
    else:
        kept = f"of which {stored} are kept in {out}" if stored else "and nothing is kept"
        problem = f"stopped before all {asked} were explained, {kept}"
    return RunStopped(problem, cause, f"{fix}, then run again with --resume")
