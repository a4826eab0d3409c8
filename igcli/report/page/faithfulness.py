"""faithfulness: what `igcli evaluate` left of a run, with its curves."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from igcli.common.choices import CONTROLS
from igcli.common.html import number, text
from igcli.store.layout import EVALUATE_JSON
from igcli.store.run import StoredRun

_WIDTH, _HEIGHT, _TOP, _BOTTOM = 320, 170, 16, 20
Curve = Sequence[tuple[float, float]]


def faithfulness_html(run: StoredRun) -> Iterator[str]:
    """Yield the section; nothing where the run's folder has no evaluation of this same run."""
    found = _read(run)
    if found is None:
        return
    place, stored = found
    yield '<section aria-labelledby="h-faithful">\n<h2 id="h-faithful">Faithfulness</h2>\n'
    yield (
        f'<p class="soft">Measured by igcli evaluate on {stored["n"]} explanations: how much '
        "better the maps are than the best of five orders of pixels that know no more of the model"
        ".</p>\n<ul>\n"
    )
    own = [one for one in stored["metrics"] if one["run"] == place]
    for one in own:
        yield f"<li><b>{text(one['metric'])}</b>: {text(one['in_words'])}</li>\n"
    yield '</ul>\n<div class="charts">\n'
    for one in own:
        curves = stored["curves"].get(one["metric"])
        if curves:
            yield _figure(one["metric"], curves, place, one["best_control"])
    yield "</div>\n</section>\n"


def _read(run: StoredRun) -> tuple[int, dict[str, Any]] | None:
    """Return the run's place in an evaluation, and this; None where there is none that fits."""
    try:
        stored = json.loads((run.out / EVALUATE_JSON).read_text(encoding="utf-8"))
        runs = stored["settings"]["runs"]
        return runs.index(run.about.get("run")), stored
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _figure(metric: str, curves: Mapping[str, Curve], place: int, best: str) -> str:
    own = {"map": f"map/{place}", "blurred": f"blurred/{place}"}
    # What is drawn last lies above.
    names = [name for name in CONTROLS if name != best] + [best, "map"]
    lines = {name: curves[own.get(name, name)] for name in names}
    values = [y for curve in lines.values() for _, y in curve]
    low, high = min(values), max(values)
    drawn = "".join(_line(name, curve, low, high, best) for name, curve in lines.items())
    bottom = _HEIGHT - _BOTTOM
    said = f"the maps and {best}, the best control; the other controls in grey"
    return (
        f'<figure class="chart"><h3>{text(metric)}</h3>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Mean curves of {text(metric)}: {text(said)}">{drawn}'
        f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{bottom}" y2="{bottom}"/>'
        f'<text x="0" y="{_TOP - 5}">{number(high, ".3g")}</text>'
        f'<text x="0" y="{bottom - 3}">{number(low, ".3g")}</text>'
        f'<text x="0" y="{_HEIGHT - 5}">0 %</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 5}" text-anchor="end">100 % of the pixels</text></svg>'
        '<figcaption><span class="curve map">maps</span> '
        f'<span class="curve best">{text(best)}</span> '
        '<span class="curve">other controls</span></figcaption></figure>\n'
    )


def _line(name: str, curve: Curve, low: float, high: float, best: str) -> str:
    room = _HEIGHT - _TOP - _BOTTOM
    span = high - low or 1.0
    points = " ".join(
        f"{_WIDTH * x:.1f},{_TOP + room * (1.0 - (y - low) / span):.1f}" for x, y in curve
    )
    kind = "line" if name == "map" else "line best" if name == best else "line other"
    return f'<polyline class="{kind}" points="{points}"><title>{text(name)}</title></polyline>'
