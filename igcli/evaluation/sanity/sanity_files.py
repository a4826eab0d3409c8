"""The files of a sanity check: sanity.csv, a line for each map, sanity.json and the picture."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from igcli.common.arrays import Array
from igcli.common.csv_text import in_csv
from igcli.common.errors import OutputError
from igcli.common.junit import case_in, in_xml, suite_of
from igcli.comparison.similarity import METRICS
from igcli.evaluation.sanity.sanity_sheet import sanity_sheet
from igcli.evaluation.sanity.sanity_text import verdict_line
from igcli.evaluation.sanity.sanity_verdict import DEPEND, Sanity
from igcli.store.files import check_ours, write_whole

CSV, JSON, PNG = "sanity.csv", "sanity.json", "sanity.png"
FIELDS = ("redrawn", "layers", "id", "target", "changed", *METRICS)
_SAME, _BETWEEN, _UNRELATED = "none", "two redrawn models", "other images"


def check_folder(folder: Path) -> None:
    """Raise OutputError where one of the files is there already that igcli did not write."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"OUT {folder} is a file", fix="name a folder")
    check_ours(folder, (CSV, JSON, PNG), FIELDS, "name another folder")


def write_sanity(found: Sanity, folder: Path) -> None:
    """Write the files; the picture where inputs are pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / CSV, in_csv(FIELDS, _rows(found)))
    text = json.dumps(found.to_dict(), indent=1, allow_nan=False)
    write_whole(folder / JSON, f"{text}\n".encode())
    picture = sanity_sheet(found)
    if picture is None:
        (folder / PNG).unlink(missing_ok=True)
        return
    data = BytesIO()
    picture.save(data, "PNG")
    write_whole(folder / PNG, data.getvalue())


def junit(found: Sanity) -> bytes:
    """Return JUnit XML: one test case, the maps depend on the model."""
    is_good = found.verdict == DEPEND
    suite = suite_of(tests=1, failures=int(not is_good), errors=0)
    case = case_in(suite, "igcli.sanity", "the maps depend on the model")
    if not is_good:
        ElementTree.SubElement(case, "failure", message=verdict_line(found))
    return in_xml(suite)


def _rows(found: Sanity) -> Iterator[tuple[object, ...]]:
    none = np.zeros(len(found.ids), dtype=bool)
    yield from _of(found, _SAME, 0, none, found.anchors.same)
    for seen in found.seen:
        yield from _of(found, seen.title, len(seen.redrawn), seen.changed, seen.likeness)
    every = len(found.layers)
    yield from _of(found, _BETWEEN, every, none, found.between)
    yield from _of(found, _UNRELATED, every, none, found.anchors.unrelated)


def _of(
    found: Sanity, title: str, layers: int, changed: Array, likeness: Array
) -> Iterator[tuple[object, ...]]:
    for i, (name, target) in enumerate(zip(found.ids, found.targets, strict=True)):
        numbers = ("" if np.isnan(v) else f"{v:.6g}" for v in likeness[i])
        yield (title, layers, name, "" if target is None else target, int(changed[i]), *numbers)
