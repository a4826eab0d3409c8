"""The adaptive method: more steps along a path where its own gradients ask for them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import Any

import numpy as np

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.averaged_adaptive import Asked, AveragedPath
from igcli.attribution.averages import AveragedPaths
from igcli.attribution.batches import Batches
from igcli.attribution.cuts import IdleShares
from igcli.attribution.gradient_model import GradientModel, PathRows, RowValues
from igcli.attribution.integral import Integral, Job
from igcli.attribution.legs import in_single_paths
from igcli.attribution.mesh import Mesh
from igcli.attribution.path_gradients import products
from igcli.attribution.regions_error import Cells
from igcli.attribution.scheduler import Span, integrate_paths
from igcli.common.config import RunConfig
from igcli.common.explanation import Profile
from igcli.common.regions import Regions

# How far inputs may run ahead of the oldest unfinished one: finished maps wait for their turn.
_AHEAD = 256
# How large a path is expected to grow; what an image at tolerance 0.05 takes.
_USUAL_NODES = 64
# How many steps a path is likely to take.
_USUAL_STEPS = 24


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Steps where each path needs them, to a tolerance; see `Method` in `methods`.

    `memory` is for node gradients: a path is begun only while it fits beside those under way.
    `storing` is the part of the tolerance that is left to what maps lose where they are stored.
    """

    name: str
    accuracy: Accuracy
    memory: int
    regions: Regions | None = None
    certifies_regions: bool = False
    storing: float = 0.0

    @property
    def title(self) -> str:
        """What the summary calls it."""
        return f"{self.name}, tolerance {self.tolerance:g}"

    @property
    def tolerance(self) -> float:
        """What each explanation's error estimate is to meet."""
        return self.accuracy.tolerance

    @property
    def estimates(self) -> bool:
        """True: every explanation gets an error estimate."""
        return True

    @property
    def starts_at_baseline(self) -> bool:
        """True: the first node of every path is the baseline itself."""
        return True

    @property
    def usual_steps(self) -> int:
        """How many steps a path is likely to take."""
        return _USUAL_STEPS

    def settings(self) -> dict[str, Any]:
        """Return what run.json says of it."""
        return {"method": self.title, "accuracy": asdict(self.accuracy), "memory": self.memory}

    def spelled_out(self, config: RunConfig) -> RunConfig:
        """Return a run's settings with the tolerance and the bounds on steps in place."""
        return replace(
            config,
            steps=None,
            tolerance=self.accuracy.tolerance,
            min_steps=self.accuracy.min_steps,
            max_steps=self.accuracy.max_steps,
        )

    def with_rounding(self, error: float) -> "Adaptive":
        """Return the same method, whose estimates count an error of the gradients in."""
        rounding = max(error, self.accuracy.rounding)
        return replace(self, accuracy=replace(self.accuracy, rounding=rounding))

    def with_regions(self, regions: Regions, certified: bool) -> "Adaptive":
        """Return the same method, which estimates the error of densities over cells too."""
        return replace(self, regions=regions, certifies_regions=certified)

    def with_storing(self, error: float) -> "Adaptive":
        """Return the same method, which leaves so much of the tolerance to how maps are stored."""
        return replace(self, storing=error)

    def evaluate(self, batches: Batches, rows: PathRows) -> RowValues:
        """Send one batch as `integrate` would."""
        return batches.row_products(rows)

    def integrate(self, batches: Batches, jobs: Iterable[Job]) -> Iterator[Integral]:
        """Integrate every job, as they finish.

        Batches are full while there are inputs enough and memory for them.
        """
        return integrate_paths(batches, jobs, self, IdleShares(batches))

    def begin(self, job: Job, model: GradientModel) -> "AdaptivePath | AveragedPath":
        """Return a job's live path."""
        accuracy = replace(self.accuracy, tolerance=self.tolerance - self.storing)
        if isinstance(job.path, AveragedPaths):
            asked = Asked(accuracy, self.memory, self.regions, self.certifies_regions)
            return AveragedPath(job, asked, model)
        gradients = model.node_gradients(prod(job.path.shape))
        cells = None if self.regions is None else Cells(self.regions)
        return AdaptivePath(job, Mesh(accuracy, gradients, cells, self.certifies_regions))

    def has_room(self, live: Sequence["AdaptivePath | AveragedPath"]) -> bool:
        """Tell whether a path fits into memory beside those under way, and is not too far ahead.

        Each is counted with 64 nodes or more. None is cut short.
        """
        if live[-1].job.key - live[0].job.key >= _AHEAD:
            return False
        last = live[-1]
        if isinstance(last, AveragedPath):
            # The next one is as large as the last.
            return last.nbytes + sum(path.nbytes for path in live) <= self.memory
        node = 4 * prod(live[0].job.path.shape)
        # At the worst, all grow to the most steps, in arrays that double.
        if node * 2 * self.accuracy.max_steps * (len(live) + 1) <= self.memory:
            return True
        usual = _USUAL_NODES * node
        held = sum(max(path.nbytes, usual) for path in live)
        return usual + held <= self.memory

    def values(
        self, batches: Batches, batch: Sequence[Span["AdaptivePath | AveragedPath"]]
    ) -> list[RowValues]:
        """Return each node's gradient × tangent, span by span."""
        return in_single_paths(batch, lambda spans: products(batches, spans))


class AdaptivePath:
    """A job under way: its mesh, and what was seen at each node."""

    def __init__(self, job: Job, mesh: Mesh) -> None:
        self.job = job
        self.pending = np.array(mesh.pending)
        self._mesh = mesh
        self._seen: list[tuple[float, float, float]] = []
        self._failed = False

    @property
    def nbytes(self) -> int:
        """How many bytes its node gradients hold, or will when the pending ones are in."""
        return self._mesh.nbytes

    def add(self, nodes: slice, values: RowValues) -> None:
        """Take the gradients × tangent of some nodes; one that isn't finite fails the path."""
        rows = zip(
            self.pending[nodes], values.gradients, values.scores, values.norms, values.finite,
            strict=True,
        )  # fmt: skip
        for alpha, gradient, score, norm, finite in rows:
            self._seen.append((float(alpha), float(score), float(norm)))
            self._failed = self._failed or not finite
            if not self._failed:
                self._mesh.add(float(alpha), gradient, float(score))

    def advance(self) -> None:
        """Judge the mesh: end, or go on where it asks for more nodes."""
        if not self._failed:
            self._mesh.advance()
        done = self._failed or self._mesh.done
        self.pending = np.array([] if done else self._mesh.pending)

    def integral(self) -> Integral:
        """Return the mesh's integral, and what it claims."""
        alphas, scores, norms = np.array(sorted(self._seen)).T
        profile = Profile(alphas, scores, norms)
        if self._failed:
            return Integral(self.job.key, None, len(alphas), profile)
        mesh = self._mesh
        with np.errstate(over="ignore"):
            attribution = mesh.attribution().astype(np.float32).reshape(self.job.path.shape)
        return Integral(
            key=self.job.key,
            attribution=attribution,
            steps=mesh.steps,
            profile=profile,
            error_estimate=mesh.error_estimate,
            regions_error=mesh.regions_error,
            converged=mesh.converged,
            rounding=mesh.rounding,
        )
