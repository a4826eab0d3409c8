"""Known classes: those that a folder, an array or a file gives each input, for any flag."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from igcli.common.arrays import Array, Warn
from igcli.common.errors import ConfigError
from igcli.common.files import is_file
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.inputs.class_files.classes import Classes, is_integer
from igcli.inputs.class_files.target_arrays import targets_of_array
from igcli.inputs.class_files.target_files import targets_of_file
from igcli.inputs.class_files.text_table import whole_number
from igcli.inputs.labels import FOLDERS

Arrays: TypeAlias = Mapping[str, Array]
ARRAY = "array:"
FOLDER = "folder"
_SHOWN = 4


def known_classes(
    text: str,
    names: Sequence[InputName],
    classes: Classes,
    arrays: Arrays,
    flag: str,
    warn: Warn,
) -> list[int] | None:
    """Return each input's class; None where a text names neither folder, array nor file.

    Parameters
    ----------
    text : str
        ``folder``, ``array:NAME`` or a file (see `targets_of_file`).
    names : sequence of InputName
        Every input, before any ``--limit``.
    classes : Classes
        Of the model.
    arrays : mapping
        What lies beside the inputs in their file, by name.
    flag : str
        What it was given as.
    warn : callable
        Told of what may be meant otherwise than it was taken.

    Raises
    ------
    ConfigError, InputError
        When a class does not exist, or can't be known for some input.
    """
    if text == FOLDER:
        _tell_of_order(names, classes, flag, warn)
        return [_folder_class(name, classes, flag) for name in names]
    if text.startswith(ARRAY):
        array = array_of(text, arrays, flag)
        return targets_of_array(array, len(names), classes, f"{flag} {text}")
    if not is_integer(text) and is_file(text):
        return targets_of_file(Path(text), names, classes, warn, flag)
    return None


def array_of(text: str, arrays: Arrays, flag: str) -> Array:
    """Return the array of the inputs' file that ``array:NAME`` names."""
    name = text.removeprefix(ARRAY)
    if name not in arrays:
        raise ConfigError(
            f"{flag} {text}: INPUTS has no array {name!r}",
            f"it has {', '.join(arrays)}" if arrays else "it is no .npz of several arrays",
            "name one of them, or a file of one target per input",
        )
    return arrays[name]


def _folder_class(name: InputName, classes: Classes, flag: str) -> int:
    if not name.folder:
        raise ConfigError(
            f"{flag} folder: {name.path} is in no sub-folder",
            "the first folder below INPUTS names the class",
            f"sort the images into one folder a class, or choose another {flag}",
        )
    where, labels = f"{flag} folder, {name.path}", classes.labels
    if name.folder.casefold() in (line.casefold() for line in labels.names):
        return labels.index(name.folder, where)
    if not (labels.names or classes.shape or is_integer(name.folder)):
        raise ConfigError(
            f"{where}: {name.folder!r} is no class number",
            "no class names are known",
            f"add --labels {FOLDERS} where the model was trained on sub-folders in alphabetical "
            "order, as Keras reads them; else --labels FILE",
        )
    return classes.of(name.folder, where)


def _tell_of_order(names: Sequence[InputName], classes: Classes, flag: str, warn: Warn) -> None:
    """Say so where sub-folders are class numbers, and Keras would have counted them otherwise."""
    folders = sorted({name.folder for name in names})
    numbers = [whole_number(folder) for folder in folders]
    if classes.labels.names or classes.shape or None in numbers:
        return
    kept = [number for number in numbers if number is not None]
    if kept != sorted(kept):
        warn(
            f"{flag} folder: the sub-folders are taken as class numbers; Keras' "
            f"image_dataset_from_directory counts them in alphabetical order "
            f"({the_first(folders, _SHOWN)}): where the model was trained so, --labels {FOLDERS}"
        )
