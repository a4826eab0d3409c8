"""Who gets which range, and what becomes of those whose worker dies or is slow."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from igcli.runs.executors.ray.ranges import Ranges

BLOCKS = [range(0, 4), range(4, 8), range(8, 10)]


class Clock:
    """Stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_ranges_go_out_in_order_and_once() -> None:
    ranges = Ranges(BLOCKS)
    assert [ranges.give(worker) for worker in range(4)] == [*BLOCKS, None]
    assert [ranges.finish(worker, block) for worker, block in enumerate(BLOCKS)] == [True] * 3
    assert not ranges.left


def test_what_a_dead_worker_had_goes_to_the_next() -> None:
    ranges = Ranges(BLOCKS)
    ranges.give(0)
    assert not ranges.lose(0, BLOCKS[0])
    assert ranges.give(1) == BLOCKS[0] and ranges.give(2) == BLOCKS[1]


def test_the_third_worker_that_dies_over_a_range_is_the_last() -> None:
    ranges = Ranges(BLOCKS[:1])
    for worker in range(2):
        ranges.give(worker)
        assert not ranges.lose(worker, BLOCKS[0]) and ranges.left
    ranges.give(2)
    assert ranges.lose(2, BLOCKS[0])
    assert not ranges.left and ranges.give(3) is None


def test_a_slow_range_is_begun_again_once_nothing_waits_and_the_first_to_end_counts() -> None:
    clock = Clock()
    ranges = Ranges(BLOCKS, clock)
    assert [ranges.give(worker) for worker in range(3)] == BLOCKS
    clock.now = 10.0
    ranges.finish(1, BLOCKS[1])
    clock.now = 15.0
    assert ranges.give(1) is None, "half as long again as usual is not slow yet"
    clock.now = 15.1
    assert ranges.give(1) == BLOCKS[0] and ranges.give(3) == BLOCKS[2]
    assert ranges.give(4) is None, "twice is enough"
    assert ranges.finish(1, BLOCKS[0]) and not ranges.finish(0, BLOCKS[0])


def test_nobody_is_slow_before_anything_is_known_but_after_a_while() -> None:
    clock = Clock()
    ranges = Ranges(BLOCKS[:1], clock)
    ranges.give(0)
    clock.now = 80.0
    assert ranges.give(1) is None
    clock.now = 91.0
    assert ranges.give(0) is None, "not by the slow one itself"
    assert ranges.give(1) == BLOCKS[0]


def test_the_other_one_goes_on_where_one_of_two_dies() -> None:
    clock = Clock()
    ranges = Ranges(BLOCKS[:1], clock)
    ranges.give(0)
    clock.now = 100.0
    ranges.give(1)
    assert not ranges.lose(0, BLOCKS[0])
    clock.now = 200.0
    assert ranges.is_open(BLOCKS[0]) and ranges.give(2) == BLOCKS[0]
    assert not ranges.lose(1, BLOCKS[0])
    assert ranges.lose(2, BLOCKS[0]) and not ranges.left


def test_a_loss_after_the_end_counts_for_nothing() -> None:
    ranges = Ranges(BLOCKS[:1])
    ranges.give(0)
    ranges.finish(0, BLOCKS[0])
    assert not ranges.lose(0, BLOCKS[0]) and not ranges.left


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["give", "finish", "lose"]))))
def test_every_range_ends_exactly_once_whatever_happens(steps: list[tuple[int, str]]) -> None:
    blocks = [range(a, b) for a, b in pairwise([0, 3, 5, 9, 12])]
    clock = Clock()
    ranges = Ranges(blocks, clock)
    held: dict[int, range | None] = {}
    ended = 0
    to_the_end = [(worker, what) for worker in range(3) for what in ("give", "finish")] * 100
    for worker, what in [*steps, *to_the_end]:
        clock.now += 7.0
        block = held.pop(worker, None)
        if what == "give":
            held[worker] = block or ranges.give(worker)
        elif block is not None:
            ended += (ranges.finish if what == "finish" else ranges.lose)(worker, block)
    assert not ranges.left and ended == len(blocks)
