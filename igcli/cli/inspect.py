"""``igcli inspect``: what a model is, and what a run of it would take."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from igcli.cli.console import tell_result, warn
from igcli.cli.options import config_option, debug_option
from igcli.cli.run_options import settings_options
from igcli.cli.words import in_words
from igcli.common.config import RunConfig


@click.command(name="inspect")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("inputs", type=click.Path(path_type=Path), required=False)
@settings_options
@click.option(
    "--estimate",
    "with_estimate",
    is_flag=True,
    help="Explain a few of INPUTS to foresee the run: gradients, time, memory and disk.",
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@config_option("run")
@debug_option
def command(
    model: Path, inputs: Path | None, with_estimate: bool, as_json: bool, **settings: Any
) -> None:
    """Show what MODEL is; with INPUTS, how `igcli run` would explain them. Nothing is written."""
    from igcli.models.open import check_path, describe_model, open_model
    from igcli.runs.planning.plan import make_plan

    if with_estimate and inputs is None:
        raise click.UsageError("--estimate needs INPUTS")
    check_path(model)
    with tempfile.TemporaryDirectory() as folder:
        config = RunConfig(model, inputs or Path(), Path(folder) / "out", **settings)
        if inputs is None:
            found = _file(describe_model(model, config.model_settings, warn))
        else:
            plan = make_plan(config, open_model, warn)
            found = _planned(plan)
            if with_estimate:
                found["estimate"] = _estimate(plan)
    tell_result(as_json, lambda: found, lambda: in_words(found))


def _file(info: Any) -> dict[str, Any]:
    found = {
        "model": {"path": str(info.path), "loader": info.loader},
        "inputs": [_input(spec, info.channels_first, info.batch) for spec in info.inputs],
        "outputs": [
            {"name": o.name, "shape": list(o.shape), "last_operation": o.tail} for o in info.outputs
        ],
        "layers": [_layer(layer) for layer in info.layers],
    }
    return found | ({"scaling": info.scaling} if info.scaling else {})


def _input(
    spec: Any, channels_first: Sequence[str] = (), batch: int | None = None
) -> dict[str, Any]:
    dtype = spec.declared or spec.dtype.name
    found: dict[str, Any] = {"name": spec.name, "shape": list(spec.shape), "dtype": dtype}
    if spec.name in channels_first:
        found["channels_first"] = True
    return found | ({} if batch is None else {"batch": batch})


def _layer(layer: Any) -> dict[str, Any]:
    found = asdict(layer)
    if not found["calls"]:
        del found["calls"]
    return found


def _planned(plan: Any) -> dict[str, Any]:
    spec, batching = plan.model.spec, plan.chosen.batching
    calls = {call.name: {"inputs": call.inputs, "on": call.on} for call in spec.calls}
    return {
        "model": {"path": str(spec.path), "loader": spec.loader},
        "inputs": [_input(known, spec.transposed) for known in spec.inputs or (spec.input,)],
        "outputs": [
            {
                "name": spec.output_name,
                "shape": list(spec.output_shape) or [spec.classes],
                "last_operation": spec.tail,
            }
        ],
        "explained": [
            {"name": part.name, "shape": list(part.shape), **calls.get(part.name, {})}
            for part in plan.maps.named(plan.point)
        ],
        "explanations": len(plan.names) * plan.targets.per_input,
        "method": plan.method.title,
        "batching": {
            "size": batching.size,
            "streams": batching.streams,
            "chosen": plan.chosen.how,
        },
        "device": {"name": spec.device, "precision": spec.precision},
    }


def _estimate(plan: Any) -> dict[str, Any]:
    from igcli.runs.cost import estimate

    return asdict(estimate(plan))
