"""The plan of a run: its parts loaded, bound and checked before any work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import numpy as np

from igcli.attribution.batch_size import Chosen
from igcli.attribution.gradient_model import GradientModel
from igcli.attribution.methods import Method
from igcli.common.arrays import Warn
from igcli.common.choices import PIXELS
from igcli.common.config import RunConfig
from igcli.common.model_settings import ModelSettings
from igcli.common.model_spec import ModelSpec
from igcli.common.notes import Doubt
from igcli.common.sample import InputName, Sample
from igcli.common.shapes import is_image_shape
from igcli.inputs.baselines.choose import Start, settle_start, takes_all_inputs
from igcli.inputs.baselines.listed import with_listed
from igcli.inputs.baselines.references import pools_of
from igcli.inputs.class_files.classes import Classes
from igcli.inputs.preprocess import Spaces
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.readers.registry import Reading, bind
from igcli.inputs.readers.source import Source
from igcli.inputs.targets import Targets, plan_targets, tell_of_arrays
from igcli.inputs.truth import Truths, plan_truths
from igcli.inputs.where import Judge, plan_where
from igcli.inputs.zones import Places
from igcli.runs.planning.calibration import Calibration, calibrate
from igcli.runs.planning.first_look import look_at
from igcli.runs.planning.kept_maps import check_maps
from igcli.runs.planning.preflight import Preflight, make_preflight
from igcli.runs.planning.preprocess_choice import Preprocessing, settle_preprocess
from igcli.runs.planning.resume_check import EarlierRun, check_preprocess, check_selected
from igcli.runs.planning.sureness import find_surer
from igcli.runs.selection import Selection, select
from igcli.store.identity import SELECTED
from igcli.store.maps import Maps

LoadModel: TypeAlias = Callable[[Path, ModelSettings, Warn], GradientModel]


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can start: all its parts loaded, bound and checked.

    Attributes
    ----------
    preflight : Preflight
        What is known without the model.
    model : GradientModel
        The model.
    preprocessing : Preprocessing
        What pixels are put through.
    source, targets, start
        The inputs bound to the model, what of its output is explained, and where paths start.
    truths : Truths or None
        The inputs' true classes, where they are known.
    calibration : Calibration
        What paths run in, how they are integrated, and how their rows are sent.
    run : str
        This run's key.
    """

    preflight: Preflight
    model: GradientModel
    preprocessing: Preprocessing
    source: Source
    targets: Targets
    start: Start
    calibration: Calibration
    run: str
    truths: Truths | None = None

    @property
    def config(self) -> RunConfig:
        """What was asked for."""
        return self.preflight.config

    @property
    def identity(self) -> dict[str, Any]:
        """What another run must share to go on with this one, by what the model decided too."""
        selection = self.preflight.selection
        selected = {} if selection is None else {SELECTED: selection.sha256}
        return self.preflight.identity | {"preprocess": self.preprocessing.name} | selected

    @property
    def names(self) -> Sequence[InputName]:
        """The inputs to explain."""
        return self.preflight.names

    @property
    def earlier(self) -> EarlierRun | None:
        """The run in OUT that this one goes on with."""
        return self.preflight.earlier

    @property
    def method(self) -> Method:
        """How paths are integrated."""
        return self.calibration.method

    @property
    def chosen(self) -> Chosen:
        """How rows are batched, and why so."""
        return self.calibration.chosen

    @property
    def paths_each(self) -> int:
        """How many paths an explanation has, whose maps are averaged."""
        return len(self.start.slots)

    @property
    def maps(self) -> Maps:
        """What of a path's attribution is stored, and how."""
        return self.calibration.maps

    def of_some(self, names: Sequence[InputName], out: Path) -> "Plan":
        """Return a plan of some of the inputs, into another folder."""
        config = replace(self.config, out=out)
        return replace(self, preflight=replace(self.preflight, names=names, config=config))

    def certifying(self, regions: bool) -> "Plan":
        """Return a plan of the same inputs, the tolerance asked of regions or of pixels."""
        return replace(self, calibration=self.calibration.certifying(regions))

    def with_method(self, method: Method) -> "Plan":
        """Return a plan of the same inputs by another method."""
        return replace(self, calibration=self.calibration.with_method(method))


