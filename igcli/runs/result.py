"""The result of a run: counts, deltas and failures, and the exit code that follows."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any, Literal

from igcli.common import exit_codes
from igcli.common.choices import PIXELS, REGIONS
from igcli.common.errors import IgcliError, OutputVanished, RunStopped, first_line
from igcli.common.notes import doubts, notes_to_json
from igcli.common.totals import Accuracy, Tally
from igcli.runs.selection import Selection
from igcli.store.layout import ATTRIBUTIONS, ATTRIBUTIONS_NPY, OVERLAYS, PARTS, RESULTS

_SHOWN = 4


def unit_of(pictures: bool, per_input: int) -> str:
    """Return what is counted: explanations where an input has several, else what it is."""
    if per_input > 1:
        return "explanations"
    return "images" if pictures else "inputs"


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished or stopped run.

    Attributes
    ----------
    asked : int
        How many explanations were asked for.
    before : int
        How many of them an earlier run had finished.
    here : int
        How many this one explained.
    seconds : float
        Wall time of the pass over the inputs, model loading left out.
    pictures, overlays : bool
        Whether what is explained is a picture, and whether overlays were asked for.
    per_input : int
        Explanations of each input.
    undrawn : list of (str, str)
        Ids whose overlay could not be written, and why.
    execution : dict
        Device, precision and batching, as in run.json.
    pixels : str
        What pixels were put through, and why, where that was not asked for by name.
    notes : tuple of str
        What was noticed; some are doubts.
    stopped : IgcliError or None
        What stopped the run part-way.
    parts_kept : str
        Why attributions.h5 needs the parts beside it; "" where it does not.
    certifies_regions : bool
        Whether the tolerance was asked of regions, not of pixels.
    selection : Selection or None
        The inputs that `--where` left.
    conditions : tuple of str
        What it was given as.
    target : str
        What is explained of an output of one score per place; "" for any other.
    """

    out: Path
    asked: int
    before: int
    here: int
    tally: Tally
    seconds: float
    method: str
    pictures: bool
    overlays: bool
    per_input: int
    undrawn: list[tuple[str, str]]
    saved_npy: bool
    has_tolerance: bool
    execution: dict[str, Any]
    pixels: str = ""
    notes: tuple[str, ...] = ()
    stopped: IgcliError | None = None
    parts_kept: str = ""
    certifies_regions: bool = False
    selection: Selection | None = None
    conditions: tuple[str, ...] = ()
    target: str = ""

    @property
    def done(self) -> int:
        """How many explanations are stored, failed ones included."""
        return self.tally.ok + len(self.tally.failures)

    @property
    def complete(self) -> bool:
        """Whether every input was reached, and all is written."""
        return self.done == self.asked and self.stopped is None

    @property
    def status(self) -> Literal["complete", "partial"]:
        """What run.json says."""
        return "complete" if self.complete else "partial"

    @property
    def exit_code(self) -> int:
        """3 when the run is not complete, else 1 when a gate was crossed, else 3 for failures."""
        if not self.complete:
            return exit_codes.INCOMPLETE
        if self.tally.crossed:
            return exit_codes.GATE
        return exit_codes.INCOMPLETE if self.tally.failures or self.undrawn else exit_codes.OK

    @property
    def accuracy(self) -> Accuracy | None:
        """How often predictions are right; None where no true class is known."""
        if self.selection is not None:
            return self.selection.accuracy
        return self.tally.accuracy(self.per_input)

    def accuracy_facts(self) -> dict[str, Any]:
        """Return what run.json and ``--json`` say of it; nothing where no true class is known."""
        return {} if self.accuracy is None else {"accuracy": self.accuracy.to_dict()}

    @property
    def doubts(self) -> list[str]:
        """What means that this run is very likely wrong."""
        return doubts(self.notes)

    def counts(self) -> dict[str, int]:
        """Return the counts for run.json."""
        return {
            "asked": self.asked,
            "ok": self.tally.ok,
            "failed": len(self.tally.failures),
            "not_reached": self.asked - self.done,
            "unconverged": self.tally.unconverged,
            "undrawn": len(self.undrawn),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "out": str(self.out),
            "status": self.status,
            "stopped": self.stopped and self.stopped.to_dict(),
            "counts": {**self.counts(), "stored": self.done, "before": self.before},
            **self.accuracy_facts(),
            **({} if self.selection is None else {"where": self.selection.to_dict()}),
            **({"target": self.target} if self.target else {}),
            "method": self.method,
            "steps": {"mean": fmean(self.tally.steps), "max": max(self.tally.steps)}
            if self.tally.steps
            else None,
            "certified": REGIONS if self.certifies_regions else PIXELS,
            "error_estimate": self.tally.errors.to_dict(),
            "regions_error": self.tally.regions_errors.to_dict(),
            **(
                {"sampling_error": self.tally.sampling_errors.to_dict()}
                if self.tally.averaged
                else {}
            ),
            "delta": self.tally.deltas.to_dict(),
            "relative_delta": self.tally.relative.to_dict(),
            "gates_crossed": self.tally.crossed,
            "failures": [{"id": i, "message": m} for i, m in self.tally.failures],
            "notes": notes_to_json(self.notes),
            "files": self.files(),
            "parts_kept": self.parts_kept or None,
            "seconds": round(self.seconds, 3),
            **self.execution,
        }

    def files(self) -> list[str]:
        """Return the files and folders that are there for the user, as paths."""
        names = [RESULTS, ATTRIBUTIONS]
        if self.parts_note:
            names.append(PARTS)
        if self.saved_npy:
            names.append(ATTRIBUTIONS_NPY)
        if self.pictures and self.overlays:
            names.append(OVERLAYS)
        return [str(self.out / name) for name in names if (self.out / name).exists()]

    @property
    def parts_note(self) -> str:
        """What to tell of an attributions.h5 that needs the parts; "" where there is none."""
        path = self.out / ATTRIBUTIONS
        if not self.parts_kept or not path.exists():
            return ""
        return f"{path} can't be read without {self.out / PARTS} beside it: {self.parts_kept}"

    def lines(self) -> list[str]:
        """Return the summary: five lines, and what there is on accuracy, pixels and workers."""
        unit = unit_of(self.pictures, self.per_input)
        rate = f", {self.here / self.seconds:.3g} {unit}/s" if self.here else ""
        before = f", {self.before} of them before" if self.before else ""
        why_not = "" if self.overlays else " (no overlays: --no-overlays)"
        if not self.pictures:
            why_not = " (no overlays: what is explained is no picture)"
        return [
            *([f"accuracy   {self.accuracy.line()}"] if self.accuracy else []),
            *([f"where      {self.selection.in_words(self.conditions)}"] if self.selection else []),
            *([f"target     {self.target}"] if self.target else []),
            f"explained  {self.tally.ok} of {self.asked}{before} ({self.method}) "
            f"in {self.seconds:.1f} s{rate}",
            f"failed     {len(self.tally.failures)}{self._unreached()}",
            f"error      {self._accuracy()}",
            f"|delta|    {self.tally.deltas.line('{:.3g}')}; "
            f"relative: {self.tally.relative.line('{:.2%}')}",
            *self._averages(),
            *([f"pixels     {self.pixels}"] if self.pixels else []),
            f"files      {', '.join(self.files()) or 'none'}{why_not}",
            *self._workers(),
        ]

    def _averages(self) -> list[str]:
        """Tell how far means over draws may be off, and where baselines cancel each other."""
        tally, lines = self.tally, []
        if tally.sampling_errors:
            lines.append(f"sampling   {tally.sampling_errors.line('{:.1%}')}")
        if tally.cancelled:
            lines.append(
                f"cancelled  {tally.cancelled} of {tally.averaged} averages have less than half of "
                f"their baselines' mass, {tally.least_ratio:.2f} of it the least: more steps"
            )
        return lines

    def _workers(self) -> list[str]:
        workers = self.execution.get("workers")
        if not workers:
            return []
        hosts = len({worker["host"] for worker in workers})
        rates = sorted(worker["rows_per_second"] or 0.0 for worker in workers)
        in_words = ", ".join(f"{rate:,.0f}" for rate in rates)
        if len(rates) > _SHOWN:
            in_words = f"{rates[0]:,.0f} to {rates[-1]:,.0f}, median {median(rates):,.0f},"
        machines = f"{hosts} machine{'s' * (hosts > 1)}"
        return [f"workers    {len(rates)} on {machines}: {in_words} rows/s each"]

    def _accuracy(self) -> str:
        if not self.tally.errors:
            return "not estimated"
        unmet = f"{self.tally.unconverged} not converged; " if self.has_tolerance else ""
        steps = f"{fmean(self.tally.steps):.1f} steps each"
        if self.certifies_regions:
            regions = self.tally.regions_errors.line("{:.2%}")
            pixels = self.tally.errors.line("{:.2%}")
            return f"regions estimate: {regions}; {unmet}pixels: {pixels}; {steps}"
        return f"estimate: {self.tally.errors.line('{:.2%}')}; {unmet}{steps}"

    def _unreached(self) -> str:
        left = self.asked - self.done
        return f", {left} not reached" if left else ""


