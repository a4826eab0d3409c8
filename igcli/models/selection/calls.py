"""The calls of a layer in the model's own order: where each comes from, and when it is run.

Keras runs a Functional model's nodes by their depth, which is not the order that the model was
written in; that one is the order of a layer's nodes, in the file and in memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

_Sources: TypeAlias = frozenset[str]
_Steps: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer.

    Attributes
    ----------
    inputs : tuple of str
        The model's inputs that it depends on.
    on : tuple of str
        The layers whose outputs it takes.
    run : int
        Its place among the layer's calls when the model is run.
    """

    inputs: tuple[str, ...]
    on: tuple[str, ...]
    run: int


def calls_of(model: Any, layer: Any) -> tuple[Call, ...]:
    """Return a layer's calls in the model's order; none where the model does not show them.

    A Functional or Sequential model does, and those nested in it; what a class of the user's own
    does is known only when it is run.
    """
    try:
        names = [str(tensor.name) for tensor in model.inputs]
        found = list(_calls(model, layer, [frozenset((name,)) for name in names]))
    except (AttributeError, KeyError, TypeError, ValueError):
        # Not Keras 3, or a Keras that keeps its nodes elsewhere.
        return ()
    telling = [len(set(level)) > 1 for level in zip(*(steps for _, _, steps in found), strict=True)]
    calls = [
        (place, Call(tuple(n for n in names if n in sources), _on(steps, telling), run))
        for run, (place, sources, steps) in enumerate(found)
    ]
    return tuple(call for _, call in sorted(calls, key=lambda pair: pair[0]))


def token_inputs(model: Any) -> frozenset[str]:
    """Return the model's inputs that an Embedding looks up, in it or in a model nested in it."""
    try:
        return frozenset(_looked_up(model, [str(tensor.name) for tensor in model.inputs]))
    except (AttributeError, KeyError, TypeError, ValueError):
        # As above.
        return frozenset()


def _looked_up(model: Any, names: Sequence[str]) -> Iterator[str]:
    known = {id(tensor): name for tensor, name in zip(model.inputs, names, strict=True)}
    for node in _as_run(model):
        given = [known.get(id(tensor), "") for tensor in node.input_tensors]
        if type(node.operation).__name__ == "Embedding":
            yield from filter(None, given[:1])
        elif hasattr(node.operation, "layers") and len(node.operation.inputs) == len(given):
            yield from filter(None, _looked_up(node.operation, given))


def _on(steps: _Steps, telling: Sequence[bool]) -> tuple[str, ...]:
    """Return what a call and the nested models' calls around it are on, as far as calls differ."""
    chosen = [on for on, tells in zip(steps, telling, strict=True) if tells] or steps[:1]
    return tuple(name for on in chosen for name in on)


def _calls(
    model: Any, layer: Any, inputs: Sequence[_Sources]
) -> Iterator[tuple[tuple[int, ...], _Sources, _Steps]]:
    """Yield each call as it is run: its place in the model's order, its sources, what it is on.

    The place of a call inside a nested model begins with that of the nested model's own call.
    """
    known = {id(tensor): own for tensor, own in zip(model.inputs, inputs, strict=True)}
    for node in _as_run(model):
        operation = node.operation
        taken = [known.get(id(tensor), frozenset()) for tensor in node.input_tensors]
        sources = frozenset[str]().union(*taken)
        place = operation._inbound_nodes.index(node)
        if operation is layer:
            yield (place,), sources, (_producers(node),)
        elif _holds(operation, layer):
            same = len(taken) == len(operation.inputs)
            entering = taken if same else [sources] * len(operation.inputs)
            for inner, own, steps in _calls(operation, layer, entering):
                yield (place, *inner), own, (_producers(node), *steps)
        for tensor in node.output_tensors:
            known[id(tensor)] = sources


def _as_run(model: Any) -> Iterator[Any]:
    """Yield a model's nodes in the order in which Keras runs them."""
    by_depth = getattr(model, "_functional", model)._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if not node.is_input)


def _holds(model: Any, layer: Any) -> bool:
    return any(own is layer or _holds(own, layer) for own in getattr(model, "layers", ()))


def _producers(node: Any) -> tuple[str, ...]:
    names = (str(tensor._keras_history.operation.name) for tensor in node.input_tensors)
    return tuple(dict.fromkeys(names))
