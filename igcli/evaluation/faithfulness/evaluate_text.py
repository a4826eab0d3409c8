"""evaluate_text: what an evaluation came to, as lines of text."""

from collections.abc import Iterator, Sequence

from igcli.common.choices import CONTROLS, DELETION, ENTROPY, GINI, INSERTION
from igcli.common.text import on_one_line, the_first
from igcli.evaluation.faithfulness.evaluate_gates import Judged
from igcli.evaluation.faithfulness.evaluated import LESS_IS_BETTER, Evaluated, Gain, Mean
from igcli.evaluation.faithfulness.ranking import Ranked, rankings

_SHOWN = 5
_FAITHFUL = "better", "worse"
# No measure of faithfulness.
_CONCENTRATED = "more concentrated", "less concentrated"
# The bootstrap of fewer is too narrow.
_FEWEST = 10


def summary(found: Evaluated, judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the terminal's lines."""
    yield f"images     {len(found.measured)} measured{_how(found)}"
    gains = list(found.gains())
    for gain in gains:
        yield f"{gain.metric:<14} {verdict(gain)}{_of(gain, found)}"
    if gains:
        yield ""
        yield from _table(gains, found)
    for metric, ranked in rankings(found):
        yield f"{metric:<14} {_in_order(ranked)}"
    yield from _lost(found)
    for one in judged:
        yield gate_line(one)


def _how(found: Evaluated) -> str:
    settings, curves = found.settings, {DELETION, INSERTION} & set(found.metrics)
    cell = f", cells of {settings['cell']} pixels" if settings["cell"] != 1 else ""
    if not curves:
        return cell
    return (
        f"{cell}, {settings['order']} order, {settings['step']} pixels a step; deletion to "
        f"{settings['fill']}, insertion from {settings['insert_from']}"
    )


def _of(gain: Gain, found: Evaluated) -> str:
    return f" ({on_one_line(found.outs[gain.run])})" if len(found.outs) > 1 else ""


def verdict(gain: Gain) -> str:
    """Say whether maps are better than every control: the answer, with its interval."""
    ends = gain.gain.interval
    amount = f"gain {gain.gain.value:+.3g}{_interval(gain.gain)} over {gain.best}"
    if ends is None or gain.of < _FEWEST:
        return f"{amount}: {gain.of} images are too few to tell"
    better, worse = _CONCENTRATED if gain.metric in (ENTROPY, GINI) else _FAITHFUL
    if ends[0] > 0.0:
        return f"{amount}: {better} than every control"
    if ends[1] < 0.0:
        return f"{amount}: {worse} than {gain.best}"
    return f"{amount}: {gain.of} images show no difference"


def _table(gains: Sequence[Gain], found: Evaluated) -> Iterator[str]:
    """Yield the means of maps and controls, and what the maps' errors change."""
    heads = ("map", *CONTROLS, "own error")
    yield f"{'mean':<14}" + "".join(f"{head:>11}" for head in heads)
    for gain in gains:
        error = "unknown" if gain.moved is None else f"±{gain.moved:.2g}"
        means = (gain.value, *gain.controls.values())
        cells = [*(f"{mean.value:.3g}" for mean in means), error]
        sign = "−" if gain.metric in LESS_IS_BETTER else "+"
        yield (
            f"{gain.metric:<13}{sign}" + "".join(f"{cell:>11}" for cell in cells) + _of(gain, found)
        )
    yield "+: more is better, −: less; own error: what the maps' own errors change an image's by"


def _in_order(ranked: Sequence[Ranked]) -> str:
    places = []
    for place, one in enumerate(ranked):
        behind = ""
        if one.behind is not None:
            says = "" if one.is_behind else ", no difference that the images show"
            behind = f" (behind by {one.behind.value:.3g}{_interval(one.behind)}{says})"
        places.append(f"{place + 1}. {on_one_line(one.out)} {one.value.value:.3g}{behind}")
    return "  ".join(places)


def _interval(mean: Mean) -> str:
    return "" if mean.interval is None else " [{:+.3g} to {:+.3g}]".format(*mean.interval)


def _lost(found: Evaluated) -> Iterator[str]:
    for title, lost in (("unmeasured", found.failed), ("left out", found.left_out)):
        if lost:
            named = [on_one_line(f"{identity} ({why})") for identity, why in lost.items()]
            yield f"{title:<10} {len(named)}: {the_first(named, _SHOWN)}"


def gate_line(one: Judged) -> str:
    """Return a gate's line."""
    found = "nothing to judge" if one.value is None else f"{one.value:.3g}"
    run = f" of {on_one_line(one.run)}" if one.run else ""
    return f"{'FAILED' if one.crossed else 'passed':<10} {one.threshold.text}{run}: {found}"
