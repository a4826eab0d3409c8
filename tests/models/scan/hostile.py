"""Files that no one should load, made by hand: Keras configs, archives and SavedModels."""

import base64
import io
import json
import marshal
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Config = dict[str, Any]
DENSE: Config = {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "relu"}}


def payload(canary: Path) -> str:
    """Marshalled code that makes a file when it is loaded and run."""
    code = compile(f"open({str(canary)!r}, 'w').close()", "<payload>", "exec")
    return base64.b64encode(marshal.dumps(code)).decode()


def layer(kind: str, **config: Any) -> Config:
    return {"class_name": kind, "config": {"name": kind.lower(), **config}}


def sequential(*layers: Any, inputs: int = 4) -> Config:
    first = layer("InputLayer", batch_shape=[None, inputs], dtype="float32")
    return {"class_name": "Sequential", "config": {"name": "m", "layers": [first, *layers]}}


def weights(fill: Any = None) -> bytes:
    """An HDF5 file of a Dense layer's weights, with what `fill` does to it."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["layers/d/vars/0"] = np.ones((4, 2), np.float32)
        if fill is not None:
            fill(file)
    return stream.getvalue()


def archive(path: Path, config: Any, inner: bytes | None = None, **extra: bytes) -> None:
    """Write a .keras archive; a config that is text stays as it is."""
    text = config if isinstance(config, (str, bytes)) else json.dumps(config)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", "{}")
        file.writestr("config.json", text)
        file.writestr("model.weights.h5", weights() if inner is None else inner)
        for name, data in extra.items():
            file.writestr(name, data)


def hdf5(path: Path, config: Any, fill: Any = None) -> None:
    """Write a legacy .h5 model."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        file.attrs["keras_version"] = "3.0.0"
        file["model_weights/d/kernel"] = np.ones((4, 2), np.float32)
        if fill is not None:
            fill(file)


def varint(number: int) -> bytes:
    more = b""
    while number > 127:
        more += bytes([number & 127 | 128])
        number >>= 7
    return more + bytes([number])


def field(number: int, value: bytes | str) -> bytes:
    """One length-delimited field of a protocol buffer."""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def node(
    name: str, op: str, inputs: tuple[str, ...] = (), attributes: tuple[bytes, ...] = ()
) -> bytes:
    return (
        field(1, name)
        + field(2, op)
        + b"".join(field(3, one) for one in inputs)
        + b"".join(field(5, one) for one in attributes)
    )


def calls(function: str) -> bytes:
    """An attribute that names a function of the library."""
    return field(1, "f") + field(2, field(10, field(1, function)))


def function(name: str, *nodes: bytes) -> bytes:
    return field(1, field(1, name)) + b"".join(field(3, one) for one in nodes)


def graph(*nodes: bytes, functions: tuple[bytes, ...] = ()) -> bytes:
    return b"".join(field(1, one) for one in nodes) + field(
        2, b"".join(field(1, one) for one in functions)
    )


def saved_model(path: Path, *graphs: bytes, meta: bytes = b"", files: tuple[str, ...] = ()) -> None:
    """Write a SavedModel folder of one MetaGraph; several graphs are one in parts."""
    path.mkdir()
    whole = field(2, b"".join(field(2, one) for one in graphs) + meta)
    (path / "saved_model.pb").write_bytes(b"\x08\x01" + whole)
    for name in files:
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(b"")


def signature(output: str) -> bytes:
    """The field of a MetaGraph with one signature."""
    tensor = field(1, "y") + field(2, field(1, f"{output}:0"))
    return field(5, field(1, "serving_default") + field(2, field(2, tensor)))
