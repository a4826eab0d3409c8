"""The crew: a run's workers from their start to their end, loaded, planned, lost and replaced."""

import time
from collections.abc import Iterator

from igcli.common.arrays import Warn
from igcli.common.errors import ConfigError, IgcliError, RunStopped, first_line
from igcli.runs.executors.ray.actors import Actors, Event, Loss, Member, Problem
from igcli.runs.planning.plan import Handover

_TURN_SECONDS = 0.2
_MOST_FAILURES = 3
_LOOK_SECONDS = 30.0
_END_SECONDS = 60.0
_ALONE_SECONDS = 60.0


class Crew:
    """All workers of a run.

    Parameters
    ----------
    actors : Actors
        None of them started yet.
    warn : callable
        Told what is worth a notice.

    Attributes
    ----------
    everyone : list of Member
        Those that were ever started.
    """

    def __init__(self, actors: Actors, warn: Warn) -> None:
        self.everyone: list[Member] = []
        self._actors = actors
        self._warn = warn
        self._handover: Handover | None = None
        self._calibrating: Member | None = None
        self._failures = 0
        self._notes: set[str] = set()
        self._alone_since: float | None = None

    @property
    def idle(self) -> list[Member]:
        """Those that could begin a range."""
        return [m for m in self._actors.members if m.ready and m.block is None]

    @property
    def busy(self) -> list[Member]:
        """Those that explain a range."""
        return [m for m in self._actors.members if m.block is not None]

    def gather(self) -> Handover:
        """Start the workers, and return the handover of the first one that has planned the run.

        Raises
        ------
        IgcliError
            What makes the run impossible, on any of the machines that were there in time.
        """
        size = self._actors.size
        if size.workers > size.fitting:
            self._warn(
                f"--workers {size.workers}: {size.fitting} fit now, others join when Ray has room"
            )
        for _ in range(size.workers):
            self._start()
        wanted, patience = min(size.workers, size.fitting), time.monotonic() + _LOOK_SECONDS
        while self._handover is None or (
            self._count_hosts() < wanted and time.monotonic() < patience
        ):
            for event in self._actors.wait(_TURN_SECONDS):
                if isinstance(event.value, Problem):
                    raise event.value.error
                self.advance(event)
        return self._handover

    def give(self, member: Member, block: range, checked: bool) -> None:
        """Let a worker explain a range."""
        member.block = block
        self._actors.ask(member, "explain", block, checked)

    def events(self) -> Iterator[tuple[Member, range, object]]:
        """Yield what came of ranges since: worker, range, and a report, a problem or a loss.

        Raises
        ------
        IgcliError
            When no worker is left, and none can be started.
        """
        self._tell_when_alone()
        for event in self._actors.wait(_TURN_SECONDS):
            member, block = event.member, event.member.block
            if event.step != "explain" or block is None:
                self.advance(event)
                continue
            member.block = None
            if isinstance(event.value, Loss):
                self.replace(member)
            yield member, block, event.value

    def replace(self, member: Member) -> None:
        """Start another worker in the place of one."""
        self._actors.drop(member)
        self._start()

    def end(self, seconds: float = _END_SECONDS) -> Iterator[tuple[Member, range, object]]:
        """Ask all to end their ranges, and yield what comes of these, for so many seconds."""
        if self._actors.lost:
            return
        self._actors.stop()
        end = time.monotonic() + seconds
        while self.busy and time.monotonic() < end:
            for event in self._actors.wait(_TURN_SECONDS):
                block, event.member.block = event.member.block, None
                if block is not None:
                    yield event.member, block, event.value

    def advance(self, event: Event) -> None:
        """Take a worker's next step towards its first range."""
        member = event.member
        if isinstance(event.value, (Loss, Problem)):
            self._failed_to_start(member, event.value)
        elif event.step == "look":
            member.host = event.value
            self._actors.ask(member, "load")
        elif event.step == "load":
            self._tell(event.value if self._handover is None else [])
            member.loaded = True
            self._plan()
        else:
            self._handover, notes = event.value
            self._tell(notes)
            member.ready = True
            self._failures = 0
            self._calibrating = None
            self._plan()

    def _start(self) -> None:
        member = self._actors.start()
        self.everyone.append(member)
        self._actors.ask(member, "look")

    def _plan(self) -> None:
        """Let those that have the model plan: one, until it has calibrated the run for all."""
        for member in self._actors.members:
            if not member.loaded or self._calibrating is not None:
                continue
            member.loaded = False
            if self._handover is None:
                self._calibrating = member
            self._actors.ask(member, "plan", self._handover)

    def _failed_to_start(self, member: Member, what: Loss | Problem) -> None:
        """Try another in its place, unless none starts at all."""
        self._failures += 1
        if self._calibrating is member:
            self._calibrating = None
        where = f"on {member.host} " if member.host else ""
        if self._failures >= _MOST_FAILURES and not any(m.ready for m in self._actors.members):
            raise self._none_starts(where, what)
        reason = what.why if isinstance(what, Loss) else first_line(what.error)
        self._warn(f"a worker {where}could not begin: {reason}")
        self._actors.drop(member)
        if self._failures < _MOST_FAILURES:
            self._start()
        self._plan()

    def _none_starts(self, where: str, what: Loss | Problem) -> IgcliError:
        if isinstance(what, Problem):
            return what.error if isinstance(what.error, IgcliError) else RunStopped(str(what.error))
        fix = "install the same igcli on all nodes, and see Ray's logs"
        if where:
            # It had all that igcli takes.
            fix = "see whether memory ran out there: then ask for fewer --workers; and Ray's logs"
        return ConfigError(f"no worker {where}can begin", what.why, fix)

    def _count_hosts(self) -> int:
        """Return how many workers have looked at the run's files."""
        return sum(bool(member.host) for member in self._actors.members)

    def _tell(self, notes: list[str]) -> None:
        """Tell each note once: all workers have the same."""
        for note in dict.fromkeys(notes):
            if note not in self._notes:
                self._notes.add(note)
                self._warn(note)

    def _tell_when_alone(self) -> None:
        now = time.monotonic()
        if any(member.ready for member in self._actors.members):
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > _ALONE_SECONDS:
            self._warn("no worker is left: waiting until Ray has room for one; Ctrl-C stops")
            self._alone_since = float("inf")
