"""The Ray executor: ranges of inputs go to workers on every GPU or every few cores of a cluster."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Warn
from igcli.common.config import RunConfig
from igcli.common.errors import IgcliError, OutOfMemory
from igcli.common.model_spec import ModelSpec
from igcli.common.progress import Track
from igcli.common.sample import Failed
from igcli.common.text import per_second
from igcli.runs.executors.ray.cluster import connected
from igcli.runs.executors.ray.ranges import MOST_LOSSES, Ranges
from igcli.runs.executors.ray.shared_files import token_in
from igcli.runs.executors.ray.worker_sizes import size_of
from igcli.runs.executors.worker import Report, Setup
from igcli.runs.explain import check_may_fail
from igcli.runs.jobs import failed
from igcli.runs.lifecycle import Execute, Task, carry_out
from igcli.runs.planning.plan import LoadModel, Plan, plan_run
from igcli.runs.planning.preflight import make_preflight
from igcli.runs.result import RunResult
from igcli.runs.run_json import execution_facts
from igcli.store.files import remove_temporary
from igcli.store.layout import PARTS

if TYPE_CHECKING:
    from igcli.runs.executors.ray.actors import Member
    from igcli.runs.executors.ray.crew import Crew

_DUPLICATES_SECONDS = 5.0


@contextmanager
def ready(config: RunConfig, load_model: LoadModel, warn: Warn) -> Iterator[Execute]:
    """Start or join Ray, let its workers load the model, and give what carries the run out.

    The model is loaded by the workers alone.

    Raises
    ------
    IgcliError
        Whatever makes the run impossible, named; also that a worker does not see its files.
    """
    preflight = make_preflight(config, warn)
    with connected(config.ray_address) as cluster, token_in(config.out) as token:
        from igcli.runs.executors.ray.actors import Actors
        from igcli.runs.executors.ray.crew import Crew

        size = size_of(config, cluster.nodes)
        if cluster.own and size.workers > size.fitting:
            warn(f"--workers {size.workers}: only {size.fitting} fit on this machine")
            size = replace(size, workers=size.fitting)
        setup = Setup(
            config=preflight.config,
            folder=Path.cwd(),
            cores=size.cpus,
            workers=size.workers,
            identity=preflight.identity,
            earlier=preflight.earlier,
            token=token,
            load_model=load_model,
        )
        actors = Actors(setup, size, cluster.watch)
        try:
            crew = Crew(actors, warn)
            handover = crew.gather()
            elsewhere = cast(GradientModel, _Elsewhere(handover.spec))
            plan = plan_run(preflight, lambda *_: elsewhere, lambda message: None, handover)

            def execute(track: Track, warn: Warn, stop: threading.Event) -> RunResult:
                return carry_out(plan, _OnRay(plan, crew), track, warn, stop)

            yield execute
        finally:
            actors.close()


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A model that only the workers have, as this process knows it."""

    spec: ModelSpec


@dataclass(slots=True)
class _Sent:
    """How the workers' rows were sent, in all."""

    size: int
    streams: int
    rows: int
    busy: float


