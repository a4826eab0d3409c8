"""No model: what a path is that no loader knows, and what to do with it."""

import json
from pathlib import Path
from typing import Any

from igcli.common.errors import ModelError

_MODELS = (".keras", ".h5", ".hdf5")
_LARGEST_JSON = 16 * 2**20
_REBUILD = (
    "rebuild it, keras.models.model_from_json(open('{json}').read()), give it its weights, "
    "load_weights, and save it whole: model.save('model.keras')"
)
_OTHER_KINDS = {
    ".pb": "a TensorFlow graph without its folder",
    ".tflite": "a TensorFlow Lite model",
    ".onnx": "an ONNX model",
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".safetensors": "weights without a model",
    ".npz": "arrays without a model",
    ".ckpt": "a checkpoint, weights without a model",
    ".index": "a checkpoint, weights without a model",
    ".pkl": "a pickled Python object",
    ".joblib": "a pickled Python object",
}


def no_model(path: Path) -> ModelError:
    """Return the error for a path that is there and is no model that igcli loads."""
    return _folder(path) if path.is_dir() else _file(path)


def _folder(path: Path) -> ModelError:
    problem = f"MODEL {path} is a folder without saved_model.pb"
    if (path.resolve().parent / "saved_model.pb").is_file():
        fix = f"name the folder above it: {path.resolve().parent}"
        return ModelError(problem, "it is part of a SavedModel", fix)
    if (path / "config.json").is_file() and (path / "model.weights.h5").is_file():
        return ModelError(
            problem,
            "it is a .keras archive, unpacked",
            f"pack it again: cd {path} && zip -r ../model.keras .",
        )
    models = _models_in(path)
    if models:
        return ModelError(problem, f"it holds {', '.join(models)}", f"name it: {path / models[0]}")
    described = sorted(file.name for file in path.glob("*.json"))
    weights = sorted(file.name for file in path.glob("*weights*.h5"))
    if described and weights:
        return ModelError(
            problem,
            f"it holds a model's architecture and its weights apart: {described[0]}, {weights[0]}",
            _REBUILD.format(json=path / described[0]),
        )
    return ModelError(
        problem, "only a SavedModel is a folder", "name a .keras or .h5 file, or a SavedModel"
    )


def _models_in(path: Path) -> list[str]:
    """Return what in a folder can be loaded by the look of its name."""
    files = [p for p in path.iterdir() if p.suffix in _MODELS and "weights" not in p.name]
    saved = [p.parent for p in path.glob("*/saved_model.pb")]
    return sorted(p.name for p in (*files, *saved))


def _file(path: Path) -> ModelError:
    if path.name == "saved_model.pb":
        return ModelError(
            f"MODEL {path} is one file of a SavedModel",
            "its weights lie beside it",
            f"name its folder: {path.parent}",
        )
    if path.suffix == ".json":
        return _json(path)
    kind = next((_OTHER_KINDS[s] for s in reversed(path.suffixes) if s in _OTHER_KINDS), "")
    known = f"igcli loads {', '.join(sorted(_MODELS))} and SavedModel folders"
    return ModelError(
        f"MODEL {path} is of no known kind",
        f"it is {kind}; {known}" if kind else known,
        "save the model as one of these",
    )


def _json(path: Path) -> ModelError:
    table = _parsed(path)
    if table.get("format") in {"layers-model", "graph-model"} or "modelTopology" in table:
        return ModelError(
            f"MODEL {path} is a TensorFlow.js model",
            "it was converted for a browser",
            "name the Keras model that it was made from",
        )
    if "class_name" in table and "config" in table:
        return ModelError(
            f"MODEL {path} is a model's architecture, without its weights",
            "model.to_json() writes such files, and a .keras archive holds one",
            _REBUILD.format(json=path),
        )
    return ModelError(
        f"MODEL {path} is a JSON file, and no model",
        f"igcli loads {', '.join(sorted(_MODELS))} and SavedModel folders",
        "name the model itself",
    )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            return {}
        table = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}
