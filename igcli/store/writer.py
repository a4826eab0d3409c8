"""Write a run directory as explanations come in, row by row."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from igcli.errors import OutputVanished
from igcli.maps import Maps
from igcli.records import Explanation
from igcli.store.about import Status, write_about
from igcli.store.columns import write_csv
from igcli.store.files import link_or_copy
from igcli.store.layout import ATTRIBUTIONS, ATTRIBUTIONS_NPY, PARTS, RESULTS, part_path
from igcli.store.manifest import PartEntry, append_entry, write_manifest
from igcli.store.outdir import remove_joined, remove_run
from igcli.store.parts import join_parts, save_npy, write_part


class RunFolder:
    """One run directory being filled with parts, by whoever holds its lock.

    Parameters
    ----------
    out : Path
        The run directory, which exists.
    about : dict
        What run.json says beside its status and counts; its "run" is the run's key.
    kept : sequence of PartEntry
        The parts of an unfinished run to keep; everything else of an earlier run is removed.

    Raises
    ------
    OSError, OutputVanished
        From every method: what could not be written, or that `out` is not there any more.
    """

    def __init__(self, out: Path, about: dict[str, Any], kept: Sequence[PartEntry] = ()) -> None:
        self.out = out
        self._about = about
        self._entries = list(kept)
        self._place = os.stat(out)
        # First of all: from here on nothing of an earlier run counts but what is kept.
        write_about(out, "running", about)
        if kept:
            remove_joined(out)
            known = {part_path(out, entry.start) for entry in kept}
            for path in set((out / PARTS).glob("part-*.h5")) - known:
                path.unlink()
            write_manifest(out, self._entries)
        else:
            remove_run(out)

    @property
    def entries(self) -> list[PartEntry]:
        """The whole parts, in row order."""
        return sorted(self._entries, key=lambda entry: entry.start)

    @property
    def stored(self) -> int:
        """How many rows are in whole parts."""
        return sum(entry.rows for entry in self._entries)

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

    def _list(self, entry: PartEntry) -> None:
        append_entry(self.out, entry)
        self._entries.append(entry)


class RunWriter(RunFolder):
    """A run directory being filled with explanations as they come; see `RunFolder`.

    `maps` is what is stored of an explanation.
    """

    def __init__(
        self, out: Path, maps: Maps, about: dict[str, Any], kept: Sequence[PartEntry] = ()
    ) -> None:
        super().__init__(out, about, kept)
        self._maps = maps
        self._buffer: list[Explanation] = []
        self._since = time.monotonic()

    def add(self, explanation: Explanation) -> None:
        """Take the next row; rows of a part come in order."""
        self._buffer.append(explanation)

    def flush(self, final: bool) -> None:
        """Write what was added as a part; what can't be written is given up.

        `final` tells whether the part ends where it was planned to.
        """
        if not self._buffer:
            return
        explanations, self._buffer = self._buffer, []
        self.check_place()
        start = explanations[0].row
        size, sha256 = write_part(part_path(self.out, start), explanations, self._maps)
        now = time.monotonic()
        entry = PartEntry(
            run=self._about["run"],
            start=start,
            rows=len(explanations),
            final=final,
            unread=sum(e.status == "failed" and not e.sha256 for e in explanations),
            size=size,
            sha256=sha256,
            seconds=round(now - self._since, 3),
        )
        self._list(entry)
        self._since = now
