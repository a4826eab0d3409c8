"""The reader of images: a folder (recursively, in a stable order), or one file."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError, reason
from igcli.common.model_spec import InputSpec
from igcli.common.picture_files import NOT_READ, READ
from igcli.common.sample import InputName, Sample, SourceKind
from igcli.common.shapes import is_image_shape
from igcli.common.text import the_first
from igcli.inputs.preprocess import Space
from igcli.inputs.readers.decode import EXTENSIONS, decode, read_file, undeclared_peak
from igcli.inputs.readers.source import printable
from igcli.store.run_json import read_about

# Those that this Pillow was built without among them.
_NOT_READ = (NOT_READ | READ) - EXTENSIONS
_SHOWN = 4


def list_folder(folder: Path, exclude: Path | None = None) -> "ImageListing":
    """List every image below `folder`, sorted by path; hidden files and `exclude` are left out.

    Links to folders are followed, but for those that lead back up. A folder that holds an igcli run
    is left out.
    """
    files: list[Path] = []
    others: list[Path] = []
    runs = 0
    for path, is_run_of_igcli in _walk(folder, _below(folder, exclude)):
        if is_run_of_igcli:
            runs += 1
        elif path.suffix.lower() in EXTENSIONS:
            files.append(path)
        else:
            others.append(path.relative_to(folder))
    if not files:
        raise InputError(
            f"{folder} holds no image",
            f"{len(others)} of another kind found{_of_kinds(others)}" if others else "it is empty",
            f"name a folder with {', '.join(sorted(EXTENSIONS))} files",
        )
    folders = _sub_folders(folder, _below(folder, exclude))
    return _in_order(folder, files, tuple(_notes(others, runs)), folders)


def _sub_folders(folder: Path, exclude: Path | None) -> tuple[str, ...]:
    """Return the folders right below one, empty ones too, as Keras counts classes by them."""
    found = [
        entry.name
        for entry in os.scandir(folder)
        if _is_folder(entry)
        and not entry.name.startswith(".")
        and Path(entry.path).resolve() != exclude
        and not read_about(folder / entry.name)
    ]
    return tuple(map(printable, sorted(found)))


def _notes(others: list[Path], runs: int) -> Iterator[str]:
    if others:
        files = "file is" if len(others) == 1 else "files are"
        yield f"{len(others)} {files} no image by extension{_of_kinds(others)}: passed over"
    pictures = sorted(path.as_posix() for path in others if path.suffix.lower() in _NOT_READ)
    if pictures:
        are = "is a picture" if len(pictures) == 1 else "are pictures"
        yield (
            f"{the_first([printable(name) for name in pictures], _SHOWN)} {are} of a kind that "
            "igcli does not read: save PNG, TIFF or JPEG"
        )
    if runs:
        folders = "folder holds an earlier run" if runs == 1 else "folders hold earlier runs"
        yield f"{runs} {folders} of igcli: passed over"


def _of_kinds(others: list[Path]) -> str:
    """Say how many files have which ending, the most first."""
    kinds = Counter(printable(path.suffix.lower()) or "without ending" for path in others)
    most_first = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{count} {kind}" for kind, count in most_first]
    return f" ({the_first(shown, _SHOWN)})"


def _below(folder: Path, exclude: Path | None) -> Path | None:
    """Return `exclude`, resolved, where it lies below `folder`: only there it can be left out."""
    if exclude is None or folder.resolve() not in exclude.resolve().parents:
        return None
    return exclude.resolve()


def list_image(path: Path) -> "ImageListing":
    """List one image file."""
    return _in_order(path.parent, [path])


def _in_order(
    root: Path,
    files: list[Path],
    notes: tuple[str, ...] = (),
    folders: tuple[str, ...] = (),
) -> "ImageListing":
    files = sorted(files, key=lambda path: path.relative_to(root).parts)
    names = [_name(i, path, root) for i, path in enumerate(files)]
    return ImageListing(files, names, notes, folders)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell what may be a folder from a file, or a broken link, which fails by name."""
    try:
        return entry.is_dir()
    except PermissionError:
        return Path(entry.name).suffix.lower() not in EXTENSIONS
    except OSError:
        return False


