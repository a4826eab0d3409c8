"""The gathered files: findings.json, beside the tables and pictures of the single commands."""

import json
from pathlib import Path

from igcli.common.errors import OutputError
from igcli.findings import cluster_files, locate_files, locate_results
from igcli.findings.gathered.finding import Gathered
from igcli.findings.gathered.of_maps import Searched
from igcli.findings.gathered.of_objects import Spots, read_spots
from igcli.store.files import write_whole
from igcli.store.layout import FINDINGS, FINDINGS_JSON, LOCATE
from igcli.store.run import StoredRun


def check_gathered(folder: Path) -> None:
    """Raise OutputError where something is there already that igcli did not write."""
    path = folder / FINDINGS_JSON
    if path.exists() and _parsed(path) is None:
        raise OutputError(f"{path} is there already, and not igcli's", fix="move it elsewhere")
    cluster_files.check_folder(folder)
    locate_files.check_csv(folder / LOCATE)


def write_gathered(
    run: StoredRun,
    found: Gathered,
    searched: Searched | str,
    located: locate_results.Findings | None,
) -> None:
    """Write OUT/findings: findings.json, and what the single commands would write."""
    folder = run.out / FINDINGS
    folder.mkdir(exist_ok=True)
    if not isinstance(searched, str):
        cluster_files.write_clusters(run, searched.clusters, folder)
    if located is not None:
        locate_files.write_csv(located, folder / LOCATE)
    write_findings(found, folder)


def write_findings(found: Gathered, folder: Path) -> None:
    """Write findings.json alone, to a folder that is there."""
    write_whole(folder / FINDINGS_JSON, json.dumps(found.to_dict(), allow_nan=False).encode())


def read_gathered(run: StoredRun) -> Gathered | None:
    """Return what OUT/findings holds; None where nothing is there that is of this same run."""
    found = _parsed(run.out / FINDINGS / FINDINGS_JSON)
    if found is None or found.run != run.about.get("run"):
        return None
    return found if found.explanations == len(run.rows) else None


def spots_there(run: StoredRun) -> Spots | None:
    """Return what OUT/locate.csv says of this run's rows; None where there is no such file."""
    return read_spots(run.out / LOCATE, run.rows)


def _parsed(path: Path) -> Gathered | None:
    try:
        return Gathered.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
