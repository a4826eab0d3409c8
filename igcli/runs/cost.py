"""The cost of a run, foreseen from a short run over some of its inputs."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from igcli.common.choices import PIXELS, REGIONS
from igcli.common.errors import InputError
from igcli.common.machine import peak_memory
from igcli.common.progress import untracked
from igcli.common.sample import InputName
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import Plan
from igcli.runs.result import RunResult

_LEAST = 4
_FILLED = 4


@dataclass(frozen=True, slots=True)
class Work:
    """What a run is expected to compute.

    Attributes
    ----------
    gradients : int
        How many gradients it would take.
    seconds : float
        How long, once the model is loaded.
    """

    gradients: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run is expected to take.

    Attributes
    ----------
    explanations : int
        How many there would be.
    gradients, seconds
        Its `Work`.
    memory, disk : int
        Bytes: the process's peak, and the run directory.
    sample : int
        How many explanations were made to find out.
    failed : int
        How many of these failed.
    certify : dict of str to Work
        What it would be with each --certify; empty where there is no choice.
    store : dict of str to int
        The run directory's bytes with each --store; empty where there is no choice.
    """

    explanations: int
    gradients: int
    seconds: float
    memory: int
    disk: int
    sample: int
    failed: int
    certify: dict[str, Work]
    store: dict[str, int]


def estimate(plan: Plan) -> Estimate:
    """Explain inputs spread over all of them, and scale what that took.

    The sample is large enough to fill the batches of every stream several times. A first pass over
    a quarter of it pays what is paid once, and shows what of the disk grows with the inputs. Where
    pixels or regions can be certified, a last pass asks for the other.

    Raises
    ------
    IgcliError
        What would stop the run.
    """
    if not plan.names:
        raise InputError(
            "there is nothing to estimate",
            "no input is left to explain",
            "see --where and --shard, or leave --estimate out",
        )
    batching = plan.chosen.batching
    per_input = plan.targets.per_input
    rows = _FILLED * batching.size * batching.streams
    wanted = max(_LEAST, -(-rows // (plan.method.usual_steps * plan.paths_each * per_input)))
    spread = plan.names[:: max(1, len(plan.names) // wanted)][:wanted]
    names = [replace(name, place=place) for place, name in enumerate(spread)]
    few = names[: -(-len(names) // _FILLED)]
    certified = plan.calibration.certifies_regions
    with tempfile.TemporaryDirectory() as folder:
        first, first_size = _tried(plan, few, Path(folder) / "few")
        result, size = _tried(plan, names, Path(folder) / "sample")
        other = None
        if plan.maps.regions is not None and plan.method.tolerance is not None:
            other, _ = _tried(plan.certifying(not certified), names, Path(folder) / "other")
    once = max(0.0, first.seconds - result.seconds * len(few) / len(names))
    grows = (size - first_size) / max(1, len(names) - len(few))
    total = len(plan.names) * per_input
    work = _work(result, total, once)
    disk = round(size + grows * (len(plan.names) - len(names)))
    return Estimate(
        explanations=total,
        gradients=work.gradients,
        seconds=work.seconds,
        memory=peak_memory(),
        disk=disk,
        sample=result.asked,
        failed=len(result.tally.failures),
        certify={} if other is None else _by_name(certified, work, _work(other, total, once)),
        store=_by_store(plan, disk, total),
    )


def _tried(plan: Plan, names: Sequence[InputName], out: Path) -> tuple[RunResult, int]:
    """Explain some inputs into a folder; return the result, and the folder's bytes."""
    result = run_plan(plan.of_some(names, out), untracked)
    if result.stopped is not None:
        raise result.stopped
    return result, sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def _work(result: RunResult, total: int, once: float) -> Work:
    """Scale what a sample took; `once` is what the seconds have beside."""
    scale = total / max(1, result.asked)
    return Work(round(scale * sum(result.tally.steps)), scale * result.seconds + once)


def _by_name(certified: bool, asked: Work, other: Work) -> dict[str, Work]:
    pixels, regions = (other, asked) if certified else (asked, other)
    return {PIXELS: pixels, REGIONS: regions}


def _by_store(plan: Plan, disk: int, rows: int) -> dict[str, int]:
    """Return the disk with pixels and without; what is not asked for, by the size of its arrays."""
    if plan.maps.regions is None:
        return {}
    pixels = rows * plan.maps.pixel_bytes
    if plan.maps.keeps_pixels:
        return {PIXELS: disk, REGIONS: max(0, disk - pixels)}
    return {PIXELS: disk + pixels, REGIONS: disk}
