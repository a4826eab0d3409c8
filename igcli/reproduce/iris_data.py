"""The iris data: Fisher's flowers, from UCI's text file or from an array."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.inputs.readers.arrays import load_array

FEATURES = ("sepal length", "sepal width", "petal length", "petal width")
SPECIES = ("setosa", "versicolor", "virginica")
_FEWEST = 30


@dataclass(frozen=True, slots=True)
class Flowers:
    """Flowers and their species.

    Attributes
    ----------
    x : Array
        float32 (n, 4), FEATURES in centimetres.
    species : Array
        Integers (n,), places in SPECIES.
    """

    x: Array
    species: Array


def read_flowers(path: Path) -> Flowers:
    """Read flowers from text (four numbers and the species a line) or from an .npy.

    An .npy (n, 5) has the species as its last number, one (n, 4) in NAME_labels.npy beside it.

    Raises
    ------
    InputError
        When that is not what the file holds.
    """
    if path.suffix.lower() == ".npy":
        x, species = _from_array(path)
    else:
        x, species = _from_text(path)
    kinds = len(np.unique(species))
    if len(x) < _FEWEST or kinds < len(SPECIES):
        raise _refusal(path, f"{len(x)} flowers of {kinds} species are too few")
    fits = x.shape == (len(species), len(FEATURES)) and np.isfinite(x).all()
    if not fits or not np.isin(species, range(len(SPECIES))).all():
        raise _refusal(path, "four finite numbers and a species from 0 to 2 are not there")
    return Flowers(x.astype(np.float32), species.astype(np.int64))


def _from_array(path: Path) -> tuple[Array, Array]:
    numbers = load_array(path, "--data")
    if numbers.ndim == 2 and numbers.shape[1] == len(FEATURES) + 1:
        return np.array(numbers[:, :-1], np.float64), np.array(numbers[:, -1])
    labels = path.with_name(f"{path.stem}_labels.npy")
    if numbers.ndim != 2 or not labels.is_file():
        raise _refusal(path, f"it has shape {numbers.shape}, and there is no {labels.name} beside")
    return np.array(numbers, np.float64), np.array(load_array(labels, "--data"))


def _from_text(path: Path) -> tuple[Array, Array]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = [line for line in csv.reader(file) if line]
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"--data {path} can't be read", cause, "name a text file") from error
    if lines and not _is_number(lines[0][0]):
        lines = lines[1:]
    try:
        x = np.array([[float(cell) for cell in line[:-1]] for line in lines])
        return x, np.array([_species(line[-1]) for line in lines])
    except ValueError as error:
        raise _refusal(path, str(error)) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _species(text: str) -> int:
    """Return the place of a species, by number or by a name that ends in it (Iris-setosa)."""
    if text.strip() in {"0", "1", "2"}:
        return int(text)
    for place, name in enumerate(SPECIES):
        if text.strip().lower().endswith(name):
            return place
    raise ValueError(f"{text!r} is no species")


def _refusal(path: Path, cause: str) -> InputError:
    return InputError(
        f"--data {path} does not hold irises",
        cause,
        "give UCI's iris.data (four numbers and the species a line), an .npy of shape (n, 5), or "
        "one of shape (n, 4) with the species in NAME_labels.npy beside it",
    )
