"""Run directories of given explanations, written as a run writes them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from igcli.common.explanation import Explanation
from igcli.store.maps import Maps
from igcli.store.writer import RunWriter


def store_run(
    out: Path,
    maps: Maps,
    about: dict[str, Any],
    rows: Sequence[Explanation],
    part_rows: int,
    status: Any,
    packed: bool = True,
) -> Path:
    """Write explanations in order, so many to a part, and end the run; return its directory.

    A complete one is packed, unless it is to have parts as those of earlier igclis have.
    """
    out.mkdir(parents=True)
    writer = RunWriter(out, maps, about)
    for i, explanation in enumerate(rows):
        writer.add(replace(explanation, row=i))
        if (i + 1) % part_rows == 0 or i + 1 == len(rows):
            writer.flush()
    if packed and status == "complete":
        writer.pack()
    writer.join(())
    writer.finish(status, {})
    return out
