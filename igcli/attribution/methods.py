"""METHODS: how the path is integrated; the fixed rules, and adaptive steps to a tolerance."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from igcli.attribution.adaptive import integrate_adaptively
from igcli.attribution.batches import Batches
from igcli.attribution.fixed import integrate
from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.attribution.integral import Integral, Job
from igcli.attribution.mesh import Accuracy
from igcli.attribution.quadrature import RULES, Rule
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.machine import total_memory

ADAPTIVE = "adaptive"
METHODS = (ADAPTIVE, *RULES)
DEFAULT_STEPS = 50
DEFAULT_TOLERANCE = 0.05
DEFAULT_MIN_STEPS = 9
DEFAULT_MAX_STEPS = 256
MOST_STEPS = 4097
_MEMORY_SHARE = 4
_USUAL_STEPS = 24


@dataclass(frozen=True, slots=True)
class Method:
    """A settled way to integrate: `rule` for a fixed one, `accuracy` and `memory` for adaptive."""

    name: str
    rule: Rule | None
    accuracy: Accuracy | None
    memory: int

    @property
    def estimates(self) -> bool:
        """Whether every explanation gets an error estimate."""
        return self.rule is None or self.rule.coarse is not None

    @property
    def title(self) -> str:
        """What the summary calls it."""
        if self.accuracy is not None:
            return f"{self.name}, tolerance {self.accuracy.tolerance:g}"
        return f"{self.name}, {len(self.rule.alphas) if self.rule else 0} steps"

    @property
    def starts_at_baseline(self) -> bool:
        """Whether the first node of every path is the baseline itself."""
        return self.rule is None or float(self.rule.alphas[0]) == 0.0

    @property
    def usual_steps(self) -> int:
        """How many steps a path takes, or is likely to."""
        return len(self.rule.alphas) if self.rule is not None else _USUAL_STEPS

    def with_rounding(self, error: float) -> "Method":
        """Return the same method, for gradients that are wrong by so much of their L1 norm.

        A fixed rule's own estimate knows nothing of that: there is none then.
        """
        if self.accuracy is not None:
            rounding = max(error, self.accuracy.rounding)
            return replace(self, accuracy=replace(self.accuracy, rounding=rounding))
        if self.rule is not None and error > 0.0:
            return replace(self, rule=replace(self.rule, coarse=None))
        return self

    def evaluate(self, batches: Batches, rows: PathRows) -> RowValues:
        """Send one batch as `integrate` would, whatever the weights."""
        if self.rule is None:
            return batches.row_products(rows)
        return batches.weighted_gradients(rows, np.ones((len(self.rule.all_weights), len(rows))))

    def integrate(self, batches: Batches, jobs: Iterable[Job]) -> Iterator[Integral]:
        """Integrate every job; see `integrate` and `adaptive`."""
        if self.accuracy is not None:
            return integrate_adaptively(batches, jobs, self.accuracy, self.memory)
        assert self.rule is not None
        return integrate(batches, jobs, self.rule)


def choose_method(config: RunConfig) -> Method:
    """Settle the method of a run; raise ConfigError for settings of the other kind."""
    adaptive_only = {
        "--tolerance": config.tolerance,
        "--min-steps": config.min_steps,
        "--max-steps": config.max_steps,
        "--memory": config.memory,
    }
    memory = config.memory or total_memory() // _MEMORY_SHARE
    if config.method != ADAPTIVE:
        for flag, value in adaptive_only.items():
            if value is not None:
                raise ConfigError(
                    f"{flag} can't be used with --method {config.method}",
                    "a fixed rule takes the same steps on every path",
                    f"leave it out, or use --method {ADAPTIVE}",
                )
        steps = DEFAULT_STEPS if config.steps is None else config.steps
        return Method(config.method, RULES[config.method](steps), None, memory)
    if config.steps is not None:
        raise ConfigError(
            f"--steps {config.steps} can't be used with --method {ADAPTIVE}",
            "it takes the steps that each path needs",
            f"name a rule, --method {next(iter(RULES))} for one, or set --tolerance",
        )
    return Method(ADAPTIVE, None, _accuracy(config), memory)


def _accuracy(config: RunConfig) -> Accuracy:
    tolerance = DEFAULT_TOLERANCE if config.tolerance is None else config.tolerance
    min_steps = DEFAULT_MIN_STEPS if config.min_steps is None else config.min_steps
    max_steps = DEFAULT_MAX_STEPS if config.max_steps is None else config.max_steps
    if not 0.0 < tolerance < 1.0:
        raise ConfigError(
            f"--tolerance {tolerance:g} is out of range",
            "it is the map's relative error",
            "write a number between 0 and 1, 0.05 for example",
        )
    accuracy = Accuracy(tolerance, min_steps, max_steps)
    first = accuracy.first_intervals + 1
    if max_steps < first:
        raise ConfigError(
            f"--max-steps {max_steps} is too few",
            f"the first mesh of --min-steps {min_steps} has {first} nodes",
            f"use --max-steps {first} or more",
        )
    return accuracy
