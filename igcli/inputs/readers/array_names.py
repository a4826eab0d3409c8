"""Array names: which array of an .npz is the inputs', as Keras and scikit-learn users save them."""

from collections.abc import Iterable, Mapping

from igcli.common.arrays import Array
from igcli.common.model_spec import InputSpec
from igcli.inputs.readers.arrays import settle

# Those of the test set first: a model is explained on what it was not trained on.
_INPUTS = (
    *("x", "x_test", "test_x", "test_images", "test_data", "images_test"),
    *("x_val", "x_valid", "val_x", "val_images"),
    *("x_train", "train_x", "train_images", "train_data", "images_train"),
    *("images", "image", "inputs", "input", "features", "data", "arr_0"),
)


def inputs_by_name(names: Iterable[str]) -> str | None:
    """Return the array that is called as inputs are; None where there is none."""
    known = {name.casefold(): name for name in names}
    return next((known[name] for name in _INPUTS if name in known), None)


def inputs_of(arrays: Mapping[str, Array], spec: InputSpec) -> str | None:
    """Return the array of a model's one input: of its name, called so, or the only one that fits.

    None where it can't be told.
    """
    if spec.name in arrays:
        return spec.name
    fitting = [name for name, array in arrays.items() if settle(array.shape[1:], spec.shape)]
    return inputs_by_name(fitting) or (fitting[0] if len(fitting) == 1 else None)


def side_by_side(arrays: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return the arrays with as many rows as the inputs; all, where these are not called so."""
    name = inputs_by_name(arrays)
    if name is None or not arrays[name].ndim:
        return arrays
    rows = len(arrays[name])
    return {key: array for key, array in arrays.items() if array.ndim and len(array) == rows}
