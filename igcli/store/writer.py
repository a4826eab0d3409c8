"""The writer of a run directory: explanations row by row, as they come."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from igcli.common.errors import OutputVanished
from igcli.common.explanation import Explanation
from igcli.store.columns import write_csv
from igcli.store.files import give_name, link_or_copy
from igcli.store.layout import ATTRIBUTIONS, ATTRIBUTIONS_NPY, RESULTS, part_path
from igcli.store.manifest import PartEntry, append_entry, write_manifest
from igcli.store.maps import Maps
from igcli.store.outdir import remove_debris, remove_joined, remove_run, unlisted_parts
from igcli.store.parts import join_parts, save_npy, write_part
from igcli.store.run_json import Status, write_about
from igcli.store.staged import Staged, describe, whole_inputs


class RunFolder:
    """One run directory being filled with parts, by whoever holds its lock.

    Parameters
    ----------
    out : Path
        The run directory, which exists.
    about : dict
        What run.json says beside its status and counts; its "run" is the run's key.
    kept : sequence of PartEntry
        The parts of an unfinished run to keep, or to keep until they are replaced; everything else
        of an earlier run is removed.

    Raises
    ------
    OSError, OutputVanished
        From every method: what could not be written, or that `out` is not there any more.
    """

    def __init__(self, out: Path, about: dict[str, Any], kept: Sequence[PartEntry] = ()) -> None:
        self.out = out
        self._about = about
        self._entries = {entry.start: entry for entry in kept}
        self._place = os.stat(out)
        # First of all: from here on nothing of an earlier run counts but what is kept.
        write_about(out, "running", about)
        if kept:
            self._remove_all_but(kept)
        else:
            remove_run(out)

    def _remove_all_but(self, kept: Sequence[PartEntry]) -> None:
        remove_debris(self.out)
        others = unlisted_parts(self.out, kept)
        if others:
            # They may refer to one of these.
            remove_joined(self.out)
        for path in others:
            path.unlink()
        write_manifest(self.out, self.entries)

    @property
    def entries(self) -> list[PartEntry]:
        """The whole parts, in row order."""
        return sorted(self._entries.values(), key=lambda entry: entry.start)

    @property
    def stored(self) -> int:
        """How many rows are in whole parts."""
        return sum(entry.rows for entry in self._entries.values())

    @property
    def passing(self) -> int:
        """How many of them a resumed run computes again."""
        return sum(entry.rows for entry in self._entries.values() if not entry.final)

    def adopt(self, source: Path, entry: PartEntry, start: int) -> None:
        """Take a whole part of another run as the one that begins with row `start`."""
        self.check_place()
        link_or_copy(part_path(source, entry.start), part_path(self.out, start))
        self._list(replace(entry, run=self._about["run"], start=start))

    def join(self, save: Sequence[str]) -> None:
        """Write the files that join the parts."""
        self.check_place()
        parts = [part_path(self.out, entry.start) for entry in self.entries]
        if parts:
            write_csv(parts, self.out / RESULTS)
            join_parts(parts, self.out / ATTRIBUTIONS)
            if "npy" in save:
                save_npy(self.out / ATTRIBUTIONS, self.out / ATTRIBUTIONS_NPY)

    def restate(self, about: dict[str, Any]) -> None:
        """Put what has changed into run.json, while the run goes on."""
        self.check_place()
        self._about = {**self._about, **about}
        write_about(self.out, "running", self._about)

    def finish(self, status: Status, about: dict[str, Any]) -> None:
        """Write the final run.json."""
        self.check_place()
        write_about(self.out, status, {**self._about, **about})

    def check_place(self) -> None:
        """Raise OutputVanished where the folder was removed or exchanged: nothing is made anew."""
        try:
            there = os.path.samestat(self._place, os.stat(self.out))
        except FileNotFoundError:
            there = False
        if not there:
            raise OutputVanished(
                f"OUT {self.out} has vanished",
                "it was removed or replaced while the run wrote to it",
                "run again",
            )

    def _within(self, rows: range) -> list[PartEntry]:
        """Return the parts that begin within some rows."""
        return [entry for entry in self.entries if entry.start in rows]

    def _list(self, entry: PartEntry) -> None:
        """List a part that is written, in the place of all that it covers."""
        others = [e for e in self._within(range(entry.start, entry.stop)) if e.start != entry.start]
        for other in others:
            del self._entries[other.start]
        self._entries[entry.start] = entry
        if others:
            write_manifest(self.out, self.entries)
            for other in others:
                part_path(self.out, other.start).unlink(missing_ok=True)
        else:
            append_entry(self.out, entry)


class RunWriter(RunFolder):
    """A run directory being filled with explanations as they come; see `RunFolder`.

    `maps` is what is stored of an explanation; `about` has "per_input", the number of explanations
    of one input.

    Attributes
    ----------
    finished : int
        How many blocks it has written, or taken in, whole.
    """

    def __init__(
        self, out: Path, maps: Maps, about: dict[str, Any], kept: Sequence[PartEntry] = ()
    ) -> None:
        super().__init__(out, about, kept)
        self._maps = maps
        self._per_input: int = about["per_input"]
        self._buffer: list[Explanation] = []
        self.finished = 0
        self._since = time.monotonic()

    def add(self, explanation: Explanation) -> None:
        """Take the next row; rows of a part come in order."""
        self._buffer.append(explanation)

    def flush(self) -> None:
        """Write what was added as a part; what can't be written is given up."""
        explanations, self._buffer = self._buffer, []
        if explanations:
            self._write(explanations, final=True)
            self.finished += 1

    def cut(self, final: bool) -> None:
        """Write what was added, but for half an input, as a part of a block that was not finished.

        Where more of the same block is stored already, that stays. `final` tells whether the part
        is to stay in a resumed run, too.
        """
        whole, self._buffer = whole_inputs(self._buffer, self._per_input), []
        if whole and not self._keep_longer(whole[0].row, len(whole), final):
            self._write(whole, final)

    def take(self, staged: Staged) -> None:
        """Take in a part that another process has written."""
        self._take(staged, final=True)
        self.finished += 1

    def take_cut(self, staged: Staged, final: bool) -> None:
        """Take in another process's part of a block that was not finished; see `cut`."""
        if self._keep_longer(staged.start, staged.rows, final):
            staged.path(self.out).unlink(missing_ok=True)
        else:
            self._take(staged, final)

    def _keep_longer(self, start: int, rows: int, final: bool) -> bool:
        """Tell whether as much of a block is stored already; it becomes `final` with that."""
        before = self._entries.get(start)
        if before is None or before.rows < rows:
            return False
        if final:
            self.check_place()
            self._list(replace(before, final=True))
        return True

    def _write(self, explanations: list[Explanation], final: bool) -> None:
        path = part_path(self.out, explanations[0].row)
        self._make_way(explanations[0].row, len(explanations))
        size, sha256 = write_part(path, explanations, self._maps)
        self._enter(describe(path, explanations, size, sha256), final)

    def _take(self, staged: Staged, final: bool) -> None:
        self._make_way(staged.start, staged.rows)
        give_name(staged.path(self.out), part_path(self.out, staged.start))
        self._enter(staged, final)

    def _make_way(self, start: int, rows: int) -> None:
        self.check_place()
        if self._within(range(start, start + rows)):
            # They tell of what is replaced.
            remove_joined(self.out)

    def _enter(self, staged: Staged, final: bool) -> None:
        now = time.monotonic()
        entry = PartEntry(
            run=self._about["run"],
            start=staged.start,
            rows=staged.rows,
            final=final,
            size=staged.size,
            sha256=staged.sha256,
            seconds=round(now - self._since, 3),
        )
        self._list(entry)
        self._since = now
