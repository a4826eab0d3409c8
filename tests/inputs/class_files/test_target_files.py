"""Targets as Keras users have them: columns, one-hot rows, CSV of file name and label."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.errors import IgcliError
from igcli.common.sample import InputName
from igcli.inputs.class_files.classes import Classes
from igcli.inputs.class_files.target_files import targets_of_file
from igcli.inputs.labels import Labels

IDS = ("cat/1.png", "cat/2.jpg", "dog/3.png", "owl/deep/4.png")
RIGHT = [0, 0, 1, 2]
NAMED = Classes(Labels(("cat", "dog", "owl"), Path("l.txt")), 3)
BARE = Classes(Labels(), 3)


def inputs(ids: Sequence[str] = IDS) -> list[InputName]:
    return [InputName(i, name, f"in/{name}", name.split("/")[0]) for i, name in enumerate(ids)]


def read(
    folder: Path, file: str, content: Any, classes: Classes = NAMED, ids: Sequence[str] = IDS
) -> tuple[list[int], list[str]]:
    path = folder / file
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        np.save(path, content)
    notes: list[str] = []
    return targets_of_file(path, inputs(ids), classes, notes.append), notes


@pytest.mark.parametrize(
    "array",
    [
        np.array(RIGHT),
        np.array(RIGHT, "float32"),  # as Keras' generators give labels
        np.array(RIGHT, "uint8")[:, None],  # as Keras' CIFAR
        np.array(RIGHT, "float64")[:, None],
        np.eye(3, dtype="float32")[RIGHT],  # to_categorical
        np.eye(3, dtype="int64")[RIGHT],
        np.eye(3, dtype=bool)[RIGHT],
        np.array(["cat", "CAT", "dog", "owl"]),
        np.array([b"cat", b"cat", b"dog", b"owl"])[:, None],
    ],
)
def test_arrays_of_every_kind(tmp_path: Path, array: Any) -> None:
    assert read(tmp_path, "y.npy", array) == (RIGHT, [])


def test_binary_classes_as_true_and_false(tmp_path: Path) -> None:
    array = np.array([True, False, False, True])
    assert read(tmp_path, "y.npy", array, Classes(Labels(), 2))[0] == [1, 0, 0, 1]


def test_rows_of_places_in_an_output_of_several_axes(tmp_path: Path) -> None:
    classes = Classes(Labels(), 24, (2, 3, 4))
    places = np.array([[0, 0, 0], [0, 0, 3], [0, 2, 1], [1, 2, 3]])
    assert read(tmp_path, "y.npy", places, classes)[0] == [0, 3, 9, 23]
    with pytest.raises(IgcliError, match="row 1: 2,0,0 is out of range"):
        read(tmp_path, "y.npy", places + [2, 0, 0], classes)


@pytest.mark.parametrize(
    "text",
    [
        "filename,label\ncat/1.png,cat\ncat/2.jpg,cat\ndog/3.png,dog\nowl/deep/4.png,owl\n",
        "cat/1.png,cat\ncat/2.jpg,cat\ndog/3.png,dog\nowl/deep/4.png,owl\n",
        "label,filename\n0,cat/1.png\n0,cat/2.jpg\n1,dog/3.png\n2,owl/deep/4.png\n",
        # In another order, below another folder, by base name, as Windows writes it.
        "file;class\n4.png;owl\nin\\dog\\3.png;dog\n./cat/2.jpg;cat\n/data/in/cat/1.png;cat\n",
        "image_id,target\n1,0\n2,0\n3,1\n4,2\n",
        "image_id\tdx\n1\tcat\n2\tcat\n3\tdog\n4\towl\n",
        "id,label\n4,2.0\n3,1.0\n2,0.0\n1,0.0\n",
        ",path,label\n0,4.png,owl\n1,3.png,dog\n2,2.jpg,cat\n3,1.png,cat\n",
        "image,width,height,label\n1.png,9,9,cat\n2.jpg,9,9,cat\n3.png,9,9,dog\n4.png,9,9,owl\n",
        "image,CAT,DOG,OWL\n1,1,0,0\n2,1,0,0\n3,0,1,0\n4,0,0,1\n",
        "image,owl,cat,dog\n1,0,1,0\n2,0,1,0\n3,0,0,1\n4,1,0,0\n",
        "image,cat,dog,owl\n1,1.0,0.0,0.0\n2,1.0,0.0,0.0\n3,0.0,1.0,0.0\n4,0.0,0.0,1.0\n",
    ],
)
def test_a_csv_that_names_files(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "labels.csv", text) == (RIGHT, [])


@pytest.mark.parametrize(
    "text",
    [
        "cat/1.png 0\ncat/2.jpg 0\ndog/3.png 1\nowl/deep/4.png 2\n",  # Caffe's lists
        "4.png owl\n3.png dog\n2.jpg cat\n1.png cat\n",
        "cat/1.png\tcat\ncat/2.jpg\tcat\ndog/3.png\tdog\nowl/deep/4.png\towl\n",
    ],
)
def test_a_text_of_file_and_class(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "val.txt", text) == (RIGHT, [])


@pytest.mark.parametrize(
    "text",
    [
        "label\ncat\ncat\ndog\nowl\n",
        "label\n0\n0\n1\n2\n",
        "0\n0\n1\n2\n",
        ",label\n0,cat\n1,cat\n2,dog\n3,owl\n",
        "id,label\n0,cat\n1,cat\n2,dog\n3,owl\n",
        "cat,dog,owl\n1,0,0\n1,0,0\n0,1,0\n0,0,1\n",
    ],
)
def test_a_csv_in_input_order(tmp_path: Path, text: str) -> None:
    ids = ("a.png", "b.png", "c.png", "d.png")
    assert read(tmp_path, "labels.csv", text, NAMED, ids) == (RIGHT, [])


def test_rows_of_an_array_are_named_by_their_ids(tmp_path: Path) -> None:
    ids = [f"x-{i:06d}" for i in range(3)]
    text = "id,label\nx-000002,owl\nx-000000,cat\nx-000001,dog\n"
    assert read(tmp_path, "l.csv", text, NAMED, ids)[0] == [0, 1, 2]


def test_numbers_count_as_file_names_where_they_are_called_so(tmp_path: Path) -> None:
    ids = ("0.png", "1.png", "2.png")
    assert read(tmp_path, "l.csv", "label,image\n2,0\n0,1\n1,2\n", BARE, ids)[0] == [2, 0, 1]
    assert read(tmp_path, "l.csv", "label,file\n2,0.png\n0,1.png\n1,2.png\n", BARE, ids)[0] == [
        2,
        0,
        1,
    ]


def test_rows_of_other_files_are_told(tmp_path: Path) -> None:
    text = "file,label\nelse.png,moth\n1.png,cat\n2.jpg,cat\n3.png,dog\n4.png,owl\nmore.png,x\n"
    targets, notes = read(tmp_path, "labels.csv", text)
    assert targets == RIGHT
    (note,) = notes
    assert "2 rows name no input here, 'else.png' for one" in note


def test_one_hot_columns_without_known_names_are_told(tmp_path: Path) -> None:
    text = "image,MEL,NV,BCC\n1,1,0,0\n2,1,0,0\n3,0,1,0\n4,0,0,1\n"
    targets, notes = read(tmp_path, "truth.csv", text, BARE)
    assert targets == RIGHT
    assert notes == [
        f"--target {tmp_path / 'truth.csv'}: its columns are taken as classes 0, 1, … in their "
        "order: mel, nv, bcc"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,label\n1.png,cat\n", r"no class for 3 of 4 inputs: cat/2.jpg, dog/3.png, owl/"),
        ("file,label\n1.png,cat\ncat/1.png,dog\n", "two classes for cat/1.png: 0 in line 2 and 1"),
        ("file,label\n1.png,cow\n", "line 2: no class 'cow' in l.txt"),
        ("file,label\n1.png,7\n", "line 2: class 7 is out of range: the model has 3 classes"),
        ("file,label\na.png,cat\nb.png,cat\nc.png,dog\nd.png,owl\n", "names none of the 4 inputs"),
        ("cat\ndog\n", "has 2 entries: there are 4 inputs"),
        (",label\n0,cat\n1,dog\n", "has 2 entries: there are 4 inputs, and no column names them"),
        ("file,a,b\n1.png,x,y\n2.jpg,x,y\n3.png,x,y\n4.png,x,y\n", "not tell which column"),
        ("image,a,b\n1,1,0\n2,1,0\n3,0,1\n4,0,1\n", "2 one-hot columns: the model has 3 classes"),
    ],
)
def test_a_csv_that_leaves_a_doubt_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(IgcliError, match=says) as caught:
        read(tmp_path, "labels.csv", text)
    assert "labels.csv" in str(caught.value)


def test_base_names_that_are_not_unique_are_refused(tmp_path: Path) -> None:
    ids = ("cat/1.png", "dog/1.png")
    with pytest.raises(IgcliError, match="'1.png' names 2 inputs: cat/1.png, dog/1.png"):
        read(tmp_path, "l.csv", "file,label\n1.png,cat\n", NAMED, ids)
    text = "file,label\ncat/1.png,cat\ndog/1.png,dog\n"
    assert read(tmp_path, "l.csv", text, NAMED, ids)[0] == [0, 1]


def test_names_of_classes_need_labels(tmp_path: Path) -> None:
    with pytest.raises(IgcliError, match="line 2: 'cat' is no class number") as caught:
        read(tmp_path, "l.csv", "file,label\n1.png,cat\n", BARE)
    assert "--labels folders" in str(caught.value)


def test_a_number_that_is_another_class_s_name_is_refused_in_a_text(tmp_path: Path) -> None:
    """Folders 0 to 10 as Keras counts them: 10 comes third."""
    folders = Classes(Labels(("0", "1", "10", "2")), 4)
    with pytest.raises(IgcliError, match="'2' is the number of one class and the name of class 3"):
        read(tmp_path, "l.csv", "file,label\n1.png,2\n", folders)
    assert read(tmp_path, "n.npy", np.array([0, 1, 2, 3]), folders)[0] == [0, 1, 2, 3]
    assert read(tmp_path, "s.npy", np.array(["0", "1", "2", "10"]), folders)[0] == [0, 1, 3, 2]


def test_json_of_files_or_in_input_order(tmp_path: Path) -> None:
    by_name = '{"4.png": "owl", "3.png": "dog", "2.jpg": 0, "cat/1.png": "cat"}'
    assert read(tmp_path, "y.json", by_name)[0] == RIGHT
    assert read(tmp_path, "y.json", "[0, 0, 1, 2]")[0] == RIGHT
    for text, says in (("{", "is not JSON"), ('{"a": {}}', "JSON of another form")):
        with pytest.raises(IgcliError, match=says):
            read(tmp_path, "y.json", text)


def test_an_archive_of_one_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "y.npz", y=np.array(RIGHT))
    assert targets_of_file(tmp_path / "y.npz", inputs(), NAMED, print) == RIGHT
    np.savez(tmp_path / "y.npz", y=np.array(RIGHT), z=np.array(RIGHT))
    with pytest.raises(IgcliError, match="has 2 arrays: y, z"):
        targets_of_file(tmp_path / "y.npz", inputs(), NAMED, print)
