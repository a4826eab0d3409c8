"""The size of a batch: asked for, estimated or probed."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.adaptive import Adaptive
from igcli.attribution.batch_size import Chosen, choose_batching, climb
from igcli.attribution.batches import Batching
from igcli.attribution.fixed import FixedRule
from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.attribution.methods import Method
from igcli.attribution.quadrature import RULES
from igcli.common.choices import ADAPTIVE
from igcli.common.errors import OutOfMemory
from igcli.common.model_spec import InputSpec
from tests.fakes import Power

MIB = 2**20
FIXED = FixedRule("riemann_trapezoid", RULES["riemann_trapezoid"](5), MIB)
REFINED = Adaptive(ADAPTIVE, Accuracy(0.05, 9, 256), MIB)


def table(rates: dict[int, float], asked: list[int]) -> Callable[[int], float]:
    """Rates by size; a size that is missing does not fit."""

    def rate(size: int) -> float:
        asked.append(size)
        if size not in rates:
            raise OutOfMemory(f"{size} rows")
        return rates[size]

    return rate


@pytest.mark.parametrize(
    ("rates", "first", "most", "want"),
    [
        pytest.param({4: 1, 8: 2, 16: 3, 32: 3.1}, 4, 99, [4, 8, 16, 32], id="up while faster"),
        pytest.param({4: 1, 8: 2, 16: 3}, 4, 16, [4, 8, 16], id="up to the most"),
        pytest.param({4: 1, 8: 2, 16: 3}, 4, 15, [4, 8], id="up below the most"),
        pytest.param({4: 1, 8: 2}, 4, 99, [4, 8, 16], id="up to what fits"),
        pytest.param({4: 1, 8: 1.04, 2: 1.2, 1: 1.2}, 4, 99, [4, 8, 2, 1], id="down while faster"),
        pytest.param({4: 1, 8: 0.5, 2: 1.0, 1: 9}, 4, 99, [4, 8, 2], id="neither"),
        pytest.param({4: 1, 2: 2, 1: 3}, 4, 4, [4, 2, 1], id="down to one"),
        pytest.param({1: 1.0}, 1, 1, [1], id="only one"),
    ],
)
def test_climbing_goes_on_while_it_pays(
    rates: dict[int, float], first: int, most: int, want: list[int]
) -> None:
    asked: list[int] = []
    tried = climb(table(rates, asked), first, most)
    assert asked == want
    assert tried == {size: rates[size] for size in want if size in rates}


@pytest.mark.parametrize(("fits", "want"), [(0, {}), (1, {1: 1.0}), (4, {4: 1.0})])
def test_a_first_size_that_does_not_fit_is_halved_until_one_does(
    fits: int, want: dict[int, float]
) -> None:
    rates = {size: 1.0 for size in (1, 2, 4, 8, 16) if size <= fits}
    assert climb(table(rates, []), first=8, most=64) == want


def fake(streams: int = 1, row_bytes: int = 0, on_gpu: bool = False) -> Power:
    model = Power((2, 2), 2, power=3)
    model.spec = replace(model.spec, streams=streams, row_bytes=row_bytes, on_gpu=on_gpu)
    return model


def choose(model: Power, rows: int, asked: int | None = None, **more: Any) -> Chosen:
    return choose_batching(model, FIXED, (2, 2), rows, asked, **more)


def test_what_was_asked_for_is_used() -> None:
    model = fake(streams=3, row_bytes=MIB)
    chosen = choose(model, 10**6, asked=37, memory=999 * MIB)
    assert chosen == Chosen(Batching(37, 3), "asked", {})
    assert model.batches == []


@pytest.mark.parametrize(
    ("memory", "streams", "want"), [(100, 1, 50), (100, 2, 25), (100, 3, 16), (1, 1, 1), (3, 2, 1)]
)
def test_what_was_asked_for_is_reduced_to_what_memory_holds(
    memory: int, streams: int, want: int
) -> None:
    model = fake(streams, row_bytes=2 * MIB)
    chosen = choose(model, 10**6, asked=64, memory=memory * MIB)
    assert chosen == Chosen(Batching(want, streams), "asked, reduced", {})
    assert model.batches == []


def test_the_machines_memory_does_not_limit_a_gpu() -> None:
    model = fake(2, row_bytes=2 * MIB, on_gpu=True)
    assert choose(model, 10**6, asked=64, memory=MIB) == Chosen(Batching(64, 2), "asked", {})
    chosen = choose(model, 10, memory=MIB)
    assert chosen == Chosen(Batching(256, 2), "estimated", {})
    assert model.batches == []


def test_a_model_of_unknown_size_is_not_limited() -> None:
    assert choose(fake(), 10, asked=512, memory=1).batching == Batching(512, 1)
    assert choose(fake(), 10, memory=1).how == "estimated"


@pytest.mark.parametrize("half", [512 * MIB, 3 * 512 * MIB])
def test_half_of_the_machines_memory_is_used(monkeypatch: pytest.MonkeyPatch, half: int) -> None:
    monkeypatch.setattr("igcli.attribution.batch_size.total_memory", lambda: 2 * half)
    chosen = choose(fake(2, row_bytes=64 * MIB), 10**6, asked=64)
    assert chosen.batching == Batching(half // 2 // (64 * MIB), 2)


@pytest.mark.parametrize("shape", [(None, None, 3), (None, 40, 3)])
def test_open_dimensions_scale_the_bytes_of_a_row(shape: tuple[int | None, ...]) -> None:
    """Counted as 1, they gave 100 bytes for a row of 3 (or 120) numbers."""
    model = fake(row_bytes=100)
    model.spec = replace(model.spec, input=InputSpec("x", shape, np.dtype("float32")))
    known = 3 if shape[1] is None else 120
    row = 100 * 30 * 40 * 3 // known
    chosen = choose_batching(model, FIXED, (30, 40, 3), 10**6, 4096, memory=7 * row + 1)
    assert chosen == Chosen(Batching(7, 1), "asked, reduced", {})


def test_a_row_in_a_layer_takes_what_the_layer_takes() -> None:
    """Its 6 MiB were counted on the layer's 64 numbers, whatever the input's size."""
    model = fake(row_bytes=6 * MIB)
    model.spec = replace(model.spec, entered=InputSpec("layer", (64,), np.dtype("float32")))
    chosen = choose_batching(model, FIXED, (64,), 10, None, memory=10**6 * MIB)
    assert chosen.batching.size == 8


@pytest.mark.parametrize("row_mib", [6, 12, 48])
def test_short_runs_are_estimated_without_asking_the_model(row_mib: int) -> None:
    """A batch takes 48 MiB, two rows at least; a probe pays from 120 times that on."""
    size = max(2, 48 // row_mib)
    model = fake(2, row_bytes=row_mib * MIB)
    chosen = choose(model, 120 * 2 * size - 1, memory=10**6 * MIB)
    assert chosen == Chosen(Batching(size, 2), "estimated", {})
    assert model.batches == []


@pytest.mark.parametrize(("weight_mib", "size"), [(1, 4), (12, 4), (24, 8), (100, 32), (999, 64)])
def test_weights_that_are_arranged_anew_want_larger_batches(weight_mib: int, size: int) -> None:
    """Four times their size in tensors of 10 MiB a row, between 48 and 512 MiB."""
    model = fake(2, row_bytes=10 * MIB)
    model.spec = replace(model.spec, weight_bytes=weight_mib * MIB)
    assert choose(model, 10, memory=10**6 * MIB).batching.size == size


def test_estimates_stay_within_memory_and_reason() -> None:
    assert choose(fake(row_bytes=6 * MIB), 10, memory=36 * MIB).batching.size == 6
    assert choose(fake(row_bytes=1), 10, memory=10**6 * MIB).batching.size == 256
    assert choose(fake(row_bytes=10**4 * MIB), 10, memory=MIB).batching.size == 1


class Overhead(Power):
    """Every batch takes 10 ms whatever its size; out of memory above `most` rows."""

    def __init__(self, most: int, streams: int) -> None:
        super().__init__((2, 2), 2, power=3)
        self.spec = replace(self.spec, streams=streams, row_bytes=2048 * MIB, on_gpu=True)
        self.most = most

    def _row_gradients(self, rows: PathRows) -> RowValues:
        time.sleep(0.01)
        if len(rows) > self.most:
            raise OutOfMemory(f"{len(rows)} rows")
        return super()._row_gradients(rows)


@pytest.mark.parametrize("method", [FIXED, REFINED], ids=lambda method: method.name)
@pytest.mark.parametrize("streams", [1, 2])
def test_long_runs_are_probed(method: Method, streams: int) -> None:
    model = Overhead(8, streams)
    chosen = choose_batching(model, method, (2, 2), 240 * streams, None)
    assert chosen.batching == Batching(8, streams)
    assert chosen.how == "probed"
    assert list(chosen.tried) == [2, 4, 8]
    assert chosen.tried[2] < chosen.tried[4] < chosen.tried[8]
    assert set(model.batches) >= {2, 4, 8}


def test_on_a_cpu_only_smaller_sizes_are_probed() -> None:
    model = Overhead(10**6, streams=2)
    model.spec = replace(model.spec, row_bytes=48 * MIB, on_gpu=False)
    chosen = choose(model, 10**5, memory=10**6 * MIB)
    assert (chosen.batching, list(chosen.tried)) == (Batching(2, 2), [2, 1])


def test_a_probe_stops_where_memory_does() -> None:
    model = Overhead(4, streams=2)
    chosen = choose(model, 10**5, memory=10**6 * MIB)
    assert (chosen.batching, chosen.how) == (Batching(4, 2), "probed")
    assert list(chosen.tried) == [2, 4]


def test_a_first_size_that_does_not_fit_is_halved() -> None:
    chosen = choose(Overhead(1, streams=1), 10**5, memory=10**6 * MIB)
    assert chosen.batching == Batching(1, 1)
