"""Every way to smuggle code into a model file, or to fill the machine with one: refused, by name.

No test here imports TensorFlow: a file is refused before it is loaded.
"""

import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.errors import ModelError
from igcli.models.scan.config import Trust
from igcli.models.scan.files import scan_h5, scan_keras
from igcli.models.scan.saved_model_graph import scan_saved_model
from igcli.models.scan.scan_process import scan_apart
from tests.models.scan.hostile import (
    DENSE,
    archive,
    calls,
    field,
    function,
    graph,
    hdf5,
    layer,
    node,
    payload,
    saved_model,
    sequential,
    signature,
    weights,
)

SCANS: dict[str, Callable[[Path], object]] = {
    ".keras": scan_keras,
    ".h5": scan_h5,
    "": scan_saved_model,
}


def scan(path: Path) -> None:
    SCANS[path.suffix](path)


def _lambda(code: str) -> Any:
    return {
        "class_name": "__lambda__",
        "config": {"code": code, "defaults": None, "closure": None},
    }


# What is put into the model's layers; {code} is a payload that would make a file.
CODE: dict[str, tuple[Callable[[str], Any], str]] = {
    "lambda": (lambda c: layer("Lambda", function=_lambda(c)), "'lambda' is a Lambda"),
    "lambda of Keras 2": (
        lambda c: layer("Lambda", function=[c, None, None], function_type="lambda"),
        "'lambda' is a Lambda",
    ),
    "registered lambda": (
        lambda c: {**layer("Lambda", function=_lambda(c)), "class_name": "Keras>Lambda"},
        "is a Lambda",
    ),
    "lambda in a wrapper": (
        lambda c: layer("TimeDistributed", layer=layer("Lambda", function=_lambda(c))),
        "is a Lambda",
    ),
    "lambda in a nested model": (
        lambda c: sequential(sequential(layer("Lambda", function=_lambda(c)))),
        "is a Lambda",
    ),
    "lambda as a cell": (
        lambda c: layer("RNN", cell=layer("Lambda", function=_lambda(c))),
        "is a Lambda",
    ),
    "lambda as an activation": (
        lambda c: layer("Dense", units=2, activation=_lambda(c)),
        "is a __lambda__",
    ),
    "lambda as an initialiser": (
        lambda c: layer("Dense", units=2, kernel_initializer=_lambda(c)),
        "is a __lambda__",
    ),
    "lambda in compile_config": (
        lambda c: {**sequential(DENSE), "compile_config": {"loss": _lambda(c)}},
        "is a __lambda__",
    ),
    "lambda in arguments": (
        lambda c: {**DENSE, "inbound_nodes": [{"args": [_lambda(c)], "kwargs": {}}]},
        "is a __lambda__",
    ),
    "bare code": (
        lambda c: layer("Dense", units=2, activation={"code": c, "closure": None}),
        "holds a Python function",
    ),
    "TFSMLayer": (lambda c: layer("TFSMLayer", filepath="/tmp/other"), "is a TFSMLayer"),
    "TFSMLayer as an activation": (
        lambda c: layer("Dense", units=2, activation=layer("TFSMLayer", filepath="/tmp/other")),
        "is a TFSMLayer",
    ),
    "pickled torch module": (lambda c: layer("TorchModuleWrapper", module=c), "TorchModuleWrapper"),
    "JaxLayer": (lambda c: layer("JaxLayer", call_fn="os.system"), "JaxLayer"),
    "FlaxLayer": (lambda c: layer("FlaxLayer", module="x"), "FlaxLayer"),
    "raw TensorFlow op": (lambda c: layer("TensorFlowOpLayer", node_def="{}"), "TensorFlowOpLayer"),
    "operation that calls": (
        lambda c: {"class_name": "Map", "module": "keras.src.ops.core", "config": {"name": "m"}},
        "'m' is a Map",
    ),
    "class of another module": (
        lambda c: {"class_name": "Popen", "module": "subprocess", "config": {"args": "id"}},
        "module 'subprocess'",
    ),
    "class of keras-hub": (
        lambda c: {**DENSE, "module": "keras_hub.src.models.vit.vit_backbone"},
        "export it as a SavedModel where that package is installed",
    ),
    "module that begins like keras": (
        lambda c: {**DENSE, "module": "keras_evil.layers"},
        "module 'keras_evil.layers'",
    ),
    "module that is no path": (lambda c: {**DENSE, "module": "keras.x/../y"}, "module 'keras.x"),
    "module that is no text": (lambda c: {**DENSE, "module": ["keras"]}, "module"),
    "class of keras that is no layer": (
        lambda c: {"class_name": "get_file", "module": "keras.utils", "config": {"origin": "x"}},
        "custom get_file",
    ),
    "custom package": (
        lambda c: {**DENSE, "registered_name": "evil>Dense"},
        "custom evil>Dense",
    ),
    "custom class": (lambda c: layer("Evil"), "'evil' is a custom Evil"),
    "class name of another package": (
        lambda c: {**DENSE, "class_name": "evil>Dense"},
        "custom evil>Dense",
    ),
    "function of another module": (
        lambda c: layer(
            "Activation",
            activation={"class_name": "function", "module": "os", "config": "system"},
        ),
        "function 'system' of module 'os'",
    ),
    "function of keras.utils": (
        lambda c: layer(
            "Activation",
            activation={"class_name": "function", "module": "keras.utils", "config": "get_file"},
        ),
        "function 'get_file'",
    ),
    "known function of another module": (
        lambda c: layer(
            "Activation", activation={"class_name": "function", "module": "os", "config": "relu"}
        ),
        "module 'os'",
    ),
    "builtin function": (
        lambda c: layer(
            "Activation",
            activation={"class_name": "function", "module": "builtins", "config": "exec"},
        ),
        "function 'exec'",
    ),
    "activation by path": (
        lambda c: layer("Dense", units=2, activation="os.system"),
        "activation of layer 'dense' is 'os.system'",
    ),
    "initialiser by path": (
        lambda c: layer("Dense", units=2, kernel_initializer="subprocess:call"),
        "kernel_initializer of layer 'dense'",
    ),
    "unknown activation": (
        lambda c: layer("Dense", units=2, activation="evil"),
        "'evil': Keras has no such function",
    ),
    "code as an activation": (
        lambda c: layer("Dense", units=2, activation=f"__import__('x') {c}"),
        "activation of layer 'dense'",
    ),
    "py_function": (
        lambda c: layer("TFOpLambda", function="py_function"),
        "calls TensorFlow's 'py_function'",
    ),
    "read_file": (lambda c: layer("TFOpLambda", function="io.read_file"), "'io.read_file'"),
    "raw_ops": (lambda c: layer("TFOpLambda", function="raw_ops.WriteFile"), "raw_ops.WriteFile"),
    "op library": (lambda c: layer("TFOpLambda", function="load_op_library"), "load_op_library"),
    "way out of a namespace": (
        lambda c: layer("TFOpLambda", function="math.__class__.mro"),
        "math.__class__",
    ),
    "TensorFlow function that is no text": (
        lambda c: layer("TFOpLambda", function=["os", "system"]),
        "layer 'tfoplambda' calls",
    ),
    "method of TensorFlow": (lambda c: layer("ClassMethod", cls_ref="io.gfile"), "ClassMethod"),
    "vocabulary file": (
        lambda c: layer("StringLookup", vocabulary="/etc/passwd"),
        "names a vocabulary file, '/etc/passwd'",
    ),
    "type spec": (
        lambda c: {"class_name": "__typespec__", "config": [], "module": "os", "spec_name": "x"},
        "module 'os'",
    ),
}

