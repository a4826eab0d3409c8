"""evaluated: what an evaluation measured, image by image, and what it comes to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from igcli.common.arrays import Array
from igcli.common.choices import CONTROLS, DELETION, ENTROPY, INFIDELITY
from igcli.evaluation.causal.intervals import Interval, of_mean
from igcli.evaluation.faithfulness.case import Measured

# Of these less is better.
LESS_IS_BETTER = frozenset({DELETION, INFIDELITY, ENTROPY})
MAP, BLURRED, MOVED = "map", "blurred", "moved"


def order_name(kind: str, run: int) -> str:
    """Return what the values of a run's map, or of what is made of it, go by."""
    return f"{kind}/{run}"


@dataclass(frozen=True, slots=True)
class ImageValues:
    """What one image gives.

    Attributes
    ----------
    id : str
        The explanation's.
    values : dict
        By metric and order of pixels.
    why_not : str
        Why there is nothing; "" where there is.
    """

    id: str
    values: Mapping[str, Mapping[str, Measured]]
    why_not: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        values = {
            metric: {name: [one.value, one.curve] for name, one in found.items()}
            for metric, found in self.values.items()
        }
        return {"id": self.id, "values": values, "why_not": self.why_not}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_dict` gave."""
        values = {
            metric: {
                name: Measured(value, tuple((x, y) for x, y in curve))
                for name, (value, curve) in found.items()
            }
            for metric, found in stored["values"].items()
        }
        return cls(stored["id"], values, stored["why_not"])


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over images.

    Attributes
    ----------
    value : float
        The mean.
    interval : (float, float) or None
        Its bootstrap interval, of 95 %; None of fewer than two images.
    """

    value: float
    interval: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        ends = None if self.interval is None else list(self.interval)
        return {"mean": self.value, "interval": ends}


@dataclass(frozen=True, slots=True)
class Gain:
    """A run's maps held against the controls by one metric.

    Attributes
    ----------
    metric, run : str, int
        Which.
    of : int
        How many images.
    value : Mean
        Of the maps.
    controls : dict of str to Mean
        Of the controls.
    differences : dict of str to Mean
        By how much the maps are better than each, on the same images; below 0 they are worse.
    moved, shift : float or None
        What the maps' own errors do: the mean magnitude of the change of an image's value when its
        map is moved by its estimated error, and the change of the mean. None where the run has no
        estimates.
    """

    metric: str
    run: int
    of: int
    value: Mean
    controls: dict[str, Mean]
    differences: dict[str, Mean]
    moved: float | None
    shift: float | None

    @property
    def best(self) -> str:
        """The control that the maps gain least against."""
        return min(self.differences, key=lambda name: self.differences[name].value)

    @property
    def gain(self) -> Mean:
        """The difference to the best control."""
        return self.differences[self.best]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "metric": self.metric,
            "run": self.run,
            "n": self.of,
            "value": self.value.to_dict(),
            "gain": self.gain.to_dict(),
            "best_control": self.best,
            "controls": {name: one.to_dict() for name, one in self.controls.items()},
            "differences": {name: one.to_dict() for name, one in self.differences.items()},
            "own_error": None
            if self.moved is None
            else {"by_image": self.moved, "of_mean": self.shift},
        }


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation.

    Attributes
    ----------
    metrics : tuple of str
        By what.
    outs : tuple of str
        The runs.
    settings : dict
        How; see `igcli.evaluation.faithfulness.evaluate`.
    images : list of ImageValues
        What each image gives.
    left_out : dict of str to str
        Why other explanations were not taken at all, by id.
    """

    metrics: tuple[str, ...]
    outs: tuple[str, ...]
    settings: dict[str, Any]
    images: list[ImageValues]
    left_out: dict[str, str]

    @property
    def measured(self) -> list[ImageValues]:
        """The images that gave something."""
        return [image for image in self.images if not image.why_not]

    @property
    def failed(self) -> dict[str, str]:
        """Why images gave nothing, by id."""
        return {image.id: image.why_not for image in self.images if image.why_not}

    @property
    def seed(self) -> int:
        """Of the bootstraps, too."""
        return int(self.settings["seed"])

    def orders(self, run: int) -> dict[str, str]:
        """Return what values go by in `ImageValues`: by control's name, the map's and the moved."""
        own = (MAP, BLURRED, MOVED)
        return {
            name: order_name(name, run) if name in own else name for name in (MAP, *CONTROLS, MOVED)
        }

    def values(self, metric: str, order: str) -> Array:
        """Return a metric of every measured image, float64; NaN where it has no such order."""
        found = (image.values[metric].get(order) for image in self.measured)
        return np.array([np.nan if one is None else one.value for one in found])

    def gains(self) -> Iterator[Gain]:
        """Yield every run's maps held against the controls, metric by metric."""
        if not self.measured:
            return
        for metric in self.metrics:
            for run in range(len(self.outs)):
                yield self._gain(metric, run)

    def _gain(self, metric: str, run: int) -> Gain:
        orders = self.orders(run)
        own = self.values(metric, orders[MAP])
        controls = {name: self.values(metric, orders[name]) for name in CONTROLS}
        sign = -1.0 if metric in LESS_IS_BETTER else 1.0
        changes = self.values(metric, orders[MOVED]) - own
        changes = changes[np.isfinite(changes)]
        return Gain(
            metric,
            run,
            len(own),
            self.mean(own, f"{metric}:map:{run}"),
            {name: self.mean(values, f"{metric}:{name}") for name, values in controls.items()},
            {
                name: self.mean(sign * (own - values), f"{metric}:{name}:{run}")
                for name, values in controls.items()
            },
            float(np.abs(changes).mean()) if len(changes) else None,
            float(changes.mean()) if len(changes) else None,
        )

    def mean(self, values: Array, name: str) -> Mean:
        """Return a mean with its interval; `name` says of what."""
        return Mean(float(values.mean()), of_mean(values, self.seed, name))

    def curves(self, metric: str) -> dict[str, list[tuple[float, float]]]:
        """Return the mean curve of each order over the images; none where a metric has no curves.

        Steps end where units do: shares are the same for all images.
        """
        found: dict[str, list[Sequence[tuple[float, float]]]] = {}
        for image in self.measured:
            for name, one in image.values[metric].items():
                if one.curve:
                    found.setdefault(name, []).append(one.curve)
        means = {name: np.mean(curves, axis=0) for name, curves in found.items()}
        return {name: [(float(x), float(y)) for x, y in curve] for name, curve in means.items()}
