from typing import Any

import pytest

from igcli.common.errors import ConfigError, InputError
from igcli.common.explanation import Explanation
from igcli.report.pictures.chosen import ORDERS, Choice


def row(identity: str, **fields: Any) -> Explanation:
    return Explanation(0, identity, "", "", **fields)


ROWS = [
    row("a", target=0, target_name="cat", score=0.9, delta=-0.3, error_estimate=0.1, correct=True),
    row("b", target=1, target_name="dog", score=0.4, delta=0.1, error_estimate=0.4, correct=False),
    row("c", target=1, target_name="dog", score=0.7, delta=-0.2, error_estimate=0.2),
    row("d", target=0, target_name="cat", correct=True, status="failed", message="broken"),
]


@pytest.mark.parametrize(
    ("choice", "ids"),
    [
        (Choice(), "abcd"),
        (Choice(("right",)), "ad"),
        (Choice(("wrong",)), "b"),
        (Choice(("class=dog",)), "bc"),
        (Choice(("class=1",)), "bc"),
        (Choice(("score<0.7",)), "b"),
        (Choice(("score>=0.7", "class=cat")), "a"),
        (Choice(order="delta"), "acbd"),
        (Choice(order="score"), "acbd"),
        (Choice(order="error"), "bcad"),
        (Choice(order="error", count=1), "b"),
        (Choice(("class=dog",), "score", 1), "c"),
        (Choice(count=9), "abcd"),
    ],
)
def test_rows_are_chosen_and_ordered(choice: Choice, ids: str) -> None:
    assert "".join(row.id for row in choice.of(ROWS)) == ids


def test_every_order_that_the_command_line_shows_is_one() -> None:
    from igcli.common import choices

    assert tuple(ORDERS) == choices.ORDERS


def test_what_chooses_nothing_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="left by --where class=owl: 4 were looked at"):
        Choice(("class=owl",)).of(ROWS)
    with pytest.raises(InputError, match="--where wrong: no true classes are stored"):
        Choice(("wrong",)).of([ROWS[2]])
    with pytest.raises(ConfigError, match="--where nearly can't be used"):
        Choice(("nearly",)).of(ROWS)
