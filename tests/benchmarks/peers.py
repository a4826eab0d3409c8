"""How fast, how large and how exact are igcli and its peers on the same models and inputs?

Run: ``python -m tests.benchmarks.peers`` (needs the data folder that `tests/conftest.py` names, and
the network once: each peer gets an environment of its own below ``--cache``).

The tools take turns, each explaining the same float32 arrays with 50 gradients an input towards the
predicted class, from a black baseline; a first turn of each is shown and not counted. Every tool is
a process that lives through the turns with the model loaded; only igcli also reads the inputs and
writes its files in each turn.
The peers' scores must be those of the original model. On the nine photos
igcli takes the steps that its tolerance needs, and the peers 50.
"""

import argparse
import json
import shlex
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.peer_tables import BY_INPUT, BY_ROW, Column, Record, map_errors, table
from tests.benchmarks.peer_workers import Environment, PeerError, Worker
from tests.conftest import ROOT

STEPS = 50
SCORES_AGREE = 1e-3
FIXED = ("--method", "gausslegendre", "--steps", str(STEPS))
PYTORCH = "https://download.pytorch.org/whl/cpu"
ALIBI = Environment("alibi", ("alibi[tensorflow]==0.9.6", "tensorflow==2.14.*", "click==8.*"))
CAPTUM = Environment(
    "captum", ("captum==0.9.*", "torch==2.13.*", "keras==3.15.*", "h5py==3.*"), PYTORCH
)
XPLIQUE = Environment("xplique", ("xplique==2.0.2", "tensorflow==2.20.*"))
SALIENCY = Environment("saliency", ("saliency==0.2.1", "tensorflow==2.21.*"))


@dataclass(frozen=True)
class Peer:
    """A tool: its worker, its environment (None: this one), what else to say of it."""

    worker: str
    environment: Environment | None
    what: str


PEERS = {
    "igcli": Peer("igcli", None, ""),
    "igcli-fixed": Peer("igcli", None, "fixed steps"),
    "igcli-regions": Peer("igcli", None, "certified densities"),
    "alibi": Peer("alibi", ALIBI, ""),
    "alibi-50": Peer("alibi", ALIBI, "50 rows per batch, as in its ImageNet example"),
    "captum": Peer("captum", CAPTUM, ""),
    "xplique": Peer("xplique", XPLIQUE, "trapezoid"),
    "saliency": Peer("saliency", SALIENCY, "equal weights"),
    "tutorial": Peer("tutorial", SALIENCY, "its tutorial's loop, trapezoid"),
    "tutorial-eager": Peer(
        "tutorial_eager", SALIENCY, "its tutorial's loop without tf.function, trapezoid"
    ),
}


PHOTOS_ONLY = {"igcli-fixed", "igcli-regions", "alibi-50"}


@dataclass(frozen=True)
class Case:
    """A model and its inputs: igcli's rule and other flags, the peers' gradient rows per batch."""

    title: str
    count: str
    rule: tuple[str, ...]
    batch: int
    flags: tuple[str, ...] = ()
    columns: tuple[Column, ...] = BY_ROW


