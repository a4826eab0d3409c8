"""A sample: one input, from its name to its numbers."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from igcli.common.arrays import Array

SourceKind: TypeAlias = Literal["pixels", "floats", "integers", "several"]


@dataclass(frozen=True, slots=True)
class InputName:
    """Who an input is, known before it is read.

    Attributes
    ----------
    index : int
        Its place in the input order.
    place : int or None
        Its place among the inputs explained, where these are not the first ones.
    id : str
        Unique in the run, the same on every machine: the path below the folder, or STEM-000012.
    path : str
        Where a person finds it.
    folder : str
        The first sub-folder below INPUTS; empty where there is none.
    further : tuple of (str, str)
        The further columns of the list that names it: name and text. The same names for every input
        of a run.
    baseline : str
        Its own, as the list has it; empty for that of the run.
    """

    index: int
    id: str
    path: str
    folder: str = ""
    place: int | None = None
    further: tuple[tuple[str, str], ...] = ()
    baseline: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One input, read.

    Attributes
    ----------
    name : InputName
        Who it is.
    sha256 : str
        Of the file's bytes, or of the array row's.
    raw : Array
        Pixels 0–255 at the model's size, channels last, or the array's own numbers.
    x : Array
        The same in model space: the model's input shape and dtype.
    """

    name: InputName
    sha256: str
    raw: Array
    x: Array


@dataclass(frozen=True, slots=True)
class Failed:
    """One input that could not be read or explained, and why."""

    name: InputName
    message: str
    sha256: str = ""
