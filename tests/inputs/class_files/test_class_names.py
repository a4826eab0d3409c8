"""Class names as Keras users have them: JSON, numbered lines, CSV, strings."""

import json
from pathlib import Path

import numpy as np
import pytest

from igcli.common.errors import ConfigError, InputError
from igcli.inputs.labels import Labels, read_labels

CAT_DOG_OWL = ("cat", "dog", "owl")


def read(folder: Path, file: str, content: object) -> tuple[Labels, list[str]]:
    path = folder / file
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        path.write_text(json.dumps(content), encoding="utf-8")
    notes: list[str] = []
    return read_labels(path, (), notes.append), notes


@pytest.mark.parametrize(
    "document",
    [
        {"cat": 0, "dog": 1, "owl": 2},  # generator.class_indices
        {"owl": 2, "cat": 0, "dog": 1},
        {"cat": "0", "dog": "1", "owl": "2"},
        {"cat": 0.0, "dog": 1.0, "owl": 2.0},
        {"0": "cat", "1": "dog", "2": "owl"},  # inverted
        {"2": "owl", "0": "cat", "1": "dog"},
        ["cat", "dog", "owl"],  # dataset.class_names
        {"class_names": ["cat", "dog", "owl"]},
        {"class_indices": {"cat": 0, "dog": 1, "owl": 2}, "image_size": [224, 224]},
        {"tfjsVersion": "1.3.1", "labels": ["cat", "dog", "owl"], "imageSize": 224},
        {"model_type": "vit", "id2label": {"0": "cat", "1": "dog", "2": "owl"}, "hidden": 8},
        [{"id": 2, "name": "owl"}, {"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}],
    ],
)
def test_json_in_every_form(tmp_path: Path, document: object) -> None:
    labels, notes = read(tmp_path, "class_indices.json", document)
    assert labels.names == CAT_DOG_OWL and not notes


def test_json_is_known_by_what_it_is_too(tmp_path: Path) -> None:
    labels, _ = read(tmp_path, "labels.txt", '{"cat": 0, "dog": 1, "owl": 2}')
    assert labels.names == CAT_DOG_OWL
    # A name may begin with a bracket.
    assert read(tmp_path, "labels.txt", "[PAD]\n{x}\n")[0].names == ("[PAD]", "{x}")


def test_a_dict_as_python_prints_it(tmp_path: Path) -> None:
    for text in ("{'cat': 0, 'dog': 1, 'owl': 2}", "{0: 'cat', 1: 'dog', 2: 'owl'}\n"):
        assert read(tmp_path, "classes.txt", text)[0].names == CAT_DOG_OWL
    assert read(tmp_path, "l.txt", "['cat', 'dog', 'owl']")[0].names == CAT_DOG_OWL


def test_names_that_are_numbers_are_told_from_numbers_by_their_json(tmp_path: Path) -> None:
    """Keras sorts folders 0 to 10 as texts."""
    folders = {"0": 0, "1": 1, "10": 2, "2": 3}
    assert read(tmp_path, "a.json", folders)[0].names == ("0", "1", "10", "2")
    inverted = {"0": "0", "1": "1", "2": "10", "3": "2"}
    assert read(tmp_path, "b.json", inverted)[0].names == ("0", "1", "10", "2")


def test_several_names_of_a_class_are_synonyms(tmp_path: Path) -> None:
    """As in Keras' own imagenet_class_index.json."""
    found = {"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}
    labels, _ = read(tmp_path, "imagenet_class_index.json", found)
    assert labels.index("goldfish", "") == labels.index("n01443537", "") == 1


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"cat": 0, "dog": 2}, "there is no name for class 1"),
        ({"cat": 0, "dog": 0, "owl": 1}, "cat, dog have the same number"),
        ({"cat": 2, "dog": 3}, "there is no name for class 0, 1"),
        ({"cat": True, "dog": False}, "JSON of another form"),
        ({"a": {"b": 1}}, "JSON of another form"),
        ([], "JSON of another form"),
        ({}, "JSON of another form"),
        (["cat", 3, None], "JSON of another form"),
        ("cat", "is not JSON"),
        ('{"cat": 0, "cat": 1}', "it has 'cat' twice"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_json_that_numbers_no_classes_is_refused(
    tmp_path: Path, document: object, says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read(tmp_path, "c.json", document)
    assert "--labels" in str(caught.value) and "c.json" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "0 cat\n1 dog\n2 owl\n",  # Teachable Machine
        "0  cat\r\n1  dog\r\n2  owl\r\n",
        "0:cat\n1:dog\n2:owl\n",
        "0: cat\n1: dog\n2: owl\n",
        "0,cat\n1,dog\n2,owl\n",
        "0\tcat\n1\tdog\n2\towl\n",
        "0. cat\n1. dog\n2. owl\n",
        "0=cat\n1=dog\n2=owl\n",
        "2 owl\n0 cat\n1 dog\n",
    ],
)
def test_numbered_lines(tmp_path: Path, text: str) -> None:
    labels, notes = read(tmp_path, "labels.txt", text)
    assert labels.names == CAT_DOG_OWL and not notes


def test_numbers_from_one_on_are_taken_and_told(tmp_path: Path) -> None:
    for file, content in (
        ("labels.txt", "1 cat\n2 dog\n3 owl\n"),
        ("labels.json", {"1": "cat", "2": "dog", "3": "owl"}),
        ("labels.csv", "id,name\n3,owl\n1,cat\n2,dog\n"),
    ):
        labels, notes = read(tmp_path, file, content)
        assert labels.names == CAT_DOG_OWL
        assert notes == [f"--labels {tmp_path / file} counts from 1: 'cat' names class 0"]


@pytest.mark.parametrize(
    "lines",
    [
        ("101 dalmatians", "7 dwarfs"),
        ("0", "1", "2"),
        ("0.5 mm", "1.5 mm", "2.5 mm"),
        ("0 mm", "1 mm", "2 mm"),
        ("Class 1", "Class 2"),
        ("0 cat", "dog"),
        ("0 cat", "2 dog"),
        ("tench, Tinca tinca", "goldfish, Carassius auratus"),
    ],
)
def test_numbers_that_do_not_count_the_lines_belong_to_the_names(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    assert read(tmp_path, "labels.txt", "\n".join(lines))[0].names == lines


@pytest.mark.parametrize(
    "text",
    [
        "index,name\n0,cat\n1,dog\n2,owl\n",
        "name,index\nowl,2\ncat,0\ndog,1\n",
        "ClassId,SignName\n0,cat\n1,dog\n2,owl\n",  # GTSRB
        ",label\n0,cat\n1,dog\n2,owl\n",  # pandas
        "index;mid;display_name\n0;/m/1;cat\n1;/m/2;dog\n2;/m/3;owl\n",
        "class_id,code,name\n2,o1,owl\n0,c1,cat\n1,d1,dog\n",
        "0,cat\n1,dog\n2,owl\n",
        "cat,0\ndog,1\nowl,2\n",
        "label\ncat\ndog\nowl\n",
        "cat\ndog\nowl\n",
        "name,wnid\ncat,n1\ndog,n2\nowl,n3\n",
    ],
)
def test_a_csv_with_or_without_header(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "labels.csv", text)[0].names == CAT_DOG_OWL


def test_names_with_commas_stay_whole(tmp_path: Path) -> None:
    quoted = 'id,name\n0,"tench, Tinca tinca"\n1,crane\n'
    assert read(tmp_path, "l.csv", quoted)[0].names == ("tench, Tinca tinca", "crane")
    plain = "tench, Tinca tinca\ngoldfish, Carassius auratus\n"
    assert read(tmp_path, "l.csv", plain)[0].names == tuple(plain.splitlines())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,name\n0,cat\n5,dog\n", "there is no name for class 1, 2, 3, 4"),
        ("a,b\n0,1\n1,0\n", "has several columns of numbers"),
        ("id,index\n0,0\n1,1\n", "has no column of names"),
    ],
)
def test_a_csv_that_numbers_no_names_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "labels.csv", text)


