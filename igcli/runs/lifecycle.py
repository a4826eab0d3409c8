"""The lifecycle of a run: what begins and ends it, whoever explains its blocks."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from igcli.common.arrays import Warn
from igcli.common.errors import IgcliError, OutputError, OutputVanished, RunStopped
from igcli.common.notes import Notes, notes_from_json, notes_to_json
from igcli.common.progress import Track
from igcli.common.totals import Tally
from igcli.runs.diagnostics import Diagnostics
from igcli.runs.overlays import Overlays, overlays_of
from igcli.runs.planning.blocks import blocks_to_do
from igcli.runs.planning.plan import Plan
from igcli.runs.planning.resume_check import changes_since
from igcli.runs.result import RunResult, run_stopped, unit_of
from igcli.runs.resume import earlier_parts
from igcli.runs.run_json import about
from igcli.runs.space import tell_of_space
from igcli.store.lock import RunLock
from igcli.store.outdir import make_out
from igcli.store.reader import read_rows
from igcli.store.run_json import read_about
from igcli.store.writer import RunWriter

# What a request to stop waits for the packing: most take less, a cluster gives more.
_PATIENCE_SECONDS = 5.0
_UNFINISHED = "the run is not complete"

Execute: TypeAlias = Callable[[Track, Warn, threading.Event], RunResult]


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is still to explain, and where it goes.

    Attributes
    ----------
    blocks : list of range
        The inputs, block by block.
    writer : RunWriter
        Takes finished blocks.
    overlays : Overlays or None
        Draws the overlays, where there are to be any.
    diagnostics : Diagnostics or None
        Looks at the first explanations; None where an earlier run has.
    warn : callable
        Told what is worth a notice.
    stop : Event
        When it is set, what is under way is finished and stored.
    """

    plan: Plan
    blocks: list[range]
    writer: RunWriter
    overlays: Overlays | None
    diagnostics: Diagnostics | None
    warn: Warn
    stop: threading.Event

    @property
    def cut_stays(self) -> bool:
        """Whether a block that is stopped in is to stay as it is.

        A job that ends before its first block does would never finish if it lost that each time.
        """
        return self.plan.earlier is not None and not self.writer.finished


class Explainer(Protocol):
    """Explains blocks, in this process or elsewhere."""

    @property
    def rows(self) -> int:
        """How many rows were evaluated."""
        ...

    def explain(self, task: Task) -> Iterator[object]:
        """Explain and store blocks; yield once for every explanation.

        Raises
        ------
        Exception
            What stops the run; all that is stored by then counts.
        """
        ...

    def execution_facts(self) -> dict[str, Any]:
        """Return what the run runs on, how its rows are sent, and how fast they were so far."""
        ...


def carry_out(
    plan: Plan,
    explainer: Explainer,
    track: Track,
    warn: Warn,
    stop: threading.Event,
) -> RunResult:
    """Explain every input of a plan, but those that an earlier run has, into the run directory.

    Parameters
    ----------
    plan : Plan
        The run.
    explainer : Explainer
        Explains its blocks.
    track : callable
        Wraps the iteration over finished explanations.
    warn : callable
        Told what the first explanations give away (see `igcli.runs.diagnostics`), and what a
        resumed run computes again.
    stop : Event
        When it is set, the batches under way are finished and stored, and the run ends.

    Returns
    -------
    RunResult
        The counts, also where the run stopped part-way: what was finished by then is stored, and
        `stopped` says why.

    Raises
    ------
    OutputError
        When another run writes to the run directory, or one that is to go on can't.
    """
    make_out(plan.config.out)
    with RunLock(plan.config.out):
        return _LockedRun(plan, explainer, track, warn, stop).result()


