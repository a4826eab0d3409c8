"""The reader of arrays: an .npy of inputs, memory-mapped.

uint8 is pixels, floats are model space, and other integers are for inputs that take integers.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from mmap import mmap
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError, first_line
from igcli.common.model_spec import InputSpec
from igcli.common.sample import InputName, Sample, SourceKind
from igcli.common.shapes import fits
from igcli.inputs.preprocess import Space
from igcli.inputs.readers.source import printable


def load_array(path: Path, what: str) -> Array:
    """Memory-map an .npy file of uint8 or floats; raise InputError for anything else."""
    try:
        with np.errstate(over="ignore"):
            array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        # A broken header raises nearly anything: ValueError, EOFError, TokenError, BadZipFile, …
        raise unreadable(f"{what} {path}", "an .npy array", "numpy.save", error) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise InputError(
            f"{what} {path} is an archive of several arrays",
            fix="save the one array to explain with numpy.save, as .npy",
        )
    return array


def unreadable(title: str, kind: str, saved_with: str, error: Exception) -> InputError:
    """Return the error for a file that numpy can't read, from what numpy says of it."""
    return InputError(
        f"{title} can't be read as {kind}",
        first_line(error),
        f"save plain numbers with {saved_with} (object arrays are refused)",
    )


def array_kind(array: Array, path: Path, what: str) -> SourceKind:
    """Tell what an array's numbers are by its dtype; raise InputError for other dtypes."""
    if array.dtype == np.uint8:
        return "pixels"
    if np.issubdtype(array.dtype, np.floating):
        return "floats"
    if array.dtype.kind in "iub":
        return "integers"
    raise InputError(
        f"{what} {path} holds {array.dtype}",
        "uint8 means pixels 0–255, floats mean model space, integers are tokens",
        "save an array of one of these",
    )


def bound_kind(kind: SourceKind, spec: InputSpec, what: str) -> SourceKind:
    """Return what an array's numbers are to an input: pixels may be any integers.

    Raises
    ------
    InputError
        When integers meet an input that takes floats, or the other way round.
    """
    if spec.is_whole:
        if kind == "floats":
            raise InputError(
                f"{what} holds floats",
                f"the model's input {spec.name!r} takes {spec.declared}",
                f"save it with .astype('{spec.declared}')",
            )
        return kind if spec.pixels else "integers"
    if kind == "integers":
        raise InputError(
            f"{what} holds integers",
            f"the model's input {spec.name!r} takes floats; uint8 means pixels 0–255",
            "save pixels of 0 to 255 with .astype('uint8'), others as float32 in the model's own "
            "range",
        )
    return kind


def settle(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> tuple[int, ...] | None:
    """Return the model input's shape for rows of `shape`, or None where they don't fit.

    A grey image may leave its channel axis out, or carry one that the model leaves out.
    """
    for candidate in (shape, (*shape, 1), shape[:-1] if shape[-1:] == (1,) else shape):
        if fits(candidate, wanted):
            return candidate
    return None


def list_array(path: Path) -> "ArrayListing":
    """List the rows of an .npy file."""
    array = load_array(path, "INPUTS")
    kind = array_kind(array, path, "INPUTS")
    # Without numbers, a file of a hundred bytes can have any number of rows.
    if array.ndim < 2 or array.size == 0:
        raise InputError(
            f"INPUTS {path} has shape {array.shape}",
            "the first axis counts the inputs",
            "save an array of shape (N, …), every axis at least 1",
        )
    return ArrayListing(path, array, kind)


class ArrayListing:
    """The rows of one array."""

    resizable = False
    notes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    arrays: Mapping[str, Array] = MappingProxyType({})

    def __init__(self, path: Path, array: Array, kind: SourceKind) -> None:
        self.path = path
        self.array = array
        self.kind = kind
        self.shapes = {"": array.shape[1:]}
        stem, shown = printable(path.stem), printable(str(path))
        self.names = [InputName(i, f"{stem}-{i:06d}", f"{shown}[{i}]") for i in range(len(array))]

    def bind(
        self,
        spec: InputSpec,
        preprocess: str | None,
        resize: str,
        image_size: tuple[int, int] | None,
    ) -> "ArraySource":
        """Check the rows' shape; see `Listing.bind`."""
        rows = self.array.shape[1:]
        shape = settle(rows, spec.shape)
        if shape is None:
            batched = settle(self.array.shape, spec.shape) is not None
            raise InputError(
                f"INPUTS {self.path} has shape {self.array.shape}",
                f"the model's input {spec.name!r} wants (N, {', '.join(map(str, spec.shape))})",
                "add the first axis: numpy.save(path, array[None])"
                if batched
                else "save the inputs at the model's shape",
            )
        if image_size is not None and shape[:2] != image_size:
            raise ConfigError(
                f"--image-size {image_size[0]}x{image_size[1]} does not fit {self.path}",
                f"arrays are not resized, and its rows are {rows}",
                "leave --image-size out",
            )
        kind = bound_kind(self.kind, spec, f"INPUTS {self.path}")
        return ArraySource(Space(kind, preprocess, spec.with_shape(shape)), self.array)


@dataclass(frozen=True, slots=True)
class ArraySource:
    """Rows of a memory-mapped array, one at a time."""

    space: Space
    array: Array
    beside: tuple[str, ...] = ()

    def shown(self, depth: int | None, bands: tuple[int, ...]) -> Self:
        """Settle what is read and shown; see `Source.shown`."""
        return replace(self, space=replace(self.space, depth=depth, bands=bands))

    def read(self, name: InputName) -> Sample:
        """Read one row; see `Source.read`."""
        row = read_row(self.array, name.index)
        sha256 = hashlib.sha256(row.data).hexdigest()
        raw = in_space(row, self.space, sha256)
        return Sample(name, sha256, raw, self.space.to_model(raw))

    def sha256(self, name: InputName) -> str:
        """Hash one row; see `Source.sha256`."""
        return hashlib.sha256(read_row(self.array, name.index).data).hexdigest()


def read_row(array: Array, index: int) -> Array:
    """Copy one row out of an array; raise InputError where its file has become too short.

    To touch what is no longer there in a mapped file would end the process.
    """
    mapped: Any = getattr(array, "base", None)
    if isinstance(array, np.memmap) and isinstance(mapped, mmap):
        if mapped.size() < array.offset + array.nbytes:
            raise InputError("the file was cut short while it was read")
    return np.array(array[index], order="C")


def in_space(row: Array, space: Space, sha256: str) -> Array:
    """Return a row's raw numbers; raise InputError where the model's dtype can't hold one."""
    dtype = space.input.dtype
    with np.errstate(over="ignore"):
        raw = row.astype(dtype)
    bad = ~np.isfinite(raw)
    problem = f"has a number that is not finite in {dtype}"
    if space.kind == "integers":
        bad = raw.astype(np.float64) != row
        problem = f"has an integer that {dtype} can't hold"
    if space.input.tokens and not bad.any():
        # An Embedding would count it from its table's end, or fail, by the device.
        bad = raw < 0
        problem = f"has a negative token, {raw[bad][0]:.0f}" if bad.any() else ""
    if bad.any():
        error = InputError(f"{problem}, first at {[int(i) for i in np.argwhere(bad)[0]]}")
        error.sha256 = sha256
        raise error
    return raw.reshape(space.raw_shape)
