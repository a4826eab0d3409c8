"""Findings of objects: how well attributions are located, and the worst located images."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from igcli.common.explanation import Explanation
from igcli.common.files import has_header
from igcli.common.text import on_one_line
from igcli.findings import locate_results
from igcli.findings.gathered.finding import LOCATED, Finding
from igcli.findings.locate_files import FIELDS
from igcli.findings.places import LEAST


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the attribution of one explanation lies, as locate.csv has it.

    Attributes
    ----------
    id, name : str
        The explanation, and the class that it is of.
    inside, lift, hit : float
        See `igcli.findings.locate_measures`.
    error : float
        How far `lift` may be off; 0 where that is not known.
    """

    id: str
    name: str
    inside: float
    lift: float
    hit: float
    error: float


@dataclass(frozen=True, slots=True)
class Spots:
    """What was measured in a run, the least lift first, and how many were left out, by reason."""

    measured: tuple[Spot, ...]
    left_out: dict[str, int]


def spots_of(found: locate_results.Findings) -> Spots:
    """Return what `igcli.findings.locate.locate` measured."""
    measured = [
        Spot(one.row.id, _name(one.row), one.values["inside"], one.values["lift"],
             one.values["hit"], _known(one.errors["lift"]))
        for one in found.measured
    ]  # fmt: skip
    left: dict[str, int] = {}
    for one in found.left_out:
        left[str(one.left)] = left.get(str(one.left), 0) + 1
    return Spots(tuple(measured), left)


def _name(row: Explanation) -> str:
    return row.target_name or str(row.target)


def _known(error: float) -> float:
    return error if error == error else 0.0


def read_spots(path: Path, rows: Sequence[Explanation]) -> Spots | None:
    """Return what a locate.csv says; None where there is none, or it is not of these rows."""
    if not has_header(path, FIELDS):
        return None
    measured, left, seen = [], dict[str, int](), {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                seen[line["id"]] = line["target"]
                if line["left_out"]:
                    left[line["left_out"]] = left.get(line["left_out"], 0) + 1
                    continue
                inside, lift, hit = (float(line[name]) for name in ("inside", "lift", "hit"))
                error = float(line["lift_error"] or 0.0)
                name = line["target_name"] or line["target"]
                measured.append(Spot(line["id"], name, inside, lift, hit, error))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    targets = {row.id: "" if row.target is None else str(row.target) for row in rows}
    return Spots(tuple(measured), left) if seen == targets else None


def located_found(spots: Spots) -> Iterator[Finding]:
    """Yield how well all are located, the images worse than chance, and classes that are."""
    measured = spots.measured
    if not measured:
        return
    ids = tuple(spot.id for spot in measured)
    inside, lift = (median(values) for values in _columns(measured))
    hits = fmean(spot.hit for spot in measured)
    text = (
        f"{len(measured)} located: inside {inside:.3g}, lift {lift:.3g} at the median, "
        f"{hits:.0%} hit"
    )
    if spots.left_out:
        text += "; left out: " + ", ".join(f"{n} {why}" for why, n in spots.left_out.items())
    yield Finding(LOCATED, text, ids, {"inside": inside, "lift": lift, "hit": hits})
    yield _worst(measured)
    yield from _classes(measured)


def _columns(spots: Sequence[Spot]) -> tuple[list[float], list[float]]:
    return [spot.inside for spot in spots], [spot.lift for spot in spots]


def _worst(measured: Sequence[Spot]) -> Finding:
    below = [spot for spot in measured if spot.lift + spot.error < 1.0]
    worst = f"the worst is {on_one_line(measured[0].id)}, lift {measured[0].lift:.3g}"
    if not below:
        return Finding(
            LOCATED, f"worst located: none is surely below what an even map has (lift 1); {worst}",
            tuple(spot.id for spot in measured), {"below": 0},
        )  # fmt: skip
    return Finding(
        LOCATED,
        f"worst located: {len(below)} of {len(measured)} have less mass in their objects than an "
        f"even map would (lift below 1, by more than the maps' own errors); {worst}",
        tuple(spot.id for spot in below),
        {"below": len(below)},
        True,
    )


def _classes(measured: Sequence[Spot]) -> Iterator[Finding]:
    classes: dict[str, list[Spot]] = {}
    for spot in measured:
        classes.setdefault(spot.name, []).append(spot)
    medians = {name: median(_columns(own)[1]) for name, own in classes.items()}
    for name in sorted(medians, key=lambda name: medians[name]):
        own = classes[name]
        if len(own) >= LEAST and medians[name] < 1.0:
            text = f"{on_one_line(name)}: lift {medians[name]:.3g} at the median of {len(own)}"
            yield Finding(
                LOCATED, text, tuple(spot.id for spot in own), {"lift": medians[name]}, True
            )
