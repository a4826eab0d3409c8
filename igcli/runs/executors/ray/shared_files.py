"""The shared files of a run: whether every worker sees what it reads and writes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, InputError, OutputError, reason
from igcli.store.files import temporary_in
from igcli.store.lock import unwritable

_FIX = "put it on a file system that all nodes share, under the same path"


@dataclass(frozen=True, slots=True)
class Token:
    """A file in OUT, or in the folder above OUT where that is not there yet; and what is in it."""

    path: Path
    text: str


@contextmanager
def token_in(out: Path) -> Iterator[Token]:
    """Lay a token for the workers to find; it is gone afterwards.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    folder = out.absolute()
    while not folder.exists():
        folder = folder.parent
    path = temporary_in(folder)
    try:
        path.write_text(path.name)
    except OSError as error:
        raise unwritable(out, error) from error
    try:
        yield Token(path, path.name)
    finally:
        path.unlink(missing_ok=True)


def enter_folder(folder: Path, config: RunConfig, host: str) -> None:
    """Make the folder that igcli was started in this process's own, as relative paths need.

    Raises
    ------
    ConfigError
        When it is not there, and the run has relative paths.
    """
    try:
        os.chdir(folder)
    except OSError as error:
        relative = [p for p in (config.model, config.inputs, config.out) if not p.is_absolute()]
        if relative:
            raise ConfigError(
                f"the worker on {host} does not see the folder {folder}",
                f"{relative[0]} is relative to it",
                "name MODEL, INPUTS, OUT and other files by whole paths that all nodes share",
            ) from error


def check_sees(config: RunConfig, token: Token, host: str) -> None:
    """Raise InputError or OutputError for what a worker does not see, or can't write."""
    for what, path in (("MODEL", config.model), ("INPUTS", config.inputs)):
        if not path.exists():
            raise InputError(f"the worker on {host} does not see {what} {path}", fix=_FIX)
    try:
        text = token.path.read_text()
    except OSError:
        text = ""
    if text != token.text:
        raise OutputError(f"the worker on {host} does not see OUT {config.out}", fix=_FIX)
    own = temporary_in(token.path.parent)
    try:
        own.touch(exist_ok=False)
        own.unlink()
    except OSError as error:
        raise OutputError(
            f"the worker on {host} can't write OUT {config.out}",
            reason(error),
            "let the user that Ray's workers run as write there",
        ) from error
