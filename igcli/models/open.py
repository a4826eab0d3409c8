"""LOADERS: which function loads which kind of model path."""

from collections.abc import Callable
from pathlib import Path

from igcli.errors import IgcliError, ModelError
from igcli.models.gradient import TensorFlowModel
from igcli.models.keras_file import load_h5, load_keras
from igcli.models.loaded import Loaded, first_line
from igcli.models.runtime import import_tensorflow, quiet_stderr
from igcli.models.saved_model import load_saved_model
from igcli.records import Warn

LOADERS: dict[str, Callable[[Path, Warn], Loaded]] = {
    "folder": load_saved_model,
    ".h5": lambda path, warn: load_h5(path),
    ".hdf5": lambda path, warn: load_h5(path),
    ".keras": lambda path, warn: load_keras(path),
}


def check_path(path: Path) -> None:
    """Raise ModelError unless there is something at `path` that a loader knows; cheap."""
    if not path.exists():
        raise ModelError(f"MODEL {path} does not exist", fix="name a .keras, .h5 or SavedModel")
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ModelError(
                f"MODEL {path} is a folder without saved_model.pb",
                "only a SavedModel is a folder",
                "name a .keras or .h5 file, or a SavedModel folder",
            )
    elif path.suffix not in LOADERS:
        raise ModelError(
            f"MODEL {path} is of no known kind",
            f"igcli loads {', '.join(sorted(LOADERS.keys() - {'folder'}))} and SavedModel folders",
            "save the model as one of these",
        )


def open_model(path: Path, scores: str, warn: Warn) -> TensorFlowModel:
    """Load, check and trace a model.

    Raises
    ------
    ModelError
        When it can't be loaded, has several inputs or outputs, or has no gradient.
    """
    loader = LOADERS["folder" if path.is_dir() else path.suffix]
    import_tensorflow()
    notes: list[str] = []
    with quiet_stderr():
        model = _traced(path, loader(path, notes.append), scores)
    for note in notes:
        warn(note)
    return model


def _traced(path: Path, loaded: Loaded, scores: str) -> TensorFlowModel:
    try:
        return TensorFlowModel(path, loaded, scores)
    except IgcliError:
        raise
    except Exception as error:
        # Tracing builds the model's own graph, which may raise anything (LookupError for an op
        # without a gradient, for one).
        raise ModelError(f"{path} can't be differentiated", first_line(error)) from error
