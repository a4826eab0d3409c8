"""An .npz as Keras and scikit-learn users save it: the inputs beside their classes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.model_spec import InputSpec
from igcli.inputs.class_files.classes import Classes
from igcli.inputs.labels import Labels
from igcli.inputs.readers.archive import list_archive
from igcli.inputs.readers.source import Source
from igcli.inputs.targets import plan_targets, target_content, tell_of_arrays

X = np.arange(24, dtype="float32").reshape(3, 2, 4)
Y = np.array([2, 0, 1])
BARE = Classes(Labels(), 3)


def bound(folder: Path, spec_name: str = "image", **arrays: Any) -> tuple[Source, Any]:
    np.savez(folder / "data.npz", **arrays)
    listing = list_archive(folder / "data.npz")
    spec = InputSpec(spec_name, (2, 4), np.dtype("float32"))
    return listing.bind(spec, "unit", "stretch", None), listing


def rows(source: Source, listing: Any) -> Array:
    return np.stack([source.read(name).x for name in listing.names])


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("x", "y"),
        ("X", "y"),
        ("x_test", "y_test"),
        ("X_train", "y_train"),
        ("test_images", "test_labels"),
        ("images", "labels"),
        ("data", "target"),
        ("arr_0", "arr_1"),
        ("anything", "else"),
    ],
)
def test_the_inputs_are_found_beside_their_classes(tmp_path: Path, x: str, y: str) -> None:
    arrays: Any = {y: Y, x: X}
    source, listing = bound(tmp_path, **arrays)
    np.testing.assert_array_equal(rows(source, listing), X)
    assert list(source.beside) == [y]
    targets = plan_targets(f"array:{y}", listing.names, BARE, listing.arrays, print)
    assert [list(targets.choose(name, X)) for name in listing.names] == [[2], [0], [1]]


def test_an_image_goes_before_its_mask(tmp_path: Path) -> None:
    source, listing = bound(tmp_path, "input_layer", image=X, masks=X + 1, label=Y)
    np.testing.assert_array_equal(rows(source, listing), X)
    assert list(source.beside) == ["masks", "label"]


def test_the_model_s_own_name_goes_first(tmp_path: Path) -> None:
    source, listing = bound(tmp_path, "raw", x=X + 1, raw=X, y=Y)
    np.testing.assert_array_equal(rows(source, listing), X)
    assert list(source.beside) == ["x", "y"]


def test_the_test_set_goes_before_the_others_as_in_keras_mnist(tmp_path: Path) -> None:
    train = np.zeros((5, 2, 4), "float32")
    source, listing = bound(
        tmp_path, x_train=train, y_train=np.zeros(5, int), x_test=X, y_test=Y, names=np.array(["a"])
    )
    np.testing.assert_array_equal(rows(source, listing), X)
    assert listing.notes == (
        f"INPUTS {tmp_path / 'data.npz'}: its 3 rows are those of x_test, y_test; arrays of other "
        "lengths are passed over: x_train, y_train, names",
    )


def test_what_lies_beside_the_inputs_is_told_with_how_to_use_it(tmp_path: Path) -> None:
    source, listing = bound(tmp_path, x=X, y=Y, masks=X)
    notes: list[str] = []

    def tell(target: str) -> str:
        notes.clear()
        tell_of_arrays(source.beside, target, listing.arrays, BARE, notes.append)
        return " ".join(notes)

    assert tell("predicted") == (
        "INPUTS has more arrays than the model takes: y, masks (--target array:y explains the "
        "classes that it has)"
    )
    assert tell("array:y") == "INPUTS has more arrays than the model takes: masks"
    source, listing = bound(tmp_path, x=X)
    assert tell("predicted") == ""


def test_arrays_that_could_all_be_the_inputs_are_refused_with_their_shapes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="left, right: the model has the one input") as caught:
        bound(tmp_path, left=X, right=X)
    assert "left (3, 2, 4)" in caught.value.cause and "image or x" in caught.value.fix


def test_an_array_that_is_not_there_is_no_target(tmp_path: Path) -> None:
    _, listing = bound(tmp_path, x=X, y=Y)
    with pytest.raises(ConfigError, match="--target array:z: INPUTS has no array 'z': it has x, y"):
        plan_targets("array:z", listing.names, BARE, listing.arrays, print)
    with pytest.raises(ConfigError, match="it is no .npz of several arrays"):
        plan_targets("array:y", listing.names, BARE, {}, print)


def test_a_run_goes_on_with_the_same_classes_only() -> None:
    arrays = {"y": Y}
    assert target_content("array:y", arrays) == target_content("array:y", {"y": Y.copy()})
    assert target_content("array:y", arrays) != target_content("array:y", {"y": Y[::-1]})
    assert target_content("predicted", arrays) == "predicted"
