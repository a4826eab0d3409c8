"""What a worker is asked and what it answers: one JSON object a line, both ways.

``{"load": {…}}`` → ``{"versions": {…}, "scores": […]}``; then, as often as wished,
``{"explain": {"maps": PATH}}`` → ``{"seconds": …, "rows": …, "peak_mb": …, "maps": PATH}``.
What goes wrong is answered as ``{"error": "…"}``.

The package runs in each tool's own environment: it imports the standard library, NumPy and that
tool, and nothing of the project.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Job:
    """What to explain, and how.

    Attributes
    ----------
    folder : Path
        Where the case's ``layers.json``, ``weights.npz`` and ``inputs.npy`` are.
    baseline : float
        The number that the baseline is made of.
    batch : int
        Gradient rows per batch.
    flags : tuple of str
        igcli's flags.
    """

    folder: Path
    model: Path
    baseline: float
    targets: tuple[int, ...]
    classes: int
    steps: int
    batch: int
    flags: tuple[str, ...]

    @classmethod
    def from_json(cls, load: dict[str, Any]) -> "Job":
        return cls(
            Path(load["folder"]),
            Path(load["model"]),
            load["baseline"],
            tuple(load["targets"]),
            load["classes"],
            load["steps"],
            load["batch"],
            tuple(load["flags"]),
        )

    def inputs(self) -> Array:
        """Read the inputs, float32, in model space."""
        inputs: Array = np.load(self.folder / "inputs.npy")
        return inputs


@dataclass(frozen=True)
class Explained:
    """One pass over the inputs; `seconds` where the tool itself says how long it took."""

    maps: Array
    rows: int
    seconds: float | None = None


@dataclass(frozen=True)
class Tool:
    """A tool that has its model and inputs.

    Attributes
    ----------
    scores : array or None
        The target's score of each input, by which the caller sees that the model is the same one.
    """

    versions: dict[str, str]
    explain: Callable[[], Explained]
    scores: Array | None = None


def serve(prepare: Callable[[Job], Tool], lines: Iterable[str], answers: TextIO) -> None:
    """Answer each line until they end."""
    tool: Tool | None = None
    for line in lines:
        message = json.loads(line)
        try:
            if "load" in message:
                tool = prepare(Job.from_json(message["load"]))
                answer = _loaded(tool)
            elif tool is None:
                answer = {"error": "nothing is loaded"}
            else:
                answer = _explained(tool, message["explain"]["maps"])
        except Exception as error:
            sys.excepthook(type(error), error, error.__traceback__)
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _loaded(tool: Tool) -> dict[str, Any]:
    scores = None if tool.scores is None else tool.scores.astype(float).tolist()
    return {"versions": tool.versions, "scores": scores}


def _explained(tool: Tool, path: str) -> dict[str, Any]:
    start = time.perf_counter()
    explained = tool.explain()
    seconds = time.perf_counter() - start
    np.save(path, explained.maps)
    return {
        "seconds": seconds if explained.seconds is None else explained.seconds,
        "rows": explained.rows,
        "peak_mb": _peak_mb(),
        "maps": path,
    }


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def private_stdout() -> TextIO:
    """Keep stdout for the answers; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers
