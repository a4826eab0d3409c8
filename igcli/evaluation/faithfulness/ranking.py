"""ranking: several runs of the same images in order, metric by metric."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from igcli.evaluation.faithfulness.evaluated import LESS_IS_BETTER, MAP, Evaluated, Mean


@dataclass(frozen=True, slots=True)
class Ranked:
    """One run's place.

    Attributes
    ----------
    out : str
        The run.
    value : Mean
        Of its maps.
    behind : Mean or None
        By how much the best run is better, on the same images; None of the best itself.
    """

    out: str
    value: Mean
    behind: Mean | None

    @property
    def is_behind(self) -> bool:
        """Whether the best run is better beyond its interval."""
        ends = None if self.behind is None else self.behind.interval
        return ends is not None and ends[0] > 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "out": self.out,
            "value": self.value.to_dict(),
            "behind": None if self.behind is None else self.behind.to_dict(),
            "is_behind": self.is_behind,
        }


def rankings(found: Evaluated) -> Iterator[tuple[str, list[Ranked]]]:
    """Yield each metric with the runs, the best first; nothing of one run."""
    if len(found.outs) < 2 or not found.measured:
        return
    for metric in found.metrics:
        sign = -1.0 if metric in LESS_IS_BETTER else 1.0
        values = [found.values(metric, found.orders(run)[MAP]) for run in range(len(found.outs))]
        order = sorted(range(len(values)), key=lambda run: -sign * values[run].mean())
        best = order[0]
        yield (
            metric,
            [
                Ranked(
                    found.outs[run],
                    found.mean(values[run], f"{metric}:map:{run}"),
                    None
                    if run == best
                    else found.mean(sign * (values[best] - values[run]), f"{metric}:{best}:{run}"),
                )
                for run in order
            ],
        )
