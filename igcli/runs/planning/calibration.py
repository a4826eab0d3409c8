"""The calibration of a run: what its model and inputs decide together, once for all processes."""

from dataclasses import dataclass, replace

import numpy as np

from igcli.attribution.batch_size import Chosen, choose_batching
from igcli.attribution.gradient_model import GradientModel
from igcli.attribution.methods import Method
from igcli.common.arrays import Warn
from igcli.common.choices import FLOAT16, PIXELS
from igcli.common.config import RunConfig
from igcli.common.model_spec import InputSpec, ModelSpec, Part
from igcli.inputs.baselines.choose import Start
from igcli.inputs.readers.source import Source
from igcli.runs.planning.blocks import block_size, shared
from igcli.runs.planning.gates import check_gates
from igcli.runs.planning.jumps import tell_of_jumps
from igcli.runs.planning.kept_maps import certifies_regions, settle_regions
from igcli.runs.planning.precision import precision_error
from igcli.runs.planning.preflight import Preflight
from igcli.runs.planning.repeatability import check_repeatable
from igcli.runs.planning.resume_check import EarlierRun
from igcli.store.half import MOST_LOST
from igcli.store.maps import Maps, maps_of


@dataclass(frozen=True, slots=True)
class Calibration:
    """What paths run in, how they are integrated, and how their rows are sent.

    Attributes
    ----------
    point : InputSpec
        What paths run in, every dimension settled.
    maps : Maps
        What of a path's attribution is stored, and how.
    precision_error : float
        How far the gradients of a few rows are from float32's; see
        `igcli.attribution.gradient_model.GradientModel`.
    method : Method
        How paths are integrated: what was asked for, that error put in.
    chosen : Chosen
        How rows are batched, and why so.
    block : int
        How many inputs are explained by themselves and stored as one part.
    certifies_regions : bool
        Whether the tolerance is asked of the maps' regions, not of their pixels.
    """

    point: InputSpec
    maps: Maps
    precision_error: float
    method: Method
    chosen: Chosen
    block: int
    certifies_regions: bool = False

    @property
    def explained(self) -> tuple[Part, ...]:
        """What attributions are of, by name: inputs, or a layer."""
        return self.maps.named(self.point)

    def with_method(self, method: Method) -> "Calibration":
        """Return the same for another method, which is given the precision error too."""
        method = fitted(method, self.precision_error, self.maps, self.certifies_regions)
        return replace(self, method=method)

    def certifying(self, regions: bool) -> "Calibration":
        """Return the same, the tolerance asked of regions or of pixels."""
        return replace(self, certifies_regions=regions).with_method(self.method)


def fitted(method: Method, error: float, maps: Maps, certifies_regions: bool) -> Method:
    """Return a method for gradients of such a precision error, and maps of such regions."""
    method = method.with_rounding(error)
    if maps.dtype == FLOAT16:
        method = method.with_storing(MOST_LOST)
    if maps.regions is None:
        return method
    return method.with_regions(maps.regions, certifies_regions)


def calibrate(
    preflight: Preflight,
    model: GradientModel,
    source: Source,
    start: Start,
    per_input: int,
    workers: int,
    warn: Warn,
) -> Calibration:
    """Return what the model and the inputs decide together.

    Parameters
    ----------
    preflight : Preflight
        What is known without the model.
    model, source, start
        The model, the inputs bound to it, and what makes their baselines.
    per_input : int
        Explanations per input.
    workers : int
        How many processes will share the work.
    warn : callable
        Told what is worth a notice.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    config, spec, count = preflight.config, model.spec, len(preflight.names)
    baseline = start.baseline
    point = _point(model, source)
    maps = maps_of(spec, point, source.space.pictured, source.space.shown_channels)
    regions, is_certified = settle_regions(config, maps), certifies_regions(config)
    maps = replace(
        maps,
        regions=regions,
        keeps_pixels=config.store == PIXELS,
        dtype=config.store_dtype,
        baselines=len(start.slots),
        keeps_baselines=config.keep_baselines,
    )
    error = precision_error(model, source, preflight.every, baseline, warn)
    method = fitted(preflight.settings.method, error, maps, is_certified)
    check_gates(preflight.gates, method, regions is not None)
    steps = method.usual_steps * len(start.slots)
    rows = count * per_input * steps // workers
    chosen = _batching(config, model, method, point.known_shape, rows, preflight.earlier, warn)
    check_repeatable(model, method, chosen.batching, source, preflight.every, baseline)
    tell_of_jumps(model, source, preflight.every, baseline, warn)
    map_bytes = 4 * int(np.prod(maps.shape)) * (1 + maps.kept_baselines)
    size = block_size(chosen.batching, steps, per_input, map_bytes)
    return Calibration(
        point=point,
        maps=maps,
        precision_error=error,
        method=method,
        chosen=chosen,
        block=preflight.earlier.block if preflight.earlier else shared(size, count, workers),
        certifies_regions=is_certified,
    )


def _point(model: GradientModel, source: Source) -> InputSpec:
    """Return what paths run in; where a layer's shape is open, the model tells it."""
    spec, space = model.spec, source.space
    if spec.entered is None:
        return space.input
    if None not in spec.entered.shape:
        return spec.entered
    nothing = np.zeros((1, *space.shape), space.input.dtype)
    return spec.entered.with_shape(model.enter(nothing).shape[1:])


def _batching(
    config: RunConfig,
    model: GradientModel,
    method: Method,
    shape: tuple[int, ...],
    rows: int,
    earlier: EarlierRun | None,
    warn: Warn,
) -> Chosen:
    if earlier and config.batch_size == earlier.batch_size and _suits(earlier, model.spec):
        chosen = Chosen(earlier.batching, "as before")
    else:
        chosen = choose_batching(model, method, shape, rows, config.batch_size)
    size = chosen.batching.size
    if config.batch_size is not None and size < config.batch_size:
        warn(f"--batch-size {config.batch_size} may not fit into memory: {size} rows are sent")
    return chosen


def _suits(earlier: EarlierRun, spec: ModelSpec) -> bool:
    return (earlier.device, earlier.batching.streams) == (spec.device, spec.streams)
