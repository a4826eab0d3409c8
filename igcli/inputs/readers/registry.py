"""The registry of readers (READERS), and how a listing is bound to a model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from igcli.common.errors import InputError
from igcli.common.model_spec import ModelSpec
from igcli.inputs.readers.archive import ArchiveListing, list_archive
from igcli.inputs.readers.arrays import list_array
from igcli.inputs.readers.decode import EXTENSIONS
from igcli.inputs.readers.images import list_folder, list_image
from igcli.inputs.readers.lists import LISTS, list_listed
from igcli.inputs.readers.source import Listing, Source

Lister: TypeAlias = Callable[[Path, Path], Listing]

READERS: dict[str, Lister] = {
    "folder": list_folder,
    ".npy": lambda path, exclude: list_array(path),
    ".npz": lambda path, exclude: list_archive(path),
    **{suffix: lambda path, exclude: list_listed(path) for suffix in LISTS},
    **{suffix: lambda path, exclude: list_image(path) for suffix in sorted(EXTENSIONS)},
}


def list_inputs(path: Path, exclude: Path) -> Listing:
    """List what INPUTS names, before any model is loaded.

    Parameters
    ----------
    path : Path
        A folder, one image, an .npy or .npz file, or a list of images, CSV or JSONL.
    exclude : Path
        A folder below `path` to leave out: the run's own output.

    Raises
    ------
    InputError
        When there is nothing there, or nothing that a reader knows.
    """
    if not path.exists():
        raise InputError(
            f"INPUTS {path} does not exist",
            fix="name a folder, an image, an .npy, an .npz or a list",
        )
    if path.is_dir():
        return READERS["folder"](path, exclude)
    if not path.is_file():
        raise InputError(
            f"INPUTS {path} is no regular file",
            "to read a pipe or a device may never end",
            "save what it holds as a file",
        )
    lister = READERS.get(path.suffix.lower())
    if lister is None:
        raise InputError(
            f"INPUTS {path} is of no known kind",
            f"igcli reads a folder or {', '.join(name for name in READERS if name != 'folder')}",
            "name one of these",
        )
    return lister(path, exclude)


@dataclass(frozen=True, slots=True)
class Reading:
    """How inputs are read; the fields are those of `Listing.bind` and of `Space`."""

    preprocess: str | None
    resize: str
    image_size: tuple[int, int] | None = None
    depth: int | None = None
    bands: tuple[int, ...] = ()


def bind(listing: Listing, spec: ModelSpec, reading: Reading) -> Source:
    """Check the inputs against all inputs of a model; see `Listing.bind`.

    Raises
    ------
    InputError
        When they don't fit, or the model takes several and there is no .npz of them.
    ConfigError
        When they can't be read so.
    """
    if not spec.inputs:
        source = listing.bind(spec.input, reading.preprocess, reading.resize, reading.image_size)
        return source.shown(reading.depth, reading.bands)
    if isinstance(listing, ArchiveListing):
        several = listing.bind_several(spec.inputs, spec.input, reading.preprocess)
        return several.shown(reading.depth, reading.bands)
    names = ", ".join(f"{s.name} {s.shape}" for s in spec.inputs)
    raise InputError(
        f"the model has {len(spec.inputs)} inputs: {names}",
        f"INPUTS holds only {', '.join(filter(None, listing.shapes)) or 'one array or images'}",
        "save an .npz with one array per input, numpy.savez(path, NAME=array, …)",
    )
