"""Blocks: every input in exactly one, of a size that fits memory and fills batches."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igcli.attribution.batches import Batching
from igcli.runs.planning.blocks import block_size, blocks_to_do, shared


@pytest.mark.parametrize(
    ("size", "streams", "steps", "per_input", "map_bytes", "expected"),
    [
        (64, 2, 24, 1, 3136, 334),  # digits: a part of a megabyte
        (256, 2, 24, 1, 3136, 341),  # digits: sixteen turns of the streams
        (8, 2, 24, 1, 602_112, 16),  # photos
        (64, 2, 24, 1, 602_112, 55),  # no more than 32 MB
        (1, 1, 50, 1, 144_000_000, 1),  # one map is more than that
        (4096, 1, 2, 1, 16, 512),
        (64, 2, 24, 5, 3136, 66),
        (64, 2, 4097, 1, 3136, 1),  # digits, so many steps: no more than 64 turns
        (8, 2, 256, 1, 602_112, 4),  # photos
    ],
)
def test_sizes(
    size: int, streams: int, steps: int, per_input: int, map_bytes: int, expected: int
) -> None:
    assert block_size(Batching(size, streams), steps, per_input, map_bytes) == expected


@given(
    count=st.integers(0, 60),
    size=st.integers(1, 20),
    done=st.lists(st.integers(0, 60), unique=True, max_size=12),
)
def test_blocks_are_what_is_not_done_cut_at_multiples(
    count: int, size: int, done: list[int]
) -> None:
    cuts = sorted(min(place, count) for place in done)
    ranges = [range(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    blocks = list(blocks_to_do(count, size, ranges))
    assert sorted(chain(*blocks, *ranges)) == list(range(count))
    for block in blocks:
        assert 0 < len(block) <= size and block.start // size == (block.stop - 1) // size


def test_a_run_that_begins_is_cut_evenly_and_a_done_one_not_at_all() -> None:
    assert list(blocks_to_do(7, 3, [])) == [range(3), range(3, 6), range(6, 7)]
    assert list(blocks_to_do(7, 3, [range(3, 6)])) == [range(3), range(6, 7)]
    assert list(blocks_to_do(7, 3, [range(7)])) == []
    assert list(blocks_to_do(0, 3, [])) == []


@pytest.mark.parametrize(
    ("size", "count", "workers", "want"),
    [(16, 10_000, 8, 16), (334, 10_000, 8, 312), (16, 10, 2, 1), (16, 3, 2, 1), (16, 3, 1, 16)],
)
def test_workers_that_share_inputs_have_four_blocks_each(
    size: int, count: int, workers: int, want: int
) -> None:
    assert shared(size, count, workers) == want
