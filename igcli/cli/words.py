"""What `igcli inspect` found, as lines of text."""

from collections.abc import Callable, Iterator
from typing import Any

_LABEL = 12


def in_words(found: dict[str, Any]) -> Iterator[str]:
    """Yield one line for each fact, and one for each input, output and layer."""
    for key, value in found.items():
        name, say = _LINES[key]
        for item in value if isinstance(value, list) else [value]:
            yield f"{name:<{_LABEL}}{say(item)}"


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
        f"(from {found['sample']} of them{failed})"
    )


_LINES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "model": ("model", lambda m: f"{m['path']} ({m['loader']})"),
    "inputs": ("input", lambda i: f"{i['name']}: {_shape(i['shape'])}, {i['dtype']}"),
    "outputs": (
        "output",
        lambda o: f"{o['name']}: {_shape(o['shape'])}, last operation {o['last_operation']}",
    ),
    "scaling": ("scaling", lambda name: f"layer {name} takes pixels of 0-255: --preprocess raw"),
    "layers": ("layer", lambda layer: f"{layer['name']}: {layer['kind']}, {layer['shape']}"),
    "explained": ("explained", lambda part: f"{part['name']}: {_shape(part['shape'])}"),
    "explanations": ("run", lambda count: f"{count} explanation{'s' if count != 1 else ''}"),
    "method": ("method", str),
    "batching": (
        "batches",
        lambda b: f"{b['size']} rows each, {b['streams']} at once ({b['chosen']})",
    ),
    "device": ("device", lambda d: f"{d['name']}, {d['precision']}"),
    "estimate": ("estimate", _estimate_in_words),
}
