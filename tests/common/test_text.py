"""Text that is too long ends with a whole sentence, or with a mark."""

import pytest

from igcli.common.text import shortened


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It fits.", "It fits."),
        ("No such name. Decorate it. See the page", "No such name. Decorate it."),
        ("one two three four five six seven eight", "one two three four five six …"),
        ("a" * 40, "a" * 28 + " …"),
    ],
)
def test_shortened(text: str, said: str) -> None:
    assert shortened(text, 30) == said
