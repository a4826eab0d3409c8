"""A finding: one sentence about a run, and the rows that it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from igcli.common.text import finite

CAUSAL, ACCURACY, PLACE, STANDING, CLUSTER = "causal", "accuracy", "place", "standing", "cluster"
LOCATED, FAILED, UNCONVERGED, BASELINE = "located", "failed", "unconverged", "baseline"
# Every kind in the order in which findings are told, with the title of its section.
SECTIONS = {
    CAUSAL: "What the model hangs on",
    ACCURACY: "Accuracy",
    BASELINE: "Baseline",
    PLACE: "Fixed places",
    STANDING: "Groups that stand out",
    CLUSTER: "Suspicious clusters",
    LOCATED: "Objects",
    FAILED: "Failed",
    UNCONVERGED: "Not converged",
}
# How many images stand for a finding.
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about some rows.

    Attributes
    ----------
    kind : str
        One of SECTIONS.
    text : str
        A sentence, on one line.
    ids : tuple of str
        The rows that it is about, those to look at first first.
    numbers : dict of str to float or None
        What it says, as numbers; None where one is infinite or not known.
    is_bad : bool
        Whether it speaks against the model or the run; else it is there to be known.
    """

    kind: str
    text: str
    ids: tuple[str, ...] = ()
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    is_bad: bool = False

    @property
    def shown(self) -> tuple[str, ...]:
        """The rows whose pictures stand for it."""
        return self.ids[:SHOWN]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "kind": self.kind,
            "text": self.text,
            "ids": list(self.ids),
            "numbers": {k: None if v is None else finite(v) for k, v in self.numbers.items()},
            "bad": self.is_bad,
        }

    @staticmethod
    def from_dict(found: Mapping[str, Any]) -> "Finding":
        """Return what `to_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it did not.
        """
        if found["kind"] not in SECTIONS or not isinstance(found["text"], str):
            raise ValueError(f"no finding: {found['kind']}")
        ids = tuple(map(str, found["ids"]))
        return Finding(found["kind"], found["text"], ids, dict(found["numbers"]), found["bad"])


@dataclass(frozen=True, slots=True)
class Gathered:
    """All findings of a run.

    Attributes
    ----------
    run : str
        The run that they are of, as its run.json names it.
    explanations : int
        How many it had.
    read : str
        What maps were searched, and how they were grouped; "" where none were.
    findings : tuple of Finding
        By kind, in the order of SECTIONS.
    notes : tuple of (str, str)
        By kind: what was not found, and what could not be looked for.
    causal : tuple of Finding
        What came of covering places and looking at the scores: it goes before all else.
    """

    run: str
    explanations: int
    read: str
    findings: tuple[Finding, ...]
    notes: tuple[tuple[str, str], ...]
    causal: tuple[Finding, ...] = ()

    def of(self, kind: str) -> list[Finding]:
        """Return the findings of one kind."""
        return [one for one in (*self.causal, *self.findings) if one.kind == kind]

    def notes_of(self, kind: str) -> list[str]:
        """Return the notes of one kind."""
        return [text for of, text in self.notes if of == kind]

    @property
    def sections(self) -> list[str]:
        """The kinds that have something to say, in order."""
        return [kind for kind in SECTIONS if self.of(kind) or self.notes_of(kind)]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "run": self.run,
            "explanations": self.explanations,
            "read": self.read,
            "causal": [one.to_dict() for one in self.causal],
            "findings": [one.to_dict() for one in self.findings],
            "notes": [{"kind": kind, "text": text} for kind, text in self.notes],
        }

    @staticmethod
    def from_dict(found: Mapping[str, Any]) -> "Gathered":
        """Return what `to_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it did not.
        """
        return Gathered(
            str(found["run"]),
            int(found["explanations"]),
            str(found["read"]),
            tuple(Finding.from_dict(one) for one in found["findings"]),
            tuple((str(one["kind"]), str(one["text"])) for one in found["notes"]),
            tuple(Finding.from_dict(one) for one in found["causal"]),
        )
