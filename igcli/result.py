"""What a run came to: counts, deltas and failures, and the exit code that follows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from statistics import fmean, median
from typing import Any

from igcli import exit_codes
from igcli.gates import Gate
from igcli.records import Explanation
from igcli.store.layout import ATTRIBUTIONS, ATTRIBUTIONS_NPY, OVERLAYS, RESULTS


@dataclass(slots=True)
class Tally:
    """Running totals over explanations, a few numbers each."""

    gates: Sequence[Gate] = ()
    hashes: dict[str, str] = field(default_factory=dict)
    ok: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    deltas: list[tuple[float, str]] = field(default_factory=list)
    relative: list[tuple[float, str]] = field(default_factory=list)
    errors: list[tuple[float, str]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    unconverged: int = 0
    crossed: dict[str, list[str]] = field(default_factory=dict)

    def add(self, explanation: Explanation) -> None:
        """Count one finished explanation."""
        self.hashes[explanation.path] = explanation.sha256
        if explanation.status == "failed":
            self.failures.append((explanation.id, explanation.message))
            return
        self.ok += 1
        if explanation.delta is not None:
            self.deltas.append((abs(explanation.delta), explanation.id))
        if explanation.relative_delta is not None:
            self.relative.append((explanation.relative_delta, explanation.id))
        if explanation.error_estimate is not None:
            self.errors.append((explanation.error_estimate, explanation.id))
        if explanation.steps is not None:
            self.steps.append(explanation.steps)
        self.unconverged += explanation.converged is False
        for gate in self.gates:
            if gate.crossed_by(explanation):
                self.crossed.setdefault(gate.text, []).append(explanation.id)


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished or interrupted run.

    Attributes
    ----------
    asked : int
        How many explanations were asked for.
    seconds : float
        Wall time of the pass over the inputs, model loading left out.
    pictures : bool
        Whether overlays were drawn; `why_no_pictures` says why not.
    unit : str
        What is counted: "images", or "explanations" where it is not one per image.
    ran : dict
        Device, precision and batching, as in run.json.
    """

    out: Path
    asked: int
    tally: Tally
    seconds: float
    method: str
    pictures: bool
    why_no_pictures: str
    saved_npy: bool
    has_tolerance: bool
    unit: str
    ran: dict[str, Any]

    @property
    def done(self) -> int:
        """How many explanations were finished, failed ones included."""
        return self.tally.ok + len(self.tally.failures)

    @property
    def complete(self) -> bool:
        """Whether every input was reached."""
        return self.done == self.asked

    @property
    def exit_code(self) -> int:
        """1 when a gate was crossed, else 3 when inputs failed or were not reached, else 0."""
        if self.tally.crossed:
            return exit_codes.GATE
        return exit_codes.OK if self.complete and not self.tally.failures else exit_codes.INCOMPLETE

    def counts(self) -> dict[str, int]:
        """Return the counts for run.json."""
        return {
            "asked": self.asked,
            "ok": self.tally.ok,
            "failed": len(self.tally.failures),
            "not_reached": self.asked - self.done,
            "unconverged": self.tally.unconverged,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "out": str(self.out),
            "status": "complete" if self.complete else "partial",
            "counts": self.counts(),
            "method": self.method,
            "steps": {"mean": fmean(self.tally.steps), "max": max(self.tally.steps)}
            if self.tally.steps
            else None,
            "error_estimate": _spread(self.tally.errors),
            "delta": _spread(self.tally.deltas),
            "relative_delta": _spread(self.tally.relative),
            "gates_crossed": self.tally.crossed,
            "failures": [{"id": i, "message": m} for i, m in self.tally.failures],
            "files": self.files(),
            "seconds": round(self.seconds, 3),
            **self.ran,
        }

    def files(self) -> list[str]:
        """Return the written files and folders, as paths."""
        names = [RESULTS, ATTRIBUTIONS]
        if self.saved_npy:
            names.append(ATTRIBUTIONS_NPY)
        if self.pictures:
            names.append(OVERLAYS)
        return [str(self.out / name) for name in names] if self.done else []

    def lines(self) -> list[str]:
        """Return the summary: five lines."""
        rate = self.tally.ok / self.seconds if self.seconds > 0 else 0.0
        overlays = "" if self.pictures else f" (no overlays: {self.why_no_pictures})"
        return [
            f"explained  {self.tally.ok} of {self.asked} ({self.method}) "
            f"in {self.seconds:.1f} s, {rate:.3g} {self.unit}/s",
            f"failed     {len(self.tally.failures)}{self._unreached()}",
            f"error      {self._accuracy()}",
            f"|delta|    {_line(self.tally.deltas, '{:.3g}')}; "
            f"relative: {_line(self.tally.relative, '{:.2%}')}",
            f"files      {', '.join(self.files()) or 'none'}{overlays}",
        ]

    def _accuracy(self) -> str:
        if not self.tally.errors:
            return "not estimated"
        unmet = f"{self.tally.unconverged} not converged; " if self.has_tolerance else ""
        steps = f"{fmean(self.tally.steps):.1f} steps each"
        return f"estimate: {_line(self.tally.errors, '{:.2%}')}; {unmet}{steps}"

    def _unreached(self) -> str:
        left = self.asked - self.done
        return f", {left} not reached" if left else ""


def _spread(values: list[tuple[float, str]]) -> dict[str, Any] | None:
    if not values:
        return None
    worst, where = max(values)
    middle = median(value for value, _ in values)
    return {"median": _finite(middle), "worst": _finite(worst), "worst_id": where}


def _finite(value: float) -> float | None:
    """Return None for an infinite estimate: JSON has no infinity."""
    return value if isfinite(value) else None


def _line(values: list[tuple[float, str]], form: str) -> str:
    spread = _spread(values)
    if spread is None:
        return "none"
    middle, worst = (
        "unbounded" if value is None else form.format(value)
        for value in (spread["median"], spread["worst"])
    )
    return f"median {middle}, worst {worst} ({on_one_line(spread['worst_id'])})"


def on_one_line(text: str) -> str:
    """Return a name as a terminal can show it: control characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
