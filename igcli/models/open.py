"""open: LOADERS, and which of them a model's path needs."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Warn
from igcli.common.errors import ConfigError, IgcliError, ModelError
from igcli.common.model_settings import ModelSettings
from igcli.common.notes import Doubt
from igcli.models.fixed_batch import InFixedBatches
from igcli.models.graph.freeze import freeze
from igcli.models.graph.retrace import check_traces
from igcli.models.loaders.input_values import with_values
from igcli.models.loaders.keras_file import load_h5, load_keras
from igcli.models.loaders.network import Loaded, Network, said_in
from igcli.models.loaders.saved_model import load_saved_model
from igcli.models.no_model import no_model
from igcli.models.redraw.redrawable import Redrawable
from igcli.models.redraw.weighted_layers import weighted_layers
from igcli.models.runtime import (
    choose_device,
    import_tensorflow,
    no_collections,
    quiet_stderr,
    set_precision,
)
from igcli.models.scores import are_probabilities
from igcli.models.selection.describe import ModelInfo, describe
from igcli.models.selection.select import select
from igcli.models.tensorflow_model import TensorFlowModel

LOADERS: dict[str, Callable[[Path, ModelSettings, Warn], Network]] = {
    "folder": load_saved_model,
    ".h5": load_h5,
    ".hdf5": load_h5,
    ".keras": load_keras,
}
_HALF = frozenset({"float16", "bfloat16"})


def check_path(path: Path) -> None:
    """Raise ModelError unless there is something at `path` that a loader knows; cheap."""
    if not path.exists():
        raise ModelError(f"MODEL {path} does not exist", fix="name a .keras, .h5 or SavedModel")
    known = (path / "saved_model.pb").is_file() if path.is_dir() else path.suffix in LOADERS
    if not known:
        raise no_model(path)


def open_model(path: Path, settings: ModelSettings, warn: Warn) -> GradientModel:
    """Load, check, simplify and trace a model.

    Raises
    ------
    ModelError
        When it can't be loaded, or has no gradient.
    ConfigError
        When the device, the precision or the custom objects can't be had, or the model has not what
        was named.
    """
    with _quietly(path, settings, warn) as note, no_collections():
        tf, network = _loaded(path, settings, note)
        set_precision(tf, settings.precision)
        model = _traced(path, network, settings, note)
    # Loading leaves the model several times over in reference cycles.
    del network
    gc.collect()
    return model


def open_redrawable(path: Path, settings: ModelSettings, warn: Warn) -> Redrawable:
    """Load a model whose weights are to be redrawn; each `Redrawable.model` is opened as here.

    Raises
    ------
    ConfigError, ModelError
        As `open_model`; and where it has no weights that can be reached.
    """
    with _quietly(path, settings, warn) as note, no_collections():
        tf, network = _loaded(path, settings, note)
        set_precision(tf, settings.precision)
        loaded = select(tf, path, network, settings)
        weighted = weighted_layers(tf, network, loaded)

    def retrace(warn: Warn) -> GradientModel:
        with _quietly(path, replace(settings, allow_unsafe=False), warn) as note, no_collections():
            model = _traced(path, network, settings, note)
        gc.collect()
        return model

    return Redrawable(tf, path, loaded, weighted, retrace)


def describe_model(path: Path, settings: ModelSettings, warn: Warn) -> ModelInfo:
    """Load a model and tell what it holds.

    Raises
    ------
    ModelError
        When it can't be loaded.
    """
    with _quietly(path, settings, warn) as note:
        return describe(*_loaded(path, settings, note), path, settings)


@contextmanager
def _quietly(path: Path, settings: ModelSettings, warn: Warn) -> Iterator[Warn]:
    """Hold stderr back, and what is told meanwhile until it is open; tell of code beforehand."""
    if settings.allow_unsafe:
        warn(f"--allow-unsafe: code in {path} may run on this machine")
    notes: list[str] = []
    with quiet_stderr():
        yield notes.append
    for note in dict.fromkeys(notes):
        told = f"{path}: {note}"
        warn(Doubt(told) if isinstance(note, Doubt) else told)


def _loaded(path: Path, settings: ModelSettings, warn: Warn) -> tuple[Any, Network]:
    """Return TensorFlow and the model."""
    tf = import_tensorflow()
    choose_device(tf, settings.device)
    if settings.signature is not None and not path.is_dir():
        raise ConfigError(
            f"--signature {settings.signature} can't be used with {path}",
            "only a SavedModel has signatures",
            "leave it out",
        )
    network = LOADERS["folder" if path.is_dir() else path.suffix](path, settings, warn)
    return tf, with_values(tf, path, network, settings.input_value)


def _traced(path: Path, network: Network, settings: ModelSettings, warn: Warn) -> GradientModel:
    tf = import_tensorflow()
    try:
        loaded = select(tf, path, network, settings)
        _tell_of(loaded, settings, warn)
        _tell_of_half(network, warn)
        single = replace(settings, precision="float32")
        lowered = settings.precision == "bfloat16"
        exact = freeze(tf, loaded, single, warn) if lowered else None
        frozen = freeze(tf, loaded, settings, warn)
        if network.model is not None and (settings.custom_objects or settings.allow_unsafe):
            check_traces(tf, path, frozen, lambda: freeze(tf, loaded, settings, lambda _: None))
        known = _gives_probabilities(tf, exact or frozen, settings, warn)
        reference = None
        if exact is not None:
            reference = TensorFlowModel(path, replace(exact, probabilities=known), single)
        frozen = replace(frozen, probabilities=known)
        model = TensorFlowModel(path, frozen, settings, reference)
        return model if loaded.batch is None else InFixedBatches(model, loaded.batch)
    except IgcliError:
        raise
    except Exception as error:
        # Tracing builds the model's own graph, which may raise anything (LookupError for an op
        # without a gradient, for one).
        raise ModelError(
            f"{path} can't be differentiated{_at_size(settings)}", said_in(error)
        ) from error


def _gives_probabilities(tf: Any, loaded: Loaded, settings: ModelSettings, warn: Warn) -> bool:
    """Look whether the outputs are probabilities already, where that matters."""
    rows = tf.TensorSpec((loaded.batch, *loaded.input.shape), loaded.input.dtype)
    if settings.scores == "as-is" or not are_probabilities(tf, loaded.function, rows):
        return False
    warn(
        "its outputs are probabilities, although no softmax or sigmoid is its last operation: "
        "they are explained as they are"
    )
    return True


def _tell_of(loaded: Loaded, settings: ModelSettings, warn: Warn) -> None:
    """Say what a reader of the maps must know: which call is which, and how pictures lie."""
    for note in loaded.notes:
        warn(note)
    if loaded.calls:
        calls = ", ".join(call.in_words for call in loaded.calls)
        warn(f"layer {settings.layer} is called {len(loaded.calls)} times: {calls}")
    if loaded.batch is not None:
        warn(
            f"it takes {loaded.batch} input{'s' if loaded.batch > 1 else ''} at once, no more and "
            "no fewer: rows are sent so, the last batch filled up"
        )
    if loaded.transposed:
        names = ", ".join(map(repr, loaded.transposed))
        warn(
            f"input {names} takes channels first: what is read is transposed for it, and maps and "
            "pictures are height × width × channels"
        )


def _tell_of_half(network: Network, warn: Warn) -> None:
    """Say so where a Keras model computes in half precision: its gradients are rounded."""
    layers: list[Any] = list(getattr(network.model, "_flatten_layers", tuple)())
    kinds = {getattr(layer, "compute_dtype", "") for layer in layers} & _HALF
    if kinds:
        warn(
            f"it computes in {' and '.join(sorted(kinds))}: gradients are rounded so, and a small "
            "--tolerance may not be reached; save it with the policy float32 for finer maps"
        )


def _at_size(settings: ModelSettings) -> str:
    """Name the size that the user chose: a model may not suit it."""
    if settings.image_size is None:
        return ""
    return " at --image-size {}x{}".format(*settings.image_size)
