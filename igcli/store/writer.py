"""The writer of a run directory: explanations row by row, as they come."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from igcli.common.explanation import Explanation
from igcli.store.files import give_name
from igcli.store.folder import RunFolder
from igcli.store.layout import part_path
from igcli.store.manifest import PartEntry
from igcli.store.maps import Maps
from igcli.store.outdir import remove_joined
from igcli.store.parts import write_part
from igcli.store.staged import Staged, describe, whole_inputs


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
        if final and not before.final:
            self.check_place()
            self._list(replace(before, final=True))
        return True

    def _write(self, explanations: list[Explanation], final: bool) -> None:
        path = part_path(self.out, explanations[0].row)
        self._make_way(explanations[0].row, len(explanations))
        sums = write_part(path, explanations, self._maps)
        self._enter(describe(path, explanations, sums), final)

    def _take(self, staged: Staged, final: bool) -> None:
        self._make_way(staged.start, staged.rows)
        give_name(staged.path(self.out), part_path(self.out, staged.start))
        self._enter(staged, final)

    def _make_way(self, start: int, rows: int) -> None:
        self.check_place()
        if self.is_packed:
            self._unpack()
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
            size=staged.sums.size,
            sha256=staged.sums.sha256,
            seconds=round(now - self._since, 3),
            content=staged.sums.content,
        )
        self._list(entry)
        self._since = now
