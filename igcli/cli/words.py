"""What `igcli inspect` found, as lines of text."""

from collections.abc import Callable, Iterator
from typing import Any

from igcli.common.model_spec import LayerCall
from igcli.common.text import in_bytes, in_time

_LABEL = 12


def in_words(found: dict[str, Any]) -> Iterator[str]:
    """Yield one line for each fact, and one for each input, output and layer."""
    for key, value in found.items():
        name, say = _LINES[key]
        for item in value if isinstance(value, list) else [value]:
            yield f"{name:<{_LABEL}}{say(item)}"


def _shape(sizes: list[int | None]) -> str:
    return " × ".join("any" if size is None else str(size) for size in sizes)


def _estimate_in_words(found: dict[str, Any]) -> str:
    failed = f", {found['failed']} of which failed" if found["failed"] else ""
    return (
        f"{in_time(found['seconds'])} after loading, {found['gradients']:,} gradients, "
        f"{in_bytes(found['memory'])} of memory, {in_bytes(found['disk'])} on disk "
        f"(from {found['sample']} of them{failed})"
    )


def _input_in_words(found: dict[str, Any]) -> str:
    first = ", channels first: pictures are transposed for it" if "channels_first" in found else ""
    batch = f", {found['batch']} at once" if "batch" in found else ""
    return f"{found['name']}: {_shape(found['shape'])}, {found['dtype']}{first}{batch}"


def _layer_in_words(found: dict[str, Any]) -> str:
    calls = ", ".join(_call_in_words(call) for call in found.get("calls", ()))
    line = f"{found['name']}: {found['kind']}, {found['shape']}"
    return f"{line}, called {len(found['calls'])} times: {calls}" if calls else line


def _call_in_words(found: dict[str, Any]) -> str:
    return LayerCall(found["name"], tuple(found["inputs"]), tuple(found["on"])).in_words


def _explained_in_words(found: dict[str, Any]) -> str:
    name = _call_in_words(found) if "on" in found else found["name"]
    return f"{name}: {_shape(found['shape'])}"


_LINES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "model": ("model", lambda m: f"{m['path']} ({m['loader']})"),
    "inputs": ("input", _input_in_words),
    "outputs": (
        "output",
        lambda o: f"{o['name']}: {_shape(o['shape'])}, last operation {o['last_operation']}",
    ),
    "scaling": ("scaling", lambda name: f"layer {name} takes pixels of 0-255: --preprocess raw"),
    "layers": ("layer", _layer_in_words),
    "explained": ("explained", _explained_in_words),
    "explanations": ("run", lambda count: f"{count} explanation{'s' if count != 1 else ''}"),
    "method": ("method", str),
    "batching": (
        "batches",
        lambda b: f"{b['size']} rows each, {b['streams']} at once ({b['chosen']})",
    ),
    "device": ("device", lambda d: f"{d['name']}, {d['precision']}"),
    "estimate": ("estimate", _estimate_in_words),
}
