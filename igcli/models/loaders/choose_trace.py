"""Choose the trace that is explained: an entry point of a SavedModel, traced for inference."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from igcli.common.errors import ConfigError, ModelError
from igcli.models.graph.inlined import Inlined, inline
from igcli.models.graph.stateful import drawn, has_state, of_batch, written
from igcli.models.loaders.entry_points import Trace
from igcli.models.loaders.input_values import Filled, check_known, filled, missing_value

Points: TypeAlias = Mapping[str, Sequence[Trace]]
Values: TypeAlias = Mapping[str, float | bool]

_FLAG = "--signature"
_FIRST = ("serving_default", "serve", "__call__")
_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is explained of a SavedModel.

    Attributes
    ----------
    trace : Trace
        What is called.
    filled : Filled
        Its arguments: data, and values.
    inlined : Inlined or None
        Its graph, where that is not to be called as it is: with values for what is no data, or
        since it writes variables.
    note : str
        What is to be told of the choice.
    """

    trace: Trace
    filled: Filled
    inlined: Inlined | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _State:
    """What makes a trace unfit for inference, as far as its graph shows it."""

    inlined: Inlined | None = None
    draws: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    batch: tuple[str, ...] = ()

    @property
    def reasons(self) -> str:
        reasons = {
            "draws random numbers": self.draws,
            "normalises by the batch": self.batch,
            "writes variables": self.writes,
        }
        return " and ".join(
            f"{reason} ({', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''})"
            for reason, names in reasons.items()
            if names
        )


def choose(tf: Any, path: Path, points: Points, asked: str | None, values: Values) -> Chosen:
    """Return what is explained: what was asked for, else what is served by default.

    Raises
    ------
    ConfigError, ModelError
        When there is no such entry point, or it can't be explained: one that can is offered.
    """
    name = _name(path, points, asked)
    traces = sorted(points[name], key=lambda trace: _rank(trace, values))
    _check_kinds(path, points, traces[0])
    chosen, state = traces[0], _state(tf, traces[0], values)
    note = ""
    if chosen.trains or state.reasons:
        others = traces[1:] if asked else [*traces[1:], *_others(points, name)]
        for other in others:
            if not other.trains and _alike(chosen, other, values):
                found = _state(tf, other, values)
                if not found.reasons:
                    why = state.reasons or "is for training"
                    note = f"{chosen.title} {why}: {other.title} is explained instead"
                    chosen, state = other, found
                    break
    if chosen.trains and state.reasons:
        raise ModelError(
            f"{path}: {chosen.title} is traced for training: it {state.reasons}",
            "there is no trace of it for inference",
            "export it with a trace for training=False too",
        )
    arguments = filled(chosen, values)
    check_known(path, values, [argument.name for argument in chosen.arguments])
    if arguments.missing:
        raise missing_value(path, chosen.title, arguments.missing[0])
    if not arguments.data:
        raise ModelError(f"{path}: {chosen.title} takes no data", "nothing is left to explain")
    needed = state.writes or arguments.values
    return Chosen(chosen, arguments, state.inlined if needed else None, note)


def _name(path: Path, points: Points, asked: str | None) -> str:
    if not points:
        raise ModelError(
            f"{path} has nothing to call",
            "it holds no signature, no serve endpoint and no function of tensors",
            "export it with model.export('folder'), or tf.saved_model.save with signatures",
        )
    if asked is not None:
        if asked not in points:
            close = difflib.get_close_matches(asked, points, 1)
            raise ConfigError(
                f"{_FLAG} {asked}: {path} has none of that name",
                f"it has {', '.join(points)}",
                f"did you mean {close[0]!r}?" if close else "write one of them",
            )
        return asked
    signatures = [name for name, traces in points.items() if traces[0].is_signature]
    if _FIRST[0] in signatures:
        return _FIRST[0]
    if len(signatures) == 1:
        return signatures[0]
    known = [name for name in _FIRST if name in points and not signatures]
    if known or len(points) == 1:
        return known[0] if known else next(iter(points))
    fit = [name for name in points if any(trace.is_numeric for trace in points[name])]
    raise ModelError(
        f"{path} has {'signatures' if signatures else 'functions'} {', '.join(points)}",
        f"none is {_FIRST[0]!r}",
        f"choose one: {_FLAG} {(fit or list(points))[0]} for one",
    )


def _rank(trace: Trace, values: Values) -> tuple[bool | int, ...]:
    """Order an entry point's traces: for inference, of numbers, as the function is by default."""
    arguments = filled(trace, values)
    fixed = any(a.spec.shape.rank and a.spec.shape[0] is not None for a in arguments.data)
    return (trace.trains, not trace.is_numeric, trace.departs, len(arguments.missing), fixed)


def _check_kinds(path: Path, points: Points, trace: Trace) -> None:
    """Raise where a trace takes text, or gives nothing that may have a gradient."""
    if trace.is_numeric:
        return
    others = [n for n, traces in points.items() if any(t.is_numeric for t in traces)]
    offer = f"{_FLAG} {others[0]} takes and gives numbers" if others else ""
    texts = [argument.name for argument in trace.arguments if argument.is_text]
    if texts:
        raise ModelError(
            f"{path}: input {texts[0]!r} of {trace.title} takes strings",
            "nothing can be integrated along them",
            offer or "export a signature that takes arrays",
        )
    gives = ", ".join(f"{name} ({s.dtype.name})" for name, s in trace.outputs.items())
    raise ModelError(
        f"{path}: {trace.title} gives {gives}",
        "what is no float has no gradient",
        offer or "export a signature that gives scores",
    )


def _others(points: Points, name: str) -> list[Trace]:
    """Return the traces of all other entry points, those that people call first."""
    names = [*(n for n in reversed(_FIRST) if n in points), *(n for n in points if n not in _FIRST)]
    return [trace for other in names if other != name for trace in points[other]]


def _alike(one: Trace, other: Trace, values: Values) -> bool:
    """Tell whether two traces take the same data and give outputs of the same shapes."""

    def kinds(trace: Trace) -> list[Any]:
        data = [(str(a.spec.shape[1:]), a.spec.dtype.name) for a in filled(trace, values).data]
        outputs = [(str(s.shape[1:]), s.dtype.name) for s in trace.outputs.values()]
        return [data, outputs]

    known = not filled(other, values).missing and other.is_numeric
    return known and kinds(one) == kinds(other)


def _state(tf: Any, trace: Trace, values: Values) -> _State:
    """Look through a trace's graph, where an operation's name alone gives reason to."""
    arguments = filled(trace, values)
    if arguments.missing:
        return _State()
    if not arguments.values and not has_state(trace.concrete.graph.as_graph_def()):
        return _State()
    specs = [argument.spec for argument in arguments.data]

    def function(*tensors: Any) -> list[Any]:
        return trace.call(tf, arguments.all_of(tf, trace, tensors))

    inlined = inline(tf, function, [tf.TensorSpec(spec.shape, spec.dtype) for spec in specs])
    outputs = range(len(inlined.outputs))
    return _State(
        inlined=inlined,
        draws=_all(drawn(inlined, i) for i in outputs),
        writes=written(inlined),
        batch=_all(of_batch(inlined, i) for i in outputs),
    )


def _all(found: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in found for name in names))
