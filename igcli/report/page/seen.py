"""What is seen of a run on its page: which explanations, and the arrays of each."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import AUTO, PREDICTED_TRUTH
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation, Profile
from igcli.common.regions import Regions
from igcli.figures.settle import settle_style
from igcli.figures.style import PHOTO
from igcli.findings.segments.area_files import StoredAreas
from igcli.store.layout import AREAS, AREAS_H5
from igcli.store.run import StoredRun, open_run


@dataclass(frozen=True, slots=True)
class Seen:
    """What is shown of one explanation.

    Attributes
    ----------
    row : int
        Its row.
    maps : dict of str to Array
        Its map, or one for each input by name; the first is the image's, where there is one. Where
        regions alone are kept, the mass of each for the class and, negative, against it.
    image : Array or None
        uint8 (height, width, channels): what the model saw.
    profile : Profile or None
        What was seen along the path.
    sums : dict of str to float
        Of maps that were brought to the image's size, a layer's: what they add up to themselves.
    zone : Array or None
        The places of the output that are explained; see `Explanation.zone`.
    cells : Regions or None
        What the map of a photo is smoothed from; None for other inputs, and where the run's own
        pictures are no such ones.
    """

    row: int
    maps: dict[str, Array]
    image: Array | None
    profile: Profile | None
    sums: dict[str, float] = field(default_factory=dict)
    zone: Array | None = None
    cells: Regions | None = None


def open_begun_run(out: Path) -> StoredRun:
    """Open a run, finished or not, that has rows.

    Raises
    ------
    InputError
        When `out` is no run, or holds no explanation yet.
    NotWhole
        When it is damaged.
    """
    run = open_run(out)
    if not run.rows:
        raise InputError(
            f"{out} holds no explanation",
            "the run had no input to explain"
            if run.is_finished
            else "the run was stopped before its first part was stored",
            "" if run.is_finished else "go on with `igcli run … --resume`",
        )
    return run


def explanations_asked(run: StoredRun) -> int:
    """Return how many explanations a run was to make; what is there, where that is not told."""
    return max(run.asked or 0, len(run.rows))


def look(run: StoredRun, rows: Collection[int]) -> Iterator[Seen]:
    """Yield what is shown of some rows that did not fail, in row order.

    Raises
    ------
    NotWhole
        When the arrays are damaged.
    """
    wanted = set(rows)
    shown = [row for row in run.rows if row.row in wanted]
    layout = run.layout
    cells, pairs = _smoothed(run), _pairs(run)
    areas = StoredAreas(run.out / AREAS / AREAS_H5, str(run.about.get("run", "")))
    maps = run.maps(shown) if run.kept.pixels else map(_of_regions, run.masses(shown))
    arrays = zip(maps, run.images(shown), run.profiles(shown), run.zones(shown), strict=True)
    for row, (found, image, profile, zone) in zip(shown, arrays, strict=True):
        # A single map needs no name.
        named = {name if layout.is_grouped else "": found[name] for name in layout.order}
        if not run.kept.pixels:
            named = found
        elif len(named) == 1:
            named = _and_more(run, row, next(iter(named.values())), pairs, areas)
        sums: dict[str, float] = {}
        if run.kept.register is not None and image is not None:
            sums = {name: float(own.sum(dtype=np.float64)) for name, own in named.items()}
            size = image.shape[:2]
            named = {name: run.kept.register.over(own, size) for name, own in named.items()}
        yield Seen(row.row, named, image, profile, sums, zone, cells)


def _pairs(run: StoredRun) -> dict[int, tuple[Explanation, Explanation]]:
    """Return, by the rows of inputs explained for two classes, those of the prediction and truth.

    Inputs whose prediction is the truth have no difference.
    """
    config = run.about.get("config")
    if not isinstance(config, dict) or config.get("target") != PREDICTED_TRUTH:
        return {}
    by_input: dict[str, list[Explanation]] = {}
    for row in run.rows:
        if row.status == "ok":
            by_input.setdefault(run.input_of(row), []).append(row)
    pairs = (rows for rows in by_input.values() if len(rows) == 2)
    return {row.row: (a, b) for a, b in pairs if a.target != b.target for row in (a, b)}


def _and_more(
    run: StoredRun,
    row: Explanation,
    own: Array,
    pairs: Mapping[int, tuple[Explanation, Explanation]],
    areas: StoredAreas,
) -> dict[str, Array]:
    """Return a row's map, and what else is known of it: a difference, the values of regions.

    The difference is the prediction's map less the truth's: its sum is that of the one less that of
    the other, and what is the same in both is gone from it.
    """
    named = {"this class": own}
    if row.row in pairs:
        of_prediction, of_truth = (next(iter(maps.values())) for maps in run.maps(pairs[row.row]))
        named["predicted − truth"] = of_prediction - of_truth
    plane = areas.of(row.id)
    if plane is not None and plane.shape == own.shape[:2]:
        named["regions"] = plane
    return named if len(named) > 1 else {"": own}


def _smoothed(run: StoredRun) -> Regions | None:
    """Return the cells of a run of photos whose own pictures are their heat."""
    if run.kept.regions is None or not run.layout.image_shape:
        return None
    config = run.about.get("config")
    asked = config.get("style", AUTO) if isinstance(config, dict) else AUTO
    is_photo = settle_style(str(asked), run.layout.image_shape) == PHOTO
    return run.kept.regions if is_photo else None


def _of_regions(masses: Array) -> dict[str, Array]:
    return {"regions, for the class": masses[0], "regions, against it": -masses[1]}


def most_in_need(rows: list[Explanation], most: int, certified: bool = False) -> list[int]:
    """Return which rows a person should see first, `most` at most, ascending.

    Those that did not converge, then the largest error estimates, then the largest deltas; failed
    rows have nothing to be seen. `certified` tells whether the estimates that count are those of
    regions.
    """
    shown = [row for row in rows if row.status == "ok"]
    shown.sort(key=lambda row: _need(row, certified), reverse=True)
    return sorted(row.row for row in shown[:most])


def _need(row: Explanation, certified: bool) -> tuple[bool, float, float]:
    known = row.regions_error if certified else row.error_estimate
    estimate = -1.0 if known is None else known
    delta = 0.0 if row.delta is None else abs(row.delta)
    return row.converged is False, estimate, delta
