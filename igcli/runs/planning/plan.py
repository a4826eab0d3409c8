"""Everything that can be wrong, found before any work: from a config to a plan of the run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

from igcli.attribution.batch_size import Chosen
from igcli.attribution.gradient_model import GradientModel
from igcli.attribution.methods import Method
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.model_spec import InputSpec, ModelSettings
from igcli.common.sample import InputName, Sample
from igcli.inputs.baselines.choose import Start, settle_start, takes_all_inputs
from igcli.inputs.baselines.recipes import Baseline
from igcli.inputs.labels import Labels
from igcli.inputs.preprocess import DEFAULT_PREPROCESS
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.readers.registry import bind
from igcli.inputs.readers.resize import DEFAULT_RESIZE
from igcli.inputs.readers.source import Source
from igcli.inputs.targets import Targets, plan_targets
from igcli.runs.planning.calibration import Settled, settle
from igcli.runs.planning.earlier_run import Earlier
from igcli.runs.planning.gates import Gate, parse_gates
from igcli.runs.planning.preflight import Survey, survey
from igcli.store.layout import clashes
from igcli.store.maps import Maps, maps_of

LoadModel: TypeAlias = Callable[[Path, ModelSettings, Warn], GradientModel]


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can start: all its parts loaded, bound and checked.

    Attributes
    ----------
    names : sequence of InputName
        The inputs to explain, `--limit` applied.
    baseline_name, preprocess, resize : str or None
        What was settled for these inputs; None where it has no meaning for them.
    point : InputSpec
        What paths run in, every dimension settled.
    maps : Maps
        What of a path's attribution is stored, and how.
    chosen : Chosen
        How rows are batched, and why so.
    precision_error : float
        How far the gradients of a few rows are from float32's; see
        `igcli.attribution.gradient_model.GradientModel`.
    first, of_inputs : int
        Where `names` begin among the inputs of all shards, and how many these are.
    block : int
        How many inputs are explained by themselves and stored as one part.
    clashing : frozenset of str
        Ids that are told apart by case alone.
    identity : dict
        What another run must share to go on with this one; see `igcli.store.identity`.
    run : str
        This run's key.
    earlier : Earlier or None
        The run in OUT that this one goes on with.
    """

    config: RunConfig
    model: GradientModel
    source: Source
    names: Sequence[InputName]
    labels: Labels
    targets: Targets
    method: Method
    gates: list[Gate]
    baseline: Baseline
    baseline_name: str
    point: InputSpec
    maps: Maps
    preprocess: str | None
    resize: str | None
    chosen: Chosen
    precision_error: float
    first: int
    of_inputs: int
    block: int
    clashing: frozenset[str]
    identity: dict[str, Any]
    run: str
    earlier: Earlier | None = None


def make_plan(config: RunConfig, load_model: LoadModel, warn: Warn) -> Plan:
    """Check a run from its cheapest part to its dearest, and write nothing.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    return plan_run(survey(config, warn), load_model, warn)


def plan_run(
    found: Survey,
    load_model: LoadModel,
    warn: Warn,
    settled: Settled | None = None,
    workers: int = 1,
) -> Plan:
    """Plan a run whose inputs were looked at.

    Parameters
    ----------
    found : Survey
        What is known without the model.
    load_model : callable
        Loads it.
    warn : callable
        Told what is worth a notice.
    settled : Settled or None
        What another process of the same run found out: it is taken over.
    workers : int
        How many processes will share the work.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    config, listing = found.config, found.listing
    model = load_model(config.model, found.model_settings, warn)
    spec = model.spec
    resize = config.resize or DEFAULT_RESIZE
    preprocess = found.preprocess or DEFAULT_PREPROCESS
    source = bind(listing, spec, preprocess, resize, config.image_size)
    found.labels.check(spec.output_shape[-1] if spec.output_shape else spec.classes)
    targets = plan_targets(
        config.target, listing.names, found.labels, spec.classes, spec.output_shape
    )
    start = settled.start if settled else None
    start = start or settle_start(
        config.baseline,
        source.space,
        lambda: (s for s in read_ahead(source, found.every) if isinstance(s, Sample)),
        len(listing.names),
        resize,
        config.seed,
    )
    settled = settled or settle(found, model, source, start, targets.per_input, workers, warn)
    method = replace(found.method, memory=settled.memory).with_rounding(settled.precision_error)
    return Plan(
        config=config,
        model=model,
        source=source,
        names=found.names,
        labels=found.labels,
        targets=targets,
        method=method,
        gates=parse_gates(config.fail_on, method),
        baseline=start.baseline,
        baseline_name=start.name,
        point=settled.point,
        maps=maps_of(spec, settled.point, source.space.has_pictures),
        preprocess=found.preprocess,
        resize=resize if listing.resizable else None,
        chosen=settled.chosen,
        precision_error=settled.precision_error,
        first=found.names[0].index if found.names else 0,
        of_inputs=len(found.every),
        block=settled.block,
        clashing=clashes(name.id for name in found.every),
        identity=found.identity,
        run=found.earlier.run if found.earlier else uuid4().hex,
        earlier=found.earlier,
    )


def settled_by(plan: Plan) -> Settled:
    """Return what the other processes of a run take over from a plan."""
    made_of_all = takes_all_inputs(plan.config.baseline)
    return Settled(
        spec=plan.model.spec,
        start=Start(plan.baseline, plan.baseline_name) if made_of_all else None,
        point=plan.point,
        precision_error=plan.precision_error,
        chosen=plan.chosen,
        memory=plan.method.memory,
        block=plan.block,
    )
