"""The agreement on the page: how much hangs on the baseline, and rows of small maps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import prod
from typing import Any

from igcli.common.html import number, text
from igcli.common.progress import untracked
from igcli.common.text import in_bytes, the_first
from igcli.comparison.agreement.agree import agree
from igcli.comparison.agreement.agreement_files import facts_of, read_facts
from igcli.comparison.agreement.drawn_maps import drawn_rows
from igcli.comparison.agreement.of_kept import KeptChoices
from igcli.comparison.agreement.pairwise import meaning
from igcli.comparison.drift.page_groups import wide_table
from igcli.report.page.data import as_json
from igcli.store.kept_baselines import baseline_names, has_baselines
from igcli.store.layout import AGREEMENT, AGREEMENT_JSON
from igcli.store.run import StoredRun

_STATISTICS = ("min", "median", "p95", "max")
_PER_IMAGE = ("density", "cosine", "signs")
_GROUPS = 10
_DRAWN = 12
# More bytes of maps than this take minutes to measure: `igcli agreement` does that.
_MOST_BYTES = 1 << 30
_NAMES = 8


@dataclass(frozen=True, slots=True)
class ShownAgreement:
    """What the page says of it.

    Attributes
    ----------
    html : list of str
        The section's lines, but the rows of small maps.
    rows : str
        These, as JSON for the page's script.
    """

    html: list[str]
    rows: str


def agreement_of(run: StoredRun) -> ShownAgreement | None:
    """Return what `igcli agreement` left in the run directory of this same run.

    Without that, a run that keeps its baselines' maps is measured now; another has None.
    """
    facts = read_facts(run.out / AGREEMENT / AGREEMENT_JSON)
    if facts is None or facts.get("run") != run.about.get("run"):
        return _measured_now(run) if has_baselines(run.about) else None
    try:
        return _shown(facts, run)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _measured_now(run: StoredRun) -> ShownAgreement | None:
    baselines = len(baseline_names(run.about))
    size = 4 * len(run.rows) * baselines * sum(map(prod, run.layout.shapes.values()))
    if size > _MOST_BYTES:
        why = f"{in_bytes(size)} of baselines' maps were not measured: igcli agreement does that."
        return ShownAgreement([f'<p class="soft">{why}</p>'], "[]")
    choices = KeptChoices(run)
    found = agree(choices, untracked)
    if not found.images:
        return None
    return _shown(facts_of(found, None, list(drawn_rows(choices, found, _DRAWN))), run)


def _shown(facts: Mapping[str, Any], run: StoredRun) -> ShownAgreement:
    return ShownAgreement(_html(facts["agreement"]), _rows(facts, run))


def agreement_html(shown: ShownAgreement | None) -> Iterator[str]:
    """Yield the section; nothing where there is none."""
    if shown is None:
        return
    yield '<section aria-labelledby="h-agreement" class="agreement">\n'
    yield '<h2 id="h-agreement">How much hangs on the baseline</h2>\n'
    yield from (f"{line}\n" for line in shown.html)
    yield '<div id="choices"></div>\n</section>\n'


def _html(found: Mapping[str, Any]) -> list[str]:
    count, names = found["measured"], [text(str(name)) for name in found["baselines"]]
    total = count + sum(len(ids) for ids in found["left_out"].values())
    by = "pixels" if found["of"] == "pixels" else "the mass of cells alone"
    told = (
        f"{count:,} of {total:,} explanations, each with {len(names)} baselines: "
        f"{the_first(names, _NAMES)}. The maps of <strong>{found['hinging']:,}</strong> differ by "
        f"more than their own errors (by {by})."
    )
    return [
        f"<p>{told}</p>",
        *_measures(found["all"], len(names)),
        *_groups(found["groups"]),
        *(f'<p class="soft">{text(str(note))}</p>' for note in found["notes"]),
    ]


def _measures(whole: Mapping[str, Any], baselines: int) -> list[str]:
    rows = [
        (
            name,
            *(number(spread[s], ".3g") for s in _STATISTICS),
            number(whole["explained"][name], ".3g"),
            escape(meaning(name, baselines)),
        )
        for name, spread in whole["statistics"].items()
    ]
    head = ("measure", *_STATISTICS, "by errors alone", "meaning")
    return wide_table("Over all images", head, rows, range(1, len(head) - 1))


def _groups(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    if not groups:
        return []
    names = [name for name in _PER_IMAGE if name in groups[0]["statistics"]]
    rows = [
        (
            text(str(group["name"])),
            f"{group['count']:,}",
            *(number(group["statistics"][name]["median"], ".3g") for name in names),
        )
        for group in groups[:_GROUPS]
    ]
    more = len(groups) - len(rows)
    title = "By group, those that hinge most first" + (f"; {more:,} more" if more else "")
    head = ("group", "images", *(f"{name}, median" for name in names))
    return wide_table(title, head, rows, range(1, len(head)))


def _rows(facts: Mapping[str, Any], run: StoredRun) -> str:
    """Return the rows of small maps, each with the place of its explanation and what it says."""
    places = {row.id: place for place, row in enumerate(run.rows)}
    images = {image["id"]: image for image in facts["agreement"]["images"]}
    has_pairs = len(facts["agreement"]["baselines"]) > 2
    return as_json(
        [
            {
                "row": places[one["id"]],
                "said": _said(images[one["id"]], has_pairs),
                "image": one["image"],
                "maps": [{"name": str(m["name"]), "src": str(m["src"])} for m in one["maps"]],
            }
            for one in facts["shown"]
            if one["id"] in places
        ]
    )


def _said(image: Mapping[str, Any], has_pairs: bool) -> str:
    numbers = (
        f"{name} {number(image[name]['value'], '.3g')}" for name in _PER_IMAGE if name in image
    )
    pair = f" ({' against '.join(map(str, image['baselines']))})" if has_pairs else ""
    return ", ".join(numbers) + pair
