"""The text of agreement: the terminal's summary, and the comment for a pull request."""

from collections.abc import Iterator, Sequence
from math import isnan

from igcli.common.markdown import escaped, plain, table
from igcli.common.text import on_one_line, the_first
from igcli.comparison.agreement.agree import Agreement, ImageAgreement
from igcli.comparison.agreement.agreement_gates import Judged
from igcli.comparison.agreement.agreement_groups import STATISTICS, Group, by_column, whole
from igcli.comparison.agreement.choices import Left
from igcli.comparison.agreement.pairwise import meaning

_SHOWN = 5
_GROUPS = 10
_NAMES = 4
_PER_IMAGE = ("density", "cosine", "signs")


def summary(found: Agreement, judged: Sequence[Judged], by: str | None) -> list[str]:
    """Return what the terminal shows."""
    lines = [f"measured   {measured(found)}"]
    lines += [f"{'CROSSED' if j.crossed else 'passed':<9}  {_judged(j)}" for j in judged]
    group = whole(found)
    lines += [f"{name:<10} {_spread(group, name)}" for name in found.measures]
    lines.append(f"differ     {apart(found)}")
    groups = by_column(found, by)
    lines += [f"{'group':<10} {_group(g, found)}" for g in groups[:_GROUPS]]
    if len(groups) > _GROUPS:
        more = len(groups) - _GROUPS
        lines.append(f"           and {more} groups more, in --markdown and --json")
    lines += [f"{'hinges':<10} {said(image, found)}" for image in found.hinging[:_SHOWN]]
    return [*lines, *(f"left out   {text}" for text in _left_out(found))]


def measured(found: Agreement) -> str:
    """Say what was measured."""
    how = "the maps' pixels" if found.has_pixels else "the mass of cells alone"
    cells = f", cells of {found.cells} pixels" if found.cells else ""
    names = the_first([on_one_line(name) for name in found.names], _NAMES)
    total = len(found.images) + len(found.left_out)
    return (
        f"{len(found.images)} of {total} explanations, {len(found.names)} baselines each ({names}),"
        f" by {how}{cells}"
    )


def apart(found: Agreement) -> str:
    """Say how many images' maps differ by more than their errors."""
    return f"{len(found.hinging)} of {len(found.images)} by more than their maps' own errors"


def _spread(group: Group, name: str) -> str:
    values = ", ".join(f"{s} {group.statistics[name][s]:.3g}" for s in STATISTICS)
    return f"{values}; {by_errors(group.explained[name])}"


def by_errors(explained: float) -> str:
    """Say what the maps' own errors make of a measure."""
    if isnan(explained):
        return "what errors alone give is not known"
    return f"{explained:.3g} by errors alone"


def _group(group: Group, found: Agreement) -> str:
    medians = ", ".join(
        f"{name} {group.statistics[name]['median']:.3g}" for name in _first_measures(found)
    )
    return f"{on_one_line(group.name)}: {group.count}, {medians} at the median"


def _first_measures(found: Agreement) -> list[str]:
    """Return the measures of the two maps that differ most, the density first."""
    return [name for name in _PER_IMAGE if name in found.measures]


def said(image: ImageAgreement, found: Agreement) -> str:
    """Say what was found of one image."""
    numbers = ", ".join(f"{name} {image.values[name]:.3g}" for name in _first_measures(found))
    # Of two baselines, all images have the same pair.
    pair = f" ({on_one_line(' against '.join(image.pair))})" if len(found.names) > 2 else ""
    return f"{on_one_line(image.row.id)}: {numbers}{pair}"


def _judged(judged: Judged) -> str:
    if judged.value is None:
        return f"{judged.threshold.text}: {judged.left_out}"
    where = f" in {on_one_line(judged.group)}" if judged.group else ""
    ids = the_first([on_one_line(name) for name in judged.beyond], _SHOWN)
    worst = f"; {ids}" if judged.crossed and ids else ""
    return f"{judged.threshold.text}: {judged.value:.4g}{where}{worst}"


def _left_out(found: Agreement) -> Iterator[str]:
    """Yield why explanations were left out, how many, and which."""
    for left in Left:
        several = [one for one in found.left_out if one.left is left]
        if several:
            ids = the_first([on_one_line(one.row.id) for one in several], _SHOWN)
            yield f"{len(several)}, {left}: {ids} ({on_one_line(several[0].why)})"


def markdown(found: Agreement, judged: Sequence[Judged], by: str | None) -> str:
    """Return the comment for a pull request, GitHub's flavour."""
    state = "❌ **hangs on the baseline**" if any(j.crossed for j in judged) else "✅"
    lines = [f"### igcli agreement: {state if judged else ''}".rstrip(": "), ""]
    runs = ", ".join(escaped(title) for title in found.titles)
    lines += [f"{runs}: {plain(measured(found))}; {apart(found)}.", ""]
    if judged:
        lines += [*table(("gate", "found", "by errors alone", ""), map(_gate_row, judged)), ""]
    lines += [*_table_of_measures(whole(found), found), ""]
    groups = by_column(found, by)
    if groups:
        lines += [*_table_of_groups(groups, found), ""]
    if found.hinging:
        lines += ["They hinge on the choice most:", "", *_table_of_images(found), ""]
    lines += [f"- left out: {plain(text)}" for text in _left_out(found)]
    lines += [f"- {plain(note)}" for note in found.notes]
    return "\n".join(lines).rstrip() + "\n"


def _gate_row(judged: Judged) -> tuple[str, str, str, str]:
    where = f" in {escaped(judged.group)}" if judged.group else ""
    value = judged.left_out if judged.value is None else f"{judged.value:.4g}{where}"
    return (
        escaped(judged.threshold.text),
        value,
        _number(judged.explained),
        "❌" if judged.crossed else "✅",
    )


def _number(value: float) -> str:
    return "–" if isnan(value) else f"{value:.3g}"


def _table_of_measures(group: Group, found: Agreement) -> list[str]:
    rows = (
        (
            name,
            *(f"{group.statistics[name][s]:.3g}" for s in STATISTICS),
            _number(group.explained[name]),
            meaning(name, len(found.names)),
        )
        for name in found.measures
    )
    return table(("measure", *STATISTICS, "by errors alone (median)", "meaning"), rows)


def _table_of_groups(groups: Sequence[Group], found: Agreement) -> list[str]:
    names = _first_measures(found)
    rows = (
        (
            escaped(group.name),
            str(group.count),
            *(f"{group.statistics[name]['median']:.3g}" for name in names),
        )
        for group in groups
    )
    return table(("group", "images", *(f"{name} (median)" for name in names)), rows)


def _table_of_images(found: Agreement) -> list[str]:
    names = _first_measures(found)
    rows = (
        (
            escaped(image.row.id),
            *(f"{image.values[name]:.3g}" for name in names),
            f"{escaped(image.pair[0])} against {escaped(image.pair[1])}",
        )
        for image in found.hinging[:_SHOWN]
    )
    return table(("image", *names, "baselines"), rows)
