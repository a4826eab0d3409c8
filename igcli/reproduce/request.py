"""The request for an example: what ``igcli reproduce`` was asked for."""

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """Everything that ``igcli reproduce`` was asked for; None and False where nothing was.

    `out` is the folder to write, `data` and `model` are local copies of what would be fetched,
    `labels` class names. `as_published` undoes what igcli mends in an example.
    """

    example: str
    out: Path
    data: Path | None = None
    model: Path | None = None
    labels: Path | None = None
    epochs: int | None = None
    seed: int = 0
    as_published: bool = False
    overwrite: bool = False

    def command(self) -> str:
        """Return the command that starts once more, whatever is in `out` by then."""
        words = ["igcli", "reproduce", self.example, "-o", str(self.out)]
        for flag in ("data", "model", "labels", "epochs", "seed"):
            if value := getattr(self, flag):
                words += [f"--{flag}", str(value)]
        return shlex.join([*words, *["--as-published"] * self.as_published, "--overwrite"])
