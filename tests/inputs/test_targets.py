import gc
import io
import warnings
from pathlib import Path

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, IgcliError, InputError
from igcli.common.sample import InputName
from igcli.inputs.class_files.classes import Classes
from igcli.inputs.labels import Labels, read_labels
from igcli.inputs.targets import Targets, plan_targets

ANIMALS = Labels(
    ("tench, Tinca tinca", "tabby, tabby cat", "crane", "Ibex", "crane"), Path("animals.txt")
)
SCORES = np.array([0.1, 0.3, 0.05, 0.3, 0.25])


def name(index: int, folder: str = "") -> InputName:
    return InputName(index, f"{index}.png", f"photos/{folder}/{index}.png", folder)


def silent(note: str) -> None:
    raise AssertionError(note)


def planned(text: str, names: list[InputName], labels: Labels, classes: int) -> Targets:
    return plan_targets(text, names, Classes(labels, classes), {}, silent)


def chosen(
    text: str,
    labels: Labels | None = None,
    names: list[InputName] | None = None,
    scores: Array = SCORES,
) -> list[list[int | None]]:
    names = names or [name(0)]
    targets = planned(text, names, labels or Labels(), scores.shape[0])
    rows = [list(targets.choose(n, scores)) for n in names]
    assert all(len(row) == targets.per_input for row in rows)
    return rows


def written(folder: Path, file: str, text: str | bytes) -> str:
    path = folder / file
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def saved(folder: Path, array: object, file: str = "targets.npy") -> str:
    np.save(folder / file, np.asarray(array))
    return str(folder / file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("predicted", [1]),  # ties keep the lower index
        ("0", [0]),
        ("4", [4]),
        ("top:1", [1]),
        ("top:3", [1, 3, 4]),
        ("top:5", [1, 3, 4, 0, 2]),
    ],
)
def test_target_without_labels(text: str, expected: list[int]) -> None:
    assert chosen(text) == [expected]


def test_all_scores_alike_keep_their_order() -> None:
    assert chosen("top:4", scores=np.full(4, 0.25)) == [[0, 1, 2, 3]]


def test_targets_are_plain_integers() -> None:
    for text in ("predicted", "top:2", "3"):
        assert all(type(index) is int for index in chosen(text)[0])


@pytest.mark.parametrize("text", ["-1", "5", "1000000"])
def test_a_number_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=f"class {text} is out of range") as caught:
        chosen(text)
    assert "5 classes" in caught.value.cause and "0 to 4" in caught.value.fix


def test_a_regression_has_one_target_only() -> None:
    assert chosen("0", scores=np.array([0.7])) == [[0]]
    with pytest.raises(ConfigError, match="model's only target is 0, the output itself"):
        chosen("1", scores=np.array([0.7]))


@pytest.mark.parametrize("text", ["top:0", "top:6", "top:-1", "top:1.5", "top:x", "top:", "top: 2"])
def test_a_k_the_model_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=f"--target {text} can't be used") as caught:
        chosen(text)
    assert "1 to 5" in caught.value.fix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tabby, tabby cat", 1),
        ("tabby", 1),
        ("tabby cat", 1),
        ("TINCA TINCA", 0),
        ("ibex", 3),
        (" ibex ", 3),
        ("3", 3),
    ],
)
def test_a_class_name_is_a_line_or_one_of_its_synonyms(text: str, expected: int) -> None:
    assert chosen(text, ANIMALS) == [[expected]]


def test_a_whole_line_goes_before_a_synonym() -> None:
    assert chosen("crab", Labels(("hermit, crab", "crab", "c"), Path("l")), scores=SCORES[:3]) == [
        [1]
    ]


def test_an_ambiguous_name_is_refused_with_the_numbers_to_choose_from() -> None:
    with pytest.raises(ConfigError, match="'crane' is ambiguous: lines 3, 5 of animals.txt") as e:
        chosen("crane", ANIMALS)
    assert "2 or 4" in e.value.fix


def test_an_ambiguous_synonym_is_refused() -> None:
    with pytest.raises(ConfigError, match="ambiguous"):
        chosen("fox", Labels(("red, fox", "grey, fox"), Path("l")), scores=SCORES[:2])


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no class 'ibexx' in animals.txt") as caught:
        chosen("ibexx", ANIMALS)
    assert caught.value.fix == "did you mean 'Ibex'?"


def test_an_unknown_name_like_no_other_is_refused() -> None:
    with pytest.raises(ConfigError, match="no class 'zzzzzz'"):
        chosen("zzzzzz", ANIMALS)


@pytest.mark.parametrize("text", ["tabby", "", "1.5", "predicted ", "/no/such/file.txt"])
def test_a_name_without_labels_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no class number, file or keyword") as caught:
        chosen(text)
    assert "--labels" in caught.value.fix


def test_a_name_too_long_for_a_file_is_looked_up_like_any_other() -> None:
    long = "x" * 300
    assert chosen(long, Labels((long, "b"), Path("l")), scores=SCORES[:2]) == [[0]]


