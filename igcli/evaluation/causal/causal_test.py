"""The causal test: a place's cells covered in its images, and pasted into others' images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array, Warn
from igcli.common.errors import InputError, ModelError
from igcli.common.explanation import Explanation
from igcli.common.progress import Track
from igcli.common.regions import Regions
from igcli.evaluation.causal.controls import hottest_cells, random_cells
from igcli.evaluation.causal.edits import FILLS, mask_of, pasted
from igcli.evaluation.causal.effects import compared, effect_of
from igcli.evaluation.causal.places_to_test import PlaceToTest
from igcli.evaluation.causal.positions import in_words
from igcli.evaluation.causal.probe import Change, Probe
from igcli.evaluation.causal.tested import CausalTests, TestedPlace
from igcli.evaluation.reopen import Reopened, VerifyRequest, reopen
from igcli.findings.densities import Densities
from igcli.inputs.preprocess import Spaces
from igcli.runs.planning.plan import LoadModel, bind_inputs
from igcli.runs.planning.preflight import look_at_inputs

# What is asked of an image, and of which images.
COVERED, RANDOM, HOTTEST, PASTED = "covered", "random covered", "hottest covered", "pasted"
RANDOM_PASTED = "random pasted"
OWN, OTHERS, RECEIVERS = "own", "others", "other classes"


@dataclass(frozen=True, slots=True)
class CausalRequest:
    """How places are to be tested.

    Attributes
    ----------
    out, model, inputs : Path
        The run directory, and what it says to be made from.
    count : int
        The most images of a place, of the rest of its group, and of other classes.
    fill : str
        What cells are covered with, one of `igcli.evaluation.causal.edits.FILLS`.
    seed : int
        Of samples, random cells and bootstraps.
    custom_objects, allow_unsafe
        As they were given to the run.
    """

    out: Path
    model: Path
    inputs: Path
    count: int = 200
    fill: str = "mean"
    seed: int = 0
    custom_objects: Path | None = None
    allow_unsafe: bool = False


def causal_test(
    request: CausalRequest,
    places: Sequence[PlaceToTest],
    densities: Densities,
    load_model: LoadModel,
    track: Track,
    warn: Warn,
) -> CausalTests:
    """Ask a run's model whether its classes hang on some places; forward passes alone.

    Parameters
    ----------
    request : CausalRequest
        How.
    places : sequence of PlaceToTest
        What; without any, nothing is loaded. See `igcli.evaluation.causal.places_to_test`.
    densities : Densities
        Those of the run that the places were found in.
    load_model : callable
        As for `igcli.runs.planning.plan.make_plan`.
    track : callable
        Wraps the iteration over places.
    warn : callable
        Told what loading the model gives away.

    Raises
    ------
    InputError
        When the run is of another model, other inputs or other files, or not of one picture.
    ModelError
        When the model has no classes to choose from.
    NotWhole
        When the run is not finished.
    """
    settings = {"fill": request.fill, "seed": request.seed, "most_images": request.count}
    if not places:
        return CausalTests((), settings, {})
    asked = VerifyRequest(request.out, request.model, request.inputs,
                          custom_objects=request.custom_objects,
                          allow_unsafe=request.allow_unsafe)  # fmt: skip
    probe = _open(reopen(asked, warn), densities, load_model, warn)
    test = _Test(request, densities, probe)
    tracked = track(places, total=len(places), unit="places")
    return CausalTests(tuple(test.of(place) for place in tracked), settings, probe.failed)


def _open(reopened: Reopened, densities: Densities, load_model: LoadModel, warn: Warn) -> Probe:
    """Return the model with its inputs, where it is one that cells can be covered for."""
    config = replace(reopened.config, fail_on=(), shard=None)
    # What planning notes of the inputs, the run has said already.
    preflight = look_at_inputs(config, lambda message: None)
    bound = bind_inputs(preflight, load_model, warn)
    spec, space = bound.model.spec, bound.source.space
    if isinstance(space, Spaces) or spec.entered is not None or space.pictured is None:
        what = "of a layer" if spec.entered is not None else "of no single picture"
        raise InputError(
            f"OUT {reopened.config.out} can't be tested",
            f"its maps are {what}, so no cell of a map is a cell of an image",
            "explain a model's one input, a picture, and not a layer",
        )
    if space.shape[:2] != densities.regions.shape[:2]:
        raise InputError(
            f"OUT {reopened.config.out} can't be tested",
            f"its maps are {_size(densities.regions.shape)}, its images {_size(space.shape)}",
        )
    if spec.classes < 2 or spec.output_shape:
        raise ModelError(
            f"MODEL {reopened.config.model} does not choose one of several classes",
            "the test counts how often the predicted class changes",
            "leave --test out",
        )
    run, by_id = reopened.run, {name.id: name for name in preflight.every}
    rows = {row.id: by_id[run.input_of(row)] for row in densities.rows}
    return Probe(bound.model, bound.source, space, rows)


def _is_flip(change: Change) -> bool:
    return change.is_flip


def _is_made(change: Change) -> bool:
    return change.is_made


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} × {shape[1]}"


class _Test:
    """The test of one place after another."""

    def __init__(self, request: CausalRequest, densities: Densities, probe: Probe) -> None:
        self._request, self._densities, self._probe = request, densities, probe
        self._places = {row.id: place for place, row in enumerate(densities.rows)}

    def of(self, place: PlaceToTest) -> TestedPlace:
        seed, regions = self._request.seed, self._densities.regions
        cells = _Cells(self._request, regions, place)
        own = self._sample(place.rows, "own", self._request.count)
        others = self._sample(place.others, "others", len(own))
        receivers = self._sample(place.receivers, "receivers", self._request.count)
        donors: list[_Donor] = []

        def cover_own(row: Explanation, raw: Array) -> Mapping[str, Array]:
            donors.append(cells.donor(row, raw))
            hottest = hottest_cells(
                self._densities.values[self._places[row.id], ..., 0], place.edited
            )
            return cells.cover(row, raw) | {HOTTEST: cells.filled(raw, hottest)}

        covered = [*self._probe.changes(own, OWN, None, cover_own)]
        rest = [*self._probe.changes(others, OTHERS, None, cells.cover)]
        made = [*self._paste(receivers, place, donors)]
        return TestedPlace(
            place,
            in_words(place.edited, regions),
            regions.box(place.edited),
            compared(covered, COVERED, RANDOM, _is_flip, seed),
            compared(rest, COVERED, RANDOM, _is_flip, seed),
            effect_of([c for c in covered if c.edit == HOTTEST], _is_flip, seed),
            compared(made, PASTED, RANDOM_PASTED, _is_made, seed),
            (*covered, *rest, *made),
        )

    def _paste(
        self, rows: Sequence[Explanation], place: PlaceToTest, donors: Sequence["_Donor"]
    ) -> Iterator[Change]:
        if not donors:
            return
        turn = iter(range(len(rows)))

        def paste(row: Explanation, raw: Array) -> Mapping[str, Array]:
            donor = donors[next(turn) % len(donors)]
            return {
                PASTED: pasted(raw, donor.mask, donor.pixels),
                RANDOM_PASTED: pasted(raw, donor.random_mask, donor.random_pixels),
            }

        for change in self._probe.changes(rows, RECEIVERS, place.target, paste):
            if change.prediction_before != place.target:
                yield change

    def _sample(self, rows: Sequence[Explanation], what: str, most: int) -> Sequence[Explanation]:
        """Return at most so many rows, drawn by the seed, in the run's order."""
        random = np.random.default_rng([self._request.seed, len(what)])
        chosen = random.permutation(len(rows))[:most]
        return sorted((rows[i] for i in chosen), key=lambda row: row.row)


@dataclass(frozen=True, slots=True)
class _Donor:
    """What is pasted from one image: the place's pixels, and those of its random cells."""

    mask: Array
    pixels: Array
    random_mask: Array
    random_pixels: Array


class _Cells:
    """A place's cells as pixels."""

    def __init__(self, request: CausalRequest, regions: Regions, place: PlaceToTest) -> None:
        self._fill, self._seed = FILLS[request.fill], request.seed
        self._regions, self._cells = regions, place.edited
        self._mask = mask_of(regions, np.array(place.edited))

    def filled(self, raw: Array, cells: Array) -> Array:
        return self._fill(raw, mask_of(self._regions, cells))

    def cover(self, row: Explanation, raw: Array) -> dict[str, Array]:
        return {
            COVERED: self._fill(raw, self._mask),
            RANDOM: self.filled(raw, self._random(row)),
        }

    def donor(self, row: Explanation, raw: Array) -> _Donor:
        random = mask_of(self._regions, self._random(row))
        return _Donor(self._mask, raw[self._mask], random, raw[random])

    def _random(self, row: Explanation) -> Array:
        return random_cells(self._regions.grid, self._cells, self._seed, row.id)