def run_stopped(
    failure: Exception | None, stored: int, passing: int, asked: int, out: Path
) -> RunStopped:
    """Return the error that tells of a failure or of the user's stop, and how much is stored.

    Parameters
    ----------
    failure : Exception or None
        An IgcliError, an OSError of the run directory, or a MemoryError; None where the user
        stopped the run.
    stored, passing, asked : int
        How many explanations are in whole parts, how many of them `--resume` computes again, and
        how many were asked for.
    out : Path
        The run directory.
    """
    extent = f"{stored} of them stored in {out}" if stored else "none of them stored"
    if passing:
        extent += f" ({passing} in unfinished blocks, which --resume computes again)"
    if failure is None:
        return RunStopped(f"stopped before all {asked} were explained, {extent}")
    cause, fix = first_line(failure), "see the cause"
    if isinstance(failure, OutputVanished):
        problem = f"stopped before all {asked} were explained"
        return RunStopped(problem, first_line(failure), failure.fix)
    if isinstance(failure, IgcliError):
        fix = failure.fix or fix
    elif isinstance(failure, OSError) and failure.errno:
        cause = os.strerror(failure.errno)
        fix = "free the disk" if failure.errno == errno.ENOSPC else f"check {out}"
    problem = f"stopped before all {asked} were explained, {extent}"
    if stored == asked and not passing:
        problem = f"stopped after all {asked} were explained, before {out} was finished"
    return RunStopped(problem, cause, f"{fix}, then run again with --resume")
