"""Labels that people bring: by id, one for all, of other sizes, and what can't be used."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from igcli.common.errors import InputError
from igcli.findings.segments.own_labels import OwnLabels

FILES = {"cat/1.jpg": "/images/cat/1.jpg", "dog/2.jpg": "/images/dog/2.jpg"}
LABELS = np.array([[0, 1, 1], [2, 2, 9]], np.uint8)


def test_files_are_called_as_the_images(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.fromarray(LABELS).save(tmp_path / "cat" / "1.png")
    np.save(tmp_path / "2.npy", LABELS.astype(np.int64)[::-1])
    found = OwnLabels(tmp_path, FILES, (2, 3), None)
    assert found.of("cat/1.jpg").tolist() == LABELS.tolist()
    assert found.of("dog/2.jpg").tolist() == LABELS[::-1].tolist()


def test_one_file_is_for_all(tmp_path: Path) -> None:
    path = tmp_path / "grid.npy"
    np.save(path, LABELS)
    found = OwnLabels(path, FILES, (2, 3), None)
    assert all(found.of(identity).tolist() == LABELS.tolist() for identity in FILES)


def test_labels_of_another_size_are_brought_to_stretched_images_only(tmp_path: Path) -> None:
    path = tmp_path / "grid.npy"
    np.save(path, LABELS)
    found = OwnLabels(path, FILES, (4, 3), "stretch").of("cat/1.jpg")
    assert found.tolist() == LABELS.repeat(2, axis=0).tolist()
    for resize in ("crop", None):
        with pytest.raises(InputError, match="3 × 2 pixels, and the map 3 × 4"):
            OwnLabels(path, FILES, (4, 3), resize).of("cat/1.jpg")


def test_an_image_without_labels_is_named(tmp_path: Path) -> None:
    Image.fromarray(LABELS).save(tmp_path / "1.png")
    with pytest.raises(InputError, match="no file for it"):
        OwnLabels(tmp_path, FILES, (2, 3), None).of("dog/2.jpg")


@pytest.mark.parametrize("name", ["one.npy", "broken.npy", "colours.png", "broken.png"])
def test_what_is_no_label_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "one.npy":
        np.save(path, LABELS / 2.0)
    elif name == "colours.png":
        Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(path)
    else:
        path.write_bytes(b"x")
    with pytest.raises(InputError, match=f"the labels .*{name}"):
        OwnLabels(path, FILES, (2, 3), None).of("cat/1.jpg")


def test_folders_and_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("x")
    with pytest.raises(InputError, match="it has no .png or .npy"):
        OwnLabels(tmp_path, FILES, (2, 3), None)
    with pytest.raises(InputError, match="neither a folder nor a file of labels"):
        OwnLabels(tmp_path / "text.txt", FILES, (2, 3), None)
    np.save(tmp_path / "other.npy", LABELS)
    with pytest.raises(InputError, match="called as an input"):
        OwnLabels(tmp_path, FILES, (2, 3), None)
