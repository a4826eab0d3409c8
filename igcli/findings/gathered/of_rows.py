"""Findings of rows, without maps: accuracy, what failed, what did not converge."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import exp, inf, lgamma, log, log1p

from igcli.common.explanation import Explanation
from igcli.common.groups import TRUTH, group_names, members
from igcli.common.text import on_one_line, the_first
from igcli.common.totals import Accuracy, Tally
from igcli.findings.gathered.finding import ACCURACY, FAILED, UNCONVERGED, Finding
from igcli.findings.gathered.of_names import names_found
from igcli.findings.welch import LEVEL
from igcli.store.run import StoredRun

_SHOWN = 3
_CLASSES = 5


def accuracy(run: StoredRun) -> Accuracy | None:
    """Return how often a run's predictions are right; None where that is not known.

    A run of chosen inputs alone says it of all that they were chosen from.
    """
    chosen = run.about.get("where")
    if isinstance(chosen, dict):
        correct, known = chosen.get("correct"), chosen.get("known")
        if isinstance(correct, int) and isinstance(known, int) and known:
            return Accuracy(correct, known)
        return None
    tally = Tally()
    tally.add_all(run.rows)
    return tally.accuracy(run.per_input)


def accuracy_found(run: StoredRun) -> Iterator[Finding]:
    """Yield how often predictions are right, then the classes that are wrong beyond chance."""
    found = accuracy(run)
    if found is None:
        return
    wrong = _by_score([row for row in run.rows if row.correct is False])
    is_chosen = isinstance(run.about.get("where"), dict)
    text = found.line()
    if is_chosen:
        text += "; of all inputs, from which these were chosen"
    numbers = {"share": found.correct / found.known, "known": found.known}
    bad = found.correct < found.known
    yield Finding(ACCURACY, text, _ids(wrong), numbers, bad)
    if not is_chosen:
        inputs = _known_inputs(run)
        yield from names_found(inputs)
        yield from _worst_classes(run, inputs)


def _by_score(rows: Sequence[Explanation]) -> list[Explanation]:
    """Return rows in order, the surest first: what is wrong though sure is worth the first look."""
    return sorted(rows, key=lambda row: -inf if row.score is None else -row.score)


def _ids(rows: Sequence[Explanation]) -> tuple[str, ...]:
    return tuple(row.id for row in rows)


def _known_inputs(run: StoredRun) -> list[Explanation]:
    """Return a row of each input whose true class is known."""
    known = [row for row in run.rows if row.correct is not None]
    firsts = {run.input_of(row): row for row in reversed(known)}
    return [row for row in known if firsts[run.input_of(row)] is row]


def _worst_classes(run: StoredRun, inputs: Sequence[Explanation]) -> Iterator[Finding]:
    """Yield the classes with more wrong predictions than the others' rate makes by chance.

    The chance is 1 % for all classes together, by the binomial distribution.
    """
    classes = members(group_names(inputs, TRUTH))
    wrong = sum(row.correct is False for row in inputs)
    found = []
    for name, places in classes.items():
        own = [inputs[place] for place in places]
        missed = [row for row in own if row.correct is False]
        others = len(inputs) - len(own)
        if not missed or not others:
            continue
        rate = (wrong - len(missed) + 1) / (others + 1)
        if chance_of(len(missed), len(own), rate) > LEVEL / len(classes):
            continue
        found.append((len(missed) / len(own), _class(run, name, own, missed, wrong, others)))
    found.sort(key=lambda pair: -pair[0])
    yield from (finding for _, finding in found[:_CLASSES])


def _class(
    run: StoredRun,
    name: str,
    own: Sequence[Explanation],
    missed: Sequence[Explanation],
    wrong: int,
    others: int,
) -> Finding:
    taken = Counter(group_names(missed, "prediction")).most_common(1)[0]
    text = (
        f"{on_one_line(name)}: {len(missed)} of {len(own)} predicted wrong "
        f"({len(missed) / len(own):.0%}), {taken[1]} of them as {on_one_line(taken[0])}; of all "
        f"others {wrong - len(missed)} of {others}"
    )
    inputs = {run.input_of(row) for row in missed}
    rows = _by_score([row for row in run.rows if run.input_of(row) in inputs])
    return Finding(ACCURACY, text, _ids(rows), {"wrong": len(missed), "n": len(own)}, True)


def chance_of(count: int, of: int, rate: float) -> float:
    """Return the chance of `count` or more hits in `of` trials that hit at a rate (binomial)."""
    if rate >= 1.0:
        return 1.0
    total = 0.0
    for k in range(count, of + 1):
        ways = lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1)
        total += exp(ways + k * log(rate) + (of - k) * log1p(-rate))
    return min(1.0, total)


def failures_found(rows: Sequence[Explanation]) -> Iterator[Finding]:
    """Yield the inputs that failed, with the commonest reasons."""
    failed = [row for row in rows if row.status == "failed"]
    if not failed:
        return
    reasons = Counter(on_one_line(row.message) for row in failed).most_common()
    named = the_first([f"{why} ({count})" for why, count in reasons], _SHOWN)
    yield Finding(
        FAILED, f"{len(failed)} of {len(rows)} failed: {named}", _ids(failed), {"n": len(failed)},
        True,
    )  # fmt: skip


def unconverged_found(rows: Sequence[Explanation]) -> Iterator[Finding]:
    """Yield the explanations that did not converge, the largest estimate of error first."""
    left = [row for row in rows if row.converged is False]
    if not left:
        return
    left.sort(key=lambda row: -_error(row))
    text = (
        f"{len(left)} of {len(rows)} did not converge; the largest estimate of error is "
        f"{_error(left[0]):.1%} ({on_one_line(left[0].id)})"
    )
    yield Finding(UNCONVERGED, text, _ids(left), {"n": len(left)}, True)


def _error(row: Explanation) -> float:
    known = row.error_estimate if row.regions_error is None else row.regions_error
    return inf if known is None else known
