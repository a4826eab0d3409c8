"""From a plan to explanations, in row order: read, score, choose targets, integrate."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from operator import itemgetter

import numpy as np

from igcli.attribution.batches import Batches
from igcli.attribution.integral import Integral, Job
from igcli.common.config import RunConfig
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation
from igcli.common.sample import Failed, Sample
from igcli.common.threads import ahead
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.runs.jobs import Asked, Scores
from igcli.runs.overlays import Pictures
from igcli.runs.planning.plan import Plan

_SCORED_AT_ONCE = 32
_CHUNKS_AHEAD = 2


def explain(plan: Plan, batches: Batches, blocks: Sequence[range]) -> Iterator[Explanation]:
    """Yield the explanations of a plan's inputs in row order, failed ones in their places.

    Inputs are read and scored ahead of their block, but no batch is shared by two blocks.

    Parameters
    ----------
    plan : Plan
        What to explain.
    batches : Batches
        Its model's; when they are stopped, what is finished in order by then is the last.
    blocks : sequence of range
        Which of the plan's inputs.
    """
    scores = Scores(plan, batches)
    chunks = ahead(scores.ask, _chunks(plan, batches, blocks), 1, _CHUNKS_AHEAD)
    for block, asked in groupby(chunks, key=itemgetter(0)):
        yield from _block(plan, batches, block, (item for _, chunk in asked for item in chunk))
        if batches.stop.is_set():
            return


def _block(
    plan: Plan, batches: Batches, block: range, asked: Iterator["Asked | Explanation"]
) -> Iterator[Explanation]:
    finished: dict[int, Explanation] = {}
    under_way: dict[int, Asked] = {}

    def jobs() -> Iterator[Job]:
        for item in asked:
            if isinstance(item, Asked):
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


def _complete(plan: Plan, asked: Asked, integral: Integral) -> Explanation:
    known, attribution = asked.known, integral.attribution
    if known.baseline_score is None:
        known = replace(known, baseline_score=integral.start)
    if attribution is None:
        message = f"the gradient or score is not finite at alpha = {integral.bad_alpha:.6g}"
        return replace(known, status="failed", message=message, steps=integral.steps, image=None)
    if not np.isfinite(attribution).all():
        message = "the attribution is too large for float32"
        return replace(known, status="failed", message=message, steps=integral.steps, image=None)
    assert known.score is not None and known.baseline_score is not None
    total = float(attribution.sum(dtype=np.float64))
    difference = known.score - known.baseline_score
    delta = total - difference
    return replace(
        known,
        attribution_sum=total,
        delta=delta,
        relative_delta=abs(delta / difference) if difference else None,
        steps=integral.steps,
        error_estimate=integral.error_estimate,
        converged=integral.converged,
        message=_not_converged(integral, plan) if integral.converged is False else "",
        attribution=plan.maps.of(attribution),
        profile=integral.profile if plan.config.profile_path else None,
    )


def _not_converged(integral: Integral, plan: Plan) -> str:
    tolerance = plan.method.tolerance
    assert tolerance is not None and integral.error_estimate is not None
    found = (
        f"not converged: error estimate {integral.error_estimate:.2g} after {integral.steps} steps"
    )
    if integral.rounding <= 0.5 * tolerance:
        return found
    return (
        f"{found}; {plan.model.spec.precision} rounding alone is about {integral.rounding:.1e} of "
        f"this map, too much for a tolerance of {tolerance:g}"
    )


def check_may_fail(config: RunConfig, explanation: Explanation) -> None:
    """Raise InputError for a failed input where that is to stop the run."""
    if explanation.status == "failed" and config.on_error == "stop":
        raise InputError(
            f"{explanation.id} failed",
            explanation.message,
            "mend it, or leave --on-error stop out",
        )


_DRAWERS = 2
_DRAWN_AHEAD = 64


def explain_and_draw(
    plan: Plan, batches: Batches, blocks: list[range], pictures: Pictures | None
) -> Iterator[Explanation]:
    """Yield the explanations of some blocks in row order, their overlays drawn.

    Parameters
    ----------
    plan : Plan
        What to explain.
    batches : Batches
        Its model's.
    blocks : list of range
        Which of the plan's inputs.
    pictures : Pictures or None
        Draws the overlays.

    Raises
    ------
    InputError
        Where an input fails, and that is to stop the run.
    """
    explanations = explain(plan, batches, blocks)
    if pictures is not None:
        explanations = ahead(pictures.draw, explanations, _DRAWERS, _DRAWN_AHEAD)
    for explanation in explanations:
        check_may_fail(plan.config, explanation)
        yield explanation
