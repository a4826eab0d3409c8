"""evaluate: runs' maps held against controls, image by image; forward passes alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array, Warn
from igcli.common.choices import INFIDELITY, MAGNITUDE
from igcli.common.errors import IgcliError, InputError, ModelError
from igcli.common.explanation import Explanation
from igcli.common.progress import Track
from igcli.common.sample import Failed, Sample
from igcli.common.shapes import with_channels
from igcli.evaluation.faithfulness.asked import EvaluateRequest
from igcli.evaluation.faithfulness.case import Case, Measured
from igcli.evaluation.faithfulness.control_maps import blurred, control_maps
from igcli.evaluation.faithfulness.curves import Steps, squares
from igcli.evaluation.faithfulness.evaluated import Evaluated, ImageValues, order_name
from igcli.evaluation.faithfulness.journal import Journal
from igcli.evaluation.faithfulness.measures import Maps, measure
from igcli.evaluation.faithfulness.opened import Opened, open_runs
from igcli.evaluation.faithfulness.planes import Planes, read_planes, rows_that_match
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.runs.planning.plan import LoadModel

# A step is that part of the picture.
_STEPS = 32
Rows = tuple[Explanation, ...]


@dataclass(frozen=True, slots=True)
class _Units:
    steps: Steps
    cell: int


def evaluate(
    request: EvaluateRequest, folder: Path, load_model: LoadModel, track: Track, warn: Warn
) -> Evaluated:
    """Measure how faithful the maps of finished runs are to their model.

    What is measured is kept in `folder` image by image; an evaluation that was killed goes on from
    there when it is asked for again.

    Parameters
    ----------
    request : EvaluateRequest
        What is asked.
    folder : Path
        Where what is measured is kept meanwhile; it is there.
    load_model : callable
        As for `igcli.runs.planning.plan.make_plan`.
    track : callable
        Wraps the iteration over images.
    warn : callable
        Told what loading the model gives away.

    Raises
    ------
    InputError, ConfigError, ModelError, NotWhole
        As `igcli.evaluation.faithfulness.opened.open_runs`; InputError also where no image is left.
    """
    opened = open_runs(request, load_model, warn)
    matching, left_out = rows_that_match(opened.runs)
    if not matching:
        raise InputError(
            f"{opened.runs[0].title} has nothing to evaluate",
            f"{len(left_out)} explanations are left out: {next(iter(left_out.values()), 'none')}",
            "name runs of the same images, some of which are explained",
        )
    chosen = _sample(matching, request)
    units = _units(request, opened)
    settings = _settings(request, opened, units)
    journal = Journal.opened(folder, settings, warn)
    left = [rows for rows in chosen if rows[0].id not in journal.found]
    done = len(chosen) - len(left)
    measured = _measured(left, request, opened, units)
    for one in track(measured, total=len(chosen), done=done, unit="images"):
        journal.add(one)
    images = [journal.found[rows[0].id] for rows in chosen]
    return Evaluated(
        request.metrics, tuple(str(out) for out in request.outs), settings, images, left_out
    )


def _sample(matching: Sequence[Rows], request: EvaluateRequest) -> list[Rows]:
    """Return at most so many images, drawn by the seed, in the run's order."""
    places = np.random.default_rng(request.seed).permutation(len(matching))[: request.count]
    return [matching[place] for place in sorted(places)]


def _units(request: EvaluateRequest, opened: Opened) -> _Units:
    cells = [run.kept.regions for run in opened.runs if not run.kept.pixels]
    own = max((regions.side for regions in cells if regions is not None), default=1)
    side = request.cell or own
    height, width = opened.size
    step = request.step or -(-height * width // _STEPS)
    return _Units(Steps(squares(opened.size, side), step), side)


def _settings(request: EvaluateRequest, opened: Opened, units: _Units) -> dict[str, object]:
    """Return what decides every number, as JSON can hold it."""
    return {
        "runs": [run.about["run"] for run in opened.runs],
        "metrics": list(request.metrics),
        "order": request.order,
        "cell": units.cell,
        "step": units.steps.step,
        "fill": opened.fill_name,
        "insert_from": opened.start_name,
        "seed": request.seed,
    } | ({"normalize": request.normalize} if INFIDELITY in request.metrics else {})


def _measured(
    chosen: Sequence[Rows], request: EvaluateRequest, opened: Opened, units: _Units
) -> Iterator[ImageValues]:
    """Yield what each image gives, one after the other."""
    names = [opened.names[rows[0].id] for rows in chosen]
    planes = [
        read_planes(run, [rows[place] for rows in chosen], opened.size, request.seed)
        for place, run in enumerate(opened.runs)
    ]
    for rows, item in zip(chosen, read_ahead(opened.source, names), strict=True):
        own = [next(some) for some in planes]
        try:
            why = _unusable(rows[0], item)
            if not why:
                assert isinstance(item, Sample)
                yield _of_image(rows[0], item, own, request, opened, units)
                continue
        except (InputError, ModelError) as error:
            why = _in_words(error)
        yield ImageValues(rows[0].id, {}, why)


def _unusable(row: Explanation, item: Sample | Failed) -> str:
    if isinstance(item, Failed):
        return item.message
    return "" if item.sha256 == row.sha256 else "it is not the image that the run explained"


def _in_words(error: IgcliError) -> str:
    return f"{error.problem}: {error.cause}" if error.cause else error.problem


def _of_image(
    row: Explanation,
    sample: Sample,
    planes: Sequence[Planes],
    request: EvaluateRequest,
    opened: Opened,
    units: _Units,
) -> ImageValues:
    assert row.target is not None
    case = Case(row.id, request.seed, sample.x, opened.fill(sample), opened.start(sample))
    raw = sample.raw.reshape(with_channels(sample.raw.shape))
    controls = control_maps(raw, request.seed, row.id)
    signed = _orders(planes, controls, np.asarray)
    ordered = _orders(planes, controls, np.abs) if request.order == MAGNITUDE else signed
    ask = partial(opened.scores, target=row.target)
    maps = Maps(signed, ordered)
    values = measure(case, maps, request.metrics, units.steps, request.normalize, ask)
    return _checked(row.id, values)


def _checked(identity: str, values: dict[str, dict[str, Measured]]) -> ImageValues:
    every = (one.value for found in values.values() for one in found.values())
    if all(isfinite(value) for value in every):
        return ImageValues(identity, values)
    return ImageValues(identity, {}, "the model gives no finite score")


def _orders(
    planes: Sequence[Planes], controls: Mapping[str, Array], reduce: Callable[[Array], Array]
) -> dict[str, Array]:
    """Return the maps, the controls, and the maps blurred and moved, each map reduced first."""
    found = dict(controls)
    for place, one in enumerate(planes):
        plane = reduce(one.plane)
        found[order_name("map", place)] = plane
        found[order_name("blurred", place)] = blurred(plane)
        if one.moved is not None:
            found[order_name("moved", place)] = reduce(one.moved)
    return found