def _walk(
    folder: Path, exclude: Path | None, above: frozenset[tuple[int, int]] = frozenset()
) -> Iterator[tuple[Path, bool]]:
    """Yield every file below a folder (False), and every folder that holds a run (True).

    A link back to a folder above is not entered again.
    """
    try:
        here = _identity(folder)
        entries = list(os.scandir(folder))
    except OSError as error:
        raise InputError(
            f"can't list {folder}", reason(error), "make the folder readable"
        ) from error
    is_root = not above
    if is_root:
        above = frozenset(_identity(parent) for parent in folder.resolve().parents)
    if here in above or (exclude is not None and folder.resolve().is_relative_to(exclude)):
        return
    if not is_root and read_about(folder):
        yield folder, True
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            yield from _walk(folder / entry.name, exclude, above | {here})
        else:
            yield folder / entry.name, False


class ImageListing:
    """Image files, in order.

    Attributes
    ----------
    named : tuple of Path
        Those that a list names one by one, baselines among them; none where a folder was walked.
    """

    kind: SourceKind = "pixels"
    resizable = True
    shapes: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    arrays: Mapping[str, Array] = MappingProxyType({})

    def __init__(
        self,
        files: list[Path],
        names: list[InputName],
        notes: tuple[str, ...] = (),
        folders: tuple[str, ...] = (),
        named: tuple[Path, ...] = (),
    ) -> None:
        self.files, self.names, self.named = files, names, named
        self.notes, self.folders = notes, folders

    def bind(
        self,
        spec: InputSpec,
        preprocess: str | None,
        resize: str,
        image_size: tuple[int, int] | None,
    ) -> "ImageSource":
        """Settle the size that images are read at; see `Listing.bind`."""
        if not is_image_shape(spec.shape):
            raise InputError(
                f"the model's input {spec.name!r} of shape {spec.shape} can't take an image",
                "it needs (height, width) or (height, width, channels)",
                "give the inputs as an .npy array",
            )
        shape = _settle(spec, image_size)
        return ImageSource(Space(self.kind, preprocess, spec.with_shape(shape)), self.files, resize)


def _settle(spec: InputSpec, image_size: tuple[int, int] | None) -> tuple[int, ...]:
    height, width, *channels = spec.shape
    fixed = [n for n in channels if n is not None]
    if image_size is None:
        if height is None or width is None:
            raise ConfigError(
                f"the model's input {spec.name!r} takes any image size {spec.shape}",
                fix="say which with --image-size, 224x224 for example (height x width)",
            )
        return (height, width, *fixed)
    if height not in (None, image_size[0]) or width not in (None, image_size[1]):
        raise ConfigError(
            f"--image-size {image_size[0]}x{image_size[1]} does not fit the model",
            f"its input {spec.name!r} is {height}x{width}",
            "leave --image-size out",
        )
    return (*image_size, *fixed)


def _name(index: int, path: Path, root: Path) -> InputName:
    parts = path.relative_to(root).parts
    folder = parts[0] if len(parts) > 1 else ""
    return InputName(index, printable("/".join(parts)), printable(str(path)), printable(folder))


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Image files read at one model's input size."""

    space: Space
    files: list[Path]
    resize: str
    beside: tuple[str, ...] = ()

    def shown(self, depth: int | None, bands: tuple[int, ...]) -> Self:
        """Settle what is read and shown; see `Source.shown`."""
        return replace(self, space=replace(self.space, depth=depth, bands=bands))

    def undeclared_peak(self, name: InputName) -> float:
        """See `igcli.inputs.readers.decode.undeclared_peak`."""
        try:
            data = read_file(self.files[name.index])
        except InputError:
            return 0.0
        return undeclared_peak(data, self.space.raw_shape[2])

    def read(self, name: InputName) -> Sample:
        """Read and decode one file; see `Source.read`."""
        data = read_file(self.files[name.index])
        height, width, channels = self.space.raw_shape
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            raw = decode(data, (width, height), channels, self.resize, self.space.depth)
        except InputError as error:
            error.sha256 = sha256
            raise
        return Sample(name, sha256, raw, self.space.to_model(raw))

    def sha256(self, name: InputName) -> str:
        """Hash one file; see `Source.sha256`."""
        return hashlib.sha256(read_file(self.files[name.index])).hexdigest()
