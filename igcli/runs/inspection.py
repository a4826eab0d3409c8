"""The inspection of a model, and of the run that would explain some inputs with it."""

import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from igcli.attribution.batch_size import Chosen
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.model_spec import InputSpec, LayerCall, LayerInfo, Part
from igcli.common.own_scaling import OwnScaling
from igcli.common.shapes import is_image_shape
from igcli.models.open import check_path, describe_model
from igcli.models.selection.describe import ModelInfo, OutputInfo
from igcli.runs.cost import Estimate, estimate
from igcli.runs.planning.plan import LoadModel, Plan, make_plan
from igcli.runs.planning.preprocess_choice import Preprocessing, choose_preprocess


@dataclass(frozen=True, slots=True)
class RunOutlook:
    """How a run would explain its inputs.

    Attributes
    ----------
    explained : tuple of Part
        What attributions are of: inputs, or a layer.
    calls : tuple of LayerCall
        Where those of a layer come from that is called several times.
    explanations : int
        How many there would be.
    method : str
        The method, in words.
    chosen : Chosen
        How rows would be batched, and why so.
    device, precision : str
        What gradients would run on, and their arithmetic.
    estimate : Estimate or None
        What it would take, where that was asked for.
    """

    explained: tuple[Part, ...]
    calls: tuple[LayerCall, ...]
    explanations: int
    method: str
    chosen: Chosen
    device: str
    precision: str
    estimate: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints of it."""
        batching = self.chosen.batching
        calls = {call.name: {"inputs": call.inputs, "on": call.on} for call in self.calls}
        outlook = {
            "explained": [
                {"name": p.name, "shape": list(p.shape), **calls.get(p.name, {})}
                for p in self.explained
            ],
            "explanations": self.explanations,
            "method": self.method,
            "batching": {
                "size": batching.size,
                "streams": batching.streams,
                "chosen": self.chosen.how,
            },
            "device": {"name": self.device, "precision": self.precision},
        }
        return outlook | ({"estimate": asdict(self.estimate)} if self.estimate else {})


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a model is; where there are inputs, how a run would explain them.

    Attributes
    ----------
    model : ModelInfo
        The whole model; of a run, what of it is used, and no layers.
    outlook : RunOutlook or None
        Of the run.
    """

    model: ModelInfo
    outlook: RunOutlook | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        model = self.model
        facts: dict[str, Any] = {
            "model": {"path": str(model.path), "loader": model.loader},
            **(
                {"signatures": [asdict(p) for p in model.entry_points]}
                if model.entry_points
                else {}
            ),
            **({"random": list(model.draws)} if model.draws else {}),
            "inputs": [_input(spec, model) for spec in model.inputs],
            "outputs": [
                {"name": o.name, "shape": list(o.shape), "last_operation": o.tail}
                | ({"key": o.key} if o.key not in ("", o.name) else {})
                | ({"by_place": True} if o.by_place else {})
                for o in model.outputs
            ],
        }
        if self.preprocessing.why:
            facts["scaling"] = _scaling(model.own)
            facts["preprocess"] = {
                "auto": self.preprocessing.name,
                "because": self.preprocessing.why,
            }
        if self.outlook is not None:
            return facts | self.outlook.to_dict()
        facts["layers"] = [
            _layer(layer) | ({"last_conv": True} if layer.name == model.last_conv else {})
            for layer in model.layers
        ]
        return facts

    @property
    def preprocessing(self) -> Preprocessing:
        """What ``--preprocess auto`` is for its pictures; nothing where it takes none."""
        model = self.model
        inputs = [
            s for s in model.inputs if is_image_shape(s.shape) or s.name in model.channels_first
        ]
        return choose_preprocess(model.own, inputs)


def _scaling(own: OwnScaling) -> dict[str, Any]:
    """Return what becomes of pixels before the first weights; no name where nothing scales them."""
    return {"name": own.name, "black": own.low, "white": own.high, "family": own.family}


def _input(spec: InputSpec, model: ModelInfo) -> dict[str, Any]:
    """Return an input's name, shape and dtype, the one that the model itself takes."""
    dtype = spec.declared or spec.dtype.name
    facts: dict[str, Any] = {"name": spec.name, "shape": list(spec.shape), "dtype": dtype}
    if spec.name in model.channels_first:
        facts["channels_first"] = True
    if spec.pixels:
        facts["pixels"] = True
    return facts | ({} if model.batch is None else {"batch": model.batch})


def _layer(layer: LayerInfo) -> dict[str, Any]:
    """Return what is known of a layer; its calls where there are several."""
    facts = asdict(layer)
    if not layer.calls:
        del facts["calls"]
    return facts


def inspect_model(config: RunConfig, warn: Warn) -> Inspection:
    """Return what a config's model is.

    Raises
    ------
    ModelError
        When it can't be loaded.
    """
    check_path(config.model)
    return Inspection(describe_model(config.model, config.model_settings, warn))


def inspect_run(
    config: RunConfig, load_model: LoadModel, warn: Warn, with_estimate: bool
) -> Inspection:
    """Return how a run would explain its inputs; nothing is written where the config says.

    Parameters
    ----------
    config : RunConfig
        The run.
    load_model : callable
        As for `igcli.runs.planning.plan.make_plan`.
    warn : callable
        Told what is worth a notice.
    with_estimate : bool
        Whether a few inputs are explained, to tell what all of them would take.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named.
    """
    check_path(config.model)
    with tempfile.TemporaryDirectory() as folder:
        plan = make_plan(replace(config, out=Path(folder) / "out"), load_model, warn)
        return Inspection(_used_of(plan), _outlook(plan, estimate(plan) if with_estimate else None))


def _used_of(plan: Plan) -> ModelInfo:
    spec = plan.model.spec
    shape = spec.output_shape or (spec.classes,)
    return ModelInfo(
        path=spec.path,
        loader=spec.loader,
        inputs=spec.inputs or (spec.input,),
        outputs=(OutputInfo(spec.output_name, shape, spec.tail, by_place=bool(spec.dense)),),
        layers=(),
        own=spec.own,
        channels_first=spec.transposed,
    )


def _outlook(plan: Plan, cost: Estimate | None) -> RunOutlook:
    return RunOutlook(
        explained=plan.calibration.explained,
        calls=plan.model.spec.calls,
        explanations=len(plan.names) * plan.targets.per_input,
        method=plan.method.title,
        chosen=plan.chosen,
        device=plan.model.spec.device,
        precision=plan.model.spec.precision,
        estimate=cost,
    )
