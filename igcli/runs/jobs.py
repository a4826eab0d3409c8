"""The jobs of a run: inputs are scored, a chunk at a time, and each gets the targets to explain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from igcli.attribution.averages import AveragedPaths
from igcli.attribution.batches import Batches
from igcli.attribution.integral import Job
from igcli.attribution.path import StraightLine
from igcli.common.arrays import Array
from igcli.common.errors import InputError, ModelError
from igcli.common.explanation import Explanation
from igcli.common.sample import Failed, Sample
from igcli.inputs.baselines.slots import Slot
from igcli.runs.averaged_paths import averaged_paths, entered, mean_start_scores, with_held
from igcli.runs.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class PendingExplanation:
    """An explanation under way: its job, and all of its row that is known before the path."""

    job: Job
    known: Explanation


class JobMaker:
    """Makes jobs of inputs: scores a chunk of them at a time, and chooses their targets.

    A baseline's score is taken from the path where the path starts there; where the model must be
    asked, a baseline like the last one of the same block is not asked for again.
    """

    def __init__(self, plan: Plan, batches: Batches) -> None:
        self._plan = plan
        self._batches = batches
        self._block = range(0)
        self._last: tuple[Array, Array] | None = None

    def jobs_of(
        self, chunk: tuple[range, list[Sample | Failed]]
    ) -> tuple[range, list[PendingExplanation | Explanation]]:
        """Return the jobs of a chunk of a block, and the rows of its failed inputs."""
        block, items = chunk
        if block != self._block:
            self._block, self._last = block, None
        return block, list(self._jobs(items))

    def _jobs(self, chunk: list[Sample | Failed]) -> Iterator[PendingExplanation | Explanation]:
        pairs: list[tuple[Sample, tuple[Slot, ...]]] = []
        for item in chunk:
            ready = _with_baselines(self._plan, item)
            if isinstance(ready, Failed):
                yield from failed(self._plan, ready)
            else:
                pairs.append(ready)
        # Inputs of one baseline are asked about together, and those of several.
        for _, some in groupby(pairs, key=lambda pair: len(pair[1]) > 1):
            yield from self._scored(list(some))

    def _scored(
        self, pairs: list[tuple[Sample, tuple[Slot, ...]]]
    ) -> Iterator[PendingExplanation | Explanation]:
        """Score inputs together; where the model fails, one by one, to fail by name."""
        try:
            paths, scores, starts = self._paths(pairs)
        except (ModelError, InputError) as error:
            if len(pairs) > 1:
                for pair in pairs:
                    yield from self._scored([pair])
            elif isinstance(error, InputError):
                ((sample, _),) = pairs
                yield from failed(self._plan, Failed(sample.name, error.problem, sample.sha256))
            else:
                ((sample, _),) = pairs
                message = f"the model fails on it: {error.cause}"
                yield from failed(self._plan, Failed(sample.name, message, sample.sha256))
            return
        samples = [sample for sample, _ in pairs]
        for sample, path, score, start in zip(samples, paths, scores, starts, strict=True):
            where = _not_finite(score, start)
            if where:
                message = f"the model's scores of the {where} are not finite"
                yield from failed(self._plan, Failed(sample.name, message, sample.sha256))
            else:
                yield from _chosen(self._plan, sample, path, score, start)

    def _paths(
        self, pairs: list[tuple[Sample, tuple[Slot, ...]]]
    ) -> tuple[Sequence[StraightLine | AveragedPaths], Array, list[Array | None]]:
        """Return the inputs' paths, their scores, and those of their baselines, where known."""
        plan, batches = self._plan, self._batches
        model = plan.model
        if len(pairs[0][1]) > 1:
            keeps = plan.maps.kept_baselines
            ends = [entered(model, sample.x) for sample, _ in pairs]
            several = [
                averaged_paths(model, end, *pair, keeps)
                for end, pair in zip(ends, pairs, strict=True)
            ]
            is_seen = plan.method.starts_at_baseline
            means = [None if is_seen else mean_start_scores(batches, one) for one in several]
            return several, batches.scores(np.stack(ends)), means
        lines = _lines(plan, [(sample, slots[0].draw(sample, 0)) for sample, slots in pairs])
        scores = batches.scores(np.stack([line.x for line in lines]))
        return lines, scores, self._starts([line.baseline for line in lines])

    def _starts(self, baselines: list[Array]) -> list[Array | None]:
        if self._plan.method.starts_at_baseline:
            return [None] * len(baselines)
        before = [self._last[0] if self._last else None, *baselines[:-1]]
        new = [
            i
            for i, (last, baseline) in enumerate(zip(before, baselines, strict=True))
            if last is None or not np.array_equal(last, baseline)
        ]
        scored = list(self._batches.scores(np.stack([baselines[i] for i in new]))) if new else []
        starts: list[Array | None] = []
        for i, baseline in enumerate(baselines):
            if i in new:
                self._last = baseline, scored.pop(0)
            assert self._last is not None
            starts.append(self._last[1])
        return starts


