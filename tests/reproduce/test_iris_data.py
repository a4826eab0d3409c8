"""Irises out of UCI's text and out of arrays, and what is refused. The numbers are made up."""

from pathlib import Path

import numpy as np
import pytest

from igcli.common.errors import InputError
from igcli.reproduce.iris_data import read_flowers

NAMES = ("setosa", "versicolor", "virginica")
X = np.round(np.linspace(0.1, 7.0, 120), 1).reshape(30, 4)
SPECIES = np.arange(30) // 10


def lines(prefix: str = "Iris-") -> list[str]:
    return [
        ",".join([*map(str, row), prefix + NAMES[s]]) for row, s in zip(X, SPECIES, strict=True)
    ]


@pytest.mark.parametrize("head", [[], ["a,b,c,d,species"]])
@pytest.mark.parametrize("prefix", ["Iris-", ""])
def test_text(tmp_path: Path, head: list[str], prefix: str) -> None:
    path = tmp_path / "iris.data"
    # UCI's file ends in an empty line.
    path.write_text("\n".join([*head, *lines(prefix)]) + "\n\n")
    flowers = read_flowers(path)
    assert flowers.x.dtype == np.float32
    np.testing.assert_allclose(flowers.x, X, rtol=1e-6)
    np.testing.assert_array_equal(flowers.species, SPECIES)


def test_arrays(tmp_path: Path) -> None:
    one, two = tmp_path / "one.npy", tmp_path / "two.npy"
    np.save(one, np.column_stack([X, SPECIES]))
    np.save(two, X.astype(np.float32))
    np.save(tmp_path / "two_labels.npy", SPECIES)
    for path in (one, two):
        flowers = read_flowers(path)
        np.testing.assert_allclose(flowers.x, X, rtol=1e-6)
        np.testing.assert_array_equal(flowers.species, SPECIES)
    (tmp_path / "two_labels.npy").unlink()
    with pytest.raises(InputError, match="there is no two_labels.npy beside"):
        read_flowers(two)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "too few"),
        ("\n".join(lines()[:29]), "29 flowers of 3 species are too few"),
        ("\n".join([*lines(), "1,2,3,4,rose"]), "'rose' is no species"),
        ("\n".join([*lines(), "1,2,x,4,Iris-setosa"]), "could not convert"),
        ("\n".join([*lines(), "1,2,nan,4,Iris-setosa"]), "four finite numbers"),
        ("\n".join(line.removeprefix("0.1,") for line in lines()), "inhomogeneous"),
        ("\n".join(lines()[:10] * 3), "30 flowers of 1 species are too few"),
    ],
)
def test_what_holds_no_irises(tmp_path: Path, text: str, cause: str) -> None:
    path = tmp_path / "iris.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=cause) as error:
        read_flowers(path)
    assert "to fix this: give UCI's iris.data" in str(error.value)


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "iris.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_flowers(path)
