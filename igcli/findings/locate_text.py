"""The text of locate: the terminal's summary, and the comment for a pull request."""

from collections.abc import Iterator, Sequence

import numpy as np

from igcli.common.markdown import escaped, table
from igcli.common.text import on_one_line, the_first
from igcli.findings.locate_gates import Judged
from igcli.findings.locate_groups import STATISTICS, Group, groups, whole
from igcli.findings.locate_measures import MEASURES
from igcli.findings.locate_results import Findings, Left, Located

_SHOWN = 5
_CLASSES = 10
_OF_WORST = ("inside", "lift", "hit", "rank")


def summary(found: Findings, judged: Sequence[Judged]) -> list[str]:
    """Return what the terminal shows."""
    lines = [f"located    {_measured(found)}"]
    lines += [f"{'CROSSED' if j.crossed else 'passed':<9}  {_judged(j)}" for j in judged]
    if found.measured:
        lines += [f"{name:<10} {text}" for name, text in _spreads(whole(found))]
        classes = [group for group in groups(found) if group.kind == "class"]
        lines += [f"{_kind(g):<10} {_group(g)}" for g in classes[:_CLASSES]]
        if len(classes) > _CLASSES:
            more = len(classes) - _CLASSES
            lines.append(f"           and {more} classes more, in --markdown and --json")
        others = [group for group in groups(found) if group.kind != "class"]
        lines += [f"{_kind(g):<10} {_group(g)}" for g in others]
        lines += [f"worst      {_image(image)}" for image in found.measured[:_SHOWN]]
    lines += [f"left out   {text}" for text in _left_out(found, _SHOWN)]
    return lines


def _measured(found: Findings) -> str:
    how = f"the mass in cells of {found.cells} pixels" if found.cells else "the maps' pixels"
    count = f"{len(found.measured)} of {len(found.images)} explanations"
    return f"{count}, against a {found.noun} each, by {how}"


def _kind(group: Group) -> str:
    return {"class": "class", "prediction": "predicted"}[group.kind]


def _spreads(group: Group) -> Iterator[tuple[str, str]]:
    for name, spread in group.statistics.items():
        if spread:
            values = ", ".join(f"{s} {spread[s]:.3g}" for s in STATISTICS)
            error = group.error[name]
            off = "not known" if np.isnan(error) else f"{error:.2g}"
            yield (
                name,
                f"{values}; off by up to {off} at the median"
                if name in _BOUNDED
                else (f"{values}; {off} off when the maps are disturbed by their errors"),
            )


_BOUNDED = ("inside", "inside_abs", "lift")


def _group(group: Group) -> str:
    medians = ", ".join(
        f"{name} {group.statistics[name]['median']:.3g}" for name in ("inside", "lift")
    )
    hits = group.statistics["hit"]["mean"]
    return f"{on_one_line(group.name)}: {group.count}, {medians} at the median, {hits:.0%} hit"


def _image(image: Located) -> str:
    values = ", ".join(f"{name} {image.values[name]:.3g}" for name in _OF_WORST)
    return f"{on_one_line(image.row.id)}: {values}"


def _judged(judged: Judged) -> str:
    if judged.value is None:
        return f"{judged.threshold.text}: no image to judge"
    ids = the_first([on_one_line(image.row.id) for image in judged.beyond], _SHOWN)
    worst = f"; {ids}" if judged.crossed and ids else ""
    return f"{judged.threshold.text}: {judged.value:.4g}{worst}"


def _left_out(found: Findings, shown: int) -> Iterator[str]:
    """Yield why explanations were left out, how many, and which; then the objects not used."""
    for left in Left:
        images = [image for image in found.images if image.left is left]
        if images:
            ids = the_first([on_one_line(image.row.id) for image in images], shown)
            yield f"{len(images)}, {left}: {ids} ({on_one_line(images[0].why)})"
    if found.unused:
        names = the_first([on_one_line(name) for name in found.unused], shown)
        yield f"{found.noun}: {len(found.unused)} of no image of the run: {names}"


def markdown(found: Findings, judged: Sequence[Judged]) -> str:
    """Return the comment for a pull request, GitHub's flavour."""
    state = "❌ **not where it should be**" if any(j.crossed for j in judged) else "✅"
    lines = [f"### igcli locate: {state if judged else ''}".rstrip(": "), ""]
    lines += [f"`{on_one_line(found.title)}`: {_measured(found)}.", ""]
    if judged:
        rows = (
            (
                f"`{j.threshold.text}`",
                "–" if j.value is None else f"{j.value:.4g}",
                "❌" if j.crossed else "✅",
            )
            for j in judged
        )
        lines += [*table(("gate", "found", ""), rows), ""]
    if found.measured:
        lines += [*_table_of_measures(whole(found)), "", *_table_of_groups(groups(found)), ""]
        lines += ["Worst located:", ""]
        worst = (
            (escaped(image.row.id), *(f"{image.values[n]:.3g}" for n in _OF_WORST))
            for image in found.measured[:_SHOWN]
        )
        lines += [*table(("image", *_OF_WORST), worst), ""]
    lines += [f"- left out: {_plain(text)}" for text in _left_out(found, _SHOWN)]
    return "\n".join(lines).rstrip() + "\n"


def _table_of_measures(group: Group) -> list[str]:
    rows = (
        (
            name,
            *(f"{spread[s]:.3g}" if spread else "–" for s in STATISTICS),
            "–" if np.isnan(group.error[name]) else f"{group.error[name]:.2g}",
            MEASURES[name].meaning,
        )
        for name, spread in group.statistics.items()
    )
    return table(("measure", *STATISTICS, "median error", "meaning"), rows)


def _table_of_groups(several: Sequence[Group]) -> list[str]:
    rows = (
        (
            f"{_kind(g)} {escaped(g.name)}",
            str(g.count),
            *(f"{g.statistics[n]['median']:.3g}" for n in ("inside", "lift")),
            f"{g.statistics['hit']['mean']:.0%}",
        )
        for g in several
    )
    return table(("group", "images", "inside (median)", "lift (median)", "hit"), rows)


def _plain(text: str) -> str:
    """Keep names from being read as Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
