"""The resume of an earlier run: which of its blocks stay, and which are computed again."""

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
from igcli.store.array_file import spans_of
from igcli.store.manifest import PartEntry
from igcli.store.outdir import unlisted_parts
from igcli.store.reader import read_rows
from igcli.store.sources import Sources, sources_of

_CHECKERS = 2
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class EarlierParts:
    """The whole blocks of an earlier run.

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
    """Return the blocks that a resumed run goes on with; none for a run that begins.

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
    sources = sources_of(out, {"run": plan.earlier.run})
    whole = list(ahead(lambda file: file.is_whole(), sources.arrays, _CHECKERS, _CHECKERS))
    entries = [file.entry for file, ok in zip(sources.arrays, whole, strict=True) if ok]
    _tell_of_damage(plan, sources, len(entries), warn)
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
    starts = {entry.start for entry in final}
    return EarlierParts(final, [entry for entry in entries if entry.start not in starts])


def _tell_of_damage(plan: Plan, sources: Sources, whole: int, warn: Warn) -> None:
    """Say what of the earlier run is lost."""
    assert plan.earlier is not None
    why = sources.why_nothing()
    if why and plan.earlier.stored:
        warn(f"{why}: all is computed again")
    lost = len(sources.arrays) - whole
    if sources.is_packed:
        _tell_of(lost, "block", f"of {sources.attributions.name} ", "damaged", warn)
        return
    _tell_of(lost, "stored part", "", "damaged", warn)
    listed = [file.entry for file in sources.arrays]
    others = len(unlisted_parts(plan.config.out, listed))
    _tell_of(others, "stored part", "", "not in parts/manifest.jsonl", warn)


def _tell_of(count: int, noun: str, where: str, state: str, warn: Warn) -> None:
    if count:
        plural, verb = ("s", "are") if count > 1 else ("", "is")
        warn(f"{count} {noun}{plural} {where}{verb} {state}: computed again")


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
        found = read_rows(spans_of(plan.config.out, [entry]))
        for _, rows in groupby(found, lambda row: row.row // per_input):
            yield entry, list(rows)
