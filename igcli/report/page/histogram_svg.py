"""The histogram as SVG, by attributes alone: the page allows no inline styles."""

from collections.abc import Callable, Sequence
from math import isfinite
from statistics import median

from igcli.common.html import number
from igcli.report.page.histogram import Histogram, histogram

Form = Callable[[float], str]
_WIDTH, _HEIGHT, _TOP, _BOTTOM = 320, 118, 16, 20
_LEAST = 1.5


def percent(value: float) -> str:
    """Return a share in per cent."""
    if not isfinite(value):
        return number(value)
    small = 0.0 < abs(value) < 1e-4
    return number(100.0 * value, ".2g" if small else ".2f") + " %"


def plain(value: float) -> str:
    """Return a number with three digits."""
    return number(float(value), ".3g")


def chart(
    name: str,
    values: Sequence[float],
    form: Form,
    whole: bool = False,
    mark: tuple[str, float] | None = None,
) -> str:
    """Return a figure: a histogram, and below it the quantiles that it shows.

    Parameters
    ----------
    name : str
        What is counted, as HTML.
    values : sequence of float
        At least one; infinite ones are counted beyond the edge.
    form : callable
        Writes one of them.
    whole : bool
        Whether they are whole numbers.
    mark : (str, float) or None
        A named place on the axis.
    """
    bins = histogram(values, whole)
    ordered = sorted(values)
    said = (
        f"least {form(ordered[0])}, median {form(median(ordered))}, "
        f"95th percentile {form(ordered[round(0.95 * (len(ordered) - 1))])}, "
        f"largest {form(ordered[-1])}"
    )
    beyond = _beyond(bins, form)
    return (
        f'<figure class="chart"><h3>{name}</h3>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Histogram of {name}: {said}">'
        f"{_bars(bins, form, whole)}{_axis(bins, form, whole)}{_mark(bins, mark)}</svg>"
        f"<figcaption>{said}{beyond}</figcaption></figure>"
    )


def _beyond(bins: Histogram, form: Form) -> str:
    return "".join(
        f"; {count} {side} {form(edge)} not drawn"
        for count, side, edge in (
            (bins.below, "below", bins.edges[0]),
            (bins.above, "above", bins.edges[-1]),
        )
        if count
    )


def _bars(bins: Histogram, form: Form, whole: bool) -> str:
    width = _WIDTH / len(bins.counts)
    room = _HEIGHT - _TOP - _BOTTOM
    most = max(*bins.counts, 1)
    bars = []
    for i, count in enumerate(bins.counts):
        if count:
            # A lone image is seen beside thousands.
            height = max(_LEAST, room * count / most)
            bars.append(
                f'<rect x="{i * width + 0.5:.2f}" y="{_TOP + room - height:.2f}" '
                f'width="{max(width - 1, 0.5):.2f}" height="{height:.2f}">'
                f"<title>{_range(bins.edges[i], bins.edges[i + 1], form, whole)}: {count}</title>"
                "</rect>"
            )
    top = f'<text x="0" y="{_TOP - 5}">{most}</text>'
    return f'<g class="bars">{"".join(bars)}</g>{top}'


def _range(low: float, high: float, form: Form, whole: bool) -> str:
    """Say which numbers a bin has: of whole ones the last, else where the next bin begins."""
    last = high - whole
    return form(low) if whole and last == low else f"{form(low)} to {form(last)}"


def _axis(bins: Histogram, form: Form, whole: bool) -> str:
    y = _HEIGHT - _BOTTOM
    last = bins.edges[-1] - whole
    return (
        f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{y}" y2="{y}"/>'
        f'<text x="0" y="{_HEIGHT - 5}">{form(bins.edges[0])}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 5}" text-anchor="end">{form(last)}</text>'
    )


def _mark(bins: Histogram, mark: tuple[str, float] | None) -> str:
    if mark is None or not bins.edges[0] <= mark[1] <= bins.edges[-1]:
        return ""
    word, at = mark
    x = _WIDTH * (at - bins.edges[0]) / (bins.edges[-1] - bins.edges[0])
    anchor = "end" if x > _WIDTH / 2 else "start"
    return (
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 3}" y2="{_HEIGHT - _BOTTOM}"/>'
        f'<text class="mark" x="{x:.1f}" y="{_TOP - 5}" text-anchor="{anchor}">{word}</text>'
    )
