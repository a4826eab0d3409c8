"""The errors that igcli raises on purpose, and the exit codes that they become.

The library raises an `IgcliError`; only `igcli.cli.main` turns one into text and an exit code:
2 for wrong usage and unusable input, found before any work; 3 for what is not whole, or stopped
part-way and can go on.

* IgcliError                2
  - ConfigError             2
  - InputError              2
  - ModelError              2
  - OutputError             2
    + OutputVanished        2
  - NotComparable           3
    + NotWhole              3
  - RunStopped              3
    + OutOfMemory           3
"""

from typing import ClassVar

from igcli.common import exit_codes


class IgcliError(Exception):
    """Something a user can mend.

    Parameters
    ----------
    problem : str
        What is wrong, with the offending file, flag or layer by name.
    cause : str
        Why, where it is not plain from the problem; may be empty.
    fix : str
        What to do, as an order ("name the image folder").

    Attributes
    ----------
    exit_code : int
        What a command that it ends exits with.
    """

    exit_code: ClassVar[int] = exit_codes.USAGE

    def __init__(self, problem: str, cause: str = "", fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.cause = cause
        self.fix = fix

    def to_dict(self) -> dict[str, str]:
        """Return what ``--json`` prints of it."""
        return {"problem": self.problem, "cause": self.cause, "fix": self.fix}

    def __str__(self) -> str:
        lines = [self.problem if not self.cause else f"{self.problem}: {self.cause}"]
        if self.fix:
            lines.append(f"to fix this: {self.fix}")
        return "\n".join(lines)


class ConfigError(IgcliError):
    """A flag, a TOML key or a combination of them that can't be used."""


class InputError(IgcliError):
    """An input, baseline, label or target file that can't be used, or one image that can't.

    `sha256` is of the file's bytes, where they could be read.
    """

    sha256: str = ""


class ModelError(IgcliError):
    """A model file that can't be loaded, or a model that can't be explained."""


class OutputError(IgcliError):
    """An output directory that can't be used."""


class OutputVanished(OutputError):
    """An output directory that was removed, or exchanged for another, during a run."""


class NotComparable(IgcliError):
    """Two runs that say nothing about each other, or one that is not whole."""

    exit_code = exit_codes.INCOMPLETE


class NotWhole(NotComparable):
    """A run directory that is unfinished or damaged; `igcli run … --resume` makes it whole."""


class RunStopped(IgcliError):
    """A run that stopped part-way; what it had written is whole."""

    exit_code = exit_codes.INCOMPLETE


class OutOfMemory(RunStopped):
    """A batch that does not fit into memory; a smaller one may."""


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says; its type where it says nothing."""
    return str(error).strip().split("\n")[0].strip() or type(error).__name__


def reason(error: OSError) -> str:
    """Return why the system refuses a file, without the file's name."""
    return error.strerror or first_line(error)
