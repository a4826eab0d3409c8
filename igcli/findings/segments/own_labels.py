"""Own labels: segments that people bring, a number for each pixel of a picture."""

from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.cells import nearest
from igcli.common.errors import InputError, first_line
from igcli.common.masks import SINGLE
from igcli.common.name_matching import match

_ENDINGS = (".png", ".npy")
_FLAG = "--segments"


class OwnLabels:
    """The label files of a folder by the inputs they are called as, or one file for all.

    Parameters
    ----------
    path : Path
        The folder or the file.
    files : dict of str to str
        The inputs' files by their ids.
    shape : tuple of int
        Height and width of the maps.
    resize : str or None
        How images were resized to that; None where they were not.

    Raises
    ------
    InputError
        When there are none, or none is called as an input.
    """

    def __init__(
        self, path: Path, files: dict[str, str], shape: tuple[int, int], resize: str | None
    ) -> None:
        self._shape, self._resize = shape, resize
        if path.is_dir():
            self._paths = _by_id(path, files)
        elif path.suffix.lower() in _ENDINGS:
            self._paths = dict.fromkeys(files, path)
        else:
            raise InputError(
                f"{_FLAG} {path} is neither a folder nor a file of labels",
                fix="name a folder of .png or .npy files called as the images, or one for all",
            )

    def of(self, identity: str) -> Array:
        """Return the labels of an input, int (height, width) of the maps.

        Raises
        ------
        InputError
            When it has none, or they can't be used.
        """
        if identity not in self._paths:
            raise InputError(f"{_FLAG} has no file for it")
        path = self._paths[identity]
        labels = _read(path)
        if labels.shape == self._shape:
            return labels
        if self._resize != "stretch":
            raise InputError(
                f"{path} has {labels.shape[1]} × {labels.shape[0]} pixels, and the map "
                f"{self._shape[1]} × {self._shape[0]}"
            )
        rows, columns = map(nearest, labels.shape, self._shape)
        return np.asarray(labels[np.ix_(rows, columns)])


def _by_id(folder: Path, files: dict[str, str]) -> dict[str, Path]:
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS]
    by_name = {path.relative_to(folder).as_posix().removesuffix(".npy"): path for path in found}
    names = match(list(by_name), files)
    if not names:
        raise InputError(
            f"{_FLAG} {folder} has no labels of this run",
            "no .png or .npy in it is called as an input" if found else "it has no .png or .npy",
            "call each file as its image: cat/1.png or 1.npy for cat/1.jpg",
        )
    return {identity: by_name[name] for identity, name in names.items()}


def _read(path: Path) -> Array:
    try:
        labels = np.load(path, allow_pickle=False) if _is_array(path) else _read_png(path)
    except InputError:
        raise
    except Exception as error:
        # Broken files make numpy and Pillow's decoders raise nearly anything.
        raise InputError(f"the labels {path} can't be read: {first_line(error)}") from error
    if labels.ndim != 2 or labels.dtype.kind not in "biu" or labels.size == 0:
        raise InputError(
            f"the labels {path} are {labels.dtype} {labels.shape}, not one whole number a pixel"
        )
    return labels


def _is_array(path: Path) -> bool:
    return path.suffix.lower() == ".npy"


def _read_png(path: Path) -> Array:
    from PIL import Image

    with Image.open(path, formats=("PNG",)) as image:
        if image.mode not in SINGLE:
            raise InputError(f"the labels {path} have colours, not one segment's number a pixel")
        return np.asarray(image)
