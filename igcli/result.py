"""What a run came to: counts, deltas and failures, and the exit code that follows."""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from igcli.records import Explanation
from igcli.store.layout import ATTRIBUTIONS, ATTRIBUTIONS_NPY, OVERLAYS, RESULTS

EXIT_OK = 0
EXIT_INCOMPLETE = 3


@dataclass(slots=True)
class Tally:
    """Running totals over explanations, a few numbers each."""

    hashes: dict[str, str] = field(default_factory=dict)
    ok: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    deltas: list[tuple[float, str]] = field(default_factory=list)
    relative: list[tuple[float, str]] = field(default_factory=list)

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
    """

    out: Path
    asked: int
    tally: Tally
    seconds: float
    method: str
    steps: int
    pictures: bool
    why_no_pictures: str
    saved_npy: bool

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
        """0 when all were explained, 3 when some failed or the run stopped part-way."""
        return EXIT_OK if self.complete and not self.tally.failures else EXIT_INCOMPLETE

    def counts(self) -> dict[str, int]:
        """Return the counts for run.json."""
        return {
            "asked": self.asked,
            "ok": self.tally.ok,
            "failed": len(self.tally.failures),
            "not_reached": self.asked - self.done,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "out": str(self.out),
            "status": "complete" if self.complete else "partial",
            "counts": self.counts(),
            "method": self.method,
            "steps": self.steps,
            "delta": _spread(self.tally.deltas),
            "relative_delta": _spread(self.tally.relative),
            "failures": [{"id": i, "message": m} for i, m in self.tally.failures],
            "files": self.files(),
            "seconds": round(self.seconds, 3),
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
            f"explained  {self.tally.ok} of {self.asked} ({self.method}, {self.steps} steps) "
            f"in {self.seconds:.1f} s, {rate:.3g} images/s",
            f"failed     {len(self.tally.failures)}{self._unreached()}",
            f"|delta|    {_line(self.tally.deltas, '{:.3g}')}",
            f"relative   {_line(self.tally.relative, '{:.2%}')}",
            f"files      {', '.join(self.files()) or 'none'}{overlays}",
        ]

    def _unreached(self) -> str:
        left = self.asked - self.done
        return f", {left} not reached" if left else ""


def _spread(values: list[tuple[float, str]]) -> dict[str, Any] | None:
    if not values:
        return None
    worst, where = max(values)
    return {"median": median(value for value, _ in values), "worst": worst, "worst_id": where}


def _line(values: list[tuple[float, str]], form: str) -> str:
    spread = _spread(values)
    if spread is None:
        return "none"
    middle, worst = form.format(spread["median"]), form.format(spread["worst"])
    return f"median {middle}, worst {worst} ({spread['worst_id']})"
