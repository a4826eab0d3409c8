"""The MNIST data: digits and their classes, from Keras' file or from two arrays."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

from igcli.common.arrays import Array
from igcli.common.errors import InputError, first_line

_SIDE = 28
_ONE_IN = 10
_FEWEST = 100


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits to learn from, and others to be asked about.

    Attributes
    ----------
    x_train, x_test : Array
        uint8 (n, 28, 28).
    y_train, y_test : Array
        Integers (n,), 0 to 9.
    tested : str
        Which ones the others are, in words.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    tested: str


def read_digits(path: Path) -> Digits:
    """Read an .npz with x_train, y_train, x_test and y_test, or with x and y alone.

    Of x and y the first tenth is held out: in MNIST's own test digits, the ten that the example
    explains are among them.

    Raises
    ------
    InputError
        When it holds no digits.
    """
    arrays = read_npz(path, "--data")
    if {"x_train", "y_train", "x_test", "y_test"} <= arrays.keys():
        train = _pair(path, arrays, "x_train", "y_train")
        test = _pair(path, arrays, "x_test", "y_test")
        return Digits(*train, *test, f"the file's {len(test[0]):,} test digits")
    if not {"x", "y"} <= arrays.keys():
        raise _refusal(path, f"it has {', '.join(arrays) or 'no arrays'}")
    x, y = _pair(path, arrays, "x", "y")
    cut = len(x) // _ONE_IN
    return Digits(x[cut:], y[cut:], x[:cut], y[:cut], f"the file's first {cut:,} digits")


def read_npz(path: Path, flag: str) -> dict[str, Array]:
    """Read all arrays of an .npz; raise InputError where it is none."""
    try:
        with path.open("rb") as stream, NpzFile(stream, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except OSError as error:
        cause = error.strerror or "it is no .npz"
        raise InputError(f"{flag} {path} can't be read", cause, "name an .npz file") from error
    except Exception as error:
        # A broken archive raises nearly anything: BadZipFile, ValueError, zlib.error, …
        cause = first_line(error)
        raise InputError(f"{flag} {path} can't be read", cause, "name an .npz file") from error


def _pair(path: Path, arrays: dict[str, Array], digits: str, classes: str) -> tuple[Array, Array]:
    x, y = arrays[digits], arrays[classes]
    if x.dtype != np.uint8 or x.shape[1:] not in {(_SIDE, _SIDE), (_SIDE, _SIDE, 1)}:
        raise _refusal(path, f"{digits} is {x.dtype} of shape {x.shape}")
    if y.shape != x.shape[:1] or y.dtype.kind not in "iu" or not np.isin(y, range(10)).all():
        raise _refusal(path, f"{classes} does not name a digit for each of {digits}")
    if len(x) < _FEWEST:
        raise _refusal(path, f"{digits} has {len(x)} digits, too few to learn from")
    return x.reshape(-1, _SIDE, _SIDE), y.astype(np.int64)


def _refusal(path: Path, cause: str) -> InputError:
    return InputError(
        f"--data {path} does not hold digits",
        cause,
        "give an .npz with x, uint8 (n, 28, 28), and y, 0 to 9 (n,), or with x_train, y_train, "
        "x_test and y_test, as keras.datasets.mnist has it",
    )
