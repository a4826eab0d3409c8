"""Prepare what `peers` compares: models, inputs, targets and exact maps, as plain files.

Run by `peers` in a process of its own, so that TensorFlow's memory is not counted for a worker:
``python -m tests.benchmarks.peer_cases FOLDER CASE INPUTS``.

The random models' weights are seeded. Their BatchNorm statistics are random too, so that no layer
is an identity which a graph optimiser could fold away. Their input is noise: the time does not
depend on it.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.arrays import Array
from igcli.inputs.preprocess import symmetric
from igcli.inputs.readers.decode import decode
from igcli.models.runtime import import_tensorflow
from tests.benchmarks.accuracy import DATA, explain
from tests.conftest import SHARED

DROPPED = {"name", "trainable", "dtype", "renorm", "renorm_momentum", "synchronized"}
DROPPED_ENDINGS = ("_initializer", "_regularizer", "_constraint")


@dataclass(frozen=True)
class Prepared:
    """What is stored as ``case.json``; `truth` tells whether ``truth.npy`` is there."""

    model: str
    baseline: float
    targets: list[int]
    scores: list[float]
    classes: int
    truth: bool


def _keras() -> Any:
    import_tensorflow()
    import keras

    return keras


def _plain(value: Any) -> bool:
    return value is not None and not isinstance(value, dict)


def _sources(node: Any) -> list[str]:
    """Return the names of the layers that a saved node takes its tensors from."""
    if isinstance(node, dict):
        if "keras_history" in node:
            return [node["keras_history"][0]]
        node = list(node.values())
    return [name for part in node for name in _sources(part)] if isinstance(node, list) else []


def layer_list(model: Any) -> list[dict[str, Any]]:
    """Return a Keras 3 model's layers: class, name, arguments that differ in no Keras, inputs."""
    config = json.loads(model.to_json())["config"]["layers"]
    layers: list[dict[str, Any]] = [{"name": config[0]["name"], "shape": model.input_shape[1:]}]
    for layer in config[1:]:
        arguments = {
            key: value
            for key, value in layer["config"].items()
            if key not in DROPPED and not key.endswith(DROPPED_ENDINGS) and _plain(value)
        }
        inputs = _sources(layer["inbound_nodes"][0]["args"])
        entry = {"class": layer["class_name"], "arguments": arguments, "inputs": inputs}
        layers.append({"name": layer["name"], **entry})
    return layers


def random_model(name: str, path: Path) -> Any:
    """Make one of keras.applications with random weights and save it."""
    keras = _keras()
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    model = getattr(keras.applications, name)(weights=None)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            count = layer.gamma.shape[0]
            gamma, beta, mean = (random.normal(at, 0.1, count) for at in (1.0, 0.0, 0.0))
            layer.set_weights([gamma, beta, mean, random.uniform(0.5, 1.5, count)])
    model.save(path)
    return model


def _store(folder: Path, model: Any, inputs: Array) -> None:
    (folder / "layers.json").write_text(json.dumps(layer_list(model)))
    weights = {
        f"{layer.name}/{i}": array
        for layer in model.layers
        for i, array in enumerate(layer.get_weights())
    }
    np.savez(folder / "weights.npz", **weights)
    np.save(folder / "inputs.npy", inputs)


def _prepared(folder: Path, path: Path, model: Any, inputs: Array, baseline: float) -> Prepared:
    outputs = model.predict(inputs, batch_size=8, verbose=0)
    targets = outputs.argmax(axis=1)
    scores = outputs[np.arange(len(inputs)), targets]
    assert np.isfinite(outputs).all(), "the model's outputs are not finite"
    truth = (folder / "truth.npy").exists()
    return Prepared(str(path), baseline, targets.tolist(), scores.tolist(), outputs.shape[1], truth)


def _digits(folder: Path, count: int) -> Prepared:
    path = DATA / "mnist.h5"
    with np.load(DATA / "mnist_t10k.npz") as file:
        inputs = (file["x"][:count, ..., None] / 255.0).astype(np.float32)
    model = _keras().models.load_model(path, compile=False)
    _store(folder, model, inputs)
    exact = ("--method", "riemann_trapezoid", "--steps", "1025", "--batch-size", "128")
    np.save(folder / "truth.npy", explain(path, [folder / "inputs.npy"], *exact).maps)
    return _prepared(folder, path, model, inputs, 0.0)


def _photos(folder: Path, count: int) -> Prepared:
    path = DATA / "mobilenetv2_imagenet.h5"
    files = [file for name in ("cats", "photos") for file in sorted((DATA / name).iterdir())]
    pixels = [decode(file.read_bytes(), (224, 224), 3, "stretch") for file in files[:count]]
    inputs = symmetric(np.stack(pixels)).astype(np.float32)
    model = _keras().models.load_model(path, compile=False)
    _store(folder, model, inputs)
    with np.load(SHARED / "oracle" / "truth_mbv2.npz") as file:
        assert file["files"].tolist() == [path.name for path in files], "other photos"
        np.save(folder / "truth.npy", file["attr"][:count])
    return _prepared(folder, path, model, inputs, -1.0)


def _random(name: str) -> Callable[[Path, int], Prepared]:
    def prepare(folder: Path, count: int) -> Prepared:
        path = folder / "model.keras"
        model = random_model(name, path)
        shape = (count, *model.input_shape[1:])
        inputs = np.random.default_rng(1).random(shape, dtype=np.float32)
        _store(folder, model, inputs)
        return _prepared(folder, path, model, inputs, 0.0)

    return prepare


PREPARE: dict[str, Callable[[Path, int], Prepared]] = {
    "mnist": _digits,
    "mobilenetv2": _random("MobileNetV2"),
    "resnet50v2": _random("ResNet50V2"),
    "photos": _photos,
}


def main() -> None:
    """Prepare one case in its folder."""
    folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    prepared = PREPARE[name](folder, count)
    (folder / "case.json").write_text(json.dumps(asdict(prepared), indent=1))


if __name__ == "__main__":
    main()