# Whole config texts.
TEXTS: dict[str, tuple[str, str]] = {
    "deep lists": ("[" * 100_000, "nested more than 200 deep"),
    "deep tables": ('{"a":' * 100_000, "nested more than 200 deep"),
    "deep behind a quote": ('"\\"' + "[" * 300_000, "not JSON"),
    "many brackets": ("[" + "[]," * 1_100_000 + "[]]", "too many values"),
    "many commas": ("[" + "0," * 5_000_000 + "0]", "too many values"),
    "much text": (json.dumps({"a": "x" * (17 * 2**20)}), "bytes"),
    "quotes that never end": ('"' + '\\"' * 500_000, "not JSON"),
    "NaN": ('{"class_name": NaN}', "NaN is no number"),
    "Infinity": ('{"class_name": -Infinity}', "Infinity is no number"),
    "number beyond floats": ('{"a": 1e999}', "too large"),
    "huge integer": ('{"a": ' + "9" * 5_000 + "}", "too large"),
    "key twice": ('{"class_name": "Dense", "class_name": "Lambda"}', "'class_name' twice"),
    "no table": ("[]", "not a table"),
    "no JSON": ("{", "not JSON"),
    "nothing": ("", "not JSON"),
    "class name that is no text": ('{"class_name": 3}', "no text"),
}

