"""The averaged adaptive path: one mesh over several paths, refined where it pays over all of them.

Where the gradients of all would take more memory than there is, the paths are taken in groups: each
is integrated to the tolerance, and folded into sums. The errors of the groups are added, which is
more than they make together wherever their signs differ.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.averages import AveragedPaths, Fold, Leg, decoded
from igcli.attribution.gradient_model import GradientModel, RowValues
from igcli.attribution.integral import Integral, Job
from igcli.attribution.intervals import root_of
from igcli.attribution.mesh import Mesh
from igcli.attribution.path import StraightLine
from igcli.attribution.regions_error import Cells
from igcli.common.distance import relative
from igcli.common.explanation import Profile
from igcli.common.regions import Regions

# How many nodes of a path are expected to be kept, of several.
_USUAL_NODES = 16
# The sums and their likes, in maps; each path has its baseline, too.
_BESIDE = 8
# The first meshes of few paths have half the intervals of a single path's, those of more a quarter.
_FEW = 16
# What groups are integrated to, as a share of the tolerance: their maps partly cancel.
_OF_GROUPS = 0.75


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of every average: as of single paths, see `Adaptive`."""

    accuracy: Accuracy
    memory: int
    regions: Regions | None
    certifies_regions: bool


@dataclass(slots=True)
class _Sums:
    """What was found of finished groups, in units of the map."""

    error: float = 0.0
    regions: float = 0.0
    norms: float = 0.0
    rounding: float = 0.0
    rise: float = 0.0


