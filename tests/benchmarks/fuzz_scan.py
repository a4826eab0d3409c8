"""Can any file make the scans of model files do anything but accept or refuse it?

Run: ``python -m tests.benchmarks.fuzz_scan --minutes 10 [--seed N] [--keep FOLDER]``.

Inputs are mutated and kept when they reach a line of ``igcli/models/scan`` that none before
reached. Four kinds: config texts (mutated as trees and as bytes), ``.keras`` archives, SavedModels'
graphs, and HDF5 files, which take a process each and get a hundredth of the turns. An input fails
when it raises anything but ModelError or takes more than 5 seconds; the whole fails when the
process grows beyond 1 GB. What fails is written to FOLDER, and the exit code is 1.
"""

import argparse
import json
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import igcli.models
from igcli.common.errors import ModelError
from igcli.common.machine import peak_memory
from igcli.models.scan import files
from igcli.models.scan.allowed_names import CLASSES, RUNS_CODE
from igcli.models.scan.config import Trust, check_config
from igcli.models.scan.saved_model_graph import scan_saved_model
from igcli.models.scan.scan_process import scan_apart
from tests.models.scan.hostile import (
    DENSE,
    archive,
    calls,
    function,
    graph,
    hdf5,
    layer,
    node,
    saved_model,
    sequential,
    signature,
)

SCANS = str(Path(igcli.models.__file__).parent / "scan")
MOST_SECONDS = 5.0
MOST_MEMORY = 2**30
MOST_BYTES = 2**18
HDF5_TURNS = 0.01
VALUES: list[Any] = [
    None, True, -1, 0, 1, 3, 2**20, 2**31, 2**62, 0.5, -1e300, "", "Dense", "os.system",
    "__lambda__",
    "Keras>Dense", "a>b", "x" * 300, "relu", "\0", "..", [], {}, [[]], [1, 2], [None, 4],
    {"class_name": "Lambda", "config": {}}, {"class_name": "__tuple__", "items": [1]},
    {"class_name": "__keras_tensor__", "config": {"keras_history": ["d", 0, 0]}},
    *sorted(CLASSES), *sorted(RUNS_CODE),
]  # fmt: skip
KEYS = (
    "class_name config name module registered_name layers layer cell function inbound_nodes "
    "output_layers units filters kernel_size padding strides pool_size target_shape axis size n "
    "batch_shape batch_input_shape data_format activation vocabulary code closure groups "
    "build_config compile_config input_shape shared_object_id keras_history input_dim output_dim"
).split()


def seeds() -> dict[str, list[Any]]:
    """Good and bad inputs of each kind to begin with."""
    functional = {
        "class_name": "Functional",
        "config": {
            "name": "m",
            "layers": [
                {**layer("InputLayer", name="i", batch_shape=[None, 8, 8, 3]), "name": "i"},
                {
                    **layer("Conv2D", name="c", filters=4, kernel_size=[3, 3], padding="same"),
                    "name": "c",
                    "inbound_nodes": [[["i", 0, 0, {}]]],
                },
                {**layer("Concatenate", axis=-1), "inbound_nodes": [[["c", 0, 0, {}]]]},
            ],
            "output_layers": [["concatenate", 0, 0]],
        },
    }
    shapes = sequential(
        layer("Reshape", target_shape=[2, 2, -1]),
        layer("UpSampling2D", size=[2, 2]),
        layer("ZeroPadding2D", padding=[[1, 1], [0, 1]]),
        layer("TimeDistributed", layer=layer("Dense", units=3)),
        layer("Bidirectional", layer=layer("LSTM", units=2, return_sequences=True)),
        layer("TFOpLambda", function="math.add"),
        layer("Flatten"),
        DENSE,
    )
    saves = function("traced_save", node("s", "SaveV2"))
    caller = function("f", node("c", "PartitionedCall", ("a",), (calls("g"),)))
    whole = [graph(node("y", "Identity", ("x",)), node("x", "Const"), functions=(saves, caller))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        archive(path / "m.keras", sequential(DENSE), **{"assets/a.txt": b"a" * 50})
        hdf5(path / "m.h5", sequential(DENSE))
        saved_model(path / "m", *whole, meta=signature("y"))
        return {
            "config": [functional, shapes, sequential(sequential(DENSE))],
            "archive": [(path / "m.keras").read_bytes()],
            "graph": [(path / "m" / "saved_model.pb").read_bytes()],
            "hdf5": [(path / "m.h5").read_bytes()],
        }


def mutate_tree(tree: Any, dice: random.Random) -> Any:
    """Change a few places of a config."""
    tree = json.loads(json.dumps(tree))
    for _ in range(dice.randint(1, 4)):
        places = list(containers(tree))
        if not places:
            return tree
        place, other = dice.choice(places), dice.choice(places)
        # A copy: a list that is put into itself has no end.
        value = json.loads(json.dumps(dice.choice(VALUES) if dice.random() < 0.8 else other))
        if isinstance(place, dict):
            place[dice.choice([*place, dice.choice(KEYS)])] = value
            if dice.random() < 0.1 and place:
                place.pop(dice.choice(list(place)))
        elif place and dice.random() < 0.6:
            place[dice.randrange(len(place))] = value
        else:
            place.insert(dice.randint(0, len(place)), value)
    return tree


def containers(tree: Any) -> Any:
    """Walk a tree's tables and lists."""
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (dict, list)):
            yield value
            waiting.extend(value.values() if isinstance(value, dict) else value)


