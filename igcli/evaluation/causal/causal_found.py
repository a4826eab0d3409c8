"""What causal tests found, as findings that the report opens with."""

from dataclasses import replace

from igcli.common.text import counted
from igcli.evaluation.causal.causal_verdict import CAUSAL as IS_CAUSAL
from igcli.evaluation.causal.tested import CausalTests, TestedPlace
from igcli.findings.gathered.finding import CAUSAL, Finding, Gathered


def with_causal(found: Gathered, tests: CausalTests) -> Gathered:
    """Return findings with those of the tests before them, and what there was not to test."""
    notes = list(found.notes)
    if not tests.places:
        text = "nothing to test: there is no suspicious cluster and no fixed place"
        notes.append((CAUSAL, text))
    if tests.failed:
        notes.append((CAUSAL, f"{counted(len(tests.failed), 'image')} could not be tested"))
    return replace(found, causal=tuple(map(_finding, tests.places)), notes=tuple(notes))


def _finding(one: TestedPlace) -> Finding:
    numbers: dict[str, float | None] = {}
    for name, of in (("covered", one.covered), ("pasted", one.pasted)):
        if of is not None:
            numbers |= {name: of.place.share, f"{name}_random": of.random.share}
    ids = tuple(row.id for row in one.place.rows)
    text = f"{one.place.title}: {one.in_words()}"
    return Finding(CAUSAL, text, ids, numbers, is_bad=one.verdict == IS_CAUSAL)