@pytest.mark.parametrize(
    ("folders", "labels", "expected"),
    [
        (["3", "0", "3"], Labels(), [3, 0, 3]),
        (["tabby cat", "Ibex", "tabby"], ANIMALS, [1, 3, 1]),
        (["tench, Tinca tinca", "IBEX"], ANIMALS, [0, 3]),
        (["1", "2"], ANIMALS, [1, 2]),
        (["8", "0"], Labels(("9", "8", "0", "1", "2"), Path("l")), [1, 2]),
    ],
)
def test_the_folder_names_the_class(
    folders: list[str], labels: Labels, expected: list[int]
) -> None:
    names = [name(i, folder) for i, folder in enumerate(folders)]
    assert chosen("folder", labels, names) == [[i] for i in expected]


def test_folder_targets_go_by_the_input_and_not_by_the_order_of_asking() -> None:
    names = [name(0, "2"), name(1, "0"), name(2, "4")]
    targets = planned("folder", names, Labels(), 5)
    assert [list(targets.choose(names[i], SCORES)) for i in (2, 0, 1)] == [[4], [2], [0]]


@pytest.mark.parametrize(
    ("folder", "labels", "problem"),
    [
        ("", ANIMALS, "photos//1.png is in no sub-folder"),
        ("9", Labels(), "class 9 is out of range"),
        ("tabby", Labels(), "'tabby' is no class number"),
        ("crane", ANIMALS, "'crane' is ambiguous"),
        ("tabbi", ANIMALS, "no class 'tabbi'"),
    ],
)
def test_a_folder_that_names_no_class_is_refused(folder: str, labels: Labels, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        chosen("folder", labels, [name(0, "0"), name(1, folder)])
    assert "1.png" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("2\n0\n4\n", Labels(), [2, 0, 4]),
        ("2\r\n0\r\n4\r\n\r\n\n", Labels(), [2, 0, 4]),
        (b"\xef\xbb\xbf2\n 0 \n4", Labels(), [2, 0, 4]),
        ("tabby cat\n3\nIBEX\n", ANIMALS, [1, 3, 3]),
    ],
)
def test_a_text_file_gives_each_input_its_target(
    tmp_path: Path, text: str | bytes, labels: Labels, expected: list[int]
) -> None:
    file = written(tmp_path, "targets.txt", text)
    names = [name(0), name(1), name(2)]
    assert chosen(file, labels, names) == [[i] for i in expected]


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int32", ">i2"])
def test_an_npy_file_gives_each_input_its_target(tmp_path: Path, dtype: str) -> None:
    file = saved(tmp_path, np.array([4, 0, 1], dtype))
    assert chosen(file, None, [name(0), name(1), name(2)]) == [[4], [0], [1]]


def test_file_targets_go_by_the_input_and_not_by_the_order_of_asking(tmp_path: Path) -> None:
    targets = planned(saved(tmp_path, [4, 0, 1]), [name(i) for i in range(3)], Labels(), 5)
    assert [list(targets.choose(name(i), SCORES)) for i in (2, 0)] == [[1], [4]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0\n", "has 1 entries: there are 2 inputs"),
        ("0\n1\n2\n", "has 3 entries: there are 2 inputs"),
        ("", "is empty"),
        ("\n \n", "is empty"),
        (b"\xff\xfe0\x001\x00", "it is not UTF-8 text"),
        ("0\n5\n", "entry 2: class 5 is out of range"),
        ("-1\n0\n", "entry 1: class -1 is out of range"),
        ("0\ntabby\n", "entry 2: 'tabby' is no class number"),
        ("0\n\n1\n", "has 3 entries"),
    ],
)
def test_a_text_file_that_does_not_fit_is_refused(
    tmp_path: Path, text: str | bytes, problem: str
) -> None:
    file = written(tmp_path, "targets.txt", text)
    with pytest.raises(IgcliError, match=problem) as caught:
        chosen(file, None, [name(0), name(1)])
    assert "targets.txt" in str(caught.value)


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        ([0], "has 1 entries: there are 2 inputs"),
        ([0.0, 1.5], "entry 2: 1.5 is no class number"),
        ([0.0, np.nan], "entry 2: nan is no class number"),
        ([[0, 1], [1, 0]], "one-hot rows of 2 numbers, and the model has 5 classes"),
        (np.eye(5)[[1, 2]] * 0.5, "row 1 is not one-hot"),
        ([[0, 1, 0, 0, 0], [0, 1, 0, 0, 1]], "row 2 is not one-hot"),
        ([[[0]], [[1]]], "of shape \\(2, 1, 1\\)"),
        (3, "of shape \\(\\)"),
        ([0, 5], "entry 2: class 5 is out of range"),
        ([-1, 0], "entry 1: class -1 is out of range"),
        (np.array([2**63, 0], np.uint64), "entry 1: class 9223372036854775808 is out of range"),
        (["a", "b"], "entry 1: 'a' is no class number"),
        ([1 + 2j, 0], "holds complex128"),
    ],
)
def test_an_npy_file_that_does_not_fit_is_refused(
    tmp_path: Path, array: object, problem: str
) -> None:
    with pytest.raises(IgcliError, match=problem) as caught:
        chosen(saved(tmp_path, array), None, [name(0), name(1)])
    assert "targets.npy" in str(caught.value)


