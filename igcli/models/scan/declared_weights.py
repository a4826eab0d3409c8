"""Declared weights: a config whose layers say more than the file can hold is refused.

Keras builds a model before it reads its weights, so a few hundred bytes of config could ask for any
amount of memory. Shapes are followed through the layers that change them in a plain way; behind any
other layer they count as unknown, and an unknown size counts as 1. It is a bound, not a proof.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

from igcli.common.errors import ModelError
from igcli.models.scan.shapes import SHAPES, LayerConfig, Shape, integers
from igcli.models.scan.weight_counts import WEIGHTS

_MAX_DIMENSION = 2**24
_MAX_RANK = 16
_MAX_TENSOR = 2**31
_MAX_CALLS = 1_000_000
# Quantised weights take half a byte; tiny models need room for what is no weight.
_WEIGHTS_PER_BYTE = 2
_SPARE_WEIGHTS = 2**16
_SIZES = frozenset(
    """
    batch_input_shape batch_shape build_input_shape depth_multiplier dilation_rate fft_length
    filters head_dim height input_dim input_length input_shape key_dim kernel_size max_tokens n
    num_bins num_heads num_key_value_heads num_mel_bins num_query_heads num_tokens output_dim
    output_padding output_sequence_length output_shape padding pool_size sequence_length
    sequence_stride shape size strides target_shape units value_dim vocabulary_size width
    """.split()
)
_MODELS = frozenset({"Functional", "Model", "Sequential"})
_FIX = "mend the config; if the file is right, --allow-unsafe loads it"

_Shapes: TypeAlias = Sequence[Shape | None]


@dataclass(frozen=True, slots=True)
class _Declared:
    """Of a layer or model: its output's shape, its weights, how many layers a call of it calls."""

    shape: Shape | None
    weights: int = 0
    calls: int = 1


def check_sizes(path: Path, config: LayerConfig, weight_bytes: int) -> None:
    """Refuse a config that asks for absurd memory.

    Parameters
    ----------
    path : Path
        The model file, for messages.
    config : mapping
        The parsed config.
    weight_bytes : int
        How many bytes of weights the file holds.

    Raises
    ------
    ModelError
        With the layer and the size.
    """
    for name, key, value in _declared(config):
        _check_dimensions(path, name, key, value)
    found = _of(path, config, [])
    most = _WEIGHTS_PER_BYTE * weight_bytes + _SPARE_WEIGHTS
    if found.weights > most:
        raise ModelError(
            f"{path}: its layers ask for {found.weights:,} weights",
            f"the file holds {weight_bytes:,} bytes of them",
            _FIX,
        )


def _declared(config: LayerConfig) -> Iterator[tuple[str, str, Any]]:
    """Walk what the layers say of sizes, with the layer's name."""
    waiting: list[tuple[str, str, Any]] = [("", "", config)]
    while waiting:
        name, key, value = waiting.pop()
        if isinstance(value, dict):
            own = value.get("name")
            name = own if isinstance(own, str) else name
            waiting.extend((name, inner, item) for inner, item in value.items())
        elif key in _SIZES:
            yield name, key, value
        elif isinstance(value, list):
            waiting.extend((name, key, item) for item in value if isinstance(item, (dict, list)))


def _check_dimensions(path: Path, name: str, key: str, value: Any) -> None:
    items = value if isinstance(value, list) else [value]
    # A layer of several inputs has a shape for each.
    shapes = [item for item in items if isinstance(item, list)] or [items]
    for shape in shapes:
        # Some layers have tables or texts under these keys.
        largest = max((abs(n) for n in shape if isinstance(n, (int, float))), default=0)
        if largest > _MAX_DIMENSION or (largest and len(shape) > _MAX_RANK):
            what = f"{path}: layer {name[:60]!r} has {key} {str(value)[:60]}"
            raise ModelError(what, "absurdly large", _FIX)


def _of(path: Path, node: Any, inputs: _Shapes) -> _Declared:
    """Return what one layer or model needs, called on inputs of these shapes."""
    if not isinstance(node, dict):
        return _Declared(None)
    config, kind = node.get("config"), str(node.get("class_name")).removeprefix("Keras>")
    if kind in _MODELS:
        # Old Sequential models have their layers where others have their config.
        layers = config.get("layers") if isinstance(config, dict) else config
        if not isinstance(layers, list):
            return _Declared(None)
        model = _sequential if kind == "Sequential" else _functional
        return _bounded(path, node, model(path, config, layers, inputs))
    if not isinstance(config, dict):
        return _Declared(None)
    inner = config.get("layer")
    if isinstance(inner, dict):
        return _bounded(path, node, _wrapper(path, kind, inner, inputs))
    return _bounded(path, node, _plain(kind, config, inputs))


