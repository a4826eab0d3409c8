"""A SavedModel's graph: its ops by name, read without TensorFlow.

A SavedModel is a program. What is looked for are ops that read or write files, call Python, load
libraries or talk to other machines, wherever in the graph they stand; it is a check, not a sandbox.
"""

import mmap
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from igcli.errors import ModelError

_MAX_BYTES = 2**31 - 1
_MAX_NODES = 500_000
_REFUSED = re.compile(
    r"""
    \w*PyFunc\w* | PythonOp | \w*CustomCall\w* | \w*HostCompute\w* | Abort
    | \w*(File|Reader|Dataset|Iterator|Lmdb|LMDB)\w*
    | \w*(Rpc|Remote|Collective|Nccl|Infeed|Outfeed|BigQuery|Bigtable)\w*
    | _?(Host|Xla|Xla\w*|XLA\w*)?(Send|Recv)\w* | Debug\w* | DistributedTPU\w* | \w*TPUCompile\w*
    | \w*Queue\w* | \w*Barrier\w* | \w*ConditionalAccumulator\w* | Stage\w* | Unstage | MapStage
    | \w*SummaryWriter\w* | Write\w*Summary | ImportEvent | WriteRawProtoSummary
    | DecodeProto\w* | EncodeProto\w* | Skipgram | LoadAndRemapMatrix | GenerateVocabRemapping
    | \w*Checkpoint\w* | LoadTPU\w* | RetrieveTPU\w*
    """,
    re.VERBOSE,
)
_ALLOWED = frozenset({"FakeQueue", "ShardedFilename", "XlaOptimizationBarrier"})
_NEVER: frozenset[str] = frozenset()
_SAVES = frozenset({"MergeV2Checkpoints", "Save", "SaveSlices", "SaveV2"})
_CHECKPOINTS = _SAVES | {"Restore", "RestoreSlice", "RestoreV2"}
# Saving and restoring weights has functions of its own, which a model never calls.
_CHECKPOINT_FUNCTIONS = ("traced_save", "traced_restore")
_STARTS = frozenset({"saved_model_main_op", "legacy_init_op"})
_VARIABLES = frozenset({"VarHandleOp", "Variable", "VariableV2"})
_PRINT_FILE = b"file:"
_SHOWN = 60

_Bytes: TypeAlias = memoryview


@dataclass(slots=True)
class _Node:
    """What counts of a NodeDef."""

    name: str = ""
    ops: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    prints: bool = False


def scan_saved_model(path: Path, allow_unsafe: bool = False) -> None:
    """Check a SavedModel folder.

    Parameters
    ----------
    path : Path
        The folder.
    allow_unsafe : bool
        Let any op through; what is broken is refused all the same.

    Raises
    ------
    ModelError
        With the node, its op and the reason.
    """
    file = path / "saved_model.pb"
    size = file.stat().st_size
    if not 0 < size <= _MAX_BYTES:
        raise ModelError(f"{file} can't be read", f"it is {size:,} bytes", "export it again")
    with file.open("rb") as stream:
        # Closed when the last view of it goes, which may be in an error's traceback.
        data = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    try:
        variables = _scan(path, data, allow_unsafe)
    except _Broken as error:
        raise ModelError(f"{file} can't be read", str(error), "export it again") from None
    if variables and not (path / "variables" / "variables.index").is_file():
        raise ModelError(
            f"{path} has no variables/variables.index",
            "the graph has variables, their values are missing",
            "copy the whole folder, or export it again",
        )


class _Broken(Exception):
    """Bytes that are no protocol buffer."""


def _scan(path: Path, data: _Bytes, allow_unsafe: bool) -> bool:
    """Check every graph; tell whether there are variables."""
    variables, empty = False, True
    for meta in _messages(data, 2):
        # A message that is there in parts is one message.
        parts = list(_messages(meta, 2))
        nodes = _nodes(body for graph in parts for body in _messages(graph, 1))
        functions = [
            (_function_name(function), _nodes(_messages(function, 3)))
            for graph in parts
            for library in _messages(graph, 2)
            for function in _messages(library, 1)
        ]
        if not allow_unsafe:
            _check_graph(path, meta, nodes, functions)
        bodies = [nodes, *(body for _, body in functions)]
        variables |= any(_VARIABLES & set(node.ops) for body in bodies for node in body)
        empty &= not nodes and not functions
        for asset in _messages(meta, 6):
            _check_asset(path, asset)
    if empty:
        raise _Broken("it holds no graph")
    return variables


def _nodes(bodies: Iterable[_Bytes]) -> list[_Node]:
    nodes = [_node(body) for body in islice(bodies, _MAX_NODES + 1)]
    if len(nodes) > _MAX_NODES:
        raise _Broken(f"a graph has more than {_MAX_NODES:,} nodes")
    return nodes


