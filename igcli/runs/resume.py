"""What a resumed run keeps of an earlier one, and what it computes again."""

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
class Kept:
    """The whole blocks of an earlier run, by their first rows.

    Attributes
    ----------
    done : list of PartEntry
        Those that stay.
    again : list of PartEntry
        Those that stay until their block is computed again: a run was stopped in them, so that
        their other inputs shared batches with those that they lack; or inputs of theirs failed that
        may not fail now.
    """

    done: list[PartEntry]
    again: list[PartEntry]

    @property
    def all(self) -> list[PartEntry]:
        """Both."""
        return sorted((*self.done, *self.again), key=lambda entry: entry.start)


def kept_parts(plan: Plan, warn: Warn, track: Track, stop: threading.Event) -> Kept:
    """Return the blocks that a resumed run goes on with; none for a run that begins.

    Raises
    ------
    OutputError
        When an input that is explained already has changed since: it is named.
    RunStopped
        When `stop` is set meanwhile.
    """
    if plan.earlier is None:
        return Kept([], [])
    out = plan.config.out
    sources = sources_of(out, {"run": plan.earlier.run})
    whole = list(ahead(lambda file: file.is_whole(), sources.arrays, _CHECKERS, _CHECKERS))
    entries = [file.entry for file, ok in zip(sources.arrays, whole, strict=True) if ok]
    _tell_of_damage(plan, sources, len(entries), warn)
    done = [entry for entry in entries if entry.final]
    changed, mended = _changed(plan, done, track, stop)
    if changed:
        raise OutputError(
            f"--resume: {the_first(changed, _SHOWN)} changed since the run began",
            "what was explained of them is stored already",
            "put the old files back, or start again with --overwrite",
        )
    if mended:
        again = sum(mended.values())
        warn(f"{again} input{'s' * (again > 1)} that failed changed since: computed again")
    done = [entry for entry in done if entry.start not in mended]
    starts = {entry.start for entry in done}
    return Kept(done, [entry for entry in entries if entry.start not in starts])


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


def _changed(
    plan: Plan, done: Sequence[PartEntry], track: Track, stop: threading.Event
) -> tuple[list[str], dict[int, int]]:
    """Read the inputs of stored explanations again, and find those with another hash.

    The names of explained ones are returned, and how many failed ones there are, by the first row
    of their part.
    """
    per_input = plan.targets.per_input

    def judge(entry_and_rows: tuple[PartEntry, list[Explanation]]) -> tuple[PartEntry, str, bool]:
        entry, rows = entry_and_rows
        name = plan.names[rows[0].row // per_input]
        try:
            sha256 = plan.source.sha256(name)
        except InputError:
            # As it was for one that could not be read then.
            sha256 = ""
        same = sha256 == rows[0].sha256
        return entry, "" if same else name.id, any(row.status == "ok" for row in rows)

    judged = ahead(judge, _by_input(plan, done), _CHECKERS, 4 * _CHECKERS)
    changed: list[str] = []
    mended: dict[int, int] = {}
    for entry, name, explained in track(judged, sum(entry.rows for entry in done) // per_input):
        if stop.is_set():
            raise RunStopped(
                "stopped before the run went on: nothing has changed", fix="run it again"
            )
        if name and explained:
            changed.append(name)
        elif name:
            mended[entry.start] = mended.get(entry.start, 0) + 1
    return changed, mended


def _by_input(
    plan: Plan, done: Sequence[PartEntry]
) -> Iterator[tuple[PartEntry, list[Explanation]]]:
    per_input = plan.targets.per_input
    for entry in done:
        found = read_rows(spans_of(plan.config.out, [entry]))
        for _, rows in groupby(found, lambda row: row.row // per_input):
            yield entry, list(rows)
