"""The verdict of a verification: what does not hold, how good the maps are, the exit code."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from igcli.common import exit_codes
from igcli.common.text import finite, on_one_line
from igcli.common.totals import Spread
from igcli.evaluation.claims import Checked, Wrong

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Verified:
    """A run directory that was held against a recomputed sample.

    Attributes
    ----------
    out : Path
        The run directory.
    inputs, total : int
        How many inputs it is of, and how many explanations it has.
    blocks : int
        In how many blocks: those of attributions.h5, or parts.
    method : str
        The run's.
    tolerance : float
        That of the recomputed maps.
    whole : list of Wrong
        What is wrong with the whole run.
    rows : list of Checked
        The sample; empty where the files could not be read.
    seconds : float
        What recomputing took.
    """

    out: Path
    inputs: int
    total: int
    blocks: int
    method: str
    tolerance: float
    whole: list[Wrong]
    rows: list[Checked]
    seconds: float

    @property
    def wrong(self) -> list[Wrong]:
        """Everything that does not hold."""
        return [*self.whole, *(wrong for row in self.rows for wrong in row.wrong)]

    @property
    def exit_code(self) -> int:
        """1 when something does not hold."""
        return exit_codes.GATE if self.wrong else exit_codes.OK

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "out": str(self.out),
            "verified": not self.wrong,
            "inputs": self.inputs,
            "explanations": self.total,
            "sample": len(self.rows),
            "method": self.method,
            "tolerance": self.tolerance,
            "wrong": [asdict(wrong) for wrong in self.wrong],
            "measured_error": self._measured().to_dict(),
            "share_of_estimate": self._shares().to_dict(),
            **self._of_regions(),
            "unresolved": self._unresolved(),
            "seconds": round(self.seconds, 3),
            "rows": [
                {
                    key: finite(value) if isinstance(value, float) else value
                    for key, value in asdict(row).items()
                    if key != "wrong"
                }
                for row in self.rows
            ],
        }

    def lines(self) -> list[str]:
        """Return the summary: what was verified, the errors found, each claim that fails."""
        lines = [self._headline()]
        if not self.whole:
            lines.append(
                f"files      {self.blocks} whole block{'' if self.blocks == 1 else 's'}; "
                f"{self.total} rows, the same in every file"
            )
        return [*lines, *self._errors(), *self._wrongs()]

    def _headline(self) -> str:
        if not self.rows and self.wrong:
            return f"NOT TRUE   none of {self.total} explanations was recomputed"
        if not self.rows:
            return f"verified   {self.total} explanations: there is nothing to recompute"
        failed = sum(bool(row.wrong) for row in self.rows)
        return (
            f"{'NOT TRUE  ' if self.wrong else 'verified  '} {len(self.rows)} of {self.total} "
            f"explanations ({self.method}) recomputed to tolerance {self.tolerance:g} in "
            f"{self.seconds:.1f} s: {f'not as stored: {failed}' if failed else 'all as stored'}"
        )

    def _errors(self) -> Iterator[str]:
        measured, shares, unresolved = self._measured(), self._shares(), self._unresolved()
        if measured:
            yield f"error      measured: {measured.line('{:.2%}')}"
        if shares:
            yield f"           of its estimate: {shares.line('{:.0%}')}"
        regions = self._spread("measured_regions", None)
        if regions:
            shares = self._spread("measured_regions", "regions_error")
            of = f"; of its estimate: {shares.line('{:.0%}')}" if shares else ""
            yield f"regions    measured: {regions.line('{:.2%}')}{of}"
        if unresolved:
            yield (
                f"           {unresolved} of the recomputed maps did not reach "
                f"{self.tolerance:g} themselves: these prove less"
            )

    def _wrongs(self) -> Iterator[str]:
        wrongs = self.wrong
        for wrong in wrongs[:_SHOWN]:
            where = f"{wrong.id}: " if wrong.id else ""
            yield f"wrong      {on_one_line(where + wrong.words)}"
        if len(wrongs) > _SHOWN:
            yield f"           and {len(wrongs) - _SHOWN} more: --json names them all"
        for fix in dict.fromkeys(wrong.fix for wrong in wrongs if wrong.fix):
            yield f"           to fix this: {fix}"

    def _measured(self) -> Spread:
        return self._spread("measured_error", None)

    def _shares(self) -> Spread:
        """Return measured errors over what the run says they are at most."""
        return self._spread("measured_error", "error_estimate")

    def _of_regions(self) -> dict[str, Any]:
        """Return the same of where the mass of regions lies, where a run has them."""
        measured = self._spread("measured_regions", None)
        shares = self._spread("measured_regions", "regions_error")
        found = {"measured_regions": measured, "share_of_regions_error": shares}
        return {name: spread.to_dict() for name, spread in found.items() if measured}

    def _spread(self, name: str, over: str | None) -> Spread:
        """Return the spread of one number of the sample, or of its share of another."""
        spread = Spread()
        for row in self.rows:
            value, whole = getattr(row, name), 1.0 if over is None else getattr(row, over)
            if value is not None and whole:
                spread.add(value / whole, row.id)
        return spread

    def _unresolved(self) -> int:
        return sum(row.finer_converged is False for row in self.rows)
