"""The graph of a SavedModel: its ops by name, read without TensorFlow.

A SavedModel is a program. What is looked for are ops that read or write files, call Python, load
libraries or talk to other machines, wherever in the graph they stand; it is a check, not a sandbox.
"""

import mmap
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath

from igcli.common.errors import ModelError
from igcli.models.scan.protobuf import Broken, View, fields, messages, text

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
    except Broken as error:
        raise ModelError(f"{file} can't be read", str(error), "export it again") from None
    if variables and not (path / "variables" / "variables.index").is_file():
        raise ModelError(
            f"{path} has no variables/variables.index",
            "the graph has variables, their values are missing",
            "copy the whole folder, or export it again",
        )


def _scan(path: Path, data: View, allow_unsafe: bool) -> bool:
    """Check every graph; tell whether there are variables."""
    variables, empty = False, True
    for meta in messages(data, 2):
        # A message that is there in parts is one message.
        parts = list(messages(meta, 2))
        nodes = _nodes(body for graph in parts for body in messages(graph, 1))
        functions = [
            (_function_name(function), _nodes(messages(function, 3)))
            for graph in parts
            for library in messages(graph, 2)
            for function in messages(library, 1)
        ]
        if not allow_unsafe:
            _check_graph(path, meta, nodes, functions)
        bodies = [nodes, *(body for _, body in functions)]
        variables |= any(_VARIABLES & set(node.ops) for body in bodies for node in body)
        empty &= not nodes and not functions
        for asset in messages(meta, 6):
            _check_asset(path, asset)
    if empty:
        raise Broken("it holds no graph")
    return variables


def _nodes(bodies: Iterable[View]) -> list[_Node]:
    nodes = [_node(body) for body in islice(bodies, _MAX_NODES + 1)]
    if len(nodes) > _MAX_NODES:
        raise Broken(f"a graph has more than {_MAX_NODES:,} nodes")
    return nodes


def _check_graph(
    path: Path,
    meta: View,
    nodes: Sequence[_Node],
    functions: Sequence[tuple[str, Sequence[_Node]]],
) -> None:
    # A function that the model's objects name can be called by more than saving and restoring.
    objects = [bytes(part) for part in messages(meta, 7)]
    offered = any(word.encode() in part for part in objects for word in _CHECKPOINT_FUNCTIONS)
    for name, body in functions:
        _check_nodes(path, body, _NEVER if _is_checkpoint(name) and not offered else _CHECKPOINTS)
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


def _called(meta: View) -> list[str]:
    """Return the tensors that a signature returns, and the ops that loading runs."""
    ends = [
        text(name)
        for entry in messages(meta, 5)
        for signature in messages(entry, 2)
        for output in messages(signature, 2)
        for info in messages(output, 2)
        for name in messages(info, 1)
    ]
    for entry in messages(meta, 4):
        if _STARTS & {text(key) for key in messages(entry, 1)}:
            ends += [
                text(name)
                for collection in messages(entry, 2)
                for names in messages(collection, 1)
                for name in messages(names, 1)
            ]
    return ends


def _restored(meta: View) -> list[str]:
    return [text(op) for saver in messages(meta, 3) for op in messages(saver, 3)]


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


def _check_asset(path: Path, asset: View) -> None:
    for name in map(text, messages(asset, 2)):
        file = PurePosixPath(name)
        if file.is_absolute() or ".." in file.parts or "\\" in name:
            raise ModelError(
                f"{path}: asset {name[:_SHOWN]!r} lies outside the folder",
                "a model has no need to read other files",
                "export it again",
            )


def _function_name(function: View) -> str:
    # Of a field that is there twice the last counts.
    names = [text(name) for part in messages(function, 1) for name in messages(part, 1)]
    return ["", *names][-1]


def _node(body: View) -> _Node:
    node = _Node()
    for number, value in fields(body):
        if number == 1:
            node.name = text(value)
        elif number == 2:
            node.ops.append(text(value))
        elif number == 3:
            node.inputs.append(text(value))
        elif number == 5:
            _read_attribute(node, value)
    return node


def _read_attribute(node: _Node, entry: View) -> None:
    keys = [text(key) for key in messages(entry, 1)]
    for value in messages(entry, 2):
        functions = [*messages(value, 10)]
        for listed in messages(value, 1):
            functions += messages(listed, 9)
        node.calls.update(text(name) for f in functions for name in messages(f, 1))
        if "output_stream" in keys:
            node.prints |= any(bytes(s[:5]) == _PRINT_FILE for s in messages(value, 2))