CASES = {
    "mnist": Case("digits, MNIST CNN", "digits", FIXED, 100),
    "mobilenetv2": Case("images, MobileNetV2, random weights", "images", FIXED, 8),
    "resnet50v2": Case("images, ResNet50V2, random weights", "images", FIXED, 8),
    "photos": Case(
        "photos, MobileNetV2, igcli at tolerance 0.05",
        "photos",
        ("--tolerance", "0.05"),
        8,
        ("--baseline", "constant:-1"),
        BY_INPUT,
    ),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    cache = Path.home() / ".cache" / "igcli-benchmarks"
    parser.add_argument("--cache", type=Path, default=cache, help="where environments are kept")
    parser.add_argument("--only", default=",".join(CASES), help="cases, with commas")
    parser.add_argument("--tools", default=",".join(PEERS), help="tools, with commas")
    parser.add_argument("--rounds", type=int, default=5, help="counted turns of each tool")
    parser.add_argument("--digits", type=int, default=20)
    parser.add_argument("--images", type=int, default=2, help="for each random model")
    parser.add_argument("--photos", type=int, default=9)
    parser.add_argument("--batch", type=int, help="the peers' rows per batch, in every case")
    parser.add_argument("--igcli-flags", default="", help='further flags, as in "--batch-size 8"')
    parser.add_argument("--write", type=Path, help="write the tables into this file too")
    options = parser.parse_args()
    options.only, options.tools = options.only.split(","), options.tools.split(",")
    for chosen, known in ((options.only, CASES), (options.tools, PEERS)):
        if unknown := set(chosen) - known.keys():
            parser.error(f"{', '.join(unknown)}: not one of {', '.join(known)}")
    options.cache = options.cache.expanduser().resolve()
    return options


def _pythons(options: argparse.Namespace) -> dict[str, Path | PeerError]:
    """Return each tool's Python, or why there is none."""
    found: dict[str, Path | PeerError] = {}
    for name in options.tools:
        environment = PEERS[name].environment
        try:
            found[name] = environment.python(options.cache) if environment else Path(sys.executable)
        except PeerError as error:
            found[name] = error
    return found


def _flags(tool: str, case: Case, options: argparse.Namespace) -> list[str]:
    rule = FIXED if tool == "igcli-fixed" else case.rule
    certify = ("--certify", "regions") if tool == "igcli-regions" else ()
    return [*rule, *certify, *case.flags, *shlex.split(options.igcli_flags)]


def _label(peer: Peer, versions: dict[str, str]) -> str:
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{named}; {peer.what}" if peer.what else named


class Turns:
    """One tool on one case: its worker, and the record of its turns."""

    def __init__(self, tool: str, inputs: int, folder: Path) -> None:
        self.tool = tool
        self.maps = folder / f"maps-{tool}.npy"
        self.record = Record(tool, inputs)
        self._worker: Worker | None = None
        self._log = folder / f"{tool}.log"

    def load(self, python: Path | PeerError, job: dict[str, Any]) -> None:
        """Start the worker; see that its model gives the original's scores."""
        try:
            if isinstance(python, PeerError):
                raise python
            self._worker = Worker(python, PEERS[self.tool].worker, self._log)
            answer = self._worker.ask(load=job)
            self.record.label = _label(PEERS[self.tool], answer["versions"])
            scores = answer["scores"]
            if scores and not np.allclose(scores, job["scores"], rtol=SCORES_AGREE, atol=1e-7):
                raise PeerError(f"another model: scores {scores[:3]}, not {job['scores'][:3]}")
        except PeerError as error:
            self._fail(error)

    def take(self, number: int) -> None:
        """Explain the inputs once; round 0 is not counted."""
        if self._worker is None:
            return
        try:
            answer = self._worker.ask(explain={"maps": str(self.maps)})
        except PeerError as error:
            self._fail(error)
            return
        self.record.rows, self.record.peak_mb = answer["rows"], answer["peak_mb"]
        if number:
            self.record.turns[number] = answer["seconds"]
        else:
            self.record.first = answer["seconds"]
        print(f"{self.tool}, round {number}: {answer['seconds']:.2f} s", file=sys.stderr)

    def finish(self, truth: Path) -> Record:
        """End the worker and compare its last maps with the exact ones."""
        if self._worker is not None:
            self._worker.close()
            if truth.is_file():
                self.record.errors = map_errors(np.load(self.maps), np.load(truth))
        return self.record

    def _fail(self, error: PeerError) -> None:
        self.record.failure = str(error)
        print(f"{self.tool}: {error}", file=sys.stderr)
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _job(name: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Prepare the case's files and return what every worker is told."""
    case = CASES[name]
    count = str(getattr(options, case.count))
    module = "tests.benchmarks.peer_cases"
    subprocess.run([sys.executable, "-m", module, str(folder), name, count], cwd=ROOT, check=True)
    prepared: dict[str, Any] = json.loads((folder / "case.json").read_text())
    batch = options.batch or case.batch
    return {"folder": str(folder), "steps": STEPS, "batch": batch, **prepared}


def run_case(name: str, pythons: dict[str, Path | PeerError], options: argparse.Namespace) -> str:
    """Let the tools take turns on one case and return its table."""
    case, folder = CASES[name], options.cache / "cases" / name
    job = _job(name, folder, options)
    inputs = len(job["targets"])
    tools = [tool for tool in pythons if tool not in PHOTOS_ONLY or case.columns is BY_INPUT]
    turns = [Turns(tool, inputs, folder) for tool in tools]
    for turn in turns:
        batch = STEPS if turn.tool == "alibi-50" else job["batch"]
        flags = _flags(turn.tool, case, options)
        turn.load(pythons[turn.tool], {**job, "batch": batch, "flags": flags})
    try:
        for number in range(options.rounds + 1):
            for turn in turns:
                turn.take(number)
    finally:
        records = [turn.finish(folder / "truth.npy") for turn in turns]
    return table(f"{inputs} {case.title}", case.columns, records)


def main() -> None:
    """Print one table per case."""
    options = _options()
    options.cache.mkdir(parents=True, exist_ok=True)
    pythons = _pythons(options)
    tables = []
    with suppress(KeyboardInterrupt):
        for name in options.only:
            try:
                tables.append(run_case(name, pythons, options))
            except subprocess.CalledProcessError as error:
                tables.append(f"{name}: can't be prepared (exit code {error.returncode})\n")
            print("\n" + tables[-1], flush=True)
            if options.write:
                options.write.write_text("\n".join(tables))


if __name__ == "__main__":
    main()
