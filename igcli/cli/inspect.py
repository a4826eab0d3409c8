"""``igcli inspect``: what a model is, and what a run of it would take."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from igcli.cli.options import config_option, debug_option, warn
from igcli.cli.settings import settings_options
from igcli.config import RunConfig


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
@config_option
@debug_option
def command(
    model: Path, inputs: Path | None, with_estimate: bool, as_json: bool, **settings: Any
) -> None:
    """Show what MODEL is; with INPUTS, how `igcli run` would explain them. Nothing is written."""
    from igcli.models.open import check_path, open_model
    from igcli.plan import make_plan

    if with_estimate and inputs is None:
        raise click.UsageError("--estimate needs INPUTS")
    check_path(model)
    with tempfile.TemporaryDirectory() as folder:
        config = RunConfig(model, inputs or Path(), Path(folder) / "out", **settings)
        if inputs is None:
            found = _model(open_model(model, config.model_settings, warn).spec)
        else:
            plan = make_plan(config, open_model, warn)
            found = {**_model(plan.model.spec), **_inputs(plan)}
            if with_estimate:
                found["estimate"] = _estimate(plan)
    if as_json:
        click.echo(json.dumps(found, allow_nan=False))
    else:
        for key, value in found.items():
            click.echo(f"{key:<11}{_IN_WORDS.get(key, str)(value)}")


def _model(spec: Any) -> dict[str, Any]:
    return {
        "model": {"path": str(spec.path), "loader": spec.loader},
        "input": {
            "name": spec.input.name,
            "shape": list(spec.input.shape),
            "dtype": spec.input.dtype.name,
        },
        "output": {
            "name": spec.output_name,
            "classes": spec.classes,
            "last_operation": spec.tail,
        },
        "device": {"name": spec.device, "precision": spec.precision, "streams": spec.streams},
    }


def _inputs(plan: Any) -> dict[str, Any]:
    batching = plan.chosen.batching
    return {
        "inputs": {
            "explanations": len(plan.names) * plan.targets.per_input,
            "shape": list(plan.source.space.shape),
            "kind": plan.source.space.kind,
        },
        "method": plan.method.title,
        "batches": {"rows": batching.size, "at_once": batching.streams, "how": plan.chosen.how},
    }


def _estimate(plan: Any) -> dict[str, Any]:
    from igcli.estimate import estimate

    return asdict(estimate(plan))


def _shape(sizes: list[int | None]) -> str:
    return " × ".join("any" if size is None else str(size) for size in sizes)


def _bytes(count: int) -> str:
    power = min(max(0, (max(count, 1).bit_length() - 1) // 10), 4)
    return f"{count / 1024**power:.3g} {('B', 'KB', 'MB', 'GB', 'TB')[power]}"


def _duration(seconds: float) -> str:
    if seconds < 100.0:
        return f"{seconds:.2g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _estimate_in_words(found: dict[str, Any]) -> str:
    failed = f", {found['failed']} of which failed" if found["failed"] else ""
    return (
        f"{_duration(found['seconds'])} after loading, {found['gradients']:,} gradients, "
        f"{_bytes(found['memory'])} of memory, {_bytes(found['disk'])} on disk "
        f"(from {found['sample']} explanations{failed})"
    )


_IN_WORDS = {
    "model": lambda m: f"{m['path']} ({m['loader']})",
    "input": lambda i: f"{i['name']}: {_shape(i['shape'])}, {i['dtype']}",
    "output": lambda o: (
        f"{o['name']}: {o['classes']} classes, last operation {o['last_operation']}"
    ),
    "device": lambda d: f"{d['name']}, {d['precision']}, {d['streams']} batches at once",
    "inputs": lambda i: f"{i['explanations']} explanations of {_shape(i['shape'])}, {i['kind']}",
    "batches": lambda b: f"{b['rows']} rows each, {b['at_once']} at once ({b['how']})",
    "estimate": _estimate_in_words,
}
