"""The worker: one of several processes of a run, which explains ranges. It knows nothing of Ray."""

import os
import socket
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igcli.attribution.batches import Batches
from igcli.attribution.gradient_model import GradientModel
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, IgcliError
from igcli.common.machine import use_only
from igcli.runs.diagnostics import Diagnostics
from igcli.runs.executors.ray.shared_files import Token, check_sees, enter_folder
from igcli.runs.explain import explain_blocks
from igcli.runs.overlays import overlays_of
from igcli.runs.planning.plan import Handover, LoadModel, Plan, make_handover, plan_run
from igcli.runs.planning.preflight import Preflight, look_at_inputs
from igcli.runs.planning.resume_check import EarlierRun
from igcli.store.identity import differences
from igcli.store.staged import Staged, StagedWriter

_NO_GPU = "-1"


@dataclass(frozen=True, slots=True)
class Setup:
    """What every worker of a run begins with.

    Attributes
    ----------
    config : RunConfig
        The run.
    folder : Path
        The folder that igcli was started in.
    cores : int
        How many of its machine's cores a worker keeps busy.
    workers : int
        How many there are to be.
    identity : dict
        What the inputs, the model and igcli must be here too.
    earlier : EarlierRun or None
        The run that goes on.
    token : Token
        What a worker must find.
    load_model : callable
        As for `igcli.runs.planning.plan.make_plan`.
    """

    config: RunConfig
    folder: Path
    cores: int
    workers: int
    identity: dict[str, Any]
    earlier: EarlierRun | None
    token: Token
    load_model: LoadModel


@dataclass(frozen=True, slots=True)
class Report:
    """The report on a range that a worker has explained.

    Attributes
    ----------
    staged : Staged or None
        The part that was written; None where there was nothing to write.
    whole : bool
        Whether it holds the whole range.
    failure : Exception or None
        What stopped the work.
    undrawn : list of (str, str)
        Ids whose overlay could not be written, and why.
    notes : list of str
        What the first explanations give away.
    rows, busy, size : int, float, int
        Rows evaluated, seconds with a batch under way, and rows of the next batch.
    """

    staged: Staged | None
    whole: bool
    failure: Exception | None
    undrawn: list[tuple[str, str]]
    notes: list[str]
    rows: int
    busy: float
    size: int


class Worker:
    """One process that explains ranges of a run's inputs.

    Attributes
    ----------
    stop : Event
        When it is set, the batches under way are the last.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._host = socket.gethostname()
        self._preflight: Preflight | None = None
        self._model: GradientModel | None = None
        self._plan: Plan | None = None
        self._batches: Batches | None = None
        self.stop = threading.Event()

    def look(self) -> str:
        """Check that the run's files are to be seen from here; return this machine's name."""
        config = self._setup.config
        enter_folder(self._setup.folder, config, self._host)
        check_sees(config, self._setup.token, self._host)
        return self._host

    def load(self, gpus: int) -> list[str]:
        """Load the model onto the GPUs at hand, if there are any; return the notes on it."""
        if not gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = _NO_GPU
        use_only(self._setup.cores)
        notes: list[str] = []
        preflight = look_at_inputs(self._setup.config, lambda message: None)
        self._check_same(preflight)
        self._preflight = preflight.going_on(self._setup.earlier)
        self._model = self._setup.load_model(
            preflight.config.model, preflight.model_settings, notes.append
        )
        return notes

    def plan(self, handover: Handover | None) -> tuple[Handover, list[str]]:
        """Plan the run as the others do; the first calibrates it, and returns that with notes."""
        assert self._preflight is not None and self._model is not None
        model, notes = self._model, list[str]()
        self._plan = plan_run(
            self._preflight, lambda *_: model, notes.append, handover, self._setup.workers
        )
        self._batches = Batches(model, self._plan.chosen.batching, stop=self.stop)
        return handover or make_handover(self._plan), notes

    def explain(self, block: range, checked: bool) -> Report:
        """Explain a range of the run's inputs, and write a part of it that nobody lists yet.

        `checked` asks for notes on what the explanations give away.
        """
        plan, batches = self._plan, self._batches
        assert plan is not None and batches is not None
        rows, busy = batches.rows, batches.busy
        overlays, notes = overlays_of(plan), list[str]()
        diagnostics = Diagnostics(plan.model.spec, notes.append) if checked else None
        per_input = plan.targets.per_input
        writer = StagedWriter(plan.config.out, plan.maps, per_input)
        failure: Exception | None = None
        try:
            for _ in explain_blocks(plan, batches, [block], writer, overlays, diagnostics):
                pass
        except Exception as error:
            failure = portable(error)
        if diagnostics is not None:
            diagnostics.finish()
        try:
            writer.cut()
        except OSError as error:
            failure = failure or error
        staged = writer.staged
        return Report(
            staged=staged,
            whole=staged is not None and staged.rows == len(block) * per_input,
            failure=failure,
            undrawn=overlays.undrawn if overlays else [],
            notes=notes,
            rows=batches.rows - rows,
            busy=batches.busy - busy,
            size=batches.size,
        )

    def _check_same(self, preflight: Preflight) -> None:
        different = differences(self._setup.identity, preflight.identity)
        if different:
            raise ConfigError(
                f"the worker on {self._host} has other files than the machine that igcli was "
                "started on",
                "; ".join(different),
                "install the same igcli on all nodes, and put the files on a shared file system",
            )


def portable(error: Exception) -> Exception:
    """Return an error that any other process can read: an unexpected one as its traceback."""
    if isinstance(error, (IgcliError, OSError, MemoryError)):
        return error
    return RuntimeError("in a worker:\n" + "".join(traceback.format_exception(error)).rstrip())
