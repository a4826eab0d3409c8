"""The text of areas: what `igcli regions` prints."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from igcli.common.text import counted
from igcli.findings.segments.area_files import PICTURES
from igcli.findings.segments.area_run import AreaRequest, FoundAreas
from igcli.store.layout import AREAS_CSV, AREAS_H5


def lines(found: FoundAreas, request: AreaRequest) -> Iterator[str]:
    """Yield the summary."""
    count = len(found.counts)
    source = "your own segments" if request.segments else "segments of the photos"
    way = (
        "ranked once, by all their pixels" if request.is_fast else "the best of the rest each time"
    )
    yield f"regions  {counted(count, 'explanation')}: {_range(found.counts)} each"
    yield f"of       {source}, {way}; channels: {request.reduce}"
    if count:
        alone = sum(tied == 1 for tied in found.tied_first)
        yield f"errors   {_range(found.told_apart)} values told apart; the best is alone in {alone}"
    if found.without_error:
        yield f"         {found.without_error} have no error: their runs estimated none"
    yield f"failed   {len(found.failed)}"
    names = ", ".join(str(found.folder / name) for name in (AREAS_CSV, AREAS_H5, PICTURES))
    yield f"files    {names}"


def to_dict(found: FoundAreas, request: AreaRequest) -> dict[str, Any]:
    """Return it as JSON can hold it."""
    return {
        "explanations": len(found.counts),
        "reduce": request.reduce,
        "fast": request.is_fast,
        "top": request.top,
        "segments": None if request.segments is None else str(request.segments),
        "regions": _spread(found.counts),
        "told_apart": _spread(found.told_apart),
        "tied_first": _spread(found.tied_first),
        "without_error": found.without_error,
        "failed": [{"id": identity, "message": why} for identity, why in found.failed],
        "folder": str(found.folder),
    }


def _range(numbers: Sequence[int]) -> str:
    if not numbers:
        return "none"
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"


def _spread(numbers: Sequence[int]) -> dict[str, float] | None:
    if not numbers:
        return None
    return {"least": min(numbers), "median": median(numbers), "most": max(numbers)}
