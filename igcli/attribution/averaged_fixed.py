"""The averaged fixed path: a rule on each of several paths, one after the other."""

from math import prod

import numpy as np

from igcli.attribution.averages import AveragedPaths, Fold
from igcli.attribution.gradient_model import RowValues, both_finite
from igcli.attribution.integral import Integral, Job
from igcli.attribution.path import StraightLine
from igcli.attribution.quadrature import Rule, coarse_estimate
from igcli.common.arrays import Array
from igcli.common.explanation import Profile


class AveragedFixedPath:
    """A job of several paths under way on a fixed rule.

    A path is made when its rows are sent, and let go once they are in: its map is folded then.
    """

    def __init__(self, job: Job, rule: Rule) -> None:
        assert isinstance(job.path, AveragedPaths)
        self.job = job
        self._paths: AveragedPaths = job.path
        self._rule = rule
        self._each = len(rule.alphas)
        count = len(self._paths.legs)
        self.pending = np.concatenate([2.0 * number + rule.alphas for number in range(count)])
        self._profile = Profile(self.pending, *np.empty((2, len(self.pending))))
        self._lines: dict[int, StraightLine] = {}
        self._totals: Array | None = None
        self._left = self._each
        self._fold = Fold(self._paths)
        self._coarse = np.zeros(prod(job.path.shape))

    def line(self, number: int) -> StraightLine:
        """Return a path, made once while it is under way; threads may ask for the same one."""
        line = self._lines.get(number)
        if line is None:
            line = self._lines[number] = self._paths.line(number)
        return line

    def is_shared(self, node: float) -> bool:
        """Tell that each path has nodes of its own."""
        return False

    def add(self, nodes: slice, values: RowValues) -> None:
        """Take the weighted sums of some nodes' gradients, path by path."""
        self._profile.scores[nodes] = values.scores
        self._profile.gradient_norms[nodes] = values.norms
        at = nodes.start
        for count, sums in values.gradients:
            self._totals = sums if self._totals is None else self._totals + sums
            self._left -= count
            if not self._left:
                self._end_path(at // self._each)
            at += count

    def _end_path(self, number: int) -> None:
        assert self._totals is not None
        line = self._lines.pop(number)
        maps = line.difference * self._totals
        self._fold.add(number, maps[0].ravel())
        if len(maps) > 1:
            self._coarse += self._paths.weight * maps[1].ravel()
        self._totals, self._left = None, self._each

    def advance(self) -> None:
        """End: all nodes are in."""
        self.pending = self.pending[:0]

    def integral(self) -> Integral:
        """Return the mean over all paths."""
        profile, steps = self._profile, len(self._profile.alphas)
        bad = ~both_finite(profile.scores, profile.gradient_norms)
        if bad.any():
            return Integral(self.job.key, None, steps, self._of(int(bad.argmax()) // self._each))
        result = self._fold.total
        estimate = None
        if self._rule.coarse is not None:
            estimate = coarse_estimate(result, self._coarse)
        with np.errstate(over="ignore"):
            attribution = result.astype(np.float32).reshape(self._paths.shape)
        averaged = self._fold.averaged(self._start())
        return Integral(self.job.key, attribution, steps, self._of(0), estimate, averaged=averaged)

    def _of(self, number: int) -> Profile:
        nodes = slice(number * self._each, (number + 1) * self._each)
        profile = self._profile
        return Profile(self._rule.alphas, profile.scores[nodes], profile.gradient_norms[nodes])

    def _start(self) -> float | None:
        if float(self._rule.alphas[0]) != 0.0:
            return None
        return float(self._profile.scores[:: self._each].mean())