class AveragedPath:
    """A job of several paths under way; a live path for the scheduler."""

    def __init__(self, job: Job, asked: Asked, model: GradientModel) -> None:
        assert isinstance(job.path, AveragedPaths)
        self.job = job
        self.pending = np.array([])
        self._paths: AveragedPaths = job.path
        self._asked = asked
        self._model = model
        self._size = prod(job.path.shape)
        count = len(self._paths.legs)
        room = asked.memory // (4 * self._size) - _BESIDE
        at_once = max(1, room // (_USUAL_NODES + 1))
        self._tolerance = asked.accuracy.tolerance * (1.0 if count <= at_once else _OF_GROUPS)
        self._groups = [
            range(start, min(start + at_once, count)) for start in range(0, count, at_once)
        ]
        self._fold = Fold(self._paths)
        self._sums = _Sums()
        self._start = 0.0
        self._seen: dict[int, list[tuple[float, float, float]]] = {}
        self._failed: int | None = None
        self._steps = 0
        self._begin(self._groups.pop(0))

    @property
    def nbytes(self) -> int:
        """How many bytes its node gradients hold, or are expected to, with all that is beside."""
        usual = _USUAL_NODES * 4 * self._size * len(self._group)
        lines = 4 * self._size * len(self._group)
        return max(self._mesh.nbytes, usual) + lines + self._fold.nbytes

    def line(self, number: int) -> StraightLine:
        """Return a path of this group."""
        return self._lines[number]

    def is_shared(self, node: float) -> bool:
        """Tell whether a node is a point of several paths."""
        return node in self._shared

    def add(self, nodes: slice, values: RowValues) -> None:
        """Take what was seen at some nodes; what isn't finite fails all of the paths."""
        gradients = [g for count, rows in values.gradients for g in (rows[i] for i in range(count))]
        rows = zip(
            self.pending[nodes], gradients, values.scores, values.norms, values.finite, strict=True
        )
        for node, gradient, score, norm, finite in rows:
            self._steps += 1
            for end in self._shared.get(float(node), [float(node)]):
                number, t = decoded(end)
                seen = self._seen.setdefault(number, [])
                seen.append((self._paths.legs[number].alpha(t), float(score), float(norm)))
                if not finite and self._failed is None:
                    self._failed = number
                if self._failed is None:
                    self._take(number, t, gradient, float(score), float(node) in self._shared)

    def _take(self, number: int, t: float, gradient: Any, score: float, is_bare: bool) -> None:
        weight, leg = self._paths.weight, self._paths.legs[number]
        if t == 0.0:
            self._start += weight * score
        if is_bare:
            line, dtype = self._lines[number], self._model.spec.point.dtype
            gradient = gradient * (line.x - line.baseline).astype(dtype)
        factor = np.float32(weight * leg.speed(t))
        self._mesh.add(2.0 * number + t, gradient * factor, weight * score)

    def advance(self) -> None:
        """Judge the mesh: end, go on where it asks for more nodes, or go on to the next group."""
        if self._failed is not None:
            self.pending = np.array([])
            return
        self._mesh.advance()
        if not self._mesh.done:
            self.pending = np.array(self._mesh.pending)
            return
        self._end_group()
        self.pending = np.array([])
        if self._groups:
            self._begin(self._groups.pop(0))

    def _begin(self, group: range) -> None:
        paths, accuracy = self._paths, self._asked.accuracy
        self._group = group
        self._lines = {number: paths.line(number) for number in group}
        # A path that is run along unevenly has nodes of its own.
        self._legs = {
            number: root_of(number, 0 if paths.legs[number].bend == 0.0 else None)
            for number in group
        }
        least = len(group) * (_first_intervals(accuracy, len(paths.legs)) + 1)
        most = accuracy.max_steps * len(group)
        held = self._asked.memory // (4 * self._size)
        self._mesh = Mesh(
            replace(
                accuracy,
                tolerance=self._tolerance,
                min_steps=_first_intervals(accuracy, len(paths.legs)) + 1,
                max_steps=max(least, min(most, max(held, accuracy.max_steps))),
            ),
            self._model.node_gradients(self._size),
            None if self._asked.regions is None else Cells(self._asked.regions),
            self._asked.certifies_regions,
            list(self._legs.values()),
        )
        self._shared = self._find_shared()
        answered = {end for ends in self._shared.values() for end in ends}
        single = [node for node in self._mesh.pending if node not in answered]
        self.pending = np.array([*self._shared, *single])

    def _find_shared(self) -> dict[float, list[float]]:
        """Return the nodes that are ends of several paths, by the first of each."""
        nodes: dict[tuple[str, Hashable], list[float]] = {}
        for number in self._group:
            leg: Leg = self._paths.legs[number]
            nodes.setdefault(("start", leg.start), []).append(2.0 * number)
            nodes.setdefault(("end", leg.end), []).append(2.0 * number + 1.0)
        return {ends[0]: ends for ends in nodes.values() if len(ends) > 1}

    def _end_group(self) -> None:
        mesh, sums = self._mesh, self._sums
        before = self._fold.total.copy()
        for number in self._group:
            weighted = mesh.attribution(self._legs[number])
            self._fold.add(number, weighted / self._paths.weight)
        norm = float(np.abs(self._fold.total - before).sum())
        sums.norms += norm
        sums.error += mesh.absolute_error
        sums.rounding += mesh.absolute_rounding
        sums.regions += (mesh.regions_error or 0.0) * norm
        sums.rise += mesh.rise

    def integral(self) -> Integral:
        """Return the average, and what is claimed of it."""
        if self._failed is not None:
            return Integral(self.job.key, None, self._steps, self._profile(self._failed))
        paths, sums, fold = self._paths, self._sums, self._fold
        norm = float(np.abs(fold.total).sum())
        scale = max(norm, abs(sums.rise))
        rounding = sums.rounding / scale if scale > 0.0 else 0.0
        estimate = _relative(sums.error, norm, abs(sums.rise)) + rounding
        regions = None
        if self._asked.regions is not None:
            # Of groups, each times its map's L1 norm.
            regions = relative(sums.regions, norm)
        certified = regions if self._asked.certifies_regions else estimate
        tolerance = self._asked.accuracy.tolerance
        with np.errstate(over="ignore"):
            attribution = fold.total.astype(np.float32).reshape(paths.shape)
        return Integral(
            key=self.job.key,
            attribution=attribution,
            steps=self._steps,
            profile=self._profile(0),
            error_estimate=estimate,
            regions_error=regions,
            converged=bool(certified is not None and certified <= tolerance),
            rounding=rounding,
            averaged=fold.averaged(self._start),
        )

    def _profile(self, number: int) -> Profile:
        return Profile(*np.array(sorted(self._seen[number])).T)


def _first_intervals(accuracy: Accuracy, count: int) -> int:
    """Return how many intervals each of several paths has at first."""
    return max(2, accuracy.first_intervals // (2 if count <= _FEW else 4))


def _relative(error: float, norm: float, rise: float) -> float:
    """Return an error relative to the exact map, whose norm is at least that of the score."""
    if error == 0.0:
        return 0.0
    exact = max(norm - error, rise)
    return error / exact if exact > 0.0 else float("inf")
