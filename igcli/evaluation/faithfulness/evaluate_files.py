"""The files of an evaluation: evaluate.csv by image, evaluate.json with the curves, JUnit XML."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import SubElement

from igcli.common.choices import CONTROLS
from igcli.common.csv_text import in_csv
from igcli.common.errors import OutputError
from igcli.common.junit import case_in, in_xml, suite_of
from igcli.evaluation.faithfulness.evaluate_gates import Judged
from igcli.evaluation.faithfulness.evaluate_text import gate_line, verdict
from igcli.evaluation.faithfulness.evaluated import MAP, MOVED, Evaluated
from igcli.evaluation.faithfulness.ranking import rankings
from igcli.store.files import check_ours, write_whole
from igcli.store.layout import EVALUATE, EVALUATE_JOURNAL, EVALUATE_JSON

FIELDS = ("id", "run", "metric", "value", *CONTROLS, MOVED, "message")


def check_folder(folder: Path) -> None:
    """Raise OutputError for what can't be written there, before any work."""
    if not folder.is_dir():
        raise OutputError(f"-o {folder} is no folder", fix="make it, or name another")
    check_ours(folder, (EVALUATE, EVALUATE_JSON), FIELDS, "name another folder with -o")
    journal = folder / EVALUATE_JOURNAL
    if journal.exists() and not journal.is_file():
        raise OutputError(f"{journal} is no file", fix="name another folder with -o")


def write_evaluated(found: Evaluated, judged: Sequence[Judged], folder: Path) -> None:
    """Write evaluate.csv and evaluate.json to a folder that is there."""
    write_whole(folder / EVALUATE, in_csv(FIELDS, _lines(found)))
    curves = {metric: found.curves(metric) for metric in found.metrics}
    text = json.dumps(to_dict(found, judged) | {"curves": curves}, indent=1, allow_nan=False)
    write_whole(folder / EVALUATE_JSON, f"{text}\n".encode())


def _lines(found: Evaluated) -> Iterator[tuple[Any, ...]]:
    for image in found.images:
        for run, out in enumerate(found.outs):
            orders = found.orders(run)
            for metric, values in image.values.items():
                numbers = (values.get(orders[name]) for name in (MAP, *CONTROLS, MOVED))
                texts = ("" if one is None else f"{one.value:.7g}" for one in numbers)
                yield image.id, out, metric, *texts, ""
        if image.why_not:
            yield image.id, "", "", *[""] * (2 + len(CONTROLS)), image.why_not


def to_dict(found: Evaluated, judged: Sequence[Judged]) -> dict[str, Any]:
    """Return what was found, as JSON can hold it."""
    return {
        "outs": list(found.outs),
        "settings": found.settings,
        "n": len(found.measured),
        "metrics": [gain.to_dict() | {"in_words": verdict(gain)} for gain in found.gains()],
        "ranking": {
            metric: [one.to_dict() for one in ranked] for metric, ranked in rankings(found)
        },
        "failed": found.failed,
        "left_out": found.left_out,
        "gates": [
            {
                "gate": one.threshold.text,
                "run": one.run or None,
                "value": one.value,
                "crossed": one.crossed,
            }
            for one in judged
        ],
    }


def junit(judged: Sequence[Judged]) -> bytes:
    """Return JUnit XML with a test case for each gate."""
    crossed = sum(one.crossed for one in judged)
    suite = suite_of(tests=len(judged), failures=crossed, errors=0)
    for one in judged:
        name = f"{one.threshold.text} {one.run}".strip()
        case = case_in(suite, "igcli.evaluate", name)
        if one.crossed:
            SubElement(case, "failure", message=gate_line(one))
    return in_xml(suite)