class _OnRay:
    """Lets workers explain blocks, and takes in the parts that they wrote."""

    def __init__(self, plan: Plan, crew: "Crew") -> None:
        self._plan = plan
        self._crew = crew
        self._lost_on: dict[range, list[str]] = defaultdict(list)

    @property
    def rows(self) -> int:
        return sum(member.rows for member in self._crew.everyone)

    def execution_facts(self) -> dict[str, Any]:
        everyone, batching = self._crew.everyone, self._plan.chosen.batching
        sizes = [member.size for member in everyone if member.size]
        busy = sum(member.busy for member in everyone)
        sent = _Sent(min([batching.size, *sizes]), batching.streams, self.rows, busy)
        return {
            **execution_facts(self._plan, sent),
            "workers": [_worker_facts(m) for m in everyone if m.rows],
        }

    def explain(self, task: Task) -> Iterator[object]:
        ranges = Ranges(task.blocks)
        failure: Exception | None = None
        try:
            while ranges.left and not task.stop.is_set():
                for member in self._crew.idle:
                    self._give(member, ranges, task)
                for member, block, value in self._crew.events():
                    yield from self._take(member, block, value, ranges, task)
        except Exception as error:
            failure = error
        # Nothing but ranges that two have is left of a run that went well.
        ending = self._crew.end() if ranges.left else self._crew.end(_DUPLICATES_SECONDS)
        for member, block, value in ending:
            with suppress(OSError, IgcliError):
                yield from self._take(member, block, value, ranges, task)
        remove_temporary(self._plan.config.out / PARTS)
        if failure is not None:
            raise failure

    def _give(self, member: "Member", ranges: Ranges, task: Task) -> None:
        block = ranges.give(member.number)
        if block is not None:
            checked = task.diagnostics is not None and block == task.blocks[0]
            self._crew.give(member, block, checked)

    def _take(
        self, member: "Member", block: range, value: object, ranges: Ranges, task: Task
    ) -> Iterator[object]:
        if not isinstance(value, Report):
            if hasattr(value, "error"):
                raise value.error
            yield from self._lose(member, block, "died", ranges, task)
            return
        member.rows += value.rows
        member.busy += value.busy
        member.size = value.size
        if isinstance(value.failure, (OutOfMemory, MemoryError)):
            _throw_away(value, task)
            self._crew.replace(member)
            yield from self._lose(member, block, "ran out of memory", ranges, task)
        elif value.whole:
            yield from self._take_in(member, block, value, ranges, task)
        else:
            yield from self._take_cut(member, block, value, ranges, task)

    def _take_in(
        self, member: "Member", block: range, report: Report, ranges: Ranges, task: Task
    ) -> Iterator[object]:
        first = ranges.finish(member.number, block)
        if not task.stop.is_set():
            # It goes on while the part is taken in.
            self._give(member, ranges, task)
        if not first or report.staged is None:
            _throw_away(report, task)
            return
        task.writer.take(report.staged)
        yield from self._tell(member, report, task)

    def _take_cut(
        self, member: "Member", block: range, report: Report, ranges: Ranges, task: Task
    ) -> Iterator[object]:
        """Take in what there is of a range that a stop or a failure cut short."""
        if ranges.is_open(block) and report.staged is not None:
            task.writer.take_cut(report.staged, task.cut_stays)
            yield from self._tell(member, report, task)
        else:
            _throw_away(report, task)
        if report.failure is not None:
            raise report.failure

    def _tell(self, member: "Member", report: Report, task: Task) -> Iterator[object]:
        """Pass on a worker's notes, and what it could not draw; yield once for each explanation."""
        for note in report.notes:
            task.warn(note)
        if task.overlays is not None:
            task.overlays.undrawn.extend(report.undrawn)
        rows = report.staged.rows if report.staged else 0
        member.done += rows
        yield from range(rows)

    def _lose(
        self, member: "Member", block: range, how: str, ranges: Ranges, task: Task
    ) -> Iterator[object]:
        """Have a range explained elsewhere; after so many workers, name its inputs as failed."""
        self._lost_on[block].append(member.host)
        task.warn(
            f"the worker on {member.host} {how}: its {len(block)} inputs are explained elsewhere"
        )
        if not ranges.lose(member.number, block):
            return
        hosts = ", ".join(dict.fromkeys(self._lost_on[block]))
        message = f"{MOST_LOSSES} workers died over its range of {len(block)} inputs, on {hosts}"
        for place in block:
            for explanation in failed(self._plan, Failed(self._plan.names[place], message)):
                check_may_fail(self._plan.config, explanation)
                task.writer.add(explanation)
                yield explanation
        task.writer.flush()


def _throw_away(report: Report, task: Task) -> None:
    if report.staged is not None:
        report.staged.path(task.writer.out).unlink(missing_ok=True)


def _worker_facts(member: "Member") -> dict[str, Any]:
    """Return what run.json says of a worker."""
    return {
        "host": member.host,
        "explanations": member.done,
        "rows": member.rows,
        "busy_seconds": round(member.busy, 3),
        "rows_per_second": per_second(member.rows, member.busy),
    }