@dataclass(frozen=True, slots=True)
class Handover:
    """What one process of a run has worked out with the model, and the others take over.

    Attributes
    ----------
    spec : ModelSpec
        Of the model, as that process has it.
    selection : Selection or None
        The inputs that `--where` leaves.
    start : Start or None
        Baselines that took all inputs to make; others are made anew.
    calibration : Calibration
        As in its plan.
    """

    spec: ModelSpec
    start: Start | None
    calibration: Calibration
    selection: Selection | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A loaded model, and the inputs as it takes them."""

    model: GradientModel
    preprocessing: Preprocessing
    source: Source
    reading: Reading


def bind_inputs(preflight: Preflight, load_model: LoadModel, warn: Warn) -> Bound:
    """Load a run's model, and bind its inputs to it: all that forward passes need.

    Raises
    ------
    IgcliError
        When it can't be loaded, or does not take the inputs.
    """
    config, listing = preflight.config, preflight.listing
    model = load_model(config.model, preflight.model_settings, warn)
    pixels = [name for name, array in listing.arrays.items() if array.dtype == np.uint8]
    preprocessing = settle_preprocess(preflight.settings.preprocess, model.spec, pixels)
    if preflight.earlier is not None:
        check_preprocess(config, preflight.earlier, preprocessing.name)
    reading = Reading(
        preprocess=preprocessing.name,
        resize=preflight.settings.resize,
        image_size=config.image_size,
        depth=config.bit_depth,
        bands=config.bands or (),
    )
    return Bound(model, preprocessing, bind(listing, model.spec, reading), reading)


def make_plan(config: RunConfig, load_model: LoadModel, warn: Warn) -> Plan:
    """Check a run from its cheapest part to its dearest, and write nothing.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    return plan_run(make_preflight(config, warn), load_model, warn)


def plan_run(
    preflight: Preflight,
    load_model: LoadModel,
    warn: Warn,
    handover: Handover | None = None,
    workers: int = 1,
) -> Plan:
    """Plan a run whose inputs were looked at.

    Parameters
    ----------
    preflight : Preflight
        What is known without the model.
    load_model : callable
        Loads it.
    warn : callable
        Told what is worth a notice.
    handover : Handover or None
        Of another process of the same run, where there was one.
    workers : int
        How many processes will share the work.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    config, listing = preflight.config, preflight.listing
    bound = bind_inputs(preflight, load_model, warn)
    model, preprocessing, source = bound.model, bound.preprocessing, bound.source
    spec, names, arrays = model.spec, listing.names, listing.arrays
    preflight.labels.check(spec.named_classes)
    classes = Classes(preflight.labels, spec.classes, spec.output_shape)
    truths = plan_truths(config.truth, names, classes, arrays, warn)
    places = _places(preflight, spec, source)
    targets = plan_targets(config.target, names, classes, arrays, warn, truths, places)
    if config.where:
        selection = handover.selection if handover else None
        if selection is None:
            judged = classes if targets.zones is None else targets.zones.classes(classes.labels)
            holds = plan_where(config.where, Judge(judged, targets, truths))
            selection = select(model, source, preflight.every, holds, truths, config.limit)
            check_selected(config, preflight.earlier, selection.sha256)
        preflight = preflight.selecting(selection)
    tell_of_arrays(source.beside, config.target, arrays, classes, warn, config.truth)
    start = (handover.start if handover else None) or start_of(preflight, bound)
    check_maps(config, spec, start.is_averaged)
    if handover is not None:
        calibration = handover.calibration
    else:
        if preprocessing.note:
            warn(preprocessing.note)
        if preprocessing.doubt:
            warn(Doubt(preprocessing.doubt))
        look_at(source, preflight.every, spec.scaling, config.bit_depth, warn)
        calibration = calibrate(preflight, model, source, start, targets.per_input, workers, warn)
        zone = targets.zones.dense.grid if targets.zones and config.store == PIXELS else ()
        maps = replace(calibration.maps, has_truth=truths is not None, zone_shape=zone)
        calibration = replace(calibration, maps=maps)
        surer = find_surer(model, source, preflight.every)
        if surer is not None:
            warn(surer.in_words)
    name = preflight.earlier.run if preflight.earlier else uuid4().hex
    return Plan(preflight, model, preprocessing, source, targets, start, calibration, name, truths)


def _places(preflight: Preflight, spec: ModelSpec, source: Source) -> Places | None:
    """Return how the places of an output lie in the images; None where it has none."""
    if spec.dense is None:
        return None
    spaces = source.space.spaces if isinstance(source.space, Spaces) else [source.space]
    height, width = next(s.shape for s in spaces if is_image_shape(s.shape))[:2]
    return Places(spec.dense, (width, height), preflight.settings.resize_of_inputs)


def start_of(preflight: Preflight, bound: Bound) -> Start:
    """Return a run's baselines."""
    source, resize, seed = bound.source, preflight.settings.resize, preflight.config.seed
    names, spec, out = preflight.listing.names, bound.model.spec, preflight.config.out
    start = settle_start(
        preflight.config.baseline,
        source.space,
        lambda: (s for s in read_ahead(source, preflight.every) if isinstance(s, Sample)),
        len(names),
        resize,
        seed,
        pools_of(preflight.listing, source, out, lambda others: bind(others, spec, bound.reading)),
    )
    space = source.space
    return start if isinstance(space, Spaces) else with_listed(start, names, space, resize, seed)


def make_handover(plan: Plan) -> Handover:
    """Return what the other processes of a run take over from a plan."""
    start = plan.start if takes_all_inputs(plan.config.baseline) else None
    return Handover(plan.model.spec, start, plan.calibration, plan.preflight.selection)