def mutate_bytes(data: bytes, dice: random.Random) -> bytes:
    """Flip, cut, repeat or overwrite a few places."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 5)):
        if not changed:
            return b"\0"
        at = dice.randrange(len(changed))
        length = dice.choice([1, 2, 4, 8, 50])
        match dice.randrange(5):
            case 0:
                changed[at] ^= 1 << dice.randrange(8)
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = changed[at : at + length]
            case 3:
                changed[at : at + length] = dice.choice([b"\0", b"\xff", b"\x7f"]) * length
            case _:
                changed[at:at] = dice.choice([b"[", b"{", b'"', b"1e999", b"NaN", b"PK\x01\x02"])
    return bytes(changed)


@dataclass
class Fuzz:
    """What was tried, what it reached and what failed."""

    folder: Path
    keep: Path
    lines: set[tuple[str, int]] = field(default_factory=set)
    tried: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    failures: list[str] = field(default_factory=list)

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Note the lines of the scans."""
        if not frame.f_code.co_filename.startswith(SCANS):
            return None
        if event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self.trace

    def attempt(self, kind: str, value: Any, dice: random.Random) -> bool:
        """Scan one input; tell whether it reached a new line."""
        run, path, data = self._prepared(kind, value, dice)
        before, started = len(self.lines), time.perf_counter()
        sys.settrace(self.trace)
        try:
            run()
        except ModelError as error:
            self.refused += 1
            if str(self.folder) not in str(error):
                self._fail(kind, data, f"does not name {path}: {error}")
        except BaseException:
            self._fail(kind, data, traceback.format_exc())
        finally:
            sys.settrace(None)
        seconds = time.perf_counter() - started
        if seconds > MOST_SECONDS:
            self._fail(kind, data, f"took {seconds:.1f} s")
        self.tried[kind] = self.tried.get(kind, 0) + 1
        return len(self.lines) > before

    def _prepared(
        self, kind: str, value: Any, dice: random.Random
    ) -> tuple[Callable[[], Any], Path, bytes]:
        path = self.folder / {"config": "m.keras", "archive": "m.keras", "hdf5": "m.h5"}.get(
            kind, "m"
        )
        if kind == "config":
            text = value if isinstance(value, bytes) else json.dumps(value).encode()
            trust = Trust(dice.random() < 0.1, frozenset({"Mine"}))
            return lambda: check_config(path, text, 1_000, trust), path, text
        if kind == "graph":
            path.mkdir(exist_ok=True)
            (path / "saved_model.pb").write_bytes(value)
            return lambda: scan_saved_model(path), path, value
        path.write_bytes(value)
        if kind == "hdf5":
            return lambda: scan_apart(path, path, "model_config"), path, value
        return lambda: files.scan_keras(path), path, value

    def _fail(self, kind: str, data: bytes, why: str) -> None:
        self.failures.append(f"{kind}: {why}")
        self.keep.mkdir(exist_ok=True)
        (self.keep / f"{kind}-{len(self.failures)}").write_bytes(data)


def mutate(kind: str, value: Any, dice: random.Random) -> Any:
    """Change an input as befits its kind."""
    if kind == "config" and not isinstance(value, bytes):
        changed = mutate_tree(value, dice)
        return mutate_bytes(json.dumps(changed).encode(), dice) if dice.random() < 0.1 else changed
    return mutate_bytes(value, dice)


def main() -> None:
    """Fuzz for a while and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    asked = parser.parse_args()
    dice = random.Random(asked.seed)
    corpus = seeds()
    # The HDF5 library's own code is fuzzed apart; in an archive it would only cost time.
    mock.patch.object(files, "scan_apart", lambda path, file: (None, file.stat().st_size)).start()
    end = time.monotonic() + 60 * asked.minutes
    with tempfile.TemporaryDirectory() as folder:
        fuzz = Fuzz(Path(folder), asked.keep)
        for kind, values in corpus.items():
            for value in values:
                fuzz.attempt(kind, value, dice)
        while time.monotonic() < end and len(fuzz.failures) < 20:
            kind = dice.choices(list(corpus), [0.6, 0.15, 0.25, HDF5_TURNS])[0]
            value = mutate(kind, dice.choice(corpus[kind]), dice)
            if fuzz.attempt(kind, value, dice) and len(json.dumps(value, default=str)) < MOST_BYTES:
                corpus[kind].append(value)
    memory = peak_memory()
    if memory > MOST_MEMORY:
        fuzz.failures.append(f"the process grew to {memory // 2**20} MB")
    kept = sum(map(len, corpus.values()))
    print(f"{sum(fuzz.tried.values()):,} inputs ({fuzz.tried}), {fuzz.refused:,} refused")
    print(f"{len(fuzz.lines)} lines reached, {kept} inputs kept, {memory // 2**20} MB at most")
    print("\n".join([f"{len(fuzz.failures)} failures", *fuzz.failures]))
    raise SystemExit(1 if fuzz.failures else 0)


if __name__ == "__main__":
    main()
