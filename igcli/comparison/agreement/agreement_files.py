"""The files of agreement: agreement.csv, agreement.json, a sheet of maps, and JUnit XML."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from igcli.common.csv_text import OF_ROW, number_field, of_row
from igcli.common.errors import OutputError
from igcli.common.files import has_header
from igcli.common.junit import case_in, in_xml, suite_of
from igcli.common.png import drawn_with, save_png
from igcli.common.text import all_finite, finite, on_one_line
from igcli.comparison.agreement.agree import Agreement, ImageAgreement
from igcli.comparison.agreement.agreement_gates import Judged
from igcli.comparison.agreement.agreement_groups import by_column, whole
from igcli.comparison.agreement.choices import Choices, Left
from igcli.comparison.agreement.drawn_maps import SETTINGS, DrawnRow, as_json, drawn_rows, on_sheet
from igcli.comparison.agreement.pairwise import MEASURES
from igcli.store.files import whole_file, write_whole
from igcli.store.layout import AGREEMENT_CSV, AGREEMENT_JSON, AGREEMENT_PNG

FIELDS = (
    *OF_ROW,
    "left_out",
    "why",
    "baseline",
    "other_baseline",
    "within_errors",
    *(field for name in MEASURES for field in (name, f"{name}_by_errors")),
)
_SHOWN = 20


def check_folder(folder: Path) -> None:
    """Raise OutputError where a file is there already that igcli did not write."""
    table, facts, picture = (folder / n for n in (AGREEMENT_CSV, AGREEMENT_JSON, AGREEMENT_PNG))
    strange = [table] if table.exists() and not has_header(table, FIELDS) else []
    strange += [facts] if facts.exists() and read_facts(facts) is None else []
    strange += [picture] if picture.exists() and drawn_with(picture) != SETTINGS else []
    if strange:
        raise OutputError(f"{strange[0]} is there already, and not igcli's", fix="name another -o")


def write_agreement(
    choices: Choices, found: Agreement, by: str | None, folder: Path, pictures: int
) -> None:
    """Write the files to a folder, made where it is not: pictures of so many images at most."""
    folder.mkdir(exist_ok=True)
    write_csv(found, folder / AGREEMENT_CSV)
    rows = list(drawn_rows(choices, found, pictures))
    facts = facts_of(found, by, rows)
    write_whole(folder / AGREEMENT_JSON, json.dumps(facts, allow_nan=False).encode())
    path = folder / AGREEMENT_PNG
    if not rows:
        path.unlink(missing_ok=True)
        return
    with whole_file(path, synced=False) as temporary:
        save_png(on_sheet(rows, found), temporary, "agreement")


def facts_of(found: Agreement, by: str | None, rows: Sequence[DrawnRow]) -> dict[str, Any]:
    """Return what agreement.json says: what was found, of which run, and its drawn rows."""
    return {"agreement": to_dict(found, by), "run": found.run, "shown": list(map(as_json, rows))}


def read_facts(path: Path) -> dict[str, Any] | None:
    """Return what agreement.json says; None where there is no such file."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) and "agreement" in facts else None


def write_csv(found: Agreement, path: Path) -> None:
    """Write a row for each explanation: those that hinge on the choice first, then those left out.

    Medians are empty where there is one pair.
    """
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        for image in found.images:
            numbers = (number_field(number) for number in _numbers(image, found.measures))
            about = ("", "", *image.pair, image.found.within_errors)
            writer.writerow([*of_row(image.row), *about, *numbers])
        for one in found.left_out:
            empty = [""] * (len(FIELDS) - len(OF_ROW) - 2)
            writer.writerow([*of_row(one.row), str(one.left), one.why, *empty])


def _numbers(image: ImageAgreement, told: Sequence[str]) -> Iterator[float | None]:
    for name in MEASURES:
        for numbers in (image.values, image.explained):
            yield finite(numbers[name]) if name in told else None


def to_dict(found: Agreement, by: str | None) -> dict[str, Any]:
    """Return what ``--json`` prints, but the gates."""
    return {
        "runs": list(found.titles),
        "baselines": list(found.names),
        "cells": found.cells or None,
        "of": "pixels" if found.has_pixels else "regions",
        "measured": len(found.images),
        "hinging": len(found.hinging),
        "left_out": {
            str(left): [one.row.id for one in found.left_out if one.left is left] for left in Left
        },
        "notes": found.notes,
        "all": all_finite(asdict(whole(found))),
        "groups": [all_finite(asdict(group)) for group in by_column(found, by)],
        "images": [
            {
                "id": image.row.id,
                "baselines": list(image.pair),
                "within_errors": image.found.within_errors,
                **{
                    name: {
                        "value": finite(image.values[name]),
                        "by_errors": finite(image.explained[name]),
                    }
                    for name in found.measures
                },
            }
            for image in found.images
        ],
    }


def gates_to_dict(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return what ``--json`` prints of gates."""
    return {
        "crossed": any(j.crossed for j in judged),
        "gates": [
            {
                "gate": j.threshold.text,
                "group": j.group or None,
                "value": None if j.value is None else finite(j.value),
                "by_errors": finite(j.explained),
                "crossed": j.crossed,
                "left_out": j.left_out or None,
                "beyond": j.beyond,
            }
            for j in judged
        ],
    }


def junit(found: Agreement, judged: Sequence[Judged]) -> bytes:
    """Return the XML: a test case for each gate, the images beyond it in the text of a failure."""
    images = {image.row.id: image for image in found.images}
    suite = suite_of(tests=len(judged), failures=sum(j.crossed for j in judged), errors=0)
    for one in judged:
        case = case_in(suite, "igcli.agreement", one.threshold.text)
        if one.crossed:
            value = one.left_out if one.value is None else f"found {one.value:.4g}"
            where = f" in {on_one_line(one.group)}" if one.group else ""
            message = f"{one.threshold.text}: {value}{where}"
            failure = ElementTree.SubElement(case, "failure", message=message)
            lines = [f"{len(one.beyond)} images, the farthest first:"]
            lines += [_line(name, images.get(name), found) for name in one.beyond[:_SHOWN]]
            failure.text = "\n".join(lines)
    return in_xml(suite)


def _line(name: str, image: ImageAgreement | None, found: Agreement) -> str:
    # XML 1.0 has no control characters.
    if image is None:
        return on_one_line(name)
    numbers = ", ".join(f"{m} {image.values[m]:.3g}" for m in found.measures)
    return f"{on_one_line(name)}: {numbers}, {on_one_line(' against '.join(image.pair))}"
