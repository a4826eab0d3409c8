"""How long from the command to the maps? Whole processes, of igcli and of its peers' own scripts.

Run: ``python -m tests.benchmarks.cold [--photos 1,10,100] [--digits 1000] [--rounds 3]`` (needs the
data folder that `tests/conftest.py` names, and the network once, as `tests.benchmarks.peers`).

Each tool is started anew for every turn, in turns, and reads a model's .h5 and a folder of
pictures. alibi needs an older Keras, which can't read the file of a newer one: it gets the same
model, saved by its own. igcli also writes its run directory, without pictures; the scripts save
one array.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.benchmarks.peer_workers import HERE, QUIET, PeerError
from tests.benchmarks.peers import ALIBI, SALIENCY
from tests.conftest import ROOT, SHARED

DATA = SHARED / "data"
SCRIPTS = HERE / "cold_scripts"
SAVE = """
import sys
from pathlib import Path
from tensorflow import keras
from workers.rebuild import build
build(keras, Path(sys.argv[1])).save(sys.argv[2])
"""


@dataclass(frozen=True)
class Case:
    """A model and how many pictures it explains."""

    title: str
    model: Path
    prepared: str
    side: int
    channels: int
    count: int

    @property
    def flags(self) -> list[str]:
        """What igcli is told of the pixels."""
        return ["--preprocess", "symmetric" if self.channels == 3 else "unit"]


Command = Callable[[Case, Path, Path], list[str]]


def igcli(*flags: str) -> Command:
    """Return igcli's command."""

    def command(case: Case, pictures: Path, out: Path) -> list[str]:
        run = ["run", str(case.model), str(pictures), "-o", str(out), "--no-overlays"]
        return [sys.executable, "-m", "igcli", *run, *case.flags, *flags]

    return command


def script(name: str, python: Path, model: Callable[[Case], Path]) -> Command:
    """Return a peer's command."""

    def command(case: Case, pictures: Path, out: Path) -> list[str]:
        path = str(SCRIPTS / f"{name}_script.py")
        sizes = [str(case.side), str(case.channels)]
        return [str(python), path, str(model(case)), str(pictures), *sizes, f"{out}.npy"]

    return command


def pictures(case: Case, folder: Path) -> Path:
    """Write as many pictures as the case has: the photos again and again, or digits."""
    into = folder / f"{case.prepared}-{case.count}"
    into.mkdir()
    if case.channels == 3:
        photos = [path for name in ("cats", "photos") for path in sorted((DATA / name).iterdir())]
        for i in range(case.count):
            shutil.copy(photos[i % len(photos)], into / f"{i:04d}{photos[i % len(photos)].suffix}")
    else:
        with np.load(DATA / "mnist_t10k.npz") as file:
            for i, digit in enumerate(file["x"][: case.count]):
                Image.fromarray(digit).save(into / f"{i:04d}.png")
    return into


def own_model(python: Path, folder: Path) -> Callable[[Case], Path]:
    """Return what gives alibi's file of a case's model."""

    def model(case: Case) -> Path:
        path = folder / f"{case.prepared}.h5"
        if not path.exists():
            parts = folder / f"{case.prepared}-parts"
            prepare = [sys.executable, "-m", "tests.benchmarks.peer_cases", str(parts)]
            subprocess.run([*prepare, case.prepared, "1"], cwd=ROOT, check=True)
            env = {**QUIET, "PYTHONPATH": str(HERE)}
            save = [str(python), "-c", SAVE, str(parts), str(path)]
            subprocess.run(save, env=env, check=True, capture_output=True)
        return path

    return model


def seconds(command: list[str]) -> float:
    """Run a process; return how long it took."""
    before = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise PeerError(f"exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return time.perf_counter() - before


def commands(tools: list[str], cache: Path, folder: Path) -> dict[str, Command]:
    """Return each tool's command; environments are made where they are not there."""
    found: dict[str, Command] = {}
    for tool in tools:
        if tool.startswith("igcli"):
            found[tool] = igcli(*(("--certify", "regions") if tool.endswith("regions") else ()))
        elif tool == "alibi":
            python = ALIBI.python(cache)
            found[tool] = script("alibi", python, own_model(python, folder))
        else:
            found[tool] = script("tutorial", SALIENCY.python(cache), lambda case: case.model)
    return found


def run_case(case: Case, tools: dict[str, Command], rounds: int, folder: Path) -> None:
    """Let the tools take turns; print a row of each."""
    shown = pictures(case, folder)
    times: dict[str, list[float]] = {tool: [] for tool in tools}
    for turn in range(rounds):
        for tool, command in tools.items():
            out = folder / "out"
            times[tool].append(seconds(command(case, shown, out)))
            shutil.rmtree(out, ignore_errors=True)
            print(f"{tool}, turn {turn}: {times[tool][-1]:.1f} s", file=sys.stderr)
    first = statistics.median(next(iter(times.values())))
    for tool, taken in times.items():
        median = statistics.median(taken)
        spread = f"{min(taken):.1f} to {max(taken):.1f}"
        print(f"| {case.title} | {tool} | {median:.1f} | {spread} | {median / first:.2f} |")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    cache = Path.home() / ".cache" / "igcli-benchmarks"
    parser.add_argument("--cache", type=Path, default=cache, help="where environments are kept")
    parser.add_argument("--photos", default="1,10,100", help="how many, with commas; 0 for none")
    parser.add_argument("--digits", type=int, default=1000, help="0 for none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tools", default="igcli-regions,igcli,alibi,tutorial")
    asked = parser.parse_args()
    cases = [
        Case(f"{n} photos", DATA / "mobilenetv2_imagenet.h5", "photos", 224, 3, n)
        for n in map(int, asked.photos.split(","))
        if n
    ]
    if asked.digits:
        title = f"{asked.digits} digits"
        cases.append(Case(title, DATA / "mnist.h5", "mnist", 28, 1, asked.digits))
    print("| what | tool | seconds, median | from to | times the first |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        tools = commands(asked.tools.split(","), asked.cache.expanduser().resolve(), Path(name))
        for case in cases:
            run_case(case, tools, asked.rounds, Path(name))


if __name__ == "__main__":
    main()