def _lines(plan: Plan, pairs: list[tuple[Sample, Array]]) -> list[StraightLine]:
    """Return the path from each baseline to its input, in the layer where there is one.

    What is held has the input's value at both.
    """
    spec = plan.model.spec
    ends = [sample.x for sample, _ in pairs]
    starts = [baseline for _, baseline in pairs]
    if spec.entered is not None:
        ends, starts = (list(plan.model.enter(np.stack(x))) for x in (ends, starts))
    both = zip(ends, starts, strict=True)
    return [StraightLine(end, with_held(spec, start, end)) for end, start in both]


def _with_baselines(plan: Plan, item: Sample | Failed) -> tuple[Sample, tuple[Slot, ...]] | Failed:
    if isinstance(item, Failed):
        return item
    try:
        return item, plan.start.slots_of(item)
    except InputError as error:
        return Failed(item.name, error.problem, item.sha256)


def _not_finite(score: Array, start: Array | None) -> str:
    if not np.isfinite(score).all():
        return "input"
    return "" if start is None or np.isfinite(start).all() else "baseline"


def _chosen(
    plan: Plan,
    sample: Sample,
    path: StraightLine | AveragedPaths,
    scores: Array,
    starts: Array | None,
) -> Iterator[PendingExplanation | Explanation]:
    targets = plan.targets
    prediction = targets.prediction(scores)
    predicted_shape = () if targets.zones else plan.model.spec.output_shape
    image = plan.source.space.to_display(sample.raw) if plan.maps.picture else None
    shape, labels = plan.model.spec.output_shape, plan.preflight.labels
    for rank, target in enumerate(targets.choose(sample.name, scores)):
        blank = _blank(plan, sample, rank)
        known = replace(
            blank,
            prediction=prediction,
            prediction_name=labels.name(prediction, predicted_shape),
            correct=None if blank.truth is None else prediction == blank.truth,
        )
        if target is None:
            yield replace(known, status="failed", message="its true class is not known")
            continue
        known = replace(known, target=target, target_name=targets.title(labels, target, shape))
        try:
            zone = targets.zone(sample.name, scores, target)
        except InputError as error:
            yield replace(known, status="failed", message=error.problem)
            continue
        known = replace(
            known,
            score=targets.score(scores, target, zone),
            baseline_score=None if starts is None else targets.score(starts, target, zone),
            image=image,
            zone=None if zone is None or not plan.maps.zone_shape else targets.shown(zone),
        )
        yield PendingExplanation(Job(known.row, path, target, zone), known)


def _blank(plan: Plan, source: Sample | Failed, rank: int) -> Explanation:
    name, per_input = source.name, plan.targets.per_input
    place = name.index if name.place is None else name.place
    truth = None if plan.truths is None else plan.truths.of(name)
    return Explanation(
        row=place * per_input + rank,
        id=name.id + plan.targets.suffix(rank),
        path=name.path,
        sha256=source.sha256,
        truth=truth,
        truth_name="" if truth is None else plan.preflight.labels.name(truth),
        further=name.further,
    )


def failed(plan: Plan, lost: Failed) -> Iterator[Explanation]:
    """Yield the rows of an input that is not explained."""
    for rank in range(plan.targets.per_input):
        yield replace(_blank(plan, lost, rank), status="failed", message=lost.message)
