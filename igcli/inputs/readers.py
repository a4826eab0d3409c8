"""READERS: which function lists which kind of path."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from igcli.errors import InputError
from igcli.inputs.arrays import list_array
from igcli.inputs.decode import EXTENSIONS
from igcli.inputs.images import list_folder, list_image
from igcli.inputs.source import Listing

Lister: TypeAlias = Callable[[Path, Path], Listing]

READERS: dict[str, Lister] = {
    "folder": list_folder,
    ".npy": lambda path, exclude: list_array(path),
    **{suffix: lambda path, exclude: list_image(path) for suffix in sorted(EXTENSIONS)},
}


def list_inputs(path: Path, exclude: Path) -> Listing:
    """List what INPUTS names, before any model is loaded.

    Parameters
    ----------
    path : Path
        A folder, one image or an .npy file.
    exclude : Path
        A folder below `path` to leave out: the run's own output.

    Raises
    ------
    InputError
        When there is nothing there, or nothing that a reader knows.
    """
    if not path.exists():
        raise InputError(f"INPUTS {path} does not exist", fix="name a folder, an image or an .npy")
    if path.is_dir():
        return READERS["folder"](path, exclude)
    lister = READERS.get(path.suffix.lower())
    if lister is None:
        raise InputError(
            f"INPUTS {path} is of no known kind",
            f"igcli reads a folder or {', '.join(name for name in READERS if name != 'folder')}",
            "name one of these",
        )
    return lister(path, exclude)
