"""The batch size of a run: settled beforehand, by a short probe where that pays.

The probe starts from a size whose tensors are expected to take a fixed amount of memory, and goes
on from there, on rows made up for it: on a GPU to larger batches as long as they are faster, else
to smaller ones. On a CPU, where every core has a batch of its own, only smaller ones are tried, so
that a long run takes no more memory than a short one. A run that is short beside the probe goes
without.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import log2

import numpy as np

from igcli.attribution.batches import Batches, Batching
from igcli.attribution.gradient_model import GradientModel, PathRows, RowValues
from igcli.attribution.methods import Method
from igcli.common.errors import OutOfMemory
from igcli.common.machine import total_memory
from igcli.common.model_spec import ModelSpec
from igcli.common.threads import ahead

_CPU_TARGET = 48 * 2**20
# Weights that each batch arranges anew want larger batches: ResNet50V2 is 1.05 times faster so.
_CPU_TARGET_PER_WEIGHT = 4
_LARGEST_CPU_TARGET = 512 * 2**20
_GPU_TARGET = 4 * 2**30
_LARGEST_FIRST = 256
_FIRST_OF_AN_UNKNOWN = 16
_MOST_ROWS = 4096
_MEMORY_SHARE = 2
# A probe of two sizes costs about this many rows per row of the first size and stream; it should
# be a tenth of the run at most.
_ROWS_OF_A_PROBE = 12
_SHARE_OF_A_RUN = 10
_WORTH = 1.05
_TURNS = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """The batching of a run, and how it came about.

    Attributes
    ----------
    batching : Batching
        What to use.
    how : str
        "asked", "probed", "estimated" from the tensors' sizes, or "asked, reduced" to what memory
        holds.
    tried : dict of int to float
        Rows per second of each size that was probed.
    seconds : float
        How long that took.
    """

    batching: Batching
    how: str
    tried: dict[int, float] = field(default_factory=dict)
    seconds: float = field(default=0.0, compare=False)


def choose_batching(
    model: GradientModel,
    method: Method,
    shape: tuple[int, ...],
    rows: int,
    asked: int | None,
    memory: int | None = None,
) -> Chosen:
    """Settle how a run of about `rows` rows is batched.

    Parameters
    ----------
    model : GradientModel
        Probed with rows that are made up.
    method : Method
        Decides what is asked of the model.
    shape : tuple of int
        That of what paths run in.
    rows : int
        How many rows the run will take, about.
    asked : int or None
        The user's batch size; None for the fastest.
    memory : int or None
        Bytes that batches may take; by default half of the machine's. Not for a GPU, which says
        itself when it is full.
    """
    spec = model.spec
    # Counted on what paths run in, where open dimensions were taken as 1.
    row_bytes = spec.row_bytes * int(np.prod(shape)) // spec.point.known_size
    most = _MOST_ROWS if asked is None else asked
    if not spec.on_gpu and row_bytes:
        share = (memory or total_memory() // _MEMORY_SHARE) // spec.streams
        most = max(1, min(most, share // row_bytes))
    if asked is not None:
        how = "asked" if most == asked else "asked, reduced"
        return Chosen(Batching(most, spec.streams), how)
    first = min(most, _first_size(row_bytes, spec))
    if rows < _ROWS_OF_A_PROBE * _SHARE_OF_A_RUN * spec.streams * first:
        return Chosen(Batching(first, spec.streams), "estimated")
    # On a CPU larger batches take memory and give nothing: only smaller ones are tried.
    most = most if spec.on_gpu else first
    started = time.monotonic()
    tried = climb(lambda size: _rate(model, method, shape, size), first, most)
    if not tried:
        return Chosen(Batching(1, spec.streams), "estimated")
    # What is not clearly faster is not worth its memory.
    best = min(size for size in tried if _WORTH * tried[size] >= max(tried.values()))
    return Chosen(Batching(best, spec.streams), "probed", tried, time.monotonic() - started)


def climb(rate: Callable[[int], float], first: int, most: int) -> dict[int, float]:
    """Double a size while that is faster; if it never was, halve it while that is.

    Parameters
    ----------
    rate : callable
        Rows per second at a size; raises OutOfMemory where it does not fit.
    first, most : int
        Where to start, and the largest size allowed.

    Returns
    -------
    dict of int to float
        The rate of each size that was tried and fits; where `first` does not fit, of the largest
        half, quarter, … of it that does.
    """
    tried: dict[int, float] = {}

    def is_faster(size: int, than: int) -> bool:
        try:
            tried[size] = rate(size)
        except OutOfMemory:
            return False
        return tried[size] > _WORTH * tried.get(than, 0.0)

    size = first
    while size and not is_faster(size, than=0):
        size //= 2
    if size < first:
        return tried
    while 2 * size <= most and is_faster(2 * size, than=size):
        size *= 2
    if size == first:
        while size > 1 and is_faster(size // 2, than=size):
            size //= 2
    return tried


def _first_size(row_bytes: int, spec: ModelSpec) -> int:
    shared = min(_LARGEST_CPU_TARGET, _CPU_TARGET_PER_WEIGHT * spec.weight_bytes)
    target = _GPU_TARGET if spec.on_gpu else max(_CPU_TARGET, shared)
    if row_bytes == 0:
        return _FIRST_OF_AN_UNKNOWN
    nearest = round(log2(target / row_bytes))
    return min(1 << max(1, nearest), _LARGEST_FIRST)


def _rate(model: GradientModel, method: Method, shape: tuple[int, ...], size: int) -> float:
    """Return rows per second with all streams busy, after one batch each to warm up."""
    rows = made_up_rows(model, shape, size)
    batches = Batches(model, Batching(size, model.spec.streams))
    _turn(batches, method, rows)
    started = time.perf_counter()
    for _ in range(_TURNS):
        _turn(batches, method, rows)
    seconds = time.perf_counter() - started
    if batches.size < size:
        raise OutOfMemory(f"out of memory on a batch of {size}")
    return _TURNS * batches.streams * size / seconds


def _turn(batches: Batches, method: Method, rows: PathRows) -> None:
    def evaluate(rows: PathRows) -> RowValues:
        return method.evaluate(batches, rows)

    for _ in ahead(evaluate, [rows] * batches.streams, batches.streams, batches.streams):
        pass


def made_up_rows(model: GradientModel, shape: tuple[int, ...], size: int) -> PathRows:
    """Return a batch of rows along one path, from zero to noise."""
    x = np.random.default_rng(0).uniform(0.0, 1.0, (1, *shape)).astype(model.spec.point.dtype)
    dense = model.spec.dense
    return PathRows(
        x=x,
        baseline=np.zeros_like(x),
        slot=np.zeros(size, np.int32),
        alpha=np.linspace(0.0, 1.0, size),
        target=np.zeros(size, np.int32),
        zones=None if dense is None else dense.everywhere()[None],
    )
