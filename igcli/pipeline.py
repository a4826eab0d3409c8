"""One pass over a plan: read → score → integrate → draw → store, each ahead of the next."""

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from igcli.about import about, ran
from igcli.batches import Batches
from igcli.blocks import blocks_to_do
from igcli.checks import Checks
from igcli.earlier import changes_since
from igcli.errors import IgcliError, InputError, OutputError, OutputVanished
from igcli.explain import explain
from igcli.kept import kept_parts
from igcli.pictures import Pictures
from igcli.plan import Plan
from igcli.progress import Track
from igcli.records import Warn
from igcli.result import RunResult, Tally
from igcli.stopped import run_stopped
from igcli.store.about import read_about
from igcli.store.lock import RunLock
from igcli.store.outdir import make_out
from igcli.store.reader import read_rows
from igcli.store.writer import RunWriter
from igcli.threads import ahead
from igcli.units import in_bytes

_DRAWERS = 2
_DRAWN_AHEAD = 64


def run(
    plan: Plan,
    track: Track,
    warn: Warn = lambda message: None,
    stop: threading.Event | None = None,
) -> RunResult:
    """Explain every input of a plan, but those that an earlier run has, into the run directory.

    Parameters
    ----------
    plan : Plan
        What `igcli.plan.make_plan` returned.
    track : callable
        Wraps the iteration over finished explanations.
    warn : callable
        Told what the first explanations give away (see `igcli.checks`), and what a resumed run
        computes again.
    stop : Event or None
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
        return _Run(plan, track, warn, stop or threading.Event()).result()


class _Run:
    """A run that holds its directory."""

    def __init__(self, plan: Plan, track: Track, warn: Warn, stop: threading.Event) -> None:
        _check_unchanged(plan)
        self._plan = plan
        self._track = track
        self._batches = Batches(plan.model, plan.chosen.batching, stop=stop)
        self._started = time.monotonic()
        kept = kept_parts(plan, warn, track, stop)
        self._before = sum(entry.rows for entry in kept.done)
        # What was said of the first explanations is not said again.
        self._checks = None if kept.done else Checks(plan.model.spec, warn)
        self._writer = RunWriter(
            plan.config.out, plan.maps, {**about(plan), **ran(plan, self._batches)}, kept.all
        )
        per_input = plan.targets.per_input
        done = [range(e.start // per_input, e.stop // per_input) for e in kept.done]
        self._blocks = list(blocks_to_do(len(plan.names), plan.block, done))
        self._finished_blocks = self._here = 0
        self._asked = len(plan.names) * per_input
        if self._blocks:
            _tell_of_space(plan, self._asked - self._before, warn)
            _tell_of_changes(plan, warn)
        self._pictures = None
        if plan.maps.picture is not None and plan.config.overlays:
            self._pictures = Pictures(plan, plan.maps.picture)

    def result(self) -> RunResult:
        stopped: Exception | None = None
        try:
            if self._pictures is not None:
                self._pictures.draw_missing(self._writer.entries)
            self._explain()
        except KeyboardInterrupt:
            pass
        except Exception as error:
            stopped = error
        if self._checks is not None:
            self._checks.finish()
        return self._finish(stopped)

    def _explain(self) -> None:
        plan = self._plan
        explanations = explain(plan, self._batches, self._blocks)
        if self._pictures is not None:
            explanations = ahead(self._pictures.draw, explanations, _DRAWERS, _DRAWN_AHEAD)
        ends = {block.stop * plan.targets.per_input for block in self._blocks}
        for explanation in self._track(explanations, self._asked, self._before):
            if explanation.status == "failed" and plan.config.on_error == "stop":
                raise InputError(
                    f"{explanation.id} failed",
                    explanation.message,
                    "mend it, or leave --on-error stop out",
                )
            self._writer.add(explanation)
            self._here += 1
            if self._checks is not None:
                self._checks.add(explanation)
            if explanation.row + 1 in ends:
                self._writer.flush()
                self._finished_blocks += 1

    def _finish(self, failure: Exception | None) -> RunResult:
        """Store what was finished; say what stopped the run, here or before."""
        writer = self._writer
        # A job that ends before its first block does would never finish if it lost that each time.
        stays = self._plan.earlier is not None and not self._finished_blocks
        unflushed = _tried(lambda: writer.cut(final=stays))
        tally = Tally(self._plan.gates)
        with suppress(OSError):
            tally.add_all(read_rows(self._plan.config.out, writer.entries))
        unjoined = _tried(lambda: writer.join(self._plan.config.save))
        if isinstance(unjoined, OutputVanished):
            # Whatever else was noticed followed from that.
            failure = unjoined
        failure = failure or unflushed or unjoined
        result = self._result(tally, failure)
        outcome = {
            "counts": {**result.counts(), "stored": writer.stored},
            "seconds": round(sum(entry.seconds for entry in writer.entries), 3),
            **result.ran,
            "undrawn": dict(result.undrawn),
            "input_sha256": tally.hashes,
        }
        if self._plan.earlier is not None and not self._batches.rows:
            outcome["batching"] = self._plan.earlier.ran
        unwritten = _tried(lambda: writer.finish(result.status, outcome))
        if failure is not None and not isinstance(failure, (OSError, IgcliError, MemoryError)):
            raise failure
        return self._result(tally, failure or unwritten)

    def _result(self, tally: Tally, failure: Exception | None) -> RunResult:
        plan, pictures = self._plan, self._plan.maps.picture is not None
        writer, stopped = self._writer, None
        if failure is not None or self._finished_blocks < len(self._blocks):
            stopped = run_stopped(
                failure, writer.stored, writer.passing, self._asked, plan.config.out
            )
        one_each = pictures and plan.targets.per_input == 1
        return RunResult(
            out=plan.config.out,
            asked=self._asked,
            before=self._before,
            here=self._here,
            tally=tally,
            seconds=time.monotonic() - self._started,
            method=plan.method.title,
            pictures=pictures and plan.config.overlays,
            why_no_pictures="--no-overlays" if pictures else "what is explained is no picture",
            undrawn=self._pictures.undrawn if self._pictures else [],
            saved_npy="npy" in plan.config.save,
            has_tolerance=plan.method.accuracy is not None,
            unit="images" if one_each else "explanations",
            ran=ran(plan, self._batches),
            stopped=stopped,
        )


def _tell_of_space(plan: Plan, rows: int, warn: Warn) -> None:
    """Say so where the arrays alone will fill the disk."""
    copies = 2 if "npy" in plan.config.save else 1
    picture = int(np.prod(plan.maps.picture.shape)) if plan.maps.picture else 0
    needed = rows * (4 * copies * int(np.prod(plan.maps.shape)) + picture)
    free = shutil.disk_usage(plan.config.out).free
    if needed > free:
        warn(
            f"the arrays take {in_bytes(needed)}, and {in_bytes(free)} are free on OUT "
            f"{plan.config.out}: the run will stop when the disk is full"
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
