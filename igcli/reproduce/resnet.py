"""ResNet50V2 of keras.applications, from its published weights."""

from pathlib import Path

import h5py

from igcli.common.errors import ModelError
from igcli.models.loaders.network import first_line
from igcli.models.runtime import import_tensorflow, quiet_stderr
from igcli.store.files import whole_file


def holds_weights_only(path: Path) -> bool:
    """Tell whether a file is HDF5 with weights, and without the model that they are of."""
    if path.is_dir() or not h5py.is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        return "model_config" not in file.attrs and "layer_names" in file.attrs


def resnet50v2(weights: Path, path: Path) -> None:
    """Save ResNet50V2 with these weights as a whole .keras model.

    Raises
    ------
    ModelError
        When the weights are another network's.
    """
    with quiet_stderr():
        import_tensorflow()
        import keras

        try:
            model = keras.applications.ResNet50V2(weights=str(weights))
        except (ValueError, LookupError, OSError) as error:
            raise ModelError(
                f"{weights} does not fit ResNet50V2", first_line(error), "name a whole model"
            ) from error
        with whole_file(path) as temporary:
            whole = temporary.with_suffix(".keras")
            model.save(whole)
            whole.replace(temporary)
