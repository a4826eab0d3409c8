"""The fixed rules: the same nodes and weights along every path, in full batches.

The weighted sum over a batch is taken where the gradients are, so that nothing of size inputs ×
steps × pixels ever exists.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from igcli.attribution.averaged_fixed import AveragedFixedPath
from igcli.attribution.averages import AveragedPaths
from igcli.attribution.batches import Batches
from igcli.attribution.cuts import FullGroups
from igcli.attribution.gradient_model import GradientModel, PathRows, RowValues, both_finite
from igcli.attribution.integral import Integral, Job
from igcli.attribution.legs import OnePath, in_single_paths
from igcli.attribution.path_gradients import times_tangent, weighted_sums
from igcli.attribution.quadrature import Rule, coarse_estimate
from igcli.attribution.scheduler import Span, integrate_paths
from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.explanation import Profile
from igcli.common.regions import Regions


@dataclass(frozen=True, slots=True)
class FixedRule:
    """A rule whose nodes and weights are the same on every path; see `Method` in `methods`.

    `memory` has no use here: no gradients are kept. run.json tells it of every run.
    """

    name: str
    rule: Rule
    memory: int

    @property
    def title(self) -> str:
        """What the summary calls it."""
        return f"{self.name}, {self.usual_steps} steps"

    @property
    def tolerance(self) -> None:
        """None: nothing is to be met."""
        return None

    @property
    def estimates(self) -> bool:
        """Whether a coarser rule on the same nodes gives every explanation an error estimate."""
        return self.rule.coarse is not None

    @property
    def starts_at_baseline(self) -> bool:
        """Whether the first node of every path is the baseline itself."""
        return float(self.rule.alphas[0]) == 0.0

    @property
    def usual_steps(self) -> int:
        """How many steps every path takes."""
        return len(self.rule.alphas)

    def settings(self) -> dict[str, Any]:
        """Return what run.json says of it."""
        return {"method": self.title, "accuracy": None, "memory": self.memory}

    def spelled_out(self, config: RunConfig) -> RunConfig:
        """Return a run's settings with the rule's own in place."""
        return replace(
            config, steps=self.usual_steps, tolerance=None, min_steps=None, max_steps=None
        )

    def with_rounding(self, error: float) -> "FixedRule":
        """Return the rule without its estimate, which knows nothing of rounding."""
        return replace(self, rule=replace(self.rule, coarse=None)) if error > 0.0 else self

    def with_regions(self, regions: Regions, certified: bool) -> "FixedRule":
        """Return the same rule: its steps are what they are."""
        return self

    def with_storing(self, error: float) -> "FixedRule":
        """Return the same rule: it has no tolerance to meet."""
        return self

    def evaluate(self, batches: Batches, rows: PathRows) -> RowValues:
        """Send one batch as `integrate` would, whatever the weights."""
        weights = np.ones((len(self.rule.all_weights), len(rows)))
        return batches.weighted_gradients(rows, weights)

    def integrate(self, batches: Batches, jobs: Iterable[Job]) -> Iterator[Integral]:
        """Integrate every job, in the order of the jobs, in full batches."""
        return integrate_paths(batches, jobs, self, FullGroups(batches))

    def begin(self, job: Job, model: GradientModel) -> "FixedPath | AveragedFixedPath":
        """Return a job's live path."""
        if isinstance(job.path, AveragedPaths):
            return AveragedFixedPath(job, self.rule)
        return FixedPath(job, self.rule)

    def has_room(self, live: Sequence["FixedPath | AveragedFixedPath"]) -> bool:
        """Tell that any number of paths may live: each holds no more than its sums."""
        return True

    def values(
        self, batches: Batches, batch: Sequence[Span["FixedPath | AveragedFixedPath"]]
    ) -> list[RowValues]:
        """Return the gradients of each span, summed with the weights of its nodes."""
        return in_single_paths(batch, lambda spans: weighted_sums(batches, spans, self._weights))

    def _weights(self, span: Span[Any]) -> Array:
        nodes = span.live.nodes if isinstance(span.live, OnePath) else span.nodes
        # Those of one path after the other are counted on.
        first = nodes.start % self.usual_steps
        return self.rule.all_weights[:, first : first + nodes.stop - nodes.start]


class FixedPath:
    """A job under way on a fixed rule: its sums so far, and what was seen at its nodes."""

    def __init__(self, job: Job, rule: Rule) -> None:
        self.job = job
        self.pending = rule.alphas
        self.weights = rule.all_weights
        self._totals = np.zeros((len(self.weights), *job.path.shape))
        self._profile = Profile(rule.alphas, *np.empty((2, len(rule.alphas))))

    def add(self, nodes: slice, values: RowValues) -> None:
        """Take the weighted sum of some nodes' gradients, and what was seen at each."""
        self._totals += values.gradients
        self._profile.scores[nodes] = values.scores
        self._profile.gradient_norms[nodes] = values.norms

    def advance(self) -> None:
        """End: all nodes are in."""
        self.pending = self.pending[:0]

    def integral(self) -> Integral:
        """Return the sums over all nodes."""
        profile, steps = self._profile, len(self._profile.alphas)
        if not both_finite(profile.scores, profile.gradient_norms).all():
            return Integral(self.job.key, None, steps, profile)
        maps = times_tangent(self.job.path, self._totals)
        estimate = coarse_estimate(maps[0], maps[1]) if len(maps) > 1 else None
        with np.errstate(over="ignore"):
            attribution = maps[0].astype(np.float32)
        return Integral(self.job.key, attribution, steps, profile, estimate)
