"""The settings of a run, and what it ran on, as names and values for people."""

import json
from collections.abc import Iterator
from typing import Any

from igcli.common.text import in_time

_SHORT = 12
# One hash for each input: results.csv has them too.
_LONG = ("input_sha256",)


def settings(about: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the settings, versions and device that run.json tells; what it lacks is left out."""
    return [(name, _text(value)) for name, value in _all(about) if value not in (None, "", [], {})]


def _all(about: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    model, config, settled = (_table(about, key) for key in ("model", "config", "settled"))
    yield "model", model.get("path")
    yield "its SHA-256", str(model.get("sha256", ""))[:_SHORT]
    yield "loaded with", model.get("loader")
    yield "output", model.get("output")
    yield "its last operation", model.get("last_operation")
    yield "inputs", config.get("inputs")
    yield "what is explained", settled.get("explained")
    for name in ("method", "baseline", "preprocess", "resize"):
        yield name, settled.get(name)
    accuracy = _table(settled, "accuracy")
    yield "tolerance", accuracy.get("tolerance")
    yield "certified", _certified(settled)
    yield "steps, least", accuracy.get("min_steps")
    yield "steps, most", accuracy.get("max_steps")
    for name in ("target", "labels", "scores", "layer", "seed", "limit"):
        yield name, config.get(name)
    if isinstance(config.get("shard"), list):
        yield "shard", "/".join(map(str, config["shard"]))
    yield "device", about.get("device")
    yield "precision", about.get("precision")
    batching = _table(about, "batching")
    yield "rows in a batch", batching.get("size")
    if isinstance(batching.get("rows"), int):
        yield "gradients taken", f"{batching['rows']:,}"
    if isinstance(about.get("seconds"), int | float):
        yield "time over the inputs", in_time(about["seconds"])
    yield "igcli", about.get("igcli")
    yield from _table(about, "versions").items()


def _certified(settled: dict[str, Any]) -> str | None:
    """Say what the tolerance was asked of, and what is kept; nothing of an igcli that kept all."""
    table = _table(settled, "regions")
    if not table:
        return None
    cells = f"regions of {table.get('side')} pixels"
    kept = f"{settled.get('store')} kept"
    if settled.get("store") == "pixels" and settled.get("store_dtype") != "float32":
        kept = f"pixels kept as {settled.get('store_dtype')}"
    return f"{cells if table.get('certified') else 'pixels'}; {kept}"


def _table(about: dict[str, Any], key: str) -> dict[str, Any]:
    found = about.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return " × ".join(map(str, value))
    return str(value)


def everything(about: dict[str, Any]) -> str:
    """Return run.json as text, without the hash of each input."""
    return json.dumps({k: v for k, v in about.items() if k not in _LONG}, indent=2)