def test_an_array_of_strings(tmp_path: Path) -> None:
    """As scikit-learn's LabelEncoder.classes_, saved as text."""
    np.save(tmp_path / "classes.npy", np.array(CAT_DOG_OWL))
    assert read_labels(tmp_path / "classes.npy", (), print).names == CAT_DOG_OWL
    np.save(tmp_path / "classes.npy", np.arange(3))
    with pytest.raises(InputError, match="class names are one-dimensional strings"):
        read_labels(tmp_path / "classes.npy", (), print)
    for pickled in (CAT_DOG_OWL, {"cat": 0}):
        np.save(tmp_path / "classes.npy", np.array(pickled, object), allow_pickle=True)
        with pytest.raises(InputError, match="can't be read") as caught:
            read_labels(tmp_path / "classes.npy", (), print)
        assert 'JSON: ["cat", "dog"]' in caught.value.fix


def test_sub_folders_are_names_in_their_order() -> None:
    labels = read_labels(Path("folders"), ("10", "2", "Cat"), print)
    assert labels.names == ("10", "2", "Cat") and labels.path is None
    assert labels.index("cat", "") == 2
    assert labels.content != Labels(("10", "2")).content


@pytest.mark.parametrize(
    ("folders", "says"),
    [((), "INPUTS has no sub-folders"), (("test", "train"), "these are no classes")],
)
def test_sub_folders_that_are_no_classes_are_refused(folders: tuple[str, ...], says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_labels(Path("folders"), folders, print)


def test_a_width_that_is_not_the_models_is_told_with_both(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Labels(CAT_DOG_OWL).check(2)
    assert str(caught.value).startswith(
        "--labels folders: INPUTS has 3 sub-folders, cat, dog, owl: the model has 2 classes\n"
    )
    background = Labels(("background", *CAT_DOG_OWL), tmp_path / "l.txt")
    with pytest.raises(ConfigError, match="has 4 names: the model has 3 classes") as caught:
        background.check(3)
    assert "take out its first name" in caught.value.fix
