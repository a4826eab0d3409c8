"""Digits out of .npz files: Keras' names and the short ones, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.errors import InputError
from igcli.reproduce.mnist_data import read_digits


def digits(count: int) -> Any:
    return np.arange(count * 784, dtype=np.uint8).reshape(count, 28, 28)


def classes(count: int) -> Any:
    return (np.arange(count) % 10).astype(np.uint8)


def test_of_digits_alone_the_first_tenth_is_held_out(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, allow_pickle=False, x=digits(200)[..., None], y=classes(200))
    found = read_digits(path)
    assert found.x_test.shape == (20, 28, 28) and found.x_train.shape == (180, 28, 28)
    np.testing.assert_array_equal(found.x_test, digits(200)[:20])
    np.testing.assert_array_equal(found.y_train, classes(200)[20:])
    assert found.tested == "the file's first 20 digits"


def test_the_file_of_keras(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(
        path, allow_pickle=False,
        x_train=digits(300), y_train=classes(300), x_test=digits(100), y_test=classes(100),
    )  # fmt: skip
    found = read_digits(path)
    assert (len(found.x_train), len(found.x_test)) == (300, 100)
    assert found.tested == "the file's 100 test digits"


@pytest.mark.parametrize(
    ("arrays", "cause"),
    [
        ({"a": digits(100)}, "it has a"),
        ({"x": digits(100) / 255.0, "y": classes(100)}, "x is float64"),
        ({"x": digits(100)[:, 1:], "y": classes(100)}, "of shape"),
        ({"x": digits(100), "y": classes(99)}, "y does not name a digit"),
        ({"x": digits(100), "y": classes(100) + 1}, "y does not name a digit"),
        ({"x": digits(100), "y": classes(100) / 1.0}, "y does not name a digit"),
        ({"x": digits(99), "y": classes(99)}, "too few"),
    ],
)
def test_what_holds_no_digits(tmp_path: Path, arrays: dict[str, Any], cause: str) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, allow_pickle=False, **arrays)
    with pytest.raises(InputError, match=cause) as error:
        read_digits(path)
    assert "to fix this: give an .npz with x, uint8 (n, 28, 28)" in str(error.value)


def test_what_is_no_npz(tmp_path: Path) -> None:
    broken, objects = tmp_path / "b.npz", tmp_path / "o.npz"
    broken.write_bytes(b"PK\3\4 broken")
    np.savez(objects, x=np.array([{}], object))
    for path in (broken, objects, tmp_path):
        with pytest.raises(InputError, match=r"--data .* can't be read"):
            read_digits(path)
