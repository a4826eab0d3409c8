"""Totals over explanations: how many, how far off, which failed."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Any, Protocol

from igcli.common.explanation import Explanation
from igcli.common.text import finite, on_one_line

# Where the map of an average has less than this share of its baselines' mass, that is told.
HALF = 0.5


class Spread:
    """Numbers of many explanations, eight bytes each: their median, and the worst by name."""

    def __init__(self) -> None:
        self._values = array("d")
        self._worst = (-inf, "")

    def __bool__(self) -> bool:
        return len(self._values) > 0

    def add(self, value: float | None, identity: str) -> None:
        """Take one explanation's number, if it has one."""
        if value is not None:
            self._values.append(value)
            self._worst = max(self._worst, (value, identity))

    def to_dict(self) -> dict[str, Any] | None:
        """Return median and worst as JSON can hold them; None without numbers."""
        if not self._values:
            return None
        worst, where = self._worst
        middle = median(self._values)
        return {"median": finite(middle), "worst": finite(worst), "worst_id": where}

    def line(self, form: str) -> str:
        """Return median and worst as text."""
        spread = self.to_dict()
        if spread is None:
            return "none"
        middle, worst = (
            "unbounded" if value is None else form.format(value)
            for value in (spread["median"], spread["worst"])
        )
        return f"median {middle}, worst {worst} ({on_one_line(spread['worst_id'])})"


class Criterion(Protocol):
    """A threshold on single explanations; `igcli.runs.planning.gates` has them."""

    @property
    def text(self) -> str:
        """What the user wrote."""
        ...

    def crossed_by(self, explanation: Explanation) -> bool:
        """Tell whether one explanation crosses the threshold."""
        ...


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often predictions are right.

    Attributes
    ----------
    correct, known : int
        How many inputs are predicted as what they are, of how many whose true class is known.
    """

    correct: int
    known: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {"share": self.correct / self.known, "correct": self.correct, "known": self.known}

    def line(self) -> str:
        """Return it as text."""
        return f"{self.correct / self.known:.1%} ({self.correct} of {self.known} right)"


class Tally:
    """Totals over stored explanations, a few bytes each.

    Attributes
    ----------
    averaged, cancelled : int
        Averages over several baselines, and those that keep less than half of their mass.
    least_ratio : float
        The least share of it that one keeps.
    known, correct : int
        Explanations of inputs whose true class is known, and those of inputs predicted as that.
    """

    def __init__(self, gates: Sequence[Criterion] = ()) -> None:
        self._gates = gates
        self.ok = 0
        self.failures: list[tuple[str, str]] = []
        self.deltas, self.relative, self.errors = Spread(), Spread(), Spread()
        self.regions_errors, self.sampling_errors = Spread(), Spread()
        self.cancelled, self.averaged, self.least_ratio = 0, 0, inf
        self.steps = array("q")
        self.unconverged = 0
        self.known = self.correct = 0
        self.crossed: dict[str, list[str]] = {}
        self.hashes: dict[str, str] = {}

    def accuracy(self, per_input: int) -> Accuracy | None:
        """Return how often inputs of so many explanations are predicted right; None for none."""
        known = self.known // per_input
        return Accuracy(self.correct // per_input, known) if known else None

    def add_all(self, explanations: Iterable[Explanation]) -> None:
        """Count some explanations."""
        for explanation in explanations:
            self._add(explanation)

    def _add(self, explanation: Explanation) -> None:
        self.hashes[explanation.path] = explanation.sha256
        self.known += explanation.correct is not None
        self.correct += explanation.correct is True
        if explanation.status == "failed":
            self.failures.append((explanation.id, explanation.message))
            return
        self.ok += 1
        delta = None if explanation.delta is None else abs(explanation.delta)
        self.deltas.add(delta, explanation.id)
        self.relative.add(explanation.relative_delta, explanation.id)
        self.errors.add(explanation.error_estimate, explanation.id)
        self.regions_errors.add(explanation.regions_error, explanation.id)
        self.sampling_errors.add(explanation.sampling_error, explanation.id)
        if explanation.norm_ratio is not None:
            self.averaged += 1
            self.cancelled += explanation.norm_ratio < HALF
            self.least_ratio = min(self.least_ratio, explanation.norm_ratio)
        if explanation.steps is not None:
            self.steps.append(explanation.steps)
        self.unconverged += explanation.converged is False
        for gate in self._gates:
            if gate.crossed_by(explanation):
                self.crossed.setdefault(gate.text, []).append(explanation.id)
