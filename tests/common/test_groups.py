"""Groups of rows by every column there is."""

import pytest

from igcli.common.errors import ConfigError
from igcli.common.explanation import Explanation
from igcli.common.groups import default_column, group_names, members

ROWS = [
    Explanation(0, "wolf/a.png", "", "", target=1, prediction=1, prediction_name="wolf", truth=1,
                truth_name="wolf", further=(("camera", "north"),)),
    Explanation(1, "dog/b.png", "", "", target=0, prediction=1, prediction_name="wolf", truth=0,
                further=(("camera", ""),)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("truth", ["wolf", "0"]),
        ("prediction", ["wolf", "wolf"]),
        ("target", ["1", "0"]),
        ("folder", ["wolf", "dog"]),
        ("camera", ["north", ""]),
    ],
)
def test_names(column: str, expected: list[str]) -> None:
    assert group_names(ROWS, column) == expected


def test_what_no_row_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="--by lens") as error:
        group_names(ROWS, "lens")
    assert "rows have truth, prediction, target, folder, camera" in str(error.value)
    with pytest.raises(ConfigError, match="rows have prediction\n.*igcli run --truth"):
        group_names([Explanation(0, "a", "", "", prediction=1)], "truth")


def test_true_classes_come_first() -> None:
    assert default_column(ROWS) == "truth"
    assert default_column([Explanation(0, "a", "", "", prediction=1)]) == "prediction"


def test_the_largest_group_is_first_and_no_group_is_none() -> None:
    found = members(["b", "a", "", "a"])
    assert {name: rows.tolist() for name, rows in found.items()} == {"a": [1, 3], "b": [0]}
    assert list(found) == ["a", "b"]
