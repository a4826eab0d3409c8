from pathlib import Path

import numpy as np
import pytest

from igcli.common.errors import InputError
from igcli.inputs.readers.arrays import ArrayListing
from igcli.inputs.readers.decode import EXTENSIONS
from igcli.inputs.readers.images import ImageListing
from igcli.inputs.readers.registry import READERS, list_inputs

OUT = Path("/nowhere/out")


def test_there_are_these_readers() -> None:
    assert set(READERS) == {"folder", ".npy", ".npz", ".csv", ".tsv", ".jsonl"} | EXTENSIONS


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.Jpeg", "a.tif", "x.y.webp"])
def test_one_image(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    (tmp_path / "other.png").write_bytes(b"x")
    listing = list_inputs(tmp_path / name, OUT)
    assert isinstance(listing, ImageListing)
    assert [n.id for n in listing.names] == [name]


@pytest.mark.parametrize("name", ["a.npy", "a.NPY"])
def test_an_array(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        np.save(file, np.zeros((2, 3)))
    listing = list_inputs(tmp_path / name, OUT)
    assert isinstance(listing, ArrayListing) and len(listing.names) == 2


@pytest.mark.parametrize("name", ["photos", "photos.png", "photos.npy", "photos.txt"])
def test_a_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "out").mkdir(parents=True)
    (tmp_path / name / "a.png").write_bytes(b"x")
    (tmp_path / name / "out" / "b.png").write_bytes(b"x")
    listing = list_inputs(tmp_path / name, tmp_path / name / "out")
    assert isinstance(listing, ImageListing)
    assert [n.id for n in listing.names] == ["a.png"]


def test_a_link_to_a_folder(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    assert [n.id for n in list_inputs(tmp_path / "link", OUT).names] == ["a.png"]


def test_what_does_not_exist_is_named(tmp_path: Path) -> None:
    (tmp_path / "dangling.png").symlink_to(tmp_path / "gone")
    for name in ("none", "none.png", "dangling.png"):
        with pytest.raises(InputError, match=f"INPUTS .*{name} does not exist"):
            list_inputs(tmp_path / name, OUT)


@pytest.mark.parametrize("name", ["a.txt", "a", "a.npy.gz", ".png", "a.heic"])
def test_a_file_of_no_known_kind_is_refused_with_the_kinds(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match="is of no known kind") as caught:
        list_inputs(tmp_path / name, OUT)
    assert ".npy" in caught.value.cause and ".webp" in caught.value.cause
