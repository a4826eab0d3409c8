"""Values of inputs that are no data: a temperature, a momentum, whether the model trains.

They are the same for all rows, and nothing is integrated along them.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.errors import ConfigError, ModelError
from igcli.common.model_spec import InputSpec
from igcli.models.loaders.entry_points import Argument, Trace
from igcli.models.loaders.network import Network

FLAG = "--input-value"
_WORDS = {"true": True, "false": False}


def input_values(texts: Sequence[str]) -> dict[str, float | bool]:
    """Read ``NAME=VALUE``, a number or true or false, each.

    Raises
    ------
    ConfigError
        For what is not so, or a name that comes twice.
    """
    values: dict[str, float | bool] = {}
    for text in texts:
        name, _, value = text.rpartition("=")
        number = _number(value.strip())
        if not name or number is None:
            raise ConfigError(f"{FLAG} {text} can't be read", fix=f"write {FLAG} NAME=0.5")
        if name in values:
            raise ConfigError(f"{FLAG} {name} is given twice", fix="give it once")
        values[name] = number
    return values


def _number(text: str) -> float | bool | None:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Filled:
    """A trace's arguments, those that are data and the others' values.

    Attributes
    ----------
    data : tuple of Argument
        What is read and explained.
    values : mapping of str to number
        The others, by name.
    missing : tuple of Argument
        Those that no value is known for.
    """

    data: tuple[Argument, ...]
    values: Mapping[str, float | bool]
    missing: tuple[Argument, ...]

    @property
    def told(self) -> str:
        """The values, in words."""
        return _told(self.values)

    def all_of(self, tf: Any, trace: Trace, tensors: Sequence[Any]) -> list[Any]:
        """Return a tensor for every argument, given those that are data."""
        waiting = iter(tensors)
        return [
            _constant(tf, self.values[argument.name], argument.spec)
            if argument.name in self.values
            else next(waiting)
            for argument in trace.arguments
        ]


def filled(trace: Trace, given: Mapping[str, float | bool]) -> Filled:
    """Settle which of a trace's arguments are data: all that have a row for each input.

    What tells the model to train is false; any other scalar is what is given, or its own default.
    """
    values: dict[str, float | bool] = {}
    missing, data = [], []
    batches = {a.spec.shape[0] for a in trace.arguments if a.spec.shape.rank}
    for argument in trace.arguments:
        shape = argument.spec.shape
        # Beside inputs of any number of rows, what has a fixed number is none of them.
        counts = shape.rank is None or (shape.rank > 0 and shape[0] is None)
        by_row = counts or (shape.rank > 0 and None not in batches)
        if not by_row and argument.name in given:
            values[argument.name] = given[argument.name]
        elif argument.is_training:
            values[argument.name] = False
        elif argument.is_scalar and isinstance(argument.default, (bool, int, float)):
            values[argument.name] = argument.default
        elif by_row:
            data.append(argument)
        else:
            missing.append(argument)
    return Filled(tuple(data), values, tuple(missing))


def check_known(path: Path, given: Mapping[str, float | bool], known: Sequence[str]) -> None:
    """Raise ConfigError for a value of an input that a model does not have."""
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise ConfigError(
                f"{FLAG} {name}: {path} has no such input",
                f"it has {', '.join(known)}",
                f"did you mean {close[0]!r}?" if close else "write one of them",
            )


def missing_value(path: Path, title: str, argument: Argument) -> ModelError:
    """Return the error for an argument that no value is known for."""
    shape = argument.spec.shape
    takes = "takes one value" if argument.is_scalar else f"has the fixed shape {tuple(shape)}"
    return ModelError(
        f"{path}: input {argument.name!r} of {title} {takes}, and has no default",
        fix=f"say which, the same for all inputs: {FLAG} {argument.name}=1 for one",
    )


def with_values(tf: Any, path: Path, network: Network, texts: Sequence[str]) -> Network:
    """Return a model whose inputs of these names have one value in every row.

    Raises
    ------
    ConfigError
        When it has no such input, or no other.
    """
    given = input_values(texts)
    names = [spec.name for spec in network.inputs]
    check_known(path, given, (*names, *network.settled))
    held = {name: value for name, value in given.items() if name in names}
    if not held:
        return network
    rest = tuple(spec for spec in network.inputs if spec.name not in held)
    if not rest:
        raise ConfigError(
            f"{FLAG} is given for every input of {path}", "nothing is left to explain", "leave one"
        )
    return replace(
        network,
        function=_holding(tf, network, held),
        inputs=rest,
        settled=(*network.settled, *held),
        loader=f"{network.loader}, {_told(held)}",
    )


def _holding(
    tf: Any, network: Network, held: Mapping[str, float | bool]
) -> Callable[[Sequence[Any]], Sequence[Any]]:
    def function(tensors: Sequence[Any]) -> Sequence[Any]:
        waiting = iter(tensors)
        rows = tf.shape(tensors[0])[:1]
        return network.function(
            [
                _rows(tf, spec, held[spec.name], rows) if spec.name in held else next(waiting)
                for spec in network.inputs
            ]
        )

    return function


def _rows(tf: Any, spec: InputSpec, value: float | bool, rows: Any) -> Any:
    shape = tf.concat([rows, [side or 1 for side in spec.shape]], 0)
    filled = tf.fill(shape, tf.cast(value, spec.fed))
    return tf.ensure_shape(filled, (None, *spec.shape))


def _constant(tf: Any, value: float | bool, spec: Any) -> Any:
    shape = [side or 1 for side in spec.shape]
    return tf.constant(np.full(shape, value).astype(spec.dtype.as_numpy_dtype), spec.dtype)


def _told(values: Mapping[str, float | bool]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