def archive() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, targets=np.arange(2))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"0\n1\n",
        b"\x93NUMPY",
        archive(),
    ],
    ids=["empty", "text", "magic only", "npz"],
)
def test_an_npy_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="targets.npy"):
        chosen(written(tmp_path, "targets.npy", content), None, [name(0), name(1)])


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "targets.npy", archive()[:60])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # numpy leaves such a file open
        try:
            chosen(file, None, [name(0), name(1)])
        except Exception as error:
            raised = type(error)
        gc.collect()
    assert raised is InputError


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "targets.npy", np.array([{}, {}]), allow_pickle=True)
    with pytest.raises(InputError, match="targets.npy can't be read"):
        chosen(str(tmp_path / "targets.npy"), None, [name(0), name(1)])


@pytest.mark.parametrize("way", ["folder", "file"])
def test_messages_have_no_double_colon(tmp_path: Path, way: str) -> None:
    text = "folder" if way == "folder" else written(tmp_path, "targets.txt", "tabbi\n")
    with pytest.raises(ConfigError) as caught:
        chosen(text, ANIMALS, [name(0, "tabbi")])
    assert "::" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        b"cat\ndog\n",
        b"\xef\xbb\xbfcat\r\ndog\r\n",
        b"  cat \ndog",
        b"cat\ndog\n\n  \n\r\n",
    ],
    ids=["plain", "byte order mark", "blanks around", "trailing blank lines"],
)
def test_labels_are_one_name_a_line(tmp_path: Path, text: bytes) -> None:
    labels = read_labels(Path(written(tmp_path, "labels.txt", text)), (), silent)
    assert labels.names == ("cat", "dog")
    assert labels.name(1) == "dog"


def test_a_blank_line_between_labels_keeps_its_number(tmp_path: Path) -> None:
    labels = read_labels(Path(written(tmp_path, "labels.txt", "cat\n\nünïcode\n")), (), silent)
    assert labels.names == ("cat", "", "ünïcode")


def test_without_a_file_there_are_no_names() -> None:
    labels = read_labels(None, (), silent)
    assert (labels.names, labels.name(3)) == ((), "")
    labels.check(1000)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"caf\xe9\n", "it is not UTF-8 text"),
        (b"\xff\xfec\x00a\x00t\x00", "it is not UTF-8 text"),
        (b"c\x00a\x00t\x00\n\x00", "it is not UTF-8 text"),
    ],
)
def test_labels_that_are_no_text_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        read_labels(Path(written(tmp_path, "labels.txt", content)), (), silent)
    assert "--labels" in str(caught.value) and "labels.txt" in str(caught.value)


def test_a_missing_label_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none.txt can't be read: No such file"):
        read_labels(tmp_path / "none.txt", (), silent)


def test_a_folder_is_no_label_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--labels .* can't be read"):
        read_labels(tmp_path, (), silent)


@pytest.mark.parametrize("classes", [4, 6, 1001])
def test_a_label_count_that_is_not_the_models_is_refused(classes: int) -> None:
    with pytest.raises(ConfigError, match=f"has 5 names: the model has {classes} classes"):
        ANIMALS.check(classes)


def test_as_many_labels_as_classes_pass() -> None:
    ANIMALS.check(5)


def test_sub_folders_without_labels_suggest_their_alphabetical_order() -> None:
    with pytest.raises(ConfigError, match="'cat' is no class number") as caught:
        chosen("folder", None, [name(0, "cat")])
    assert "--labels folders" in caught.value.fix


def test_numbers_that_keras_would_count_otherwise_are_told() -> None:
    """Ten comes before two where folders are sorted as texts."""
    notes: list[str] = []
    names = [name(0, "2"), name(1, "10"), name(2, "0")]
    plan_targets("folder", names, Classes(Labels(), 11), {}, notes.append)
    (note,) = notes
    assert "in alphabetical order (0, 10, 2)" in note and "--labels folders" in note
    plan_targets("folder", names[::2], Classes(Labels(), 11), {}, silent)


def test_a_number_that_is_another_class_s_name_is_told() -> None:
    notes: list[str] = []
    classes = Classes(Labels(("0", "1", "10", "2")), 4)
    targets = plan_targets("2", [name(0)], classes, {}, notes.append)
    assert list(targets.choose(name(0), SCORES)) == [2]
    assert notes == ["--target 2 is taken as the class number; the name '2' has class 3"]
