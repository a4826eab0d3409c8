"""Layers of a Keras model: their names, and what goes into or comes out of one as it runs."""

import difflib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any

from igcli.common.errors import ConfigError
from igcli.common.model_spec import LayerCall, LayerInfo
from igcli.models.selection.calls import calls_of

# What a layer asks for by this name: the last one that has several places.
LAST_CONV = "last-conv"
_LEAST_SIDE = 2
_HANDS_ON = ("Pooling2D", "Dropout", "Dropout2D", "Flatten", "Reshape", "Softmax")


def layer_infos(model: Any) -> tuple[LayerInfo, ...]:
    """List a model's layers, those of nested models too, as NAME or OUTER/NAME."""
    return tuple(
        LayerInfo(name, type(layer).__name__, _shape(layer), _several_calls(model, layer, name))
        for name, layer in _named(model)
    )


def _named(model: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for layer in getattr(model, "layers", ()):
        name = f"{above}{layer.name}"
        yield name, layer
        yield from _named(layer, f"{name}/")


def _several_calls(model: Any, layer: Any, name: str) -> tuple[LayerCall, ...]:
    calls = () if is_input(layer) else calls_of(model, layer)
    if len(calls) < 2:
        return ()
    return tuple(LayerCall(f"{name}:{i}", c.inputs, c.on) for i, c in enumerate(calls))


def layer_names(model: Any) -> tuple[str, ...]:
    """Return the layers' own names, without those of the models that they are in."""
    return tuple(info.name.rpartition("/")[2] for info in layer_infos(model))


def _shape(layer: Any) -> str:
    try:
        outputs = {node.output_tensors[0].shape[1:] for node in layer._inbound_nodes}
        shape = outputs.pop() if len(outputs) == 1 else layer.output.shape[1:]
    except Exception:
        # Calls on other shapes, lists, which have no shape; and Keras raises as it likes.
        return "?"
    return " × ".join("any" if side is None else str(side) for side in shape) or "1"


def last_convolution(model: Any) -> str | None:
    """Return the name of the last layer that gives a map of several places, as `layer_infos` does.

    What pools it, or only hands it on, does not count, nor do the scores themselves. None where
    there is no such layer.
    """
    return _last(model, is_scores=True)


def _last(model: Any, is_scores: bool) -> str | None:
    """Return the same of a model in a model, which gives the scores or not."""
    found, scores = None, _given_by(model) if is_scores else frozenset()
    for layer in getattr(model, "layers", ()):
        sides = _places(layer)
        if sides is None or min(sides) < _LEAST_SIDE or is_input(layer):
            continue
        gives_scores = id(layer) in scores
        if hasattr(layer, "layers"):
            inner = _last(layer, gives_scores)
            if gives_scores and inner is None:
                continue
            found = layer.name if inner is None else f"{layer.name}/{inner}"
        elif not gives_scores and not type(layer).__name__.endswith(_HANDS_ON):
            found = layer.name
    return found


def _given_by(model: Any) -> frozenset[int]:
    """Return the layers, by their identity, whose outputs are the model's own."""
    tensors = getattr(model, "outputs", None) or ()
    origins = (getattr(tensor, "_keras_history", None) for tensor in tensors)
    return frozenset(id(origin.operation) for origin in origins if origin is not None)


def _places(layer: Any) -> tuple[float, float] | None:
    """Return how many rows and columns a layer's output has, infinitely many where it is open."""
    try:
        shape = layer.output.shape
    except Exception:
        # Called on several inputs, or never; Keras raises as it likes.
        return None
    if not isinstance(shape, tuple) or len(shape) != 4:
        return None
    height, width = (inf if side is None else side for side in shape[1:3])
    return height, width


def find_layer(path: Path, model: Any, name: str) -> Any:
    """Return a layer by the name that `layer_infos` gives it.

    Raises
    ------
    ConfigError
        When the model has no such layer, or is no Keras model.
    """
    found = None if model is None else _find(model, name)
    if found is not None:
        return found
    known = [info.name for info in layer_infos(model)]
    if not known:
        raise ConfigError(
            f"--layer {name} can't be used with {path}",
            "its layers are not known",
            "save the model as a .keras or .h5 file",
        )
    close = difflib.get_close_matches(name, known, 1)
    raise ConfigError(
        f"--layer {name}: {path} has no such layer",
        fix=f"did you mean {close[0]!r}?" if close else "`igcli inspect` lists the layers",
    )


def _find(model: Any, name: str) -> Any:
    for layer in getattr(model, "layers", ()):
        if layer.name == name:
            return layer
        if name.startswith(f"{layer.name}/"):
            inner = _find(layer, name.removeprefix(f"{layer.name}/"))
            if inner is not None:
                return inner
    return None


def is_input(layer: Any) -> bool:
    """Tell an input layer, which Keras never calls."""
    return type(layer).__name__ == "InputLayer"


class LayerCalls:
    """The calls of one layer while a model runs: to be recorded, or given other tensors.

    Parameters
    ----------
    tf : module
        TensorFlow.
    function : callable
        The model: input tensors → output tensors.
    layer : Any
        A Keras layer of it; it may be called several times.
    at_input : bool
        Whether to take what goes into the layer, not what comes out.
    """

    def __init__(
        self,
        tf: Any,
        function: Callable[[Sequence[Any]], Sequence[Any]],
        layer: Any,
        at_input: bool,
    ) -> None:
        self._tf = tf
        self._function = function
        self._layer = layer
        self._at_input = at_input

    def record(self, inputs: Sequence[Any]) -> list[list[Any]]:
        """Run the model; return the layer's tensors, those of each call, as it is run."""
        seen: list[list[Any]] = []

        def call(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if self._at_input:
                seen.append(self._tf.nest.flatten(_first(args, kwargs)))
                return original(*args, **kwargs)
            result = original(*args, **kwargs)
            seen.append(self._tf.nest.flatten(result))
            return result

        with _replaced(self._layer, call):
            self._function(inputs)
        return seen

    def replay(self, inputs: Sequence[Any], tensors: Sequence[Any]) -> Sequence[Any]:
        """Run the model with other tensors in the layer's place, as it is run; return outputs."""
        waiting = list(tensors)

        def like(structure: Any) -> Any:
            count = len(self._tf.nest.flatten(structure))
            taken = [waiting.pop(0) for _ in range(count)]
            return self._tf.nest.pack_sequence_as(structure, taken)

        def call(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if not self._at_input:
                return like(original(*args, **kwargs))
            given = like(_first(args, kwargs))
            if args:
                return original(given, *args[1:], **kwargs)
            return original(**{**kwargs, next(iter(kwargs)): given})

        with _replaced(self._layer, call):
            return self._function(inputs)


def _first(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else next(iter(kwargs.values()))


@contextmanager
def _replaced(layer: Any, call: Callable[..., Any]) -> Iterator[None]:
    """Let a layer's calls go through `call`, which gets the layer's own method first."""
    original = layer.call
    # Past Keras' own __setattr__, which tracks what a layer holds.
    object.__setattr__(layer, "call", lambda *args, **kwargs: call(original, *args, **kwargs))
    try:
        yield
    finally:
        object.__delattr__(layer, "call")
