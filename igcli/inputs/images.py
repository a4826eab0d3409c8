"""Read a folder of images (recursively, in a stable order) or one image file."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from igcli.errors import ConfigError, InputError
from igcli.inputs.decode import EXTENSIONS, decode
from igcli.preprocess import IMAGE_CHANNELS, Space, is_image_shape
from igcli.records import InputName, InputSpec, Sample, SourceKind


def list_folder(folder: Path, exclude: Path | None = None) -> "ImageListing":
    """List every image below `folder`, sorted by path; hidden files and `exclude` are left out.

    Links to folders are followed once, so that a loop of links ends.
    """
    files: list[Path] = []
    passed_over = 0
    for path in _walk(folder, exclude):
        if path.suffix.lower() in EXTENSIONS:
            files.append(path)
        else:
            passed_over += 1
    if not files:
        raise InputError(
            f"{folder} holds no image",
            f"{passed_over} other files were found" if passed_over else "it is empty",
            f"name a folder with {', '.join(sorted(EXTENSIONS))} files",
        )
    return ImageListing(folder, files, passed_over)


def list_image(path: Path) -> "ImageListing":
    """List one image file."""
    return ImageListing(path.parent, [path], 0)


def _walk(folder: Path, exclude: Path | None) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    excluded = exclude.resolve() if exclude is not None else None
    for top, folders, files in os.walk(folder, followlinks=True, onerror=_unreadable):
        status = os.stat(top)
        if (status.st_dev, status.st_ino) in seen or Path(top).resolve() == excluded:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(top, name) for name in files if not name.startswith("."))


def _unreadable(error: OSError) -> None:
    raise InputError(
        f"can't list {error.filename}", error.strerror or "", "make the folder readable"
    )


def printable(path: str) -> str:
    """Return a path as valid UTF-8; bytes that are not become backslash escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class ImageListing:
    """Image files, in order."""

    kind: SourceKind = "pixels"
    resizable = True

    def __init__(self, root: Path, files: list[Path], passed_over: int) -> None:
        self.files = sorted(files, key=lambda path: path.relative_to(root).parts)
        self.passed_over = passed_over
        self.names = [_name(i, path, root) for i, path in enumerate(self.files)]

    def bind(
        self,
        spec: InputSpec,
        preprocess: str,
        resize: str,
        image_size: tuple[int, int] | None,
    ) -> "ImageSource":
        """Settle the size that images are read at; see `Listing.bind`."""
        if not is_image_shape(spec.shape):
            raise InputError(
                f"the model's input {spec.name!r} of shape {spec.shape} can't take an image",
                f"it needs (height, width) or (height, width, {IMAGE_CHANNELS})",
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

    def read(self, name: InputName) -> Sample:
        """Read and decode one file; see `Source.read`."""
        try:
            data = self.files[name.index].read_bytes()
        except OSError as error:
            raise InputError(f"can't be read: {error.strerror}") from error
        height, width, channels = self.space.raw_shape
        raw = decode(data, (width, height), channels, self.resize)
        return Sample(name, hashlib.sha256(data).hexdigest(), raw, self.space.to_model(raw))
