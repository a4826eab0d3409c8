"""Read an .npz of inputs: one array for each of the model's inputs, by name."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.lib.npyio import NpzFile

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.machine import total_memory
from igcli.common.model_spec import InputSpec, parts_of
from igcli.common.sample import InputName, Sample, SourceKind
from igcli.inputs.preprocess import Space, Spaces
from igcli.inputs.readers.arrays import (
    ArrayListing,
    ArraySource,
    array_kind,
    bound_kind,
    in_space,
    settle,
    unreadable,
)
from igcli.inputs.readers.source import printable


def list_archive(path: Path) -> "ArchiveListing | ArrayListing":
    """List the rows of an .npz file; one array in it is as good as an .npy."""
    arrays = _load(path)
    counts = {array.shape[0] if array.ndim and array.size else 0 for array in arrays.values()}
    if len(counts) != 1 or counts == {0}:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        problem = "has arrays of different lengths" if len(counts) > 1 else "holds no rows"
        raise InputError(
            f"INPUTS {path} {problem}",
            shapes,
            "give every array the same number of rows on its first axis, at least 1",
        )
    if len(arrays) == 1:
        ((name, array),) = arrays.items()
        listing = ArrayListing(path, array, array_kind(array, path, f"{name!r} in INPUTS"))
        listing.shapes[name] = array.shape[1:]
        return listing
    return ArchiveListing(path, arrays)


def _load(path: Path) -> dict[str, Array]:
    try:
        with ZipFile(path) as archive:
            _check_size(path, sum(member.file_size for member in archive.infolist()))
        with path.open("rb") as stream, NpzFile(stream, allow_pickle=False) as file:
            arrays: dict[str, Any] = {name: file[name] for name in file.files}
    except InputError:
        raise
    except Exception as error:
        # A broken archive raises nearly anything: BadZipFile, ValueError, EOFError, zlib.error, …
        raise unreadable(f"INPUTS {path}", "an .npz archive", "numpy.savez", error) from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise InputError(
                f"INPUTS {path} holds {name!r}, which is no array",
                fix="save plain arrays of numbers with numpy.savez",
            )
    return arrays


def _check_size(path: Path, size: int) -> None:
    """Refuse what does not fit into memory, zip bombs among it: the arrays are loaded whole."""
    if size > total_memory():
        raise InputError(
            f"INPUTS {path} unpacks to {size} bytes",
            f"this machine has {total_memory()} bytes of memory",
            "save an .npy, which is not loaded as a whole, or fewer rows",
        )


class ArchiveListing:
    """The rows of several arrays, side by side."""

    kind: SourceKind = "several"
    resizable = False
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, arrays: dict[str, Array]) -> None:
        self.path = path
        self.arrays = arrays
        self.shapes = {name: array.shape[1:] for name, array in arrays.items()}
        count = len(next(iter(arrays.values())))
        stem, shown = printable(path.stem), printable(str(path))
        self.names = [InputName(i, f"{stem}-{i:06d}", f"{shown}[{i}]") for i in range(count)]

    def bind_several(
        self, inputs: tuple[InputSpec, ...], packed: InputSpec, preprocess: str | None
    ) -> "ArchiveSource":
        """Check the arrays against the model's inputs."""
        known = ", ".join(self.arrays)
        for spec in inputs:
            if spec.name not in self.arrays:
                raise InputError(
                    f"INPUTS {self.path} has no array {spec.name!r}",
                    f"the model's inputs are {', '.join(s.name for s in inputs)}; it has {known}",
                    "save one array per input, by the inputs' names",
                )
        spaces = tuple(self._space(spec, preprocess) for spec in inputs)
        parts = parts_of([s.name for s in inputs], [s.shape for s in spaces], [False] * len(inputs))
        return ArchiveSource(Spaces(parts, spaces, packed), [self.arrays[s.name] for s in inputs])

    def bind(
        self,
        spec: InputSpec,
        preprocess: str | None,
        resize: str,
        image_size: tuple[int, int] | None,
    ) -> ArraySource:
        """Take the array of a model's one input; see `Listing.bind`."""
        array = self.arrays.get(spec.name)
        if array is None:
            raise InputError(
                f"INPUTS {self.path} has {len(self.arrays)} arrays: {', '.join(self.arrays)}",
                f"the model has the one input {spec.name!r}",
                "save that array alone, as .npy",
            )
        kind = array_kind(array, self.path, f"{spec.name!r} in INPUTS")
        return ArrayListing(self.path, array, kind).bind(spec, preprocess, resize, image_size)

    def _space(self, spec: InputSpec, preprocess: str | None) -> Space:
        array = self.arrays[spec.name]
        what = f"{spec.name!r} in INPUTS"
        kind = bound_kind(array_kind(array, self.path, what), spec, f"{what} {self.path}")
        shape = settle(array.shape[1:], spec.shape)
        if shape is None:
            raise ConfigError(
                f"{what} {self.path} has shape {array.shape}",
                f"the model wants (N, {', '.join(map(str, spec.shape))})",
                "save the inputs at the model's shape",
            )
        return Space(kind, preprocess, spec.with_shape(shape))


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """Rows of several arrays, one at a time, each as one vector."""

    space: Spaces
    arrays: list[Array]

    def read(self, name: InputName) -> Sample:
        """Read one row of every array; see `Source.read`."""
        rows = self._rows(name)
        sha256 = _sha256(rows)
        raws = [_in_space(r, s, sha256) for r, s in zip(rows, self.space.spaces, strict=True)]
        raw = self.space.joined(raws)
        return Sample(name, sha256, raw, self.space.to_model(raw))

    def sha256(self, name: InputName) -> str:
        """Hash one row of every array; see `Source.sha256`."""
        return _sha256(self._rows(name))

    def _rows(self, name: InputName) -> list[Array]:
        return [np.ascontiguousarray(array[name.index]) for array in self.arrays]


def _sha256(rows: list[Array]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row.data)
    return digest.hexdigest()


def _in_space(row: Array, space: Space, sha256: str) -> Array:
    try:
        return in_space(row, space, sha256)
    except InputError as error:
        error.problem = f"{space.input.name!r} {error.problem}"
        raise
