"""The cost of a run, foreseen from a short run over some of its inputs."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from igcli.common.machine import peak_memory
from igcli.common.progress import untracked
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import Plan

_LEAST = 4
_FILLED = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run is expected to take.

    Attributes
    ----------
    explanations : int
        How many there would be.
    gradients : int
        How many gradients they would take.
    seconds : float
        How long, once the model is loaded.
    memory, disk : int
        Bytes: the process's peak, and the run directory.
    sample : int
        How many explanations were made to find out.
    failed : int
        How many of these failed.
    """

    explanations: int
    gradients: int
    seconds: float
    memory: int
    disk: int
    sample: int
    failed: int


def estimate(plan: Plan) -> Estimate:
    """Explain inputs spread over all of them, and scale what that took.

    The sample is large enough to fill the batches of every stream several times. A first pass over
    a quarter of it pays what is paid once, and shows what of the disk grows with the inputs.

    Raises
    ------
    IgcliError
        What would stop the run.
    """
    batching = plan.chosen.batching
    per_input = plan.targets.per_input
    rows = _FILLED * batching.size * batching.streams
    wanted = max(_LEAST, -(-rows // (plan.method.usual_steps * per_input)))
    spread = plan.names[:: max(1, len(plan.names) // wanted)][:wanted]
    names = [replace(name, place=place) for place, name in enumerate(spread)]
    with tempfile.TemporaryDirectory() as folder:
        few = names[: -(-len(names) // _FILLED)]
        sizes: list[int] = []
        seconds: list[float] = []
        for turn in (few, names):
            out = Path(folder) / str(len(sizes))
            result = run_plan(plan.of_some(turn, out), untracked)
            if result.stopped is not None:
                raise result.stopped
            seconds.append(result.seconds)
            sizes.append(sum(path.stat().st_size for path in out.rglob("*") if path.is_file()))
    grows = (sizes[1] - sizes[0]) / max(1, len(names) - len(few))
    total = len(plan.names) * per_input
    scale = total / max(1, result.asked)
    return Estimate(
        explanations=total,
        gradients=round(scale * sum(result.tally.steps)),
        seconds=scale * seconds[1] + max(0.0, seconds[0] - seconds[1] * len(few) / len(names)),
        memory=peak_memory(),
        disk=round(sizes[1] + grows * (len(plan.names) - len(names))),
        sample=result.asked,
        failed=len(result.tally.failures),
    )
