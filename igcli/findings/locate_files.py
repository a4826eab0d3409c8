"""The files of locate: locate.csv, JSON and JUnit XML."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from igcli.common.csv_text import OF_ROW, number_field, of_row
from igcli.common.errors import OutputError
from igcli.common.files import has_header
from igcli.common.junit import case_in, in_xml, suite_of
from igcli.common.text import all_finite, counted, finite, on_one_line
from igcli.findings.locate_gates import Judged
from igcli.findings.locate_groups import groups, whole
from igcli.findings.locate_measures import MEASURES
from igcli.findings.locate_results import Findings, Left, Located
from igcli.store.files import whole_file
from igcli.store.layout import LOCATE

FIELDS = (
    *OF_ROW,
    "left_out",
    "why",
    "area",
    *(field for name in MEASURES for field in (name, f"{name}_error")),
)
_SHOWN = 20


def check_csv(path: Path) -> None:
    """Raise OutputError where a file is there already that is no locate.csv."""
    if path.exists() and not has_header(path, FIELDS):
        raise OutputError(
            f"{path} is there already, and no {LOCATE}", fix="name another file with -o"
        )


def write_csv(found: Findings, path: Path) -> None:
    """Write a row for each explanation: the measured ones, the worst first, then those left out."""
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(_cells(image) for image in (*found.measured, *found.left_out))


def _cells(image: Located) -> list[Any]:
    row = of_row(image.row)
    numbers = [finite(number) for number in _numbers(image)]
    return [*row, image.left or "", image.why, *(number_field(number) for number in numbers)]


def _numbers(image: Located) -> Iterator[float]:
    yield image.area
    for name in MEASURES:
        yield image.values.get(name, float("nan"))
        yield image.errors.get(name, float("nan"))


def to_dict(found: Findings, judged: Sequence[Judged]) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "run": found.title,
        "objects": found.noun,
        "cells": found.cells or None,
        "crossed": any(j.crossed for j in judged),
        "explanations": len(found.images),
        "measured": len(found.measured),
        "left_out": {
            str(left): [image.row.id for image in found.images if image.left is left]
            for left in Left
        },
        "unused": found.unused,
        "gates": [
            {
                "gate": j.threshold.text,
                "value": None if j.value is None else finite(j.value),
                "crossed": j.crossed,
                "beyond": [image.row.id for image in j.beyond],
            }
            for j in judged
        ],
        "all": all_finite(asdict(whole(found))) if found.measured else None,
        "groups": [all_finite(asdict(group)) for group in groups(found)],
        "worst": [image.row.id for image in found.measured[:_SHOWN]],
    }


def junit(found: Findings, judged: Sequence[Judged]) -> bytes:
    """Return the XML: a test case for each gate, the worst images in the text of a failure."""
    failures = sum(j.crossed for j in judged)
    suite = suite_of(tests=len(judged), failures=failures, errors=0)
    for one in judged:
        case = case_in(suite, "igcli.locate", one.threshold.text)
        if one.crossed:
            value = "no image to judge" if one.value is None else f"found {one.value:.4g}"
            message = f"{one.threshold.text}: {value}"
            failure = ElementTree.SubElement(case, "failure", message=message)
            lines = [f"{counted(len(one.beyond), 'image')}, the worst first:"]
            lines += [_line(image) for image in one.beyond[:_SHOWN]]
            failure.text = "\n".join(lines)
    return in_xml(suite)


def _line(image: Located) -> str:
    numbers = ", ".join(f"{name} {value:.3g}" for name, value in image.values.items())
    # XML 1.0 has no control characters.
    return f"{on_one_line(image.row.id)}: {numbers or on_one_line(image.why)}"
