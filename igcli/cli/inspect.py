"""``igcli inspect``: what a model is, and what a run of it would take."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from igcli.cli.console import tell_result, warn
from igcli.cli.options import config_option, debug_option, spec_notes
from igcli.cli.run_options import settings_options
from igcli.common.config import RunConfig
from igcli.common.model_spec import LayerCall
from igcli.common.text import in_bytes, in_time

_LABEL = 12


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
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: Path,
    inputs: Path | None,
    with_estimate: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Show what MODEL is; with INPUTS, how `igcli run` would explain them. Nothing is written."""
    from igcli.models.open import open_model
    from igcli.runs.inspection import inspect_model, inspect_run

    if with_estimate and inputs is None:
        raise click.UsageError("--estimate needs INPUTS")
    config = RunConfig(model, inputs or Path(), Path(), **settings)
    for line in spec_notes(ctx):
        warn(line)
    if inputs is None:
        inspection = inspect_model(config, warn)
    else:
        inspection = inspect_run(config, open_model, warn, with_estimate)
    tell_result(as_json, inspection.to_dict, lambda: _lines(inspection.to_dict()))


def _lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each fact, and one for each input, output and layer."""
    for key, value in facts.items():
        name, text_of = _FACTS[key]
        for item in value if isinstance(value, list) else [value]:
            yield f"{name:<{_LABEL}}{text_of(item)}"


def _shape(sizes: list[int | None]) -> str:
    return " × ".join("any" if size is None else str(size) for size in sizes)


def _estimate(estimate: Mapping[str, Any]) -> str:
    failed = f", {estimate['failed']} of which failed" if estimate["failed"] else ""
    lines = [
        f"{in_time(estimate['seconds'])} after loading, {estimate['gradients']:,} gradients, "
        f"{in_bytes(estimate['memory'])} of memory, {in_bytes(estimate['disk'])} on disk "
        f"(from {estimate['sample']} of them{failed})"
    ]
    if estimate["certify"]:
        by_name = (
            f"{name} {in_time(work['seconds'])}, {work['gradients']:,} gradients"
            for name, work in estimate["certify"].items()
        )
        lines.append(f"{'certify':<{_LABEL}}{'; '.join(by_name)}")
    if estimate["store"]:
        by_store = (f"{name} {in_bytes(size)}" for name, size in estimate["store"].items())
        lines.append(f"{'store':<{_LABEL}}{'; '.join(by_store)} on disk")
    return "\n".join(lines)


def _input(spec: Mapping[str, Any]) -> str:
    first = ", channels first: pictures are transposed for it" if "channels_first" in spec else ""
    pixels = ", cast to floats in the model: pixels of 0 to 255" if "pixels" in spec else ""
    batch = f", {spec['batch']} at once" if "batch" in spec else ""
    return f"{spec['name']}: {_shape(spec['shape'])}, {spec['dtype']}{first}{pixels}{batch}"


def _signature(point: Mapping[str, Any]) -> str:
    traces = f", traced {point['traces']} times" if point["traces"] > 1 else ""
    chosen = ", explained" if point["chosen"] else ""
    return f"{point['name']}: takes {point['takes']}; gives {point['gives']}{traces}{chosen}"


def _scaling(scaling: Mapping[str, Any]) -> str:
    if scaling["name"]:
        span = f"{scaling['black']:.3g} to {scaling['white']:.3g}"
        return f"{scaling['name']}: 0 to 255 become {span}"
    return "none of pixels in the model itself"


def _layer(layer: Mapping[str, Any]) -> str:
    line = f"{layer['name']}: {layer['kind']}, {layer['shape']}"
    calls = [_call(call) for call in layer.get("calls", ())]
    if calls:
        return f"{line}, called {len(calls)} times: {', '.join(calls)}"
    return f"{line} (--layer last-conv)" if "last_conv" in layer else line


def _call(call: Mapping[str, Any]) -> str:
    return LayerCall(call["name"], tuple(call["inputs"]), tuple(call["on"])).in_words


def _output(output: Mapping[str, Any]) -> str:
    key = f" (key {output['key']})" if "key" in output else ""
    tail = output["last_operation"]
    line = f"{output['name']}{key}: {_shape(output['shape'])}, last operation {tail}"
    if "by_place" not in output:
        return line
    return f"{line}, scores at each place: explained is a class over the zone where it is predicted"


def _explained(part: Mapping[str, Any]) -> str:
    name = _call(part) if "inputs" in part else part["name"]
    return f"{name}: {_shape(part['shape'])}"


_FACTS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "model": ("model", lambda m: f"{m['path']} ({m['loader']})"),
    "signatures": ("signature", _signature),
    "random": ("random", lambda name: f"{name} draws other numbers at each call"),
    "inputs": ("input", _input),
    "outputs": ("output", _output),
    "scaling": ("scaling", _scaling),
    "preprocess": ("pixels", lambda p: f"--preprocess auto is {p['auto']}: {p['because']}"),
    "layers": ("layer", _layer),
    "explained": ("explained", _explained),
    "explanations": ("run", lambda count: f"{count} explanation{'s' if count != 1 else ''}"),
    "method": ("method", str),
    "batching": (
        "batches",
        lambda b: f"{b['size']} rows each, {b['streams']} at once ({b['chosen']})",
    ),
    "device": ("device", lambda d: f"{d['name']}, {d['precision']}"),
    "estimate": ("estimate", _estimate),
}
