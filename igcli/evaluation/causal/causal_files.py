"""The files of causal tests: causal.json, and causal.csv with a line for each edited image."""

import json
from pathlib import Path

from igcli.common.csv_text import in_csv
from igcli.common.files import has_header
from igcli.evaluation.causal.tested import CausalTests
from igcli.store.files import check_ours, write_whole
from igcli.store.layout import CAUSAL, CAUSAL_CSV, CAUSAL_FIELDS


def check_causal(folder: Path) -> None:
    """Raise OutputError where a causal.csv is there already that igcli did not write."""
    check_ours(folder, (CAUSAL_CSV, CAUSAL), CAUSAL_FIELDS, "name another folder")


def write_causal(tests: CausalTests, folder: Path) -> None:
    """Write both files to a folder that is there."""
    rows = (
        (number, change.id, change.images, change.edit, change.target,
         f"{change.score_before:.7g}", f"{change.score_after:.7g}",
         change.prediction_before, change.prediction_after)
        for number, one in enumerate(tests.places, start=1)
        for change in one.changes
    )  # fmt: skip
    write_whole(folder / CAUSAL_CSV, in_csv(CAUSAL_FIELDS, rows))
    text = json.dumps(tests.to_dict(), indent=1, allow_nan=False)
    write_whole(folder / CAUSAL, f"{text}\n".encode())


def remove_causal(folder: Path) -> None:
    """Remove both files where they are igcli's: they are of what was found before."""
    if has_header(folder / CAUSAL_CSV, CAUSAL_FIELDS):
        for name in (CAUSAL_CSV, CAUSAL):
            (folder / name).unlink(missing_ok=True)