# Configs that ask for more memory than the file holds weights.
SIZES: dict[str, tuple[Any, str]] = {
    "units": (layer("Dense", units=2**30), "units 1073741824: absurdly large"),
    "negative units": (layer("Dense", units=-(2**40)), "absurdly large"),
    "filters": (layer("Conv2D", filters=2**28, kernel_size=[3, 3]), "filters"),
    "input shape": (layer("InputLayer", name="i", batch_shape=[None, 2**28]), "batch_shape"),
    "rank": (layer("InputLayer", name="i", batch_shape=[None] + [1] * 40), "batch_shape"),
    "product of dimensions": (
        layer("InputLayer", name="i", batch_shape=[None, 2**20, 2**20]),
        "makes 1,099,511,627,776 numbers",
    ),
    "embedding": (
        layer("Embedding", input_dim=2**20, output_dim=2**12),
        "ask for 4,294,967,298 weights|ask for 4,294,967,296 weights",
    ),
    "two dense layers": (
        sequential(layer("Dense", units=2**16), {**DENSE, "config": {"name": "e", "units": 2**16}}),
        "weights: the file holds 32 bytes",
    ),
    "behind activations": (
        sequential(
            layer("Dense", units=2**12),
            layer("ReLU"),
            layer("BatchNormalization"),
            {**DENSE, "config": {"name": "e", "units": 2**12}},
        ),
        "weights: the file holds 32 bytes",
    ),
    "LSTM": (layer("LSTM", units=2**12), "weights: the file holds 32 bytes"),
    "bidirectional": (layer("Bidirectional", layer=layer("GRU", units=2**10)), "weights"),
    "upsampling": (
        sequential(
            layer("Reshape", target_shape=[2, 2, 1]),
            layer("UpSampling2D", size=[2**16, 2**16]),
            layer("Flatten"),
        ),
        "numbers of one input",
    ),
    "repeated": (
        sequential(layer("RepeatVector", n=2**20), layer("Flatten"), layer("Dense", units=2**10)),
        "weights: the file holds 32 bytes",
    ),
}


def _models_in_models(depth: int) -> Any:
    """Each model calls the one in it four times."""
    model: Any = DENSE
    for i in range(depth):
        first = layer("InputLayer", batch_shape=[None, 4])
        call: Any = {"args": [], "kwargs": {}}
        inner = {**model, "name": f"inner{i}", "inbound_nodes": [call] * 4}
        model = {
            "class_name": "Functional",
            "config": {"name": f"m{i}", "layers": [first, inner], "output_layers": []},
        }
    return model


def _broken(write: Callable[[Path], None], change: Callable[[bytes], bytes]) -> Any:
    def make(path: Path) -> None:
        write(path)
        path.write_bytes(change(path.read_bytes()))

    return make