def _check_graph(
    path: Path,
    meta: _Bytes,
    nodes: Sequence[_Node],
    functions: Sequence[tuple[str, Sequence[_Node]]],
) -> None:
    for name, body in functions:
        _check_nodes(path, body, _NEVER if _is_checkpoint(name) else _CHECKPOINTS)
    by_name = {node.name: node for node in nodes}
    called, restored = (_behind(by_name, ends) for ends in (_called(meta), _restored(meta)))
    for node in nodes:
        # What saves a graph of TensorFlow 1 stands beside the model.
        refused = _CHECKPOINTS if node.name in called else _NEVER
        _check_nodes(path, [node], _SAVES if node.name in restored - called else refused)


def _check_nodes(path: Path, nodes: Iterable[_Node], checkpoints: frozenset[str]) -> None:
    """Check nodes; `checkpoints` are those of the checkpoint ops that are refused."""
    for node in nodes:
        for op in node.ops:
            if op in checkpoints or (op not in _ALLOWED | _CHECKPOINTS and _REFUSED.fullmatch(op)):
                raise _refusal(path, node, f"is a {op[:_SHOWN]}")
            if op == "PrintV2" and node.prints:
                raise _refusal(path, node, "prints to a file")
        called = next((name for name in node.calls if _is_checkpoint(name)), None)
        if called and checkpoints == _CHECKPOINTS:
            raise _refusal(path, node, f"calls {called[:_SHOWN]!r}, which saves or restores")


def _is_checkpoint(function: str) -> bool:
    return any(word in function for word in _CHECKPOINT_FUNCTIONS)


def _refusal(path: Path, node: _Node, what: str) -> ModelError:
    return ModelError(
        f"{path}: node {node.name[:_SHOWN]!r} {what}",
        "a model has no need to read or write files or to call Python",
        "export the model without it; if you trust the file, --allow-unsafe loads it",
    )


def _called(meta: _Bytes) -> list[str]:
    """Return the tensors that a signature returns, and the ops that loading runs."""
    ends = [
        _text(name)
        for entry in _messages(meta, 5)
        for signature in _messages(entry, 2)
        for output in _messages(signature, 2)
        for info in _messages(output, 2)
        for name in _messages(info, 1)
    ]
    for entry in _messages(meta, 4):
        if _STARTS & {_text(key) for key in _messages(entry, 1)}:
            ends += [
                _text(name)
                for collection in _messages(entry, 2)
                for names in _messages(collection, 1)
                for name in _messages(names, 1)
            ]
    return ends


def _restored(meta: _Bytes) -> list[str]:
    return [_text(op) for saver in _messages(meta, 3) for op in _messages(saver, 3)]


def _behind(nodes: Mapping[str, _Node], ends: Sequence[str]) -> set[str]:
    """Return the names of all nodes that these are computed from."""
    behind: set[str] = set()
    waiting = list(ends)
    while waiting:
        name = waiting.pop().removeprefix("^").split(":")[0]
        if name not in behind and name in nodes:
            behind.add(name)
            waiting += nodes[name].inputs
    return behind


def _check_asset(path: Path, asset: _Bytes) -> None:
    for name in map(_text, _messages(asset, 2)):
        file = PurePosixPath(name)
        if file.is_absolute() or ".." in file.parts or "\\" in name:
            raise ModelError(
                f"{path}: asset {name[:_SHOWN]!r} lies outside the folder",
                "a model has no need to read other files",
                "export it again",
            )


def _function_name(function: _Bytes) -> str:
    names = [
        _text(name) for signature in _messages(function, 1) for name in _messages(signature, 1)
    ]
    return names[-1] if names else ""


def _node(body: _Bytes) -> _Node:
    node = _Node()
    for number, value in _fields(body):
        if number == 1:
            node.name = _text(value)
        elif number == 2:
            node.ops.append(_text(value))
        elif number == 3:
            node.inputs.append(_text(value))
        elif number == 5:
            _read_attribute(node, value)
    return node


def _read_attribute(node: _Node, entry: _Bytes) -> None:
    keys = [_text(key) for key in _messages(entry, 1)]
    for value in _messages(entry, 2):
        functions = [*_messages(value, 10)]
        for listed in _messages(value, 1):
            functions += _messages(listed, 9)
        node.calls.update(_text(name) for f in functions for name in _messages(f, 1))
        if "output_stream" in keys:
            node.prints |= any(bytes(s[:5]) == _PRINT_FILE for s in _messages(value, 2))


def _messages(data: _Bytes, number: int) -> Iterator[_Bytes]:
    return (value for found, value in _fields(data) if found == number)


def _text(value: _Bytes) -> str:
    return bytes(value).decode("utf-8", "replace")


def _fields(data: _Bytes) -> Iterator[tuple[int, _Bytes]]:
    """Walk the length-delimited fields of a protocol buffer message, and step over all others."""
    place, end = 0, len(data)
    while place < end:
        key, place = _varint(data, place)
        kind = key & 7
        if kind == 0:
            _, place = _varint(data, place)
            continue
        if kind == 2:
            size, place = _varint(data, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise _Broken(f"it has a field of kind {kind}")
        if place + size > end:
            raise _Broken("it ends too early")
        if kind == 2:
            yield key >> 3, data[place : place + size]
        place += size


def _varint(data: _Bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise _Broken("it ends too early")
