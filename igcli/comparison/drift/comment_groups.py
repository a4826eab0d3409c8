"""The comment's groups: the tables by class and of changed predictions."""

from igcli.common.markdown import escaped, plain, table
from igcli.comparison.drift.grouped import Flip, Group
from igcli.comparison.drift.numbers import CLASS
from igcli.comparison.drift.verdict import Verdict
from igcli.comparison.drift.words import in_order, named

# What the table by class shows, and of how many.
_OF_GROUP = ("moved", "gained", "coarse", "prediction_changed", "accuracy_lost")
_ROWS = 20
# A share's limit beyond which hardly anything can fall: it says that too little is known.
NO_LIMIT = 0.9
_FLIPS = 5


def groups(verdict: Verdict) -> list[str]:
    """Return the table by class: those beyond a limit first."""
    first = named(verdict)
    found = in_order(verdict)
    if not found:
        return []
    shown = found[: max(_ROWS, len(first))]
    measures = [name for name in _OF_GROUP if any(name in group.measures for group in shown)]
    limits = {group.name: _limits(group, measures, verdict) for group in shown}
    rows = (
        (("❌ " if group.name in first else "") + escaped(group.name), str(group.count),
         *(_cell(group, measure, limits[group.name].get(measure)) for measure in measures))
        for group in shown
    )  # fmt: skip
    more = len(found) - len(shown)
    rest = [f"and {more} more", ""] if more else []
    titles = tuple(name.replace("_", " ") for name in measures)
    return [
        f"By {plain(verdict.by)}{_which(verdict)}{_brackets(verdict)}:", "",
        *table((verdict.by, "images", *titles), rows), "", *rest,
    ]  # fmt: skip


def _which(verdict: Verdict) -> str:
    if verdict.by != CLASS:
        return ""
    is_true = any("accuracy_lost" in group.measures for group in verdict.groups)
    return ", the true one" if is_true else ", as the reference predicts it"


def _brackets(verdict: Verdict) -> str:
    runs = len(verdict.calibrated)
    seen = f"; in brackets what the {runs} calibrating runs have" if runs > 1 else ""
    seen = "; in brackets what the calibrating run has" if runs == 1 else seen
    return f" (after a slash the limit; what has none is not judged here{seen})"


def _limits(group: Group, measures: list[str], verdict: Verdict) -> dict[str, float]:
    """Return the strictest limit that each measure of a group has."""
    found: dict[str, float] = {}
    for judged in verdict.judged:
        threshold = judged.threshold
        if not threshold.by or threshold.below or threshold.measure not in measures:
            continue
        for one in judged.groups:
            if one.name == group.name:
                most = found.get(threshold.measure, one.limit)
                found[threshold.measure] = min(most, one.limit)
    return found


def _cell(group: Group, measure: str, limit: float | None) -> str:
    found = group.measures.get(measure)
    if found is None:
        return "–"
    judged = "" if limit is None or limit > NO_LIMIT else f" / {limit:.2f}"
    normal = f" ({min(found.normal):.2f}–{max(found.normal):.2f})" if found.normal else ""
    return f"{found.value:.2f}{judged}{normal}"


def changed_predictions(verdict: Verdict) -> list[str]:
    """Return the table of changed predictions."""
    shown = verdict.flips[:_FLIPS]
    if not shown:
        return []
    head = ("prediction changed", "images", *(("in calibrating runs",) * bool(verdict.calibrated)))
    rows = ((f"{escaped(f.before)} → {escaped(f.after)}", str(f.count), *_normal(f)) for f in shown)
    rest = verdict.flips[_FLIPS:]
    images = sum(flip.count for flip in rest)
    more = [f"and {images} more in {len(rest)} other pairs", ""] if rest else []
    return [*table(head, rows), "", *more]


def _normal(flip: Flip) -> tuple[str, ...]:
    if not flip.normal:
        return ()
    return ("–".join(map(str, sorted({min(flip.normal), max(flip.normal)}))),)