def _bounded(path: Path, node: LayerConfig, found: _Declared) -> _Declared:
    if found.shape is not None and (
        prod(found.shape) > _MAX_TENSOR or len(found.shape) > _MAX_RANK
    ):
        name = str(node.get("name") or node.get("class_name"))[:60]
        raise ModelError(
            f"{path}: layer {name!r} makes {prod(found.shape):,} numbers of one input",
            "absurdly many",
            _FIX,
        )
    if found.calls > _MAX_CALLS:
        raise ModelError(f"{path}: its models call each other {found.calls:,} times", fix=_FIX)
    return found


def _plain(kind: str, config: LayerConfig, inputs: _Shapes) -> _Declared:
    known = [shape for shape in inputs if shape is not None]
    first = max(known, key=prod, default=None)
    weigh = WEIGHTS.get(kind)
    weights = weigh(config, first or (1,)) if weigh else 0
    shape_of = SHAPES.get(kind)
    complete = len(known) == len(inputs)
    return _Declared(shape_of(config, known) if shape_of and complete else None, weights)


def _wrapper(path: Path, kind: str, inner: LayerConfig, inputs: _Shapes) -> _Declared:
    if kind != "TimeDistributed":
        found = _of(path, inner, inputs)
        copies = 2 if kind == "Bidirectional" else 1
        last = found.shape and (*found.shape[:-1], found.shape[-1] * copies)
        return _Declared(last or None, found.weights * copies, found.calls * copies + 1)
    steps = [shape[:1] for shape in inputs if shape]
    found = _of(path, inner, [shape[1:] if shape else None for shape in inputs])
    shape = (*steps[0], *found.shape) if steps and found.shape is not None else None
    return _Declared(shape, found.weights, found.calls + 1)


def _sequential(path: Path, config: Any, layers: Sequence[Any], inputs: _Shapes) -> _Declared:
    declared = config.get("build_input_shape") if isinstance(config, dict) else None
    shape = next(iter(inputs), None) or _without_batch(declared)
    weights, calls = 0, 1
    for layer in layers:
        shape = shape or _own_shape(layer)
        found = _of(path, layer, [shape])
        shape = found.shape
        weights, calls = weights + found.weights, calls + found.calls
    return _Declared(shape, weights, calls)


def _functional(path: Path, config: Any, layers: Sequence[Any], inputs: _Shapes) -> _Declared:
    nodes = {
        str(layer.get("name") or _config(layer).get("name")): layer
        for layer in layers
        if isinstance(layer, dict)
    }
    callers = {name: _producers(_calls(layer)[:1], nodes) for name, layer in nodes.items()}
    found: dict[str, _Declared] = {}
    weights, calls = 0, 1
    for name in _ordered(callers):
        made = [found[other].shape if other in found else None for other in callers[name]]
        found[name] = one = _of(path, nodes[name], made)
        weights += one.weights
        calls += one.calls * max(1, len(_calls(nodes[name])))
    ends = _producers(config.get("output_layers"), nodes) if isinstance(config, dict) else []
    shape = found[ends[0]].shape if len(ends) == 1 else None
    return _Declared(shape, weights, calls)


def _ordered(callers: Mapping[str, Sequence[str]]) -> list[str]:
    try:
        return list(TopologicalSorter(callers).static_order())
    except CycleError:
        # A layer that is called twice may come before and behind another.
        return list(callers)


def _producers(inbound: Any, nodes: Mapping[str, Any]) -> list[str]:
    """Return the layers whose outputs a layer is called on, in either Keras' notation."""
    names: list[str] = []
    waiting = [inbound]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            history = _config(value).get("keras_history")
            waiting.extend([history] if history else value.values())
        elif isinstance(value, list):
            if value and isinstance(value[0], str) and value[0] in nodes:
                names.append(value[0])
                waiting.extend(value[3:])
            else:
                waiting.extend(value)
    return names


def _calls(layer: LayerConfig) -> list[Any]:
    nodes = layer.get("inbound_nodes")
    return nodes if isinstance(nodes, list) else []


def _config(node: Mapping[str, Any]) -> Mapping[str, Any]:
    config = node.get("config")
    return config if isinstance(config, dict) else {}


def _own_shape(layer: Any) -> Shape | None:
    config = _config(layer) if isinstance(layer, dict) else {}
    return _without_batch(config.get("batch_input_shape") or config.get("batch_shape"))


def _without_batch(shape: Any) -> Shape | None:
    return integers(shape[1:]) if isinstance(shape, list) and len(shape) > 1 else None
