"""Blocks: ranges of inputs that are explained by themselves, and stored as one part each.

Rounding depends on which rows share a batch. No batch holds rows of two blocks, so that a block
computed again, alone, has the same bits.
"""

from collections.abc import Iterator, Sequence

from igcli.attribution.batches import Batching

# Batches of every stream in a block: enough that its last ones, which are not full, cost nothing
# that could be measured.
_TURNS = 16
# A part should not be tiny, but no more turns than these are spent on one: a block is what a stop
# may cost.
_MOST_TURNS = 64
_LEAST_INPUTS = 16
_MOST_INPUTS = 512
_LEAST_BYTES = 2**20
_MOST_BYTES = 32 * 2**20
# What several workers share: with four blocks each, the last ones leave little idle.
_LEAST_EACH = 4


def block_size(batching: Batching, steps: int, per_input: int, map_bytes: int) -> int:
    """Return how many inputs make a block.

    Parameters
    ----------
    batching : Batching
        How rows are sent.
    steps : int
        How many rows a path takes, about.
    per_input : int
        Explanations per input.
    map_bytes : int
        Of one explanation's map.
    """
    input_bytes = max(1, map_bytes * per_input)
    per_turn = batching.size * batching.streams / max(1, steps * per_input)
    filling, longest = int(_TURNS * per_turn), int(_MOST_TURNS * per_turn)
    least = max(filling, _LEAST_INPUTS, _LEAST_BYTES // input_bytes)
    return max(1, min(least, longest, _MOST_INPUTS, _MOST_BYTES // input_bytes))


def shared(size: int, count: int, workers: int) -> int:
    """Return how many of `count` inputs make a block where several workers share them.

    Parameters
    ----------
    size : int
        How many would for one worker alone.
    count, workers : int
        Inputs, and who explains them.
    """
    return size if workers == 1 else max(1, min(size, count // (_LEAST_EACH * workers)))


def blocks_to_do(count: int, size: int, done: Sequence[range]) -> Iterator[range]:
    """Yield the blocks of `count` inputs that are not done, cut at multiples of `size`.

    `done` are ranges of inputs in order, none overlapping.
    """
    start = 0
    for covered in (*done, range(count, count)):
        while start < covered.start:
            stop = min(covered.start, (start // size + 1) * size)
            yield range(start, stop)
            start = stop
        start = covered.stop