class _LockedRun:
    """A run that holds the lock of its directory."""

    def __init__(
        self, plan: Plan, explainer: Explainer, track: Track, warn: Warn, stop: threading.Event
    ) -> None:
        _check_unchanged(plan)
        self._plan = plan
        self._explainer = explainer
        self._track = track
        self._notes = Notes.of(warn)
        if plan.earlier is not None:
            self._notes.keep(notes_from_json(read_about(plan.config.out).get("notes")))
        self._started = time.monotonic()
        earlier = earlier_parts(plan, self._notes, track, stop)
        self._before = sum(entry.rows for entry in earlier.final)
        facts = {**about(plan), **explainer.execution_facts()}
        self._writer = RunWriter(
            plan.config.out,
            plan.maps,
            {**facts, "notes": notes_to_json(self._notes.kept)},
            earlier.all,
        )
        per_input = plan.targets.per_input
        stored = [range(e.start // per_input, e.stop // per_input) for e in earlier.final]
        self._here = 0
        self._unit = unit_of(plan.maps.picture is not None, per_input)
        self._asked = len(plan.names) * per_input
        blocks = list(blocks_to_do(len(plan.names), plan.calibration.block, stored))
        if blocks:
            tell_of_space(plan, self._asked - self._before, self._tell)
            _tell_of_changes(plan, self._tell)
        self._task = Task(
            plan=plan,
            blocks=blocks,
            writer=self._writer,
            overlays=overlays_of(plan),
            # The run that goes on has told what its first explanations give away.
            diagnostics=None if earlier.final else Diagnostics(plan.model.spec, self._tell),
            warn=self._tell,
            stop=stop,
        )

    def _tell(self, note: str) -> None:
        """Tell of something, and put it into run.json at once: a run that is killed keeps it."""
        self._notes(note)
        self._writer.restate({"notes": notes_to_json(self._notes.kept)})

    def result(self) -> RunResult:
        task, stopped = self._task, None
        try:
            if task.overlays is not None:
                task.overlays.draw_missing()
            explained = self._explainer.explain(task)
            for _ in self._track(explained, self._asked, self._before, unit=self._unit):
                self._here += 1
        except KeyboardInterrupt:
            pass
        except Exception as error:
            stopped = error
        if task.diagnostics is not None:
            task.diagnostics.finish()
        return self._finish(stopped)

    def _finish(self, failure: Exception | None) -> RunResult:
        """Store what was finished; return the result, and in it what stopped the run."""
        writer = self._writer
        stays = self._task.cut_stays
        unflushed = _tried(lambda: writer.cut(final=stays))
        tally = Tally(self._plan.preflight.gates)
        with suppress(OSError):
            tally.add_all(read_rows(file.span for file in writer.files))
        unpacked = None
        if not (failure or unflushed) and writer.finished == len(self._task.blocks):
            unpacked = _tried(self._pack)
        unjoined = _tried(lambda: writer.join(self._plan.config.save))
        if isinstance(unjoined, OutputVanished):
            # Whatever else was noticed followed from that.
            failure = unjoined
        failure = failure or unflushed or unpacked or unjoined
        result = self._result(tally, failure)
        outcome = {
            "counts": {**result.counts(), "stored": writer.stored},
            **result.accuracy_facts(),
            "seconds": round(sum(entry.seconds for entry in writer.entries), 3),
            **result.execution,
            "undrawn": dict(result.undrawn),
            "parts_kept": result.parts_kept or None,
            "notes": notes_to_json(result.notes),
            "input_sha256": tally.hashes,
        }
        if self._plan.earlier is not None and not self._explainer.rows:
            outcome["batching"] = self._plan.earlier.batching_facts
        unwritten = _tried(lambda: writer.finish(result.status, outcome))
        if failure is not None and not isinstance(failure, (OSError, IgcliError, MemoryError)):
            raise failure
        return self._result(tally, failure or unwritten)

    def _pack(self) -> None:
        """Make attributions.h5 one file; a request to stop ends that where it takes long."""
        stop, begun = self._task.stop, time.monotonic()

        def check() -> None:
            if stop.is_set() and time.monotonic() - begun > _PATIENCE_SECONDS:
                raise RunStopped("stopped while attributions.h5 was being packed")

        self._writer.pack(check=check)

    def _result(self, tally: Tally, failure: Exception | None) -> RunResult:
        plan, task, writer, stopped = self._plan, self._task, self._writer, None
        out = plan.config.out
        if failure is not None or writer.finished < len(task.blocks):
            stopped = run_stopped(failure, writer.stored, writer.passing, self._asked, out)
        return RunResult(
            out=out,
            asked=self._asked,
            before=self._before,
            here=self._here,
            tally=tally,
            seconds=time.monotonic() - self._started,
            method=plan.method.title,
            pixels=plan.preprocessing.in_words,
            pictures=plan.maps.picture is not None,
            overlays=plan.config.overlays,
            per_input=plan.targets.per_input,
            undrawn=task.overlays.undrawn if task.overlays else [],
            saved_npy="npy" in plan.config.save,
            has_tolerance=plan.method.tolerance is not None,
            execution=self._explainer.execution_facts(),
            notes=self._notes.kept,
            stopped=stopped,
            parts_kept="" if writer.is_packed else writer.unpacked or _UNFINISHED,
            certifies_regions=plan.calibration.certifies_regions,
            selection=plan.preflight.selection,
            conditions=plan.config.where,
            target=plan.targets.in_words,
        )


def _tell_of_changes(plan: Plan, warn: Warn) -> None:
    if plan.earlier is not None:
        changes = changes_since(plan.earlier, plan.chosen.batching, plan.model.spec.device)
        if changes:
            warn(changes)


def _tried(write: Callable[[], None]) -> Exception | None:
    """Write, and return what went wrong with the run directory."""
    try:
        write()
    except (OSError, IgcliError) as error:
        return error
    return None


def _check_unchanged(plan: Plan) -> None:
    """Raise OutputError where the folder is not as it was when the plan was made."""
    if plan.config.overwrite:
        return
    expected = plan.earlier.run if plan.earlier else None
    if read_about(plan.config.out).get("run") != expected:
        raise OutputError(
            f"OUT {plan.config.out} was written meanwhile by another run",
            fix="look at it, then start again",
        )
