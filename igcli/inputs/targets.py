"""Targets: which element of the output is explained, for each input."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.files import is_file
from igcli.common.sample import InputName
from igcli.inputs.labels import Labels, _lines
from igcli.inputs.readers.arrays import load_array

_LONGEST_NUMBER = 20
Choose: TypeAlias = Callable[[InputName, Array], Sequence[int]]


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
    labels: Labels,
    classes: int,
    shape: tuple[int, ...] = (),
) -> Targets:
    """Settle `--target` for a model and a set of inputs, before any work.

    Parameters
    ----------
    text : str
        ``predicted``, ``top:K``, ``folder``, a class number, a class name or a file with one
        target per input (text lines or an integer .npy).
    names : sequence of InputName
        Every input, before any ``--limit``.
    labels : Labels
        The class names.
    classes : int
        How many classes the model has.
    shape : tuple of int
        The output's shape, where classes count over several axes: a target is then a place in it,
        ``3,12,40``.

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
        return _listed([_folder_class(name, labels, classes, shape) for name in names])
    if not _is_integer(text) and is_file(text):
        return _listed(_file_classes(Path(text), len(names), labels, classes, shape))
    fixed = _class(text, labels, classes, shape, f"--target {text}")
    return Targets(1, lambda name, scores: [fixed])


def _listed(targets: list[int]) -> Targets:
    return Targets(1, lambda name, scores: [targets[name.index]])


def _best(scores: Array, count: int) -> list[int]:
    return [int(i) for i in np.argsort(-scores, kind="stable")[:count]]


def _top(text: str, classes: int) -> int:
    digits = text.removeprefix("top:")
    if not _is_integer(digits) or not 1 <= int(digits) <= classes:
        raise ConfigError(
            f"--target {text} can't be used",
            f"the model has {classes} classes",
            f"write top:K with K from 1 to {classes}",
        )
    return int(digits)


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) < _LONGEST_NUMBER


def _place(text: str, shape: tuple[int, ...], where: str) -> int:
    """Return the element at a place in the output, ``3,12,40``."""
    numbers = text.split(",")
    if not all(_is_integer(number.strip()) for number in numbers) or len(numbers) != len(shape):
        raise ConfigError(
            f"{where}: {text!r} is no place in the output",
            f"its shape is {shape}",
            f"write {len(shape)} numbers, {','.join(['0'] * len(shape))} for one",
        )
    place = [int(number) for number in numbers]
    if not all(0 <= i < size for i, size in zip(place, shape, strict=True)):
        raise ConfigError(
            f"{where}: {text} is out of range",
            f"the output's shape is {shape}, counted from 0",
            f"write numbers up to {','.join(str(size - 1) for size in shape)}",
        )
    return int(np.ravel_multi_index(place, shape))


def _class(text: str, labels: Labels, classes: int, shape: tuple[int, ...], where: str) -> int:
    if shape:
        return _place(text, shape, where)
    if not _is_integer(text):
        if not labels.names:
            raise ConfigError(
                f"{where}: {text!r} is no class number, file or keyword",
                "no class names are known",
                "write predicted, top:K, folder, a number or a file, or add --labels for names",
            )
        return labels.index(text, where)
    index = int(text)
    if not 0 <= index < classes:
        if classes == 1:
            cause, fix = "the model's only target is 0, the output itself", "write 0"
        else:
            cause = f"the model has {classes} classes, counted from 0"
            fix = f"write a number from 0 to {classes - 1}"
        raise ConfigError(f"{where}: class {index} is out of range", cause, fix)
    return index


def _folder_class(name: InputName, labels: Labels, classes: int, shape: tuple[int, ...]) -> int:
    if not name.folder:
        raise ConfigError(
            f"--target folder: {name.path} is in no sub-folder",
            "the first folder below INPUTS names the class",
            "sort the images into one folder a class, or choose another --target",
        )
    where = f"--target folder, {name.path}"
    if name.folder.casefold() in (line.casefold() for line in labels.names):
        return labels.index(name.folder, where)
    return _class(name.folder, labels, classes, shape, where)


def _file_classes(
    path: Path, inputs: int, labels: Labels, classes: int, shape: tuple[int, ...]
) -> list[int]:
    entries = _npy_entries(path) if path.suffix.lower() == ".npy" else _lines(path, "--target")
    if len(entries) != inputs:
        raise InputError(
            f"--target {path} has {len(entries)} entries",
            f"there are {inputs} inputs",
            "give one target per input, in input order",
        )
    return [
        _class(entry, labels, classes, shape, f"--target {path}, entry {i + 1}")
        for i, entry in enumerate(entries)
    ]


def _npy_entries(path: Path) -> list[str]:
    array = load_array(path, "--target")
    if not np.issubdtype(array.dtype, np.integer) or array.ndim != 1:
        raise InputError(
            f"--target {path} holds {array.dtype} of shape {array.shape}",
            "targets are class numbers, one per input",
            "save a one-dimensional integer array",
        )
    return [str(int(i)) for i in array]
