"""The actors: Ray's processes, a worker in each; this is the only place that talks to them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import ray

from igcli.common.errors import RunStopped, first_line
from igcli.runs.executors.ray.heartbeat import Watch
from igcli.runs.executors.ray.worker_sizes import Size
from igcli.runs.executors.worker import Setup, Worker, portable

_CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a worker raised."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss of a worker, and what Ray says of it."""

    why: str


class _Actor:
    """A worker in a process of its own; `stop` is heard while a step is under way."""

    def __init__(self, setup: Setup) -> None:
        self._worker = Worker(setup)

    def do(self, step: str, *arguments: Any) -> Any:
        """Take one of the worker's steps."""
        try:
            if step == "load":
                arguments = (len(ray.get_gpu_ids()),)
            return getattr(self._worker, step)(*arguments)
        except Exception as error:
            return Problem(portable(error))

    @ray.method(concurrency_group=_CONTROL)
    def stop(self) -> None:
        """Ask the worker to end its range with the batches under way."""
        self._worker.stop.set()


@dataclass(eq=False, slots=True)
class Member:
    """One worker.

    Attributes
    ----------
    number : int
        Never used again, also not by the worker that takes the place of a lost one.
    host : str
        Its machine, once it has looked.
    loaded, ready : bool
        Whether it has the model and is still to plan the run, and whether it has planned it.
    block : range or None
        What it explains.
    rows, busy, done, size : int, float, int, int
        Totals: rows evaluated, seconds with a batch under way, explanations, rows of a batch.
    """

    number: int
    handle: Any
    host: str = ""
    loaded: bool = False
    ready: bool = False
    block: range | None = None
    rows: int = 0
    busy: float = 0.0
    done: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """The end of a worker's step: what it returned, a `Problem`, or a `Loss`."""

    member: Member
    step: str
    value: Any


@dataclass(slots=True)
class Actors:
    """The workers that were started, and the steps that they are to take.

    Attributes
    ----------
    members : list of Member
        Those that there are.
    lost : bool
        Whether Ray itself is there no more.
    """

    setup: Setup
    size: Size
    watch: Watch
    members: list[Member] = field(default_factory=list)
    lost: bool = False
    _pending: dict[Any, tuple[Member, str]] = field(default_factory=dict)
    _count: int = 0
    # To make one takes the head, which may be away when a worker is replaced.
    _class: Any = field(
        default_factory=lambda: ray.remote(concurrency_groups={_CONTROL: 1})(_Actor)
    )

    def start(self) -> Member:
        """Start a worker wherever Ray finds room, now or later."""
        options = {"num_cpus": self.size.cpus, "num_gpus": self.size.gpus, "max_restarts": 0}
        member = Member(self._count, self._class.options(**options).remote(self.setup))
        self._count += 1
        self.members.append(member)
        return member

    def ask(self, member: Member, step: str, *arguments: Any) -> None:
        """Ask for a step; `wait` tells what came of it."""
        self._pending[member.handle.do.remote(step, *arguments)] = member, step

    def wait(self, seconds: float) -> Iterator[Event]:
        """Yield the steps that have ended by now; wait for the first at most so long.

        Raises
        ------
        RunStopped
            When Ray is lost.
        """
        ended = self._ended(seconds)
        for reference in ended:
            member, step = self._pending.pop(reference)
            try:
                value = ray.get(reference)
            except ray.exceptions.RayError as error:
                value = Loss(first_line(error))
                self.drop(member)
            yield Event(member, step, value)

    def _ended(self, seconds: float) -> list[Any]:
        try:
            self.watch.check()
            done, rest = ray.wait(list(self._pending), num_returns=1, timeout=seconds)
            if done and rest:
                done += ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        except RunStopped:
            self.lost = True
            raise
        except ConnectionError as error:
            # From Ray's client.
            self.lost = True
            raise RunStopped("the Ray cluster is lost", str(error), "see that Ray runs") from error
        return list(done)

    def stop(self) -> None:
        """Ask all to end what they do."""
        for member in self.members:
            if member.block is not None:
                member.handle.stop.remote()

    def drop(self, member: Member) -> None:
        """Do without a worker from now on."""
        if member in self.members:
            self.members.remove(member)
        # Without the head it may wait for ever; workers whose driver has gone end.
        if not (self.lost or self.watch.away):
            with suppress(ray.exceptions.RayError):
                ray.kill(member.handle, no_restart=True)

    def close(self) -> None:
        """End all workers."""
        for member in list(self.members):
            self.drop(member)
        self._pending.clear()
