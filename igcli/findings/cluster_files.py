"""The files of clusters: clusters.csv, and a contact sheet of each suspicious one."""

import re
from pathlib import Path

from igcli.common.png import is_ours, save_png
from igcli.findings.clusters import Clusters
from igcli.findings.clusters_text import FIELDS, csv_of
from igcli.findings.contact_sheet import contact_sheet
from igcli.store.files import check_ours, whole_file, write_whole
from igcli.store.layout import CLUSTERS_CSV
from igcli.store.run import StoredRun

_SHEETS = "suspicious-*.png"


def check_folder(folder: Path) -> None:
    """Raise OutputError where a clusters.csv is there already that igcli did not write."""
    check_ours(folder, (CLUSTERS_CSV,), FIELDS, "name another folder")


def write_clusters(run: StoredRun, clusters: Clusters, folder: Path) -> list[Path]:
    """Write the files to a folder, made where it is not; return the contact sheets.

    Those of an earlier call are removed first.
    """
    folder.mkdir(exist_ok=True)
    for old in folder.glob(_SHEETS):
        if is_ours(old):
            old.unlink()
    write_whole(folder / CLUSTERS_CSV, csv_of(clusters))
    sheets = []
    for place, one in enumerate(clusters.suspicious if clusters.has_images else ()):
        path = folder / f"suspicious-{place + 1:02}-{_plain(one.group)}-{one.number}.png"
        title = f"{one.group}, cluster {one.number}"
        with whole_file(path, synced=False) as temporary:
            save_png(contact_sheet(run, clusters, one), temporary, title)
        sheets.append(path)
    return sheets


def sheets_there(folder: Path) -> dict[int, Path]:
    """Return the contact sheets in a folder by the place of their cluster, from 0."""
    found = {}
    for path in sorted(folder.glob(_SHEETS)):
        number = path.name.split("-")[1]
        if number.isdecimal() and is_ours(path):
            found[int(number) - 1] = path
    return found


def _plain(name: str) -> str:
    """Return a name with nothing in it that a file's name can't have, and not too long."""
    return re.sub(r"[^\w-]+", "_", name)[:60]
