"""Labels: the names of a model's classes, in output order."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from igcli.common.arrays import Warn
from igcli.common.errors import ConfigError, InputError
from igcli.common.text import the_first
from igcli.inputs.class_files.class_names import read_class_names

FOLDERS = "folders"
_SHOWN = 5
_SHORT = 12
_SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation"})


@dataclass(frozen=True, slots=True)
class Labels:
    """Class names in output order; empty when there are none.

    Attributes
    ----------
    names : tuple of str
        One for each class.
    path : Path or None
        The file that they are from; None where they are INPUTS' sub-folders.
    """

    names: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def title(self) -> str:
        """What `--labels` was given as."""
        return FOLDERS if self.path is None else str(self.path)

    @property
    def content(self) -> str:
        """What makes names of sub-folders the same in two runs."""
        digest = sha256("\0".join(self.names).encode()).hexdigest()
        return f"{FOLDERS} {digest[:_SHORT]}"

    def name(self, index: int, shape: tuple[int, ...] = ()) -> str:
        """Return a class's name, or an empty string.

        Where classes count over an output's `shape`, names are those of its last axis, and the
        place in the output comes first, as `--target` takes it.
        """
        if not shape:
            return self.names[index] if self.names else ""
        place = [int(i) for i in np.unravel_index(index, shape)]
        where = ",".join(map(str, place))
        return f"{where} {self.names[place[-1]]}" if self.names else where

    def index(self, name: str, where: str) -> int:
        """Return the class of that name: a whole line, or one of its comma-separated synonyms.

        Raises
        ------
        ConfigError
            When no line or more than one has it; `where` says who asks.
        """
        if not self.names:
            raise ConfigError(
                f"{where}: {name!r} is a class name", "no class names are known", "add --labels"
            )
        wanted = name.strip().casefold()
        lines = [line.casefold() for line in self.names]
        found = [i for i, line in enumerate(self.names) if line == name.strip()]
        if not found:
            found = [i for i, line in enumerate(lines) if line == wanted]
        if not found:
            found = [
                i for i, line in enumerate(lines) if wanted in (s.strip() for s in line.split(","))
            ]
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigError(
                f"{where}: the class name {name!r} is ambiguous",
                f"lines {', '.join(str(i + 1) for i in found)} of {self.title} have it",
                f"write the class number instead: {' or '.join(map(str, found))}",
            )
        close = difflib.get_close_matches(wanted, lines, 1)
        hint = f"did you mean {self.names[lines.index(close[0])]!r}?" if close else "check the name"
        raise ConfigError(f"{where}: no class {name!r} in {self.title}", fix=hint)

    def check(self, classes: int) -> None:
        """Raise ConfigError unless there is one name for each class."""
        if not self.names or len(self.names) == classes:
            return
        count = len(self.names)
        of_model = f"the model has {classes} class{'es' if classes != 1 else ''}"
        if self.path is None:
            folders = f"{count} sub-folder{'s' if count != 1 else ''}"
            raise ConfigError(
                f"--labels {FOLDERS}: INPUTS has {folders}, {the_first(self.names, _SHOWN)}",
                of_model,
                "name the folder that has a sub-folder for each class, as in training, or a file "
                "of all names",
            )
        fix = "give a file with one name for each class, in output order"
        if self.names[0].casefold() == "background" and count == classes + 1:
            fix = f"take out its first name, {self.names[0]!r}: this model does not count it"
        raise ConfigError(
            f"--labels {self.path} has {count} names", f"{of_model}{self._shown()}", fix
        )

    def _shown(self) -> str:
        return f"; the names begin with {the_first(self.names, 3)}"


def read_labels(path: Path | None, folders: Sequence[str], warn: Warn) -> Labels:
    """Read the class names that `--labels` tells of.

    Parameters
    ----------
    path : Path or None
        A file; ``folders`` for INPUTS' sub-folders in alphabetical order, which is how Keras'
        ``image_dataset_from_directory`` counts classes; None for no names.
    folders : sequence of str
        These.
    warn : callable
        Told of what in the file was taken for what.

    Raises
    ------
    InputError
        When there are no names.
    """
    if path is None:
        return Labels()
    if str(path) == FOLDERS:
        return _of_folders(folders)
    found = read_class_names(path)
    if found.note:
        warn(found.note)
    return Labels(found.names, path)


def _of_folders(folders: Sequence[str]) -> Labels:
    if not folders:
        raise InputError(
            f"--labels {FOLDERS}: INPUTS has no sub-folders",
            "they are the class names, in alphabetical order",
            "name a folder with one sub-folder for each class, or a file of names",
        )
    if {folder.casefold() for folder in folders} <= _SPLITS:
        raise InputError(
            f"--labels {FOLDERS}: INPUTS' sub-folders are {', '.join(folders)}",
            "these are no classes",
            f"name one of them as INPUTS: …/{folders[-1]}",
        )
    return Labels(tuple(folders))
