"""Findings of the baseline: which it was, and the classes of which it leaves little to explain."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from igcli.common.baseline_rules import differs_little, gives_probabilities, is_class_already
from igcli.common.explanation import Explanation
from igcli.common.text import counted, on_one_line, the_first
from igcli.findings.gathered.finding import BASELINE, Finding
from igcli.store.run import StoredRun

_SHOWN = 3
_MOST = 0.5
# What to try instead, by what inputs are; those that no picture lacks first.
_OTHERS = {"pixels": ("blur:20", "gray", "black"), "floats": ("mean", "zeros")}


def baseline_found(run: StoredRun) -> Iterator[Finding]:
    """Yield the baseline of a run, and how many explanations it leaves little to explain of."""
    name = _settled(run).get("baseline")
    rows = [row for row in run.rows if row.status == "ok" and row.baseline_score is not None]
    if not isinstance(name, str) or not rows:
        return
    odd, why = _odd(run, rows)
    if not odd:
        yield Finding(BASELINE, f"{on_one_line(name)}{why}")
        return
    is_bad = len(odd) > _MOST * len(rows)
    text = f"{on_one_line(name)}: {why}: {_classes(odd, rows)}; {_instead(run, name)}"
    ids = tuple(row.id for row in odd)
    yield Finding(BASELINE, text, ids, {"n": len(odd), "share": len(odd) / len(rows)}, is_bad)


def _odd(run: StoredRun, rows: Sequence[Explanation]) -> tuple[list[Explanation], str]:
    """Return the explanations that have little to explain, and why."""
    of = counted(len(rows), "explanation")
    model, config = _table(run, "model"), _table(run, "config")
    is_known = gives_probabilities(str(config.get("scores")), str(model.get("last_operation")))
    if is_known and model.get("classes") != 1:
        likely = [row for row in rows if is_class_already(row.baseline_score)]
        if likely:
            return likely, f"it is itself the explained class in {len(likely)} of {of}"
    small = [row for row in rows if differs_little(row.score, row.baseline_score)]
    if small:
        return small, f"scores hardly differ from its own in {len(small)} of {of}"
    return [], f", which is the explained class in none of {of}" if is_known else ""


def _classes(odd: Sequence[Explanation], rows: Sequence[Explanation]) -> str:
    counts, of = Counter(map(_name, odd)), Counter(map(_name, rows))
    named = [f"{count} of {of[name]} of {name!r}" for name, count in counts.most_common()]
    return the_first(named, _SHOWN)


def _name(row: Explanation) -> str:
    return on_one_line(row.target_name or str(row.target))


def _instead(run: StoredRun, name: str) -> str:
    others = [one for one in _OTHERS.get(str(_settled(run).get("inputs_are")), ()) if one != name]
    example = f", {' or '.join(others[:2])} for example" if others else ""
    return f"another --baseline may say more of these{example}"


def _settled(run: StoredRun) -> dict[str, Any]:
    return _table(run, "settled")


def _table(run: StoredRun, key: str) -> dict[str, Any]:
    found = run.about.get(key)
    return found if isinstance(found, dict) else {}
