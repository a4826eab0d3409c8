"""A sealed file is whole but for its arrays, and HDF5 reads it as ever."""

from pathlib import Path

import h5py
import pytest

from igcli.store.seal import is_as_sealed, write_seal

DATA = bytes(range(256)) * 4
ARRAYS = [(300, 400), (100, 200), (200, 250)]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "x"
    path.write_bytes(DATA)
    with path.open("r+b") as file:
        write_seal(file, ARRAYS)
    return path


def test_a_seal_lies_behind_what_it_seals(sealed: Path) -> None:
    assert sealed.read_bytes().startswith(DATA + b"\n{") and is_as_sealed(sealed) is True


def test_all_but_the_arrays_is_sealed(sealed: Path) -> None:
    data = sealed.read_bytes()
    for place in range(len(DATA)):
        changed = bytearray(data)
        changed[place] ^= 1
        sealed.write_bytes(changed)
        in_array = any(begin <= place < end for begin, end in ARRAYS)
        assert is_as_sealed(sealed) is in_array, place


def test_a_changed_seal_seals_nothing(sealed: Path) -> None:
    data = sealed.read_bytes()
    for place in range(len(DATA) + 1, len(data) - 1):
        changed = bytearray(data)
        changed[place] ^= 2
        sealed.write_bytes(changed)
        assert not is_as_sealed(sealed), place


@pytest.mark.parametrize("data", [b"", b"\n", DATA, b"{}", b'{"igcli": "x"}', b"[" * 100_000])
def test_a_file_without_a_seal(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    assert is_as_sealed(tmp_path / "x") is None
    assert is_as_sealed(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    "told", [b'{"igcli": "seal"}', b'{"igcli": "seal", "size": 9, "arrays": [["a", "b"]]}']
)
def test_a_seal_that_makes_no_sense(tmp_path: Path, told: bytes) -> None:
    (tmp_path / "x").write_bytes(DATA + b"\n" + told + b"\n")
    assert is_as_sealed(tmp_path / "x") is False


def test_hdf5_reads_past_it(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["a"] = [1, 2, 3]
    with path.open("r+b") as opened:
        write_seal(opened, [])
    with h5py.File(path) as file:
        assert file["a"][()].tolist() == [1, 2, 3]
    assert is_as_sealed(path) is True
