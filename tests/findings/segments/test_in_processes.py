"""Work in processes: results in order, errors told, few tasks taken ahead."""

from collections.abc import Iterator

import pytest

from igcli.findings.segments.in_processes import in_processes


def half(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


@pytest.mark.parametrize("processes", [1, 2])
def test_results_are_in_order(processes: int) -> None:
    assert [*in_processes(half, range(0, 20, 2), 10, processes)] == [*range(10)]


def test_errors_come_through_and_tasks_are_not_all_taken() -> None:
    taken = []

    def tasks() -> Iterator[int]:
        for number in (0, 1, *[2] * 50):
            taken.append(number)
            yield number

    results = in_processes(half, tasks(), 52, 2)
    assert next(results) == 0 and len(taken) == 5
    with pytest.raises(ValueError, match="1 is odd"):
        next(results)
