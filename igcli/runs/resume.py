"""The resume of an unfinished run: which of its parts stay, and which are computed again."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from igcli.common.arrays import Warn
from igcli.common.errors import InputError, OutputError, RunStopped
from igcli.common.explanation import Explanation
from igcli.common.progress import Track
from igcli.common.text import the_first
from igcli.common.threads import ahead
from igcli.runs.planning.plan import Plan
from igcli.store.manifest import PartEntry, read_manifest
from igcli.store.outdir import unlisted_parts
from igcli.store.reader import read_rows

_CHECKERS = 2
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class EarlierParts:
    """The whole parts of an unfinished run.

    Attributes
    ----------
    final : list of PartEntry
        Those that stay.
    passing : list of PartEntry
        Those that stay only until their block is computed again: because the run was stopped in
        that block, and its other inputs would share batches with those that the part lacks; or
        because a file in it that failed has changed since.
    """

    final: list[PartEntry]
    passing: list[PartEntry]

    @property
    def all(self) -> list[PartEntry]:
        """Both, by their first rows."""
        return sorted((*self.final, *self.passing), key=lambda entry: entry.start)


def earlier_parts(plan: Plan, warn: Warn, track: Track, stop: threading.Event) -> EarlierParts:
    """Return the parts that a resumed run goes on with; none for a run that begins.

    Raises
    ------
    OutputError
        When an input that is explained already has changed since: it is named.
    RunStopped
        When `stop` is set meanwhile.
    """
    if plan.earlier is None:
        return EarlierParts([], [])
    out = plan.config.out
    listed = read_manifest(out, plan.earlier.run)
    whole = list(ahead(lambda entry: entry.is_whole(out), listed, _CHECKERS, _CHECKERS))
    entries = [entry for entry, ok in zip(listed, whole, strict=True) if ok]
    _tell_of_parts(len(listed) - len(entries), "damaged", warn)
    _tell_of_parts(len(unlisted_parts(out, listed)), "not in parts/manifest.jsonl", warn)
    final = [entry for entry in entries if entry.final]
    explained, failures = _changed_inputs(plan, final, track, stop)
    if explained:
        raise OutputError(
            f"--resume: {the_first(explained, _SHOWN)} changed since the run began",
            "what was explained of them is stored already",
            "put the old files back, or start again with --overwrite",
        )
    if failures:
        count = sum(failures.values())
        warn(f"{count} input{'s' * (count > 1)} that failed changed since: computed again")
    final = [entry for entry in final if entry.start not in failures]
    return EarlierParts(final, [entry for entry in entries if entry not in final])


def _tell_of_parts(count: int, what: str, warn: Warn) -> None:
    if count:
        warn(f"{count} stored part{'s are' if count > 1 else ' is'} {what}: computed again")


def _changed_inputs(
    plan: Plan, entries: Sequence[PartEntry], track: Track, stop: threading.Event
) -> tuple[list[str], dict[int, int]]:
    """Return the stored inputs whose files have another hash now.

    They are the names of those that were explained; and the number of those that failed, by the
    first row of their part.
    """
    per_input = plan.targets.per_input

    def judge(entry_and_rows: tuple[PartEntry, list[Explanation]]) -> tuple[PartEntry, str, bool]:
        """Return the part, the input's name where it has changed, and whether it was explained."""
        entry, rows = entry_and_rows
        name = plan.names[rows[0].row // per_input]
        try:
            sha256 = plan.source.sha256(name)
        except InputError:
            # As is stored of one that could not be read then.
            sha256 = ""
        same = sha256 == rows[0].sha256
        return entry, "" if same else name.id, any(row.status == "ok" for row in rows)

    judged = ahead(judge, _by_input(plan, entries), _CHECKERS, 4 * _CHECKERS)
    explained: list[str] = []
    failures: dict[int, int] = {}
    for entry, name, is_explained in track(
        judged, sum(e.rows for e in entries) // per_input, unit="inputs"
    ):
        if stop.is_set():
            raise RunStopped(
                "stopped before the run went on: nothing has changed", fix="run it again"
            )
        if name and is_explained:
            explained.append(name)
        elif name:
            failures[entry.start] = failures.get(entry.start, 0) + 1
    return explained, failures


def _by_input(
    plan: Plan, entries: Sequence[PartEntry]
) -> Iterator[tuple[PartEntry, list[Explanation]]]:
    per_input = plan.targets.per_input
    for entry in entries:
        for _, rows in groupby(read_rows(plan.config.out, [entry]), lambda r: r.row // per_input):
            yield entry, list(rows)
