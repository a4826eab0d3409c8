"""The layout of a run directory: names of files and datasets."""

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
LOCATE = "locate.csv"
CLUSTERS, CLUSTERS_CSV = "clusters", "clusters.csv"
# Among the clusters' files; the CSV's header tells that both are igcli's.
CAUSAL, CAUSAL_CSV = "causal.json", "causal.csv"
CAUSAL_FIELDS = (
    "place", "id", "images", "edit", "target", "score_before", "score_after",
    "prediction_before", "prediction_after",
)  # fmt: skip
FINDINGS, FINDINGS_JSON = "findings", "findings.json"
AGREEMENT, AGREEMENT_CSV, AGREEMENT_JSON = "agreement", "agreement.csv", "agreement.json"
AGREEMENT_PNG = "agreement.png"
# XRAI's regions: not the cells that `--store regions` keeps.
AREAS, AREAS_CSV, AREAS_H5 = "regions", "regions.csv", "regions.h5"
OWN_NAMES = (
    RUN, RESULTS, ATTRIBUTIONS, ATTRIBUTIONS_NPY, OVERLAYS, FIGURES, PARTS, LOCK, REPORT, LOCATE,
    CLUSTERS, FINDINGS, AGREEMENT, AREAS,
)  # fmt: skip


def part_path(out: Path, start: int) -> Path:
    """Return the part that begins with row `start`."""
    return out / PARTS / f"part-{start:09d}.h5"


def packed_part_path(out: Path, start: int) -> Path:
    """Return the file of several blocks that begins with row `start`, among the parts."""
    return out / PARTS / f"packed-{start:09d}.h5"


def view_path(out: Path, run: str) -> Path:
    """Return the file through which attributions.h5 refers to a run's parts.

    It is called after the run, lest it be found among the parts of another one.
    """
    return out / PARTS / f"view-{run}.h5"


def manifest_path(out: Path) -> Path:
    """Return the list of whole parts."""
    return out / PARTS / MANIFEST
