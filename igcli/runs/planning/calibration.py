"""What a loaded model and the inputs decide together: once for all processes of a run."""

from dataclasses import dataclass

import numpy as np

from igcli.attribution.batch_size import Chosen, choose_batching
from igcli.attribution.gradient_model import GradientModel
from igcli.attribution.methods import Method
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.model_spec import InputSpec, ModelSpec
from igcli.inputs.baselines.choose import Start
from igcli.inputs.preprocess import DEFAULT_PREPROCESS
from igcli.inputs.readers.source import Listing, Source
from igcli.runs.planning.blocks import block_size, shared
from igcli.runs.planning.earlier_run import Earlier
from igcli.runs.planning.jumps import tell_of_jumps
from igcli.runs.planning.precision import precision_error
from igcli.runs.planning.preflight import Survey
from igcli.runs.planning.repeatability import check_repeatable
from igcli.store.maps import maps_of


@dataclass(frozen=True, slots=True)
class Settled:
    """What one process found, and the others of its run take over.

    Attributes
    ----------
    spec : ModelSpec
        Of the model, as that process has it.
    start : Start or None
        Baselines that took all inputs to make; others are made anew.
    point, precision_error, chosen, block
        As in `Plan`.
    memory : int
        Bytes for the gradients of paths under way.
    """

    spec: ModelSpec
    start: Start | None
    point: InputSpec
    precision_error: float
    chosen: Chosen
    memory: int
    block: int


def settle(
    found: Survey,
    model: GradientModel,
    source: Source,
    start: Start,
    per_input: int,
    workers: int,
    warn: Warn,
) -> Settled:
    """Ask the model what only it can tell, and settle how it is asked from then on.

    Parameters
    ----------
    found : Survey
        What is known without the model.
    model, source, start
        The model, the inputs bound to it, and their baselines.
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
    config, spec = found.config, model.spec
    point = _point(model, source)
    _check_maps(config, spec)
    _tell_of_scaling(config, found.listing, spec, warn)
    error = precision_error(model, source, found.every, start.baseline, warn)
    method = found.method.with_rounding(error)
    rows = len(found.names) * per_input * method.usual_steps // workers
    chosen = _batching(config, model, method, point.known_shape, rows, found.earlier, warn)
    check_repeatable(model, method, chosen.batching, source, found.every, start.baseline)
    tell_of_jumps(model, source, found.every, start.baseline, warn)
    maps = maps_of(spec, point, source.space.has_pictures)
    size = block_size(chosen.batching, method.usual_steps, per_input, 4 * int(np.prod(maps.shape)))
    return Settled(
        spec=spec,
        start=None,
        point=point,
        precision_error=error,
        chosen=chosen,
        memory=method.memory,
        block=found.earlier.block if found.earlier else shared(size, len(found.names), workers),
    )


def _point(model: GradientModel, source: Source) -> InputSpec:
    """Settle what paths run in; where a layer's shape is open, by asking the model."""
    spec, space = model.spec, source.space
    if spec.entered is None:
        return space.input
    if None not in spec.entered.shape:
        return spec.entered
    nothing = np.zeros((1, *space.shape), space.input.dtype)
    return spec.entered.with_shape(model.enter(nothing).shape[1:])


def _tell_of_scaling(config: RunConfig, listing: Listing, spec: ModelSpec, warn: Warn) -> None:
    """Say so where pixels would be scaled twice."""
    preprocess = config.preprocess or DEFAULT_PREPROCESS
    given = all(known.is_whole for known in spec.inputs or (spec.input,))
    if given:
        if config.preprocess not in {None, "raw"}:
            warn(
                f"--preprocess {preprocess} has no effect: the model takes "
                f"{spec.input.declared} pixels, and gets them as they are"
            )
        return
    if spec.scaling and listing.kind in {"pixels", "several"} and preprocess != "raw":
        warn(
            f"the model's first layer {spec.scaling!r} scales pixels itself, after --preprocess "
            f"{preprocess} has: use --preprocess raw"
        )


def _check_maps(config: RunConfig, spec: ModelSpec) -> None:
    if "npy" in config.save and spec.is_grouped:
        raise ConfigError(
            "--save npy can't be used with several maps to each explanation",
            "an .npy holds one array",
            "leave it out: attributions.h5 has them all",
        )


def _batching(
    config: RunConfig,
    model: GradientModel,
    method: Method,
    shape: tuple[int, ...],
    rows: int,
    earlier: Earlier | None,
    warn: Warn,
) -> Chosen:
    if earlier and config.batch_size == earlier.asked and _suits(earlier, model.spec):
        chosen = Chosen(earlier.batching, "as before")
    else:
        chosen = choose_batching(model, method, shape, rows, config.batch_size)
    size = chosen.batching.size
    if config.batch_size is not None and size < config.batch_size:
        warn(f"--batch-size {config.batch_size} may not fit into memory: {size} rows are sent")
    return chosen


def _suits(earlier: Earlier, spec: ModelSpec) -> bool:
    return (earlier.device, earlier.batching.streams) == (spec.device, spec.streams)
