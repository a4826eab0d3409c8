"""The tree of errors in the module's docstring is the one that the classes make."""

import re
from importlib import import_module

import pytest

from igcli.cli.main import COMMANDS
from igcli.common import errors
from igcli.common.errors import IgcliError, first_line, reason


def tree(error: type[IgcliError], depth: int = 0) -> list[tuple[int, str, int]]:
    """Depth, name and exit code of an error and all that are kinds of it."""
    kinds = [kind for kind in error.__subclasses__() if kind.__module__ == errors.__name__]
    below = [line for kind in kinds for line in tree(kind, depth + 1)]
    return [(depth, error.__name__, error.exit_code), *below]


def test_the_docstring_shows_every_error_and_its_exit_code() -> None:
    told = re.findall(r"^( *)[*+-] (\w+) +(\d)$", errors.__doc__ or "", re.M)
    assert [(len(indent) // 2, name, int(code)) for indent, name, code in told] == tree(IgcliError)


def test_every_error_of_igcli_stands_in_that_module() -> None:
    for command in COMMANDS.values():
        import_module(command)
    for kind in IgcliError.__subclasses__():
        assert kind.__module__ == errors.__name__


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("bad\nand more"), "bad"),
        (ValueError("\n bad \n"), "bad"),
        (ValueError(), "ValueError"),
        (MemoryError("  \n"), "MemoryError"),
    ],
)
def test_the_first_line_of_what_an_error_says_or_its_type(error: Exception, said: str) -> None:
    assert first_line(error) == said


def test_a_system_error_tells_its_reason_without_the_file() -> None:
    assert reason(OSError(28, "No space left on device", "/somewhere")) == "No space left on device"
    assert reason(OSError("cut\nshort")) == "cut"
