"""Matched runs: what several runs have in common, and whether they say anything of each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, NotComparable
from igcli.common.explanation import Explanation
from igcli.common.setting import Decides, settings_of
from igcli.comparison.agreement.choices import Left, LeftOut
from igcli.store.identity import differences
from igcli.store.run import StoredRun

# What may differ: what is chosen, and what decides which rows have a common target.
_FREE = frozenset({"baseline", "seed", "target"})


def check_named_once(outs: Sequence[Path]) -> None:
    """Raise ConfigError for a directory that is named twice."""
    seen = set()
    for out in outs:
        if out.resolve() in seen:
            raise ConfigError(f"{out} is named twice", fix="name each run once")
        seen.add(out.resolve())


@dataclass(frozen=True, slots=True)
class Matched:
    """The explanations of several runs.

    Attributes
    ----------
    common : list of tuple of Explanation
        Those that all have, of one target, in the order of the runs.
    left_out : list of LeftOut
        The others, each once.
    """

    common: list[tuple[Explanation, ...]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def matched(runs: Sequence[StoredRun]) -> Matched:
    """Match the rows of runs by id.

    Raises
    ------
    NotComparable
        When the runs differ in more than their baseline, or have no map in common.
    NotWhole
        When one is damaged.
    """
    for run in runs:
        _check_settings(runs[0], run)
        run.check_files()
    found = Matched()
    others = [{row.id: row for row in run.rows} for run in runs[1:]]
    for row in runs[0].rows:
        rows = (row, *(there.pop(row.id, None) for there in others))
        left = _why_left(rows, runs)
        if left is None:
            found.common.append(tuple(one for one in rows if one is not None))
        else:
            found.left_out.append(LeftOut(row, *left))
    alone = {row.id: row for there in others for row in there.values()}
    for row in alone.values():
        found.left_out.append(LeftOut(row, Left.MISSING, f"not in {runs[0].title}"))
    if not found.common:
        counts = {left: sum(one.left is left for one in found.left_out) for left in Left}
        told = ", ".join(f"{count} {left}" for left, count in counts.items() if count)
        raise NotComparable(
            f"{' and '.join(run.title for run in runs)} have no map of one image and target",
            told or "they hold no explanation",
            "explain the same images for the same classes, each with another --baseline",
        )
    return found


def _why_left(
    rows: Sequence[Explanation | None], runs: Sequence[StoredRun]
) -> tuple[Left, str] | None:
    first = rows[0]
    assert first is not None
    for row, run in zip(rows, runs, strict=True):
        if row is None:
            return Left.MISSING, f"not in {run.title}"
        if row.sha256 and first.sha256 and row.sha256 != first.sha256:
            return Left.INPUT_CHANGED, f"another file in {run.title}"
    for row, run in zip(rows, runs, strict=True):
        assert row is not None
        if row.status != "ok":
            return Left.FAILED, f"in {run.title}: {row.message}"
        if row.target != first.target:
            return Left.OTHER_TARGET, f"{first.target} in {runs[0].title}, {row.target} elsewhere"
    return None


def _check_settings(first: StoredRun, run: StoredRun) -> None:
    there, here = (_alike(one.about["identity"]) for one in (first, run))
    found = differences(there, here)
    if found:
        raise NotComparable(
            f"{first.title} and {run.title} differ in more than their baseline",
            "; ".join(found),
            "run both alike but for --baseline; igcli compare is for two models",
        )


def _alike(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an identity must be the same: the model, and what decides what is explained.

    Inputs are looked at one by one.
    """
    decisive = {
        name
        for name, known in settings_of(RunConfig).items()
        if known.decides is Decides.EXPLANATION and not known.is_argument
    }
    return {key: identity[key] for key in identity if key in {"model", *decisive} - _FREE}
