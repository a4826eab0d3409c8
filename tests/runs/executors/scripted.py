"""A closed-form model for workers, and a script that says what befalls those that use it."""

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.common.arrays import Array, Warn
from igcli.common.errors import OutOfMemory
from igcli.common.model_settings import ModelSettings
from tests.fakes import Power

FEATURES = 6
DEADLY = 1e6


class Scripted(Power):
    """Σ x³, and what the script says.

    ``seconds`` is slept before each batch, ``first_seconds`` before each of the first process
    that asks. An input beyond `DEADLY` kills ``deaths`` processes, or has them run out of memory
    where ``memory`` is true; where ``never`` is, each process is killed as it loads the model.
    """

    def __init__(self, folder: Path, script: dict[str, Any]) -> None:
        super().__init__((FEATURES,), 2, power=3)
        self._folder = folder
        self._script = script
        self._seconds = script.get("seconds", 0.0)
        if "first_seconds" in script and took(folder / "first", 1):
            self._seconds = script["first_seconds"]
        if script.get("never"):
            os.kill(os.getpid(), signal.SIGKILL)
        (folder / "workers").mkdir(exist_ok=True)
        (folder / "workers" / str(os.getpid())).touch()

    def _row_gradients(self, rows: PathRows) -> RowValues:
        time.sleep(self._seconds)
        if np.abs(rows.x).max() > DEADLY and took(self._folder / "dead", self._script["deaths"]):
            if self._script.get("memory"):
                raise OutOfMemory("one row does not fit", fix="buy memory")
            os.kill(os.getpid(), signal.SIGKILL)
        return super()._row_gradients(rows)


class Nothing(Scripted):
    """Costs nothing, and explains nothing."""

    def scores(self, x: Array) -> Array:
        return np.ones((len(x), 2))

    def _row_gradients(self, rows: PathRows) -> RowValues:
        count = len(rows)
        return RowValues(np.zeros((count, FEATURES)), np.ones(count), np.zeros(count))

    def weighted_gradients(self, rows: PathRows, weights: Array) -> RowValues:
        values = self._row_gradients(rows)
        return RowValues(np.zeros((len(weights), *rows.x.shape)), values.scores, values.norms)


def took(folder: Path, most: int) -> bool:
    """Take one of so many turns, over all processes."""
    folder.mkdir(exist_ok=True)
    for turn in range(most):
        with suppress(FileExistsError):
            (folder / str(turn)).touch(exist_ok=False)
            return True
    return False


def load(path: Path, settings: ModelSettings, warn: Warn) -> Power:
    """Load the script beside a model, which stays the same whatever the script says."""
    script = json.loads((path.parent / "script.json").read_text())
    return (Nothing if script.get("nothing") else Scripted)(path.parent, script)