def _zip(*members: tuple[str, bytes], **changes: Any) -> Any:
    """Write an archive of a good model and these members, changed like this."""

    def make(path: Path) -> None:
        archive(path, sequential(DENSE))
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
            for name, data in members:
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                for key, value in changes.items():
                    setattr(info, key, value)
                file.writestr(info, data)

    return make


def _with(fill: Callable[[Any], Any]) -> Any:
    return lambda path: hdf5(path, sequential(DENSE), fill)


def _inside(fill: Callable[[Any], Any]) -> Any:
    return lambda path: archive(path, sequential(DENSE), weights(fill))


def _external_data(file: Any) -> None:
    file.create_dataset("x", (64,), "u1", external=[("/etc/passwd", 0, 64)])


def _virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    file.create_virtual_dataset("x", layout)


def _references(file: Any) -> None:
    file.create_dataset("x", (2,), h5py.ref_dtype)


def _foreign_filter(file: Any) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((4,))
    plist.set_filter(32008, h5py.h5z.FLAG_OPTIONAL, (0,))
    space = h5py.h5s.create_simple((4,))
    h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F32LE, space, plist)


def _bomb(file: Any) -> None:
    file.create_dataset("x", (2**40,), "f4", chunks=(2**20,), compression="gzip")


def _deflated(file: Any) -> None:
    file.create_dataset("x", data=np.zeros(2**24, "f4"), compression="gzip", compression_opts=9)


def _type(file: Any) -> None:
    file["x"] = np.dtype("f4")


def _compound(file: Any) -> None:
    file["x"] = np.zeros(2, [("a", "f4"), ("b", "i4")])


def _reference(file: Any) -> None:
    file.attrs.create("x", file.ref, dtype=h5py.ref_dtype)


def _many_attributes(file: Any) -> None:
    for i in range(1_100):
        file.attrs[f"a{i}"] = i


def _listed_config(file: Any) -> None:
    file.attrs["model_config"] = ["{}"] * 4


def _deep_groups(file: Any) -> None:
    group = file
    for _ in range(80):
        group = group.create_group("g")


def _set_encrypted(data: bytes) -> bytes:
    """Set the flag in the central directory's entry of config.json."""
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(b"config.json"))
    return data[: place + 8] + b"\x01" + data[place + 9 :]


def _overlap(data: bytes) -> bytes:
    """Let the last member's entry point at the first member."""
    place = data.rindex(b"PK\x01\x02")
    return data[: place + 42] + b"\0\0\0\1" + data[place + 46 :]


GOOD_KERAS: Callable[[Path], None] = lambda path: archive(path, sequential(DENSE))  # noqa: E731
GOOD_H5: Callable[[Path], None] = lambda path: hdf5(path, sequential(DENSE))  # noqa: E731

