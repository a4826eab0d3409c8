"""Numbers in columns."""

from igcli.reproduce.table import table


def test_a_table_has_numbers_at_the_right() -> None:
    rows = [
        {"name": "a", "count": 12, "score": 0.123456},
        {"name": "long", "count": 3, "score": None},
    ]
    assert table(rows) == ["name  count   score", "a        12  0.1235", "long      3       -"]
    assert table([]) == [""]
