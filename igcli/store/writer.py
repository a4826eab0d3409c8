"""Write a run directory as explanations come in, row by row."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from igcli.maps import Maps
from igcli.records import Explanation
from igcli.store.columns import write_csv
from igcli.store.layout import (
    ATTRIBUTIONS,
    ATTRIBUTIONS_NPY,
    RESULTS,
    RUN,
    part_path,
    prepare_out,
    whole_file,
)
from igcli.store.parts import join_parts, save_npy, write_part

_PART_BYTES = 32 * 2**20
_PART_ROWS = 512
Status = Literal["running", "complete", "partial"]


class RunWriter:
    """One run directory being written.

    Parameters
    ----------
    out : Path
        The run directory; an earlier run in it is removed.
    maps : Maps
        What is stored of an explanation.
    about : dict
        What run.json says beside its status and counts.
    """

    def __init__(self, out: Path, maps: Maps, about: dict[str, Any]) -> None:
        self.out = out
        self._maps = maps
        self._about = about
        self._part_rows = max(
            1, min(_PART_ROWS, _PART_BYTES // (4 * int(np.prod(maps.shape)) or 1))
        )
        self._buffer: list[Explanation] = []
        self._parts: list[Path] = []
        self._stored = 0
        prepare_out(out)
        self._write_run("running", {})

    @property
    def stored(self) -> int:
        """How many rows are in whole parts."""
        return self._stored

    def add(self, explanation: Explanation) -> None:
        """Take the next row; rows come in order."""
        self._buffer.append(explanation)
        if len(self._buffer) == self._part_rows:
            self.flush()

    def flush(self) -> None:
        """Write what is buffered as a part; what can't be written is given up."""
        if not self._buffer:
            return
        explanations, self._buffer = self._buffer, []
        path = part_path(self.out, explanations[0].row)
        write_part(path, explanations, self._maps)
        self._parts.append(path)
        self._stored += len(explanations)

    def finish(self, status: Status, about: dict[str, Any], save: Sequence[str]) -> None:
        """Write what is buffered, then the files that join the parts, then the final run.json."""
        self.flush()
        if self._parts:
            write_csv(self._parts, self.out / RESULTS)
            join_parts(self._parts, self.out / ATTRIBUTIONS)
            if "npy" in save:
                save_npy(self.out / ATTRIBUTIONS, self.out / ATTRIBUTIONS_NPY)
        self._write_run(status, about)

    def _write_run(self, status: Status, about: dict[str, Any]) -> None:
        with whole_file(self.out / RUN) as temporary:
            text = json.dumps({"status": status, **self._about, **about}, indent=2)
            temporary.write_text(text + "\n", encoding="utf-8")
