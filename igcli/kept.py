"""Which parts of an unfinished run are kept: those that are whole, of inputs that are the same."""

import threading
from collections.abc import Sequence

from igcli.errors import InputError, OutputError, RunStopped
from igcli.plan import Plan
from igcli.progress import Track
from igcli.records import Explanation, Warn
from igcli.store.manifest import PartEntry, read_manifest
from igcli.store.reader import read_rows
from igcli.threads import ahead

_CHECKERS = 2
_SHOWN = 3


def kept_parts(plan: Plan, warn: Warn, track: Track, stop: threading.Event) -> list[PartEntry]:
    """Return the parts that a resumed run keeps; none for a run that begins.

    A part in which the run was stopped is computed again, since its other inputs shared batches
    with those that it lacks. So is one with inputs that could not be read: they may be there now.

    Raises
    ------
    OutputError
        When an input that is explained already has changed since: it is named.
    RunStopped
        When `stop` is set meanwhile.
    """
    if plan.earlier is None:
        return []
    out = plan.config.out
    listed = read_manifest(out, plan.earlier.run)
    wanted = [entry for entry in listed if entry.final and not entry.unread]
    whole = list(ahead(lambda entry: entry.is_whole(out), wanted, _CHECKERS, _CHECKERS))
    kept = [entry for entry, ok in zip(wanted, whole, strict=True) if ok]
    if len(kept) < len(wanted):
        damaged = len(wanted) - len(kept)
        warn(f"{damaged} stored part{'s are' if damaged > 1 else ' is'} damaged: computed again")
    changed = _changed(plan, kept, track, stop)
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        raise OutputError(
            f"--resume: {', '.join(changed[:_SHOWN])}{more} changed since the run began",
            "their explanations are stored already",
            "put the old files back, or start again with --overwrite",
        )
    return kept


def _changed(
    plan: Plan, kept: Sequence[PartEntry], track: Track, stop: threading.Event
) -> list[str]:
    """Read the inputs of stored explanations again, and name those with another hash."""
    per_input = plan.targets.per_input

    def judge(row: Explanation) -> str:
        try:
            same = plan.source.sha256(plan.names[row.row // per_input]) == row.sha256
        except InputError:
            same = False
        return "" if same else row.id

    rows = read_rows(plan.config.out, list(kept))
    firsts = (row for row in rows if row.row % per_input == 0)
    judged = ahead(judge, firsts, _CHECKERS, 4 * _CHECKERS)
    changed = []
    for name in track(judged, sum(entry.rows for entry in kept) // per_input):
        if stop.is_set():
            raise RunStopped(
                "stopped before the run went on: nothing has changed", fix="run it again"
            )
        if name:
            changed.append(name)
    return changed
