"""Target arrays: one class number or name for each input, a column of them, or one-hot rows."""

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import InputError
from igcli.inputs.class_files.classes import Classes


def targets_of_array(array: Array, inputs: int, classes: Classes, title: str) -> list[int]:
    """Return each input's class.

    Parameters
    ----------
    array : Array
        (N,) or (N, 1) of whole numbers, of any dtype, or of class names; (N, classes) with a
        single 1 in each row; for an output of several axes, (N, axes) with a place in each row.
    inputs : int
        How many inputs there are.
    classes : Classes
        Of the model.
    title : str
        What errors call the array.

    Raises
    ------
    InputError, ConfigError
        When it is none of these, or names a class that the model does not have.
    """
    if array.dtype.kind not in "iubfUS" or array.ndim not in (1, 2):
        raise _refusal(array, title, "targets are class numbers or names, one per input")
    if len(array) != inputs:
        raise InputError(
            f"{title} has {len(array)} entries",
            f"there are {inputs} inputs",
            "give one target per input, in input order",
        )
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind in "US":
        if array.ndim == 2:
            raise _refusal(array, title, "targets are class names, one per input")
        names = [str(name) for name in array.astype(str)]
        return [_named(name, classes, f"{title}, entry {i + 1}") for i, name in enumerate(names)]
    if classes.shape:
        return _places(array, classes, title)
    if array.ndim == 2:
        return _one_hot(array, classes, title)
    _check_whole(array, title)
    return [classes.number(int(i), f"{title}, entry {place + 1}") for place, i in enumerate(array)]


def _named(name: str, classes: Classes, where: str) -> int:
    return classes.labels.index(name, where) if classes.labels.names else classes.of(name, where)


def _check_whole(array: Array, title: str) -> None:
    """Raise InputError for numbers that are not whole, of an array of one axis."""
    if array.dtype.kind != "f":
        return
    bad = np.flatnonzero(~np.isfinite(array) | (np.floor(array) != array))
    if len(bad):
        raise InputError(
            f"{title}, entry {bad[0] + 1}: {array[bad[0]]:g} is no class number",
            f"it holds {array.dtype}: classes are counted in whole numbers",
            "save class numbers; of probabilities, numpy.argmax(array, axis=1)",
        )


def _one_hot(array: Array, classes: Classes, title: str) -> list[int]:
    width = array.shape[1]
    if width != classes.count:
        raise _refusal(array, title, f"one-hot rows of {width} numbers, and {classes.said}")
    bad = np.flatnonzero(
        ((array != 0) & (array != 1)).any(axis=1) | ((array == 1).sum(axis=1) != 1)
    )
    if len(bad):
        raise InputError(
            f"{title}, row {bad[0] + 1} is not one-hot",
            "a target is one class: a single 1 among zeros",
            "save class numbers, for example numpy.argmax(array, axis=1)",
        )
    return [int(i) for i in array.argmax(axis=1)]


def _places(array: Array, classes: Classes, title: str) -> list[int]:
    if array.ndim == 1 or array.shape[1] != len(classes.shape):
        raise _refusal(
            array, title, f"the output's shape is {classes.shape}: a target is a place in it"
        )
    _check_whole(array.ravel(), title)
    return [
        classes.place(",".join(str(int(i)) for i in row), f"{title}, row {place + 1}")
        for place, row in enumerate(array)
    ]


def _refusal(array: Array, title: str, cause: str) -> InputError:
    return InputError(
        f"{title} holds {array.dtype} of shape {array.shape}",
        cause,
        "save one class number per input, a column of them, or one-hot rows as wide as the model",
    )