CONTAINERS: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty.h5": (".h5", lambda path: path.write_bytes(b""), "not a readable HDF5"),
    "empty.keras": (".keras", lambda path: path.write_bytes(b""), "not a .keras archive"),
    "magic.h5": (
        ".h5",
        lambda p: p.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 600),
        "HDF5",
    ),
    "zip.h5": (".h5", GOOD_KERAS, "not a readable HDF5"),
    "hdf5.keras": (".keras", GOOD_H5, "not a .keras archive"),
    "cut.h5": (".h5", _broken(GOOD_H5, lambda d: d[: len(d) // 2]), "not a readable HDF5"),
    "cut.keras": (".keras", _broken(GOOD_KERAS, lambda d: d[:-30]), "not a .keras archive"),
    "flipped weights": (
        ".keras",
        _broken(GOOD_KERAS, lambda d: d.replace(b"\x89HDF", b"\x88HDF")),
        "CRC|not a readable HDF5",
    ),
    "weights only": (".h5", lambda path: path.write_bytes(weights()), "weights only"),
    "config is a number": (
        ".h5",
        _with(lambda file: file.attrs.__setitem__("model_config", 3)),
        "model_config is no text",
    ),
    "config is a list": (".h5", _with(_listed_config), "model_config is no text"),
    "external link": (
        ".h5",
        _with(lambda file: file.__setitem__("x", h5py.ExternalLink("/etc/other.h5", "/"))),
        "'x' links to another file, '/etc/other.h5'",
    ),
    "soft link": (
        ".h5",
        _with(lambda file: file.__setitem__("x", h5py.SoftLink("/x"))),
        "'x' is a link",
    ),
    "external data": (".h5", _with(_external_data), "'x' keeps its data in another file"),
    "virtual dataset": (".h5", _with(_virtual), "'x' is a view of other datasets"),
    "references": (".h5", _with(_references), "'x' holds object"),
    "compound": (".h5", _with(_compound), "'x' holds"),
    "filter of a plugin": (".h5", _with(_foreign_filter), "needs the HDF5 filter 32008"),
    "claimed weights": (".h5", _with(_bomb), "makes its weights 4,398,0"),
    "deflated weights": (".h5", _with(_deflated), "makes its weights 67,1"),
    "named type": (".h5", _with(_type), "neither a group nor a dataset"),
    "attribute of references": (".h5", _with(_reference), "an attribute of 1 × object"),
    "many attributes": (".h5", _with(_many_attributes), "attributes"),
    "deep groups": (".h5", _with(_deep_groups), "too many objects"),
    "external link inside": (
        ".keras",
        _inside(lambda file: file.__setitem__("x", h5py.ExternalLink("/etc/other.h5", "/"))),
        "'x' links to another file",
    ),
    "external data inside": (".keras", _inside(_external_data), "keeps its data in another file"),
    "claimed weights inside": (".keras", _inside(_bomb), "makes its weights"),
    "path traversal": (".keras", _zip(("../x.txt", b"")), "'../x.txt' lies outside"),
    "path traversal in assets": (".keras", _zip(("assets/../../x.txt", b"")), "lies outside"),
    "absolute path": (".keras", _zip(("/tmp/x", b"")), "'/tmp/x' lies outside"),
    "backslashes": (".keras", _zip(("assets\\..\\x.txt", b"")), "is no part of a Keras model"),
    "code in assets": (".keras", _zip(("assets/x.py", b"")), "is no part of a Keras model"),
    "pickled weights": (".keras", _zip(("model.weights.npz", b"")), "is no part of a Keras model"),
    "member twice": (".keras", _zip(("assets/a.txt", b""), ("assets/a.txt", b"")), "there twice"),
    "link": (".keras", _zip(("assets/a.txt", b"/etc"), external_attr=0o120777 << 16), "is a link"),
    "encrypted": (".keras", _broken(GOOD_KERAS, _set_encrypted), "is encrypted"),
    "bzip2": (".keras", _zip(("assets/a.txt", b"x"), compress_type=12), "compressed in a way"),
    "overlapping members": (".keras", _broken(GOOD_KERAS, _overlap), "not a .keras|overlaps|Bad"),
    "zip bomb": (".keras", _zip(("assets/a.txt", b"\0" * 2**24)), "claims 16,777,216 bytes"),
    "many members": (
        ".keras",
        _zip(*((f"assets/{i}.txt", b"") for i in range(1_100))),
        "1103 members",
    ),
    "no weights": (
        ".keras",
        lambda path: zipfile.ZipFile(path, "w").writestr("config.json", "{}"),
        "no model.weights.h5",
    ),
    "no config": (
        ".keras",
        lambda path: zipfile.ZipFile(path, "w").writestr("model.weights.h5", ""),
        "no config.json",
    ),
    "two layers of a name": (
        ".keras",
        lambda path: archive(path, sequential(DENSE, DENSE)),
        "two layers are called 'd'",
    ),
    "many layers": (
        ".keras",
        lambda path: archive(path, sequential(*({"class_name": "ReLU"} for _ in range(10_001)))),
        "10002 layers",
    ),
    "models in models": (
        ".keras",
        lambda path: archive(path, _models_in_models(40)),
        "call each other",
    ),
}

CALLS = (calls("__inference__traced_save_1"),)
SAVE = function("__inference__traced_save_1", node("s", "SaveV2"))
PRINTS = (field(1, "output_stream") + field(2, field(2, "file:///tmp/x")),)
Y = signature("y")


def _graph(*graphs: bytes, **options: Any) -> Callable[[Path], None]:
    return lambda path: saved_model(path, *graphs, **options)


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        saved_model(path, graph(node("y", "Identity")))
        file = path / "saved_model.pb"
        file.write_bytes(change(file.read_bytes()))

    return make


GRAPHS: dict[str, tuple[Callable[[Path], object], str]] = {
    **{
        op: (_graph(graph(node("evil", op))), f"node 'evil' is a {op}")
        for op in (
            "PyFunc", "EagerPyFunc", "PyFuncStateless", "ReadFile", "WriteFile", "MatchingFiles",
            "TextLineDataset", "TFRecordDatasetV2", "IteratorV2", "WholeFileReaderV2",
            "TextLineReaderV2", "FixedLengthRecordReaderV2", "TFRecordReaderV2",
            "InitializeTableFromTextFileV2", "DebugIdentityV2", "_Send", "_HostRecv", "RemoteCall",
            "RpcCall", "XlaHostCompute", "FIFOQueueV2", "CreateSummaryFileWriter", "Abort",
            "LoadAndRemapMatrix", "DecodeProtoV2", "CheckNumericsReader", "CollectiveReduceV2",
        )
    },
    "in a function": (
        _graph(graph(functions=(function("f", node("evil", "WriteFile")),))),
        "node 'evil' is a WriteFile",
    ),
    "in a saving function": (
        _graph(graph(functions=(function("traced_save", node("evil", "WriteFile")),))),
        "node 'evil' is a WriteFile",
    ),
    "prints to a file": (
        _graph(graph(node("evil", "PrintV2", attributes=PRINTS))),
        "node 'evil' prints to a file",
    ),
    "saves in a function": (
        _graph(graph(functions=(function("f", node("evil", "SaveV2")),))),
        "node 'evil' is a SaveV2",
    ),
    "two names of a function": (
        _graph(
            graph(
                functions=(
                    field(1, field(1, "traced_save")) + function("f", node("e", "SaveV2")),
                )
            )
        ),
        "node 'e' is a SaveV2",
    ),
    "calls a saving function": (
        _graph(
            graph(functions=(SAVE, function("f", node("evil", "PartitionedCall", (), CALLS))))
        ),
        "node 'evil' calls '__inference__traced_save_1'",
    ),
    "saves behind the signature": (
        _graph(graph(node("evil", "SaveV2"), node("y", "Identity", ("^evil",))), meta=Y),
        "node 'evil' is a SaveV2",
    ),
    "a graph in parts": (
        _graph(graph(node("evil", "SaveV2")), graph(node("y", "Identity", ("^evil",))), meta=Y),
        "node 'evil' is a SaveV2",
    ),
    "saves as it restores": (
        _graph(graph(node("evil", "SaveV2")), meta=field(3, field(3, "evil"))),
        "node 'evil' is a SaveV2",
    ),
    "two ops": (
        _graph(graph(node("evil", "WriteFile") + field(2, "Identity"))),
        "node 'evil' is a WriteFile",
    ),
    "asset outside": (
        _graph(graph(node("y", "Identity")), meta=field(6, field(2, "../../etc/passwd"))),
        "asset '../../etc/passwd' lies outside",
    ),
    "no variables": (_graph(graph(node("v", "VarHandleOp"))), "no variables/variables.index"),
    "no graph": (_graph(), "holds no graph"),
    "cut": (_bytes(lambda data: data[:-4]), "ends too early"),
    "no protocol buffer": (_bytes(lambda data: b"\xff" * 40), "can't be read"),
    "empty": (_bytes(lambda data: b""), "it is 0 bytes"),
}  # fmt: skip


def refused(path: Path, message: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ModelError, match=message) as error:
        scan(path)
    assert time.perf_counter() - started < 5.0
    assert str(path) in str(error.value)
    assert 1 <= len(str(error.value).splitlines()) <= 3


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", CODE)
def test_code_is_refused_and_not_run(tmp_path: Path, name: str, suffix: str) -> None:
    canary, path = tmp_path / "canary", tmp_path / f"model{suffix}"
    make, message = CODE[name]
    write = archive if suffix == ".keras" else hdf5
    write(path, sequential(make(payload(canary))))
    refused(path, message)
    assert not canary.exists()


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", SIZES)
def test_absurd_sizes_are_refused(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    inner, message = SIZES[name]
    write = archive if suffix == ".keras" else hdf5
    write(path, sequential(inner))
    refused(path, message)
    SCANS_UNSAFE[suffix](path, Trust(allow_unsafe=True))


SCANS_UNSAFE: dict[str, Callable[[Path, Trust], int]] = {".keras": scan_keras, ".h5": scan_h5}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_refused_even_if_trusted(tmp_path: Path, name: str) -> None:
    text, message = TEXTS[name]
    archive(tmp_path / "model.keras", text)
    refused(tmp_path / "model.keras", message)
    if name != "class name that is no text":
        with pytest.raises(ModelError):
            scan_keras(tmp_path / "model.keras", Trust(allow_unsafe=True))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_are_refused_even_if_trusted(tmp_path: Path, name: str) -> None:
    suffix, make, message = CONTAINERS[name]
    path = tmp_path / f"model{suffix}"
    make(path)
    refused(path, message)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_are_refused(tmp_path: Path, name: str) -> None:
    make, message = GRAPHS[name]
    make(tmp_path / "model")
    refused(tmp_path / "model", message)


def test_flipped_bits_never_surprise(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    path = tmp_path / "model.keras"
    GOOD_KERAS(path)
    good = path.read_bytes()
    for _ in range(150):
        data = bytearray(good)
        for place in random.integers(0, len(data), 3):
            data[place] ^= 1 << int(random.integers(8))
        path.write_bytes(data)
        try:
            scan(path)
        except ModelError as error:
            assert str(path) in str(error)


@pytest.fixture
def in_its_own_process(monkeypatch: pytest.MonkeyPatch, scanned_in_this_process: None) -> None:
    monkeypatch.setattr("igcli.models.scan.files.scan_apart", scan_apart)


def test_a_heap_that_does_not_end_is_refused(tmp_path: Path, in_its_own_process: None) -> None:
    path = tmp_path / "model.h5"
    GOOD_H5(path)
    scan(path)
    data = path.read_bytes()
    heap = data.index(b"GCOL") + 16
    path.write_bytes(data[:heap] + b"\x01\0\0\0\0\0\0\0" + b"\xff" * 8 + data[heap + 16 :])
    refused(path, "not a readable HDF5 file")


@pytest.mark.parametrize("name", ["external link", "claimed weights", "cut.h5"])
def test_reasons_come_from_the_other_process(
    tmp_path: Path, name: str, in_its_own_process: None
) -> None:
    _, make, message = CONTAINERS[name]
    make(tmp_path / "model.h5")
    refused(tmp_path / "model.h5", message)


def test_what_lies_in_the_current_folder_does_not_run(
    tmp_path: Path, in_its_own_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("h5py", "json", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    GOOD_H5(tmp_path / "model.h5")
    monkeypatch.chdir(tmp_path)
    scan(tmp_path / "model.h5")


def test_scans_import_neither_tensorflow_nor_keras() -> None:
    code = (
        "import sys, igcli.models.scan.files, igcli.models.scan.saved_model_graph\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
