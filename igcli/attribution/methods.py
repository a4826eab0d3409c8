"""METHODS: the ways to integrate a path, fixed rules and adaptive steps, by name."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from igcli.attribution.accuracy import Accuracy
from igcli.attribution.adaptive import Adaptive
from igcli.attribution.batches import Batches
from igcli.attribution.fixed import FixedRule
from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.attribution.integral import Integral, Job
from igcli.attribution.quadrature import RULES
from igcli.common.choices import (
    ADAPTIVE,
    DEFAULT_MAX_STEPS,
    DEFAULT_MIN_STEPS,
    DEFAULT_STEPS,
    DEFAULT_TOLERANCE,
)
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError
from igcli.common.machine import total_memory
from igcli.common.regions import Regions

_MEMORY_SHARE = 4


class Method(Protocol):
    """A settled way to integrate."""

    @property
    def name(self) -> str:
        """Its key in `METHODS`."""
        ...

    @property
    def title(self) -> str:
        """What the summary calls it."""
        ...

    @property
    def tolerance(self) -> float | None:
        """What each error estimate is to meet; None where every path takes the same nodes."""
        ...

    @property
    def memory(self) -> int:
        """Bytes for the gradients of paths under way, where they are kept."""
        ...

    @property
    def estimates(self) -> bool:
        """Whether every explanation gets an error estimate."""
        ...

    @property
    def starts_at_baseline(self) -> bool:
        """Whether the first node of every path is the baseline itself."""
        ...

    @property
    def usual_steps(self) -> int:
        """How many steps a path takes, or is likely to."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return what run.json says of it: `method`, `accuracy` and `memory`."""
        ...

    def spelled_out(self, config: RunConfig) -> RunConfig:
        """Return a run's settings with the method's own in place, and None for the other kind's."""
        ...

    def with_rounding(self, error: float) -> "Method":
        """Return the same method, for gradients that are wrong by so much of their L1 norm."""
        ...

    def with_regions(self, regions: Regions, certified: bool) -> "Method":
        """Return the same method, which estimates the error of densities over cells too.

        Where they are what is certified, the tolerance is asked of them, not of the pixels. A
        method that adapts nothing gives no such estimate.
        """
        ...

    def with_storing(self, error: float) -> "Method":
        """Return the same method, for maps that lose so much of their L1 norm on the disk.

        What is lost is added to each estimate, so a tolerance is met with room for it.
        """
        ...

    def evaluate(self, batches: Batches, rows: PathRows) -> RowValues:
        """Send one batch as `integrate` would, whatever the weights."""
        ...

    def integrate(self, batches: Batches, jobs: Iterable[Job]) -> Iterator[Integral]:
        """Integrate every job.

        Parameters
        ----------
        batches : Batches
            The model, and how its batches are sent.
        jobs : iterable of Job
            Read lazily, with ascending keys.

        Yields
        ------
        Integral
            One per job, as they finish; when the batches are stopped, those that are done. What a
            job gets depends on itself alone.
        """
        ...


def choose_method(config: RunConfig) -> Method:
    """Settle the method of a run; raise ConfigError for settings of the other kind."""
    return METHODS[config.method](config)


def _fixed_rule(config: RunConfig) -> FixedRule:
    adaptive_only = {
        "--tolerance": config.tolerance,
        "--min-steps": config.min_steps,
        "--max-steps": config.max_steps,
        "--memory": config.memory,
    }
    for flag, value in adaptive_only.items():
        if value is not None:
            raise ConfigError(
                f"{flag} can't be used with --method {config.method}",
                "a fixed rule takes the same steps on every path",
                f"leave it out, or use --method {ADAPTIVE}",
            )
    steps = DEFAULT_STEPS if config.steps is None else config.steps
    return FixedRule(config.method, RULES[config.method](steps), _memory(config))


def _adaptive(config: RunConfig) -> Adaptive:
    if config.steps is not None:
        raise ConfigError(
            f"--steps {config.steps} can't be used with --method {ADAPTIVE}",
            "it takes the steps that each path needs",
            f"name a rule, --method {next(iter(RULES))} for one, or set --tolerance",
        )
    return Adaptive(ADAPTIVE, _accuracy(config), _memory(config))


def _memory(config: RunConfig) -> int:
    return config.memory or total_memory() // _MEMORY_SHARE


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


METHODS: dict[str, Callable[[RunConfig], Method]] = {
    ADAPTIVE: _adaptive,
    **dict.fromkeys(RULES, _fixed_rule),
}
