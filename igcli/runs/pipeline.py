"""One pass over a plan: read → score → integrate → draw → store, each ahead of the next."""

import threading
from collections.abc import Iterator
from typing import Any

from igcli.attribution.batches import Batches
from igcli.common.arrays import Warn
from igcli.common.explanation import Explanation
from igcli.common.progress import Track
from igcli.runs.explain import explain_and_draw
from igcli.runs.lifecycle import Work, carry_out
from igcli.runs.planning.plan import Plan
from igcli.runs.result import RunResult
from igcli.runs.run_json import ran


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
        What `igcli.runs.planning.plan.make_plan` returned.
    track : callable
        Wraps the iteration over finished explanations.
    warn : callable
        Told what the first explanations give away (see `igcli.runs.diagnostics`), and what a
        resumed run computes again.
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
    stop = stop or threading.Event()
    return carry_out(plan, _Here(plan, stop), track, warn, stop)


class _Here:
    """Explains in this process."""

    def __init__(self, plan: Plan, stop: threading.Event) -> None:
        self._plan = plan
        self._batches = Batches(plan.model, plan.chosen.batching, stop=stop)
        self.finished = 0

    @property
    def rows(self) -> int:
        return self._batches.rows

    def ran(self) -> dict[str, Any]:
        return ran(self._plan, self._batches)

    def explain(self, work: Work) -> Iterator[Explanation]:
        ends = {block.stop * self._plan.targets.per_input for block in work.blocks}
        found = explain_and_draw(self._plan, self._batches, work.blocks, work.pictures)
        for explanation in found:
            work.writer.add(explanation)
            if work.checks is not None:
                work.checks.add(explanation)
            if explanation.row + 1 in ends:
                work.writer.flush()
                self.finished += 1
            yield explanation
