"""The layout of a run directory: names of files and datasets."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

RUN = "run.json"
RESULTS = "results.csv"
ATTRIBUTIONS = "attributions.h5"
ATTRIBUTIONS_NPY = "attributions.npy"
OVERLAYS = "overlays"
FIGURES = "figures"
PARTS = "parts"
MANIFEST = "manifest.jsonl"
LOCK = ".lock"
REPORT = "report.html"
OWN_NAMES = (RUN, RESULTS, ATTRIBUTIONS, ATTRIBUTIONS_NPY, OVERLAYS, FIGURES, PARTS, LOCK, REPORT)
_MAX_NAME_BYTES = 255


def part_path(out: Path, start: int) -> Path:
    """Return the part that begins with row `start`."""
    return out / PARTS / f"part-{start:09d}.h5"


def manifest_path(out: Path) -> Path:
    """Return the list of whole parts."""
    return out / PARTS / MANIFEST


def overlay_path(out: Path, explanation_id: str, clashing: bool = False) -> Path:
    """Return the picture of an explanation: overlays/ID.png, its folders kept.

    A name too long for a file system is cut, and a hash of the whole keeps it unique; so does one
    where ids differ in nothing but case (see `clashes`). A folder whose own name ends in .png gets
    ".d", lest it be some picture's name.
    """
    *folders, name = explanation_id.split("/")
    parts = [_cut(f + ".d" if f.lower().endswith(".png") else f, "") for f in folders]
    if clashing:
        name += "~" + hashlib.sha256(explanation_id.encode()).hexdigest()[:8]
    return out.joinpath(OVERLAYS, *parts, _cut(name, ".png"))


def clashes(ids: Iterable[str]) -> frozenset[str]:
    """Return the ids that are one name to a file system that ignores case or Unicode's forms."""
    known = list(ids)
    folded = Counter(map(_folded, known))
    return frozenset(i for i in known if folded[_folded(i)] > 1)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _cut(name: str, suffix: str) -> str:
    if len(name.encode()) + len(suffix) > _MAX_NAME_BYTES:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = name.encode()[:200].decode("utf-8", "ignore") + "-" + digest
    return name + suffix
