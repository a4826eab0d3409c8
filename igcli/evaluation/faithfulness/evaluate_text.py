"""evaluate_text: what an evaluation came to, as lines of text."""

from collections.abc import Iterator, Sequence

from igcli.common.text import on_one_line, the_first
from igcli.evaluation.faithfulness.evaluate_gates import Judged
from igcli.evaluation.faithfulness.evaluated import LESS_IS_BETTER, Evaluated, Gain, Mean

_SHOWN = 5
# The bootstrap of fewer is too narrow.
_FEWEST = 10


def summary(found: Evaluated, judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the terminal's lines."""
    yield (
        f"images     {len(found.measured)} measured, {found.settings['order']} order, "
        f"{found.settings['step']} pixels a step; deletion to {found.settings['fill']}, insertion "
        f"from {found.settings['insert_from']}"
    )
    several = len(found.outs) > 1
    for gain in found.gains():
        of = f" of {on_one_line(found.outs[gain.run])}" if several else ""
        yield f"{gain.metric:<10} {verdict(gain)}{of}"
        yield from _details(gain)
    yield from _lost(found)
    for one in judged:
        yield gate_line(one)


def verdict(gain: Gain) -> str:
    """Say whether maps are better than every control: the answer, with its interval."""
    ends = gain.gain.interval
    amount = f"{gain.gain.value:+.3g}{_interval(gain.gain)} against {gain.best}"
    if ends is None or gain.of < _FEWEST:
        return f"{amount}: {gain.of} images are too few to tell"
    if ends[0] > 0.0:
        return f"{amount}: better than every control"
    if ends[1] < 0.0:
        return f"{amount}: worse than {gain.best}"
    return f"{amount}: {gain.of} images show no difference"


def _details(gain: Gain) -> Iterator[str]:
    better = "less" if gain.metric in LESS_IS_BETTER else "more"
    others = ", ".join(f"{name} {one.value:.3g}" for name, one in gain.controls.items())
    value = f"{gain.value.value:.3g}{_interval(gain.value)}"
    yield f"           {value}, {better} is better; {others}"
    if gain.moved is None:
        yield "           the run has no estimates of its maps' errors"
        return
    assert gain.shift is not None
    yield (
        f"           the maps' own errors change an image's value by {gain.moved:.2g}, the mean by "
        f"{gain.shift:+.2g}"
    )


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
