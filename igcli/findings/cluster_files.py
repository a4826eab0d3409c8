"""The files of clusters: clusters.csv, and a contact sheet of each suspicious one."""

import re
from pathlib import Path

from igcli.findings.clusters import Clusters
from igcli.findings.clusters_text import csv_text
from igcli.findings.contact_sheet import contact_sheet
from igcli.store.files import whole_file, write_whole
from igcli.store.run import StoredRun

CSV = "clusters.csv"
_SHEET = "suspicious-{:02}-{}.png"


def write_clusters(run: StoredRun, clusters: Clusters, folder: Path) -> list[Path]:
    """Write the files to a folder, made where it is not; return the contact sheets.

    Those of an earlier call are removed first.
    """
    folder.mkdir(exist_ok=True)
    for old in folder.glob("suspicious-[0-9][0-9]-*.png"):
        old.unlink()
    write_whole(folder / CSV, csv_text(clusters).encode())
    sheets = []
    for place, one in enumerate(clusters.suspicious if clusters.has_images else ()):
        path = folder / _SHEET.format(place + 1, f"{_plain(one.group)}-{one.number}")
        with whole_file(path, synced=False) as temporary:
            contact_sheet(run, clusters, one).save(temporary, "PNG")
        sheets.append(path)
    return sheets


def _plain(name: str) -> str:
    """Return a name with nothing in it that a file's name can't have, and not too long."""
    return re.sub(r"[^\w-]+", "_", name)[:60]
