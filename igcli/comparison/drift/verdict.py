"""The verdict of a comparison: judged thresholds, counts of images, and the exit code."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from igcli.common import exit_codes
from igcli.common.text import all_finite, finite
from igcli.comparison.drift.grouped import Flip, Group
from igcli.comparison.drift.pairs import Matched, Measured
from igcli.comparison.drift.thresholds import Threshold, statistic
from igcli.comparison.similarity import METRICS

QUANTILES = ("p05", "median", "p95")
_WORST = 10
_UNMEASURED = ("missing", "extra", "input_changed", "failed", "unconverged")


@dataclass(frozen=True, slots=True)
class JudgedGroup:
    """A threshold, judged on some of the images; on all where `name` is empty.

    Attributes
    ----------
    count : int
        How many images the number is of.
    value : float
        The number.
    interval : (float, float)
        What 95 of 100 other draws of such images would give, from these ones.
    normal : float or None
        What it would be if nothing had changed; None where the limit is a number that was given.
    limit : float
        How far it may go.
    crossed, unclear : bool
        Whether it is beyond; whether that may be by the choice of images.
    excess : float
        How far it is beyond the limit; below 0 within it.
    """

    name: str
    count: int
    value: float
    interval: tuple[float, float]
    normal: float | None
    limit: float
    crossed: bool
    unclear: bool
    excess: float


@dataclass(frozen=True, slots=True)
class Judged:
    """One threshold, judged.

    Attributes
    ----------
    value : float or None
        What was found; None where there was no image to take it of, which fails the gate.
    crossed : bool
        Whether it fails the gate.
    beyond : float
        Which share of the images is beyond the limit on its own.
    worst : list of str
        Their ids, the worst first.
    unclear : bool
        Whether it is crossed, but other images of the same kind might not have crossed it.
    groups : list of JudgedGroup
        All images as one, or each group: those that are beyond their limit first.
    left_out : str
        Why there was nothing to judge; "" where there was.
    """

    threshold: Threshold
    value: float | None
    crossed: bool
    beyond: float
    worst: list[str]
    unclear: bool = False
    groups: list[JudgedGroup] = field(default_factory=list)
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class ImageDrift:
    """One image that both runs explain: pairs are (reference, new).

    `metrics` is empty where the runs explain different classes; `noise` is how far the maps may be
    off by their own errors, relative to the reference's L1 norm (NaN: not known).
    """

    id: str
    predictions: tuple[int | None, int | None]
    scores: tuple[float | None, float | None]
    deltas: tuple[float | None, float | None]
    metrics: dict[str, float]
    noise: float | None
    within_noise: bool

    @property
    def prediction_changed(self) -> bool:
        """Whether the model changed its mind."""
        return self.predictions[0] != self.predictions[1]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A comparison.

    Attributes
    ----------
    reference, new : str
        The two sides.
    grid : int
        What maps were reduced to; 0 where they are whole.
    regions : int
        The side of the cells whose densities were compared, in pixels; 0 where maps were.
    forced : list of str
        Differences in settings that `--force` passed over.
    judged : list of Judged
        Every threshold.
    matched : Matched
        Which images could be compared, and why others not.
    measured : Measured
        The metrics of all pairs.
    images : list of ImageDrift
        Every image that both runs explain.
    groups : list of Group
        Every class, or other group, that is large enough; the largest first.
    flips : list of Flip
        The changes of predictions.
    calibrated : tuple of str
        The runs that the reference is calibrated with.
    unclear_fails : bool
        Whether a crossed threshold fails the gate where other images might not have crossed it.
    by : str
        What images are grouped by.
    members : dict of str to frozenset of str
        The ids of the images of each group that was judged.
    """

    reference: str
    new: str
    grid: int
    forced: list[str]
    judged: list[Judged]
    matched: Matched
    measured: Measured
    images: list[ImageDrift]
    regions: int = 0
    groups: list[Group] = field(default_factory=list)
    flips: list[Flip] = field(default_factory=list)
    calibrated: tuple[str, ...] = ()
    unclear_fails: bool = True
    by: str = "class"
    members: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def failed(self) -> list[Judged]:
        """The thresholds that were crossed, and fail the gate."""
        return [j for j in self.crossed if self.unclear_fails or not j.unclear]

    @property
    def crossed(self) -> list[Judged]:
        """The thresholds that were crossed, clearly or not."""
        return [judged for judged in self.judged if judged.crossed]

    @property
    def is_unclear(self) -> bool:
        """Whether all that was crossed might not have been with other images of the same kind."""
        return bool(self.crossed) and all(judged.unclear for judged in self.crossed)

    @property
    def exit_code(self) -> int:
        """1 when a threshold was crossed."""
        return exit_codes.GATE if self.failed else exit_codes.OK

    @property
    def worst(self) -> list[ImageDrift]:
        """The images that look elsewhere most; see `ranked`."""
        return self.ranked[:_WORST]

    @property
    def ranked(self) -> list[ImageDrift]:
        """The images of one target whose maps differ beyond the noise, the least alike first.

        Those of a group that is beyond a limit come first, as the threshold ranks them; then all
        others, by cosine.
        """
        beyond = [i for i in self.images if i.metrics and not i.within_noise]
        grouped = [name for j in self.crossed if j.threshold.by for name in j.worst]
        places = {name: place for place, name in reversed(list(enumerate(grouped)))}
        return sorted(
            beyond,
            key=lambda image: (places.get(image.id, len(grouped)), image.metrics["cosine"]),
        )

    def quantiles(self) -> dict[str, dict[str, float | None]]:
        """Return the quantiles of every metric as seen, by name."""
        seen = self.measured.seen
        return {
            name: {q: finite(statistic(seen[:, i], q)) for q in QUANTILES}
            for i, name in enumerate(METRICS)
            if len(seen) and name in self.measured.names
        }

    def counts(self) -> dict[str, int]:
        """Return how many images there are of each kind."""
        changed = sum(image.prediction_changed for image in self.images)
        return {
            "compared": len(self.images),
            "within_noise": int(self.measured.within_noise.sum()),
            "prediction_changed": changed,
            "retargeted": len(self.matched.retargeted_alone),
            **{kind: len(getattr(self.matched, kind)) for kind in _UNMEASURED},
        }

    def noise(self) -> float | None:
        """Return the median of how far maps may be off by their own errors."""
        known = self.measured.share[np.isfinite(self.measured.share)]
        return float(np.median(known)) if len(known) else None

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "reference": self.reference,
            "new": self.new,
            "drift": bool(self.failed),
            "error": None,
            "forced": self.forced,
            "grid": self.grid or None,
            **({"regions": self.regions} if self.regions else {}),
            "counts": self.counts(),
            "noise": self.noise(),
            "thresholds": [
                {
                    "threshold": judged.threshold.text,
                    "value": None if judged.value is None else finite(judged.value),
                    "crossed": judged.crossed,
                    "unclear": judged.unclear,
                    "left_out": judged.left_out or None,
                    "beyond": judged.beyond,
                    "worst": judged.worst[:_WORST],
                    "groups": [all_finite(asdict(group)) for group in judged.groups],
                }
                for judged in self.judged
            ],
            "calibrated": list(self.calibrated),
            "unclear": self.is_unclear,
            "groups": [all_finite(asdict(group)) for group in self.groups],
            "flips": [all_finite(asdict(flip)) for flip in self.flips],
            "metrics": self.quantiles(),
            "images": [all_finite(asdict(image)) for image in self.images],
        }
