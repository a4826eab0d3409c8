"""Targets: which element of the output is explained, for each input."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array, Warn
from igcli.common.errors import ConfigError
from igcli.common.files import is_file
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.inputs.class_files.classes import Classes, is_integer
from igcli.inputs.class_files.target_arrays import targets_of_array
from igcli.inputs.class_files.target_files import targets_of_file
from igcli.inputs.class_files.text_table import whole_number
from igcli.inputs.labels import FOLDERS

Choose: TypeAlias = Callable[[InputName, Array], Sequence[int]]
Arrays: TypeAlias = Mapping[str, Array]
ARRAY = "array:"
_SHORT = 12
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Targets:
    """The choice of targets.

    Attributes
    ----------
    per_input : int
        How many explanations each input gets.
    choose : callable
        (input, its class scores) → that many targets, best first.
    """

    per_input: int
    choose: Choose


def plan_targets(
    text: str,
    names: Sequence[InputName],
    classes: Classes,
    arrays: Arrays,
    warn: Warn,
) -> Targets:
    """Settle `--target` for a model and a set of inputs, before any work.

    Parameters
    ----------
    text : str
        ``predicted``, ``top:K``, ``folder``, ``array:NAME``, a class number, a class name or a
        file with one target per input (see `targets_of_file`).
    names : sequence of InputName
        Every input, before any ``--limit``.
    classes : Classes
        Of the model.
    arrays : mapping
        What lies beside the inputs in their file, by name.
    warn : callable
        Told of what may be meant otherwise than it was taken.

    Raises
    ------
    ConfigError, InputError
        When a target does not exist, or can't be known for some input.
    """
    if text == "predicted":
        return Targets(1, lambda name, scores: [int(np.argmax(scores))])
    if text.startswith("top:"):
        count = _top(text, classes)
        return Targets(count, lambda name, scores: _best(scores, count))
    if text == "folder":
        _tell_of_order(names, classes, warn)
        return _listed([_folder_class(name, classes) for name in names])
    if text.startswith(ARRAY):
        array = _array(text, arrays)
        return _listed(targets_of_array(array, len(names), classes, f"--target {text}"))
    if not is_integer(text) and is_file(text):
        return _listed(targets_of_file(Path(text), names, classes, warn))
    fixed = classes.of(text, f"--target {text}")
    other = None if classes.shape or not is_integer(text) else classes.other_named(fixed)
    if other is not None:
        warn(f"--target {text} is taken as the class number; the name {text!r} has class {other}")
    return Targets(1, lambda name, scores: [fixed])


def tell_of_arrays(
    beside: Sequence[str], text: str, arrays: Arrays, classes: Classes, warn: Warn
) -> None:
    """Say which arrays of the inputs' file are not explained, and which can be the targets."""
    others = [name for name in beside if f"{ARRAY}{name}" != text]
    if not others:
        return
    able = [name for name in others if _may_be_targets(arrays[name], classes)]
    note = f"INPUTS has more arrays than the model takes: {the_first(others, _SHOWN)}"
    if able and not text.startswith(ARRAY):
        note += f" (--target {ARRAY}{able[0]} explains the classes that it has)"
    warn(note)


def _may_be_targets(array: Array, classes: Classes) -> bool:
    width = array.shape[1] if array.ndim == 2 else 1
    is_narrow = array.ndim in (1, 2) and width in (1, classes.count)
    return is_narrow and classes.count > 1 and array.dtype.kind in "iubfUS"


def target_content(text: str, arrays: Arrays) -> str:
    """Return a target as two runs must share it: an array of the inputs' file by what is in it."""
    if not text.startswith(ARRAY):
        return text
    array = np.ascontiguousarray(_array(text, arrays))
    digest = sha256(f"{array.dtype} {array.shape}".encode() + array.tobytes()).hexdigest()
    return f"{text} {digest[:_SHORT]}"


def _array(text: str, arrays: Arrays) -> Array:
    name = text.removeprefix(ARRAY)
    if name not in arrays:
        raise ConfigError(
            f"--target {text}: INPUTS has no array {name!r}",
            f"it has {', '.join(arrays)}" if arrays else "it is no .npz of several arrays",
            "name one of them, or a file of one target per input",
        )
    return arrays[name]


def _listed(targets: list[int]) -> Targets:
    return Targets(1, lambda name, scores: [targets[name.index]])


def _best(scores: Array, count: int) -> list[int]:
    return [int(i) for i in np.argsort(-scores, kind="stable")[:count]]


def _top(text: str, classes: Classes) -> int:
    digits = text.removeprefix("top:")
    if not is_integer(digits) or not 1 <= int(digits) <= classes.count:
        raise ConfigError(
            f"--target {text} can't be used",
            classes.said,
            f"write top:K with K from 1 to {classes.count}",
        )
    return int(digits)


def _folder_class(name: InputName, classes: Classes) -> int:
    if not name.folder:
        raise ConfigError(
            f"--target folder: {name.path} is in no sub-folder",
            "the first folder below INPUTS names the class",
            "sort the images into one folder a class, or choose another --target",
        )
    where, labels = f"--target folder, {name.path}", classes.labels
    if name.folder.casefold() in (line.casefold() for line in labels.names):
        return labels.index(name.folder, where)
    if not (labels.names or classes.shape or is_integer(name.folder)):
        raise ConfigError(
            f"{where}: {name.folder!r} is no class number",
            "no class names are known",
            f"add --labels {FOLDERS} where the model was trained on sub-folders in alphabetical "
            "order, as Keras reads them; else --labels FILE",
        )
    return classes.of(name.folder, where)


def _tell_of_order(names: Sequence[InputName], classes: Classes, warn: Warn) -> None:
    """Say so where sub-folders are class numbers, and Keras would have counted them otherwise."""
    folders = sorted({name.folder for name in names})
    numbers = [whole_number(folder) for folder in folders]
    if classes.labels.names or classes.shape or None in numbers:
        return
    kept = [number for number in numbers if number is not None]
    if kept != sorted(kept):
        warn(
            "--target folder: the sub-folders are taken as class numbers; Keras' "
            f"image_dataset_from_directory counts them in alphabetical order "
            f"({the_first(folders, _SHOWN)}): where the model was trained so, --labels {FOLDERS}"
        )
