"""The archive reader: an .npz with one array for each of the model's inputs, by name."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from zipfile import ZipFile

import numpy as np
from numpy.lib.npyio import NpzFile

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.machine import total_memory
from igcli.common.model_spec import InputSpec, parts_of
from igcli.common.sample import InputName, Sample, SourceKind
from igcli.common.text import the_first
from igcli.inputs.preprocess import Space, Spaces
from igcli.inputs.readers.array_names import inputs_of, side_by_side
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

_SHOWN = 4


def list_archive(path: Path) -> "ArchiveListing | ArrayListing":
    """List the rows of an .npz file; one array in it is as good as an .npy."""
    every = load_archive(path, "INPUTS")
    arrays = dict(every)
    if len({array.shape[:1] for array in arrays.values()}) > 1:
        arrays = dict(side_by_side(arrays))
    counts = {array.shape[0] if array.ndim and array.size else 0 for array in arrays.values()}
    if len(counts) != 1 or counts == {0}:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        problem = "has arrays of different lengths" if len(counts) > 1 else "holds no rows"
        raise InputError(
            f"INPUTS {path} {problem}",
            shapes,
            "give every array the same number of rows on its first axis, at least 1, or call that "
            "of the inputs x",
        )
    if len(every) == 1:
        ((name, array),) = arrays.items()
        listing = ArrayListing(path, array, array_kind(array, path, f"{name!r} in INPUTS"))
        listing.shapes[name] = array.shape[1:]
        return listing
    return ArchiveListing(path, arrays, tuple(name for name in every if name not in arrays))


def load_archive(path: Path, what: str) -> dict[str, Array]:
    """Load an .npz file's arrays by name; raise InputError where it is none."""
    try:
        with ZipFile(path) as archive:
            _check_size(f"{what} {path}", sum(member.file_size for member in archive.infolist()))
        with path.open("rb") as stream, NpzFile(stream, allow_pickle=False) as file:
            arrays: dict[str, Any] = {name: file[name] for name in file.files}
    except InputError:
        raise
    except Exception as error:
        # A broken archive raises nearly anything: BadZipFile, ValueError, EOFError, zlib.error, …
        raise unreadable(f"{what} {path}", "an .npz archive", "numpy.savez", error) from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise InputError(
                f"{what} {path} holds {name!r}, which is no array",
                fix="save plain arrays of numbers with numpy.savez",
            )
    return arrays


def _check_size(title: str, size: int) -> None:
    """Refuse what does not fit into memory, zip bombs among it: the arrays are loaded whole."""
    if size > total_memory():
        raise InputError(
            f"{title} unpacks to {size} bytes",
            f"this machine has {total_memory()} bytes of memory",
            "save an .npy, which is not loaded as a whole, or fewer rows",
        )


def _notes(path: Path, arrays: dict[str, Array], others: tuple[str, ...]) -> tuple[str, ...]:
    if not others:
        return ()
    rows = len(next(iter(arrays.values())))
    return (
        f"INPUTS {path}: its {rows} rows are those of {', '.join(arrays)}; arrays of other "
        f"lengths are passed over: {the_first(others, _SHOWN)}",
    )


class ArchiveListing:
    """The rows of several arrays, side by side."""

    kind: SourceKind = "several"
    resizable = False
    folders: tuple[str, ...] = ()

    def __init__(
        self, path: Path, arrays: dict[str, Array], of_other_lengths: tuple[str, ...] = ()
    ) -> None:
        self.notes = _notes(path, arrays, of_other_lengths)
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
        names = [s.name for s in inputs]
        taken = [self.arrays[name] for name in names]
        return ArchiveSource(Spaces(parts, spaces, packed), taken, self._beside(names))

    def bind(
        self,
        spec: InputSpec,
        preprocess: str | None,
        resize: str,
        image_size: tuple[int, int] | None,
    ) -> ArraySource:
        """Take the array of a model's one input; see `Listing.bind`."""
        name = inputs_of(self.arrays, spec)
        if name is None:
            shapes = ", ".join(f"{known} {a.shape}" for known, a in self.arrays.items())
            raise InputError(
                f"INPUTS {self.path} has {len(self.arrays)} arrays: {', '.join(self.arrays)}",
                f"the model has the one input {spec.name!r} {spec.shape}; they are {shapes}",
                f"call the inputs' array {spec.name} or x, or save it alone, as .npy",
            )
        array = self.arrays[name]
        kind = array_kind(array, self.path, f"{name!r} in INPUTS")
        source = ArrayListing(self.path, array, kind).bind(spec, preprocess, resize, image_size)
        return replace(source, beside=self._beside([name]))

    def _beside(self, taken: list[str]) -> tuple[str, ...]:
        return tuple(name for name in self.arrays if name not in taken)

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
    beside: tuple[str, ...] = ()

    def shown(self, depth: int | None, bands: tuple[int, ...]) -> Self:
        """Settle what is shown of the input that has pictures; see `Source.shown`."""
        spaces = list(self.space.spaces)
        first = next((i for i, s in enumerate(spaces) if s.pictured is not None), 0)
        spaces[first] = replace(spaces[first], bands=bands)
        return replace(self, space=replace(self.space, spaces=tuple(spaces)))

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
