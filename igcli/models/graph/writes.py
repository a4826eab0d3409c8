"""The writes of a model put out of use, where its scores are the same without them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np

from igcli.common.arrays import Array, Warn
from igcli.common.errors import ModelError
from igcli.common.text import the_first
from igcli.models.graph.batch_axis import WHITES, alike, made_up, takes, values
from igcli.models.graph.inlined import Inlined, as_function
from igcli.models.graph.stateful import drawn, written
from igcli.models.graph.without_writes import without_writes

Function: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]

_SHOWN = 2
_ROWS = 2


def writing_nothing(
    tf: Any, inlined: Inlined, specs: Sequence[Any], batch: int | None, warn: Warn
) -> Function:
    """Return a function that writes variables as one that does not.

    What it gives must be what the first call of the model itself gives. Where that is not so, the
    model is called as it is, if another call gives the same again.

    Parameters
    ----------
    tf : module
        TensorFlow.
    inlined : Inlined
        The function's graph.
    specs : sequence of tf.TensorSpec
        Its inputs.
    batch : int or None
        How many rows it takes; None for any number.
    warn : callable
        Told what it writes, and what was done about that.

    Raises
    ------
    ModelError
        When its scores depend on what earlier calls have written.
    """
    names = written(inlined)
    edited = as_function(tf, without_writes(tf, inlined))
    if any(drawn(inlined, i) for i in range(len(inlined.outputs))):
        # No two of its calls agree.
        return edited
    told = f"it writes {the_first(names, _SHOWN)} at each call"
    try:
        tried = [made_up(tf, specs, batch or _ROWS, white) for white in WHITES]
        calls = [_calls(tf, inlined, edited, tensors) for tensors in tried]
        first, second, without = ([*a, *b] for a, b in zip(*calls, strict=True))
    except Exception:
        # Made-up inputs may suit no model: what its own are given says more.
        first = second = without = []
    if _agree(first, without):
        warn(f"{told}: left out, so that every call starts from what is in the file")
        return edited
    if _agree(first, second):
        warn(f"{told}, and its scores depend on that: it is called as it is")
        return _as_it_is(inlined)
    raise ModelError(
        f"the same input has other scores at the next call: {told}",
        "what one call writes, the next one reads",
        "export it without that",
    )


def rows_of_state(tf: Any, inlined: Inlined, specs: Sequence[Any]) -> int | None:
    """Return how many rows a function must get since it keeps a state for each; None for any."""
    if takes(tf, as_function(tf, without_writes(tf, inlined)), specs, _ROWS):
        return None
    names = set(written(inlined))
    states = [v for v in inlined.variables.values() if v.name in names and v.shape.rank]
    rows = {int(variable.shape[0]) for variable in states}
    return rows.pop() if len(rows) == 1 else None


def _calls(
    tf: Any, inlined: Inlined, edited: Function, tensors: Sequence[Any]
) -> tuple[list[Array], list[Array], list[Array]]:
    """Return what two calls of the model give, and one without its writes; undo what they wrote."""
    names = set(written(inlined))
    with _restored([v for v in inlined.variables.values() if v.name in names]):
        without = values(tf, edited, tensors)
        first, second = (values(tf, _as_it_is(inlined), tensors) for _ in range(2))
    return first, second, without


@contextmanager
def _restored(variables: Sequence[Any]) -> Iterator[None]:
    before = [variable.numpy() for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)


def _as_it_is(inlined: Inlined) -> Function:
    return lambda tensors: inlined.function(*tensors)


def _agree(some: Sequence[Array], others: Sequence[Array]) -> bool:
    floats = [
        (a, b) for a, b in zip(some, others, strict=True) if np.issubdtype(a.dtype, np.floating)
    ]
    return all(alike(a, b) for a, b in floats)
