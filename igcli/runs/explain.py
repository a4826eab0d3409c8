"""The explain loop: blocks of inputs are read, scored, integrated, drawn and stored, in row order.

A run in one process and every worker of a cluster go through it; they differ in who writes the
parts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from operator import itemgetter
from typing import Protocol

import numpy as np

from igcli.attribution.averages import Averaged
from igcli.attribution.batches import Batches
from igcli.attribution.integral import Integral, Job
from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.distance import relative_distance
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.sample import Failed, Sample
from igcli.common.threads import ahead
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.runs.diagnostics import Diagnostics
from igcli.runs.jobs import JobMaker, PendingExplanation
from igcli.runs.overlays import Overlays
from igcli.runs.planning.plan import Plan

_SCORED_AT_ONCE = 32
_CHUNKS_AHEAD = 2
_DRAWING_THREADS = 2
_DRAWN_AHEAD = 64


class PartWriter(Protocol):
    """Stores explanations, those of a block as one part."""

    def add(self, explanation: Explanation) -> None:
        """Take the next row."""
        ...

    def flush(self) -> None:
        """Write the rows of a finished block."""
        ...


def explain_blocks(
    plan: Plan,
    batches: Batches,
    blocks: Sequence[range],
    writer: PartWriter,
    overlays: Overlays | None,
    diagnostics: Diagnostics | None,
) -> Iterator[Explanation]:
    """Explain and store blocks of inputs; yield every explanation in row order, failed ones too.

    Inputs are read and scored ahead of their block, but no batch is shared by two blocks. When the
    batches are stopped, what is finished in order by then is the last: the writer has it, and its
    block is not flushed.

    Parameters
    ----------
    plan : Plan
        The run.
    batches : Batches
        Its model's.
    blocks : sequence of range
        Which of the plan's inputs.
    writer : PartWriter
        Gets the rows, and is told where a block ends.
    overlays : Overlays or None
        Draws the overlays, where there are to be any.
    diagnostics : Diagnostics or None
        Looks at the first explanations; None where that was done before.

    Raises
    ------
    InputError
        Where an input fails, and that is to stop the run.
    OSError, OutputVanished
        Where a part can't be written.
    """
    last_rows = {block.stop * plan.targets.per_input - 1 for block in blocks}
    explanations = _explanations(plan, batches, blocks)
    if overlays is not None:
        explanations = ahead(overlays.draw, explanations, _DRAWING_THREADS, _DRAWN_AHEAD)
    for explanation in explanations:
        check_may_fail(plan.config, explanation)
        writer.add(explanation)
        if diagnostics is not None:
            diagnostics.add(explanation)
        if explanation.row in last_rows:
            writer.flush()
        yield explanation


def check_may_fail(config: RunConfig, explanation: Explanation) -> None:
    """Raise InputError for a failed input where that is to stop the run."""
    if explanation.status == "failed" and config.on_error == "stop":
        raise InputError(
            f"{explanation.id} failed",
            explanation.message,
            "mend it, or leave --on-error stop out",
        )


def _explanations(plan: Plan, batches: Batches, blocks: Sequence[range]) -> Iterator[Explanation]:
    """Yield the explanations of some blocks in row order, failed ones in their places."""
    maker = JobMaker(plan, batches)
    chunks = ahead(maker.jobs_of, _chunks(plan, batches, blocks), 1, _CHUNKS_AHEAD)
    for block, scored in groupby(chunks, key=itemgetter(0)):
        items = (item for _, chunk in scored for item in chunk)
        yield from _block(plan, batches, block, items)
        if batches.stop.is_set():
            return


def _block(
    plan: Plan, batches: Batches, block: range, items: Iterator[PendingExplanation | Explanation]
) -> Iterator[Explanation]:
    finished: dict[int, Explanation] = {}
    under_way: dict[int, PendingExplanation] = {}

    def jobs() -> Iterator[Job]:
        for item in items:
            if isinstance(item, PendingExplanation):
                under_way[item.job.key] = item
                yield item.job
            else:
                finished[item.row] = item

    row = block.start * plan.targets.per_input
    for integral in plan.method.integrate(batches, jobs()):
        finished[integral.key] = _complete(plan, under_way.pop(integral.key), integral)
        while row in finished:
            yield finished.pop(row)
            row += 1
    while row in finished:
        yield finished.pop(row)
        row += 1


def _chunks(
    plan: Plan, batches: Batches, blocks: Sequence[range]
) -> Iterator[tuple[range, list[Sample | Failed]]]:
    names = [plan.names[i] for block in blocks for i in block]
    samples = read_ahead(plan.source, names)
    size = min(batches.size, _SCORED_AT_ONCE)
    for block in blocks:
        for start in range(0, len(block), size):
            yield block, list(islice(samples, min(size, len(block) - start)))


def _complete(plan: Plan, pending: PendingExplanation, integral: Integral) -> Explanation:
    known, attribution = pending.known, integral.attribution
    averaged = integral.averaged
    if known.baseline_score is None:
        known = replace(known, baseline_score=integral.start)
    if attribution is None:
        message = f"the gradient or score is not finite at alpha = {integral.bad_alpha:.6g}"
        return _failed(known, integral, message)
    if not np.isfinite(attribution).all():
        message = "the attribution is too large for float32"
        return _failed(known, integral, message)
    assert known.score is not None and known.baseline_score is not None
    whole, regions = plan.maps.of(attribution), plan.maps.regions
    stored = plan.maps.as_read(whole)
    total = float((attribution if stored is whole else stored).sum(dtype=np.float64))
    difference = known.score - known.baseline_score
    delta = total - difference
    if stored is not whole:
        integral = _with_rounding(integral, relative_distance(stored, whole), plan)
    return replace(
        known,
        attribution_sum=total,
        delta=delta,
        relative_delta=abs(delta / difference) if difference else None,
        steps=integral.steps,
        error_estimate=integral.error_estimate,
        regions_error=integral.regions_error,
        converged=integral.converged,
        sampling_error=None if averaged is None else averaged.sampling_error,
        norm_ratio=None if averaged is None else averaged.norm_ratio,
        message=_not_converged(integral, plan) if integral.converged is False else "",
        attribution=stored,
        regions=None if regions is None else regions.masses(stored),
        profile=integral.profile if plan.config.profile_path else None,
        baseline_maps=_own_maps(averaged, whole, plan),
    )


def _own_maps(averaged: Averaged | None, whole: Array, plan: Plan) -> Array | None:
    """Return what is stored of each baseline's own map.

    An input that has one baseline, its own, has the first alone; the others are NaN.
    """
    if not plan.maps.kept_baselines:
        return None
    if averaged is None:
        own = np.full((plan.maps.kept_baselines, *whole.shape), np.nan, np.float32)
        own[0] = whole
        return own
    assert averaged.maps is not None
    return np.stack([plan.maps.of(one) for one in averaged.maps])


def _failed(known: Explanation, integral: Integral, message: str) -> Explanation:
    steps = integral.steps
    return replace(known, status="failed", message=message, steps=steps, image=None, zone=None)


def _with_rounding(integral: Integral, share: float, plan: Plan) -> Integral:
    """Count into the estimates what a map loses where it is stored: a share of its L1 norm.

    No density over regions moves farther than the pixels do.
    """
    pixels, regions = (
        None if error is None else error + share * (1.0 + error)
        for error in (integral.error_estimate, integral.regions_error)
    )
    certified = regions if plan.calibration.certifies_regions else pixels
    tolerance, converged = plan.method.tolerance, integral.converged
    if tolerance is not None and certified is not None:
        converged = certified <= tolerance
    return replace(integral, error_estimate=pixels, regions_error=regions, converged=converged)


def _not_converged(integral: Integral, plan: Plan) -> str:
    tolerance = plan.method.tolerance
    which, error = "error estimate", integral.error_estimate
    if plan.calibration.certifies_regions:
        which, error = "regions error estimate", integral.regions_error
    assert tolerance is not None and error is not None
    message = f"not converged: {which} {error:.2g} after {integral.steps} steps"
    if integral.rounding <= 0.5 * tolerance:
        return message
    return (
        f"{message}; {plan.model.spec.precision} rounding alone is about {integral.rounding:.1e} "
        f"of this map, too much for a tolerance of {tolerance:g}"
    )
