"""The sanity verdict: whether maps depend on the model, by how much of their likeness is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from igcli.common import exit_codes
from igcli.common.arrays import Array
from igcli.common.choices import CASCADE
from igcli.common.text import finite
from igcli.comparison.similarity import METRICS
from igcli.evaluation.sanity.likeness import Anchors, Kept, kept
from igcli.evaluation.sanity.made_maps import MadeMap
from igcli.evaluation.sanity.sanity_request import SanityRequest

DEPEND, NOT, UNCLEAR = "depend", "do not depend", "not clear"


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the maps under one state of the model.

    Attributes
    ----------
    title : str
        What tables call it.
    redrawn : tuple of str
        The layers that were redrawn.
    likeness : Array
        (images, metrics) of the original's maps and these; NaN of failed ones.
    changed : Array
        Whether a map differs by more than both errors allow, bool (images,).
    short, flat : list of str
        Ids of maps that missed the tolerance, and of those that are zero.
    failed : dict of str to str
        Why a map could not be made, by id.
    """

    title: str
    redrawn: tuple[str, ...]
    likeness: Array
    changed: Array
    short: list[str]
    flat: list[str]
    failed: dict[str, str]

    def means(self) -> dict[str, float | None]:
        """Return the mean of each metric over images."""
        return means_of(self.likeness)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known but for the share kept, as JSON can hold it."""
        return {
            "redrawn": list(self.redrawn),
            "changed": int(self.changed.sum()),
            "not_converged": self.short,
            "zero": self.flat,
            "failed": self.failed,
            "metrics": self.means(),
        }


def means_of(likeness: Array) -> dict[str, float | None]:
    """Return the mean of each metric over images, (images, metrics); None where none is finite."""
    found: dict[str, float | None] = {}
    for name, column in zip(METRICS, likeness.T, strict=True):
        known = column[~np.isnan(column)]
        found[name] = finite(float(known.mean())) if len(known) else None
    return found


def verdict_of(share: Kept | None, most: float) -> str:
    """Return `DEPEND` where surely less than `most` is left, `NOT` where surely as much is."""
    if share is None:
        return UNCLEAR
    low, high = share.interval
    if high < most:
        return DEPEND
    return NOT if low >= most else UNCLEAR


@dataclass(frozen=True, slots=True)
class Sanity:
    """A sanity check's result.

    Attributes
    ----------
    request : SanityRequest
        What was asked.
    layers : tuple of str
        Those with weights, from the output to the input.
    kept_weights : tuple of str
        What is no learned weight, and stayed.
    made : mapping of str to int
        How many tensors were drawn, set to a constant, permuted and measured when every layer was
        redrawn.
    ids, targets : list
        Of the explanations that are judged.
    anchors : Anchors
        The ends of the scale.
    between : Array
        (images, metrics) of the maps of two models redrawn independently: what the image alone has
        them share.
    seen : list of Seen
        Of each state; the last two have every layer redrawn.
    control : (Anchors, list of Seen) or None
        The same of the images' edges; None where inputs are no pictures, or edges are checked.
    failed : dict of str to str
        Why the original's map can't be judged, by id.
    pictures : list of list of MadeMap
        The original's maps, then each state's.
    control_pictures : list of MadeMap
        The edges.
    """

    request: SanityRequest
    layers: tuple[str, ...]
    kept_weights: tuple[str, ...]
    made: Mapping[str, int]
    ids: list[str]
    targets: list[int | None]
    anchors: Anchors
    between: Array
    seen: list[Seen]
    control: tuple[Anchors, list[Seen]] | None
    failed: dict[str, str]
    pictures: list[list[MadeMap]]
    control_pictures: list[MadeMap]

    @property
    def verdict(self) -> str:
        """Whether the maps depend on the model."""
        return verdict_of(self.left, self.request.most_kept)

    @property
    def left(self) -> Kept | None:
        """How much is left with every layer redrawn, the mean of both draws."""
        return self.kept(self.of_every_layer)

    @property
    def of_every_layer(self) -> Array:
        """The likeness with every layer redrawn, the mean of both draws, (images, metrics)."""
        found: Array = np.mean([seen.likeness for seen in self.seen[-2:]], axis=0)
        return found

    @property
    def image_alone(self) -> Kept | None:
        """How much two models redrawn independently share: what the image alone makes."""
        return self.kept(self.between)

    @property
    def exit_code(self) -> int:
        """1 unless the maps depend; 3 where they do, but some inputs could not be explained."""
        if self.verdict != DEPEND:
            return exit_codes.GATE
        return exit_codes.INCOMPLETE if self.failed else exit_codes.OK

    @property
    def gone_from(self) -> str | None:
        """The first layer down to which no more is left than the image alone makes, if there is one."""
        if self.request.order != CASCADE or self.verdict != DEPEND or self.image_alone is None:
            return None
        for seen in self.seen[:-2]:
            share = self.kept(seen.likeness)
            if share is not None and share.interval[0] <= self.image_alone.interval[1]:
                return seen.title
        return None

    def kept(self, likeness: Array, metric: str | None = None) -> Kept | None:
        """Return how much is left, in the deciding metric or another."""
        metric = metric or self.request.metric
        return kept(likeness, self.anchors, metric, self.request.config.seed)

    def control_kept(self, place: int) -> Kept | None:
        """Return how much is left of edges in one state."""
        if self.control is None:
            return None
        anchors, seen = self.control
        likeness = seen[place].likeness
        return kept(likeness, anchors, self.request.metric, self.request.config.seed)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        request, most = self.request, self.request.most_kept
        steps = [
            {
                "layer": seen.title,
                **seen.to_dict(),
                **_share(self.kept(seen.likeness), most),
                "control": _share(self.control_kept(i), most) if self.control else None,
            }
            for i, seen in enumerate(self.seen)
        ]
        return {
            "model": str(request.config.model),
            "inputs": str(request.config.inputs),
            "maps": request.maps,
            "verdict": self.verdict,
            "metric": request.metric,
            "most_kept": most,
            "order": request.order,
            "redraw": request.redraw,
            "seed": request.config.seed,
            "images": len(self.ids),
            "every_layer": _share(self.left, most),
            "image_alone": _share(self.image_alone, most),
            "gone_from": self.gone_from,
            "by_metric": {
                name: _share(self.kept(self.of_every_layer, name), most) for name in METRICS
            },
            "same": means_of(self.anchors.same),
            "two_redrawn": means_of(self.between),
            "unrelated": means_of(self.anchors.unrelated),
            "layers": list(self.layers),
            "tensors": dict(self.made),
            "not_redrawn": list(self.kept_weights),
            "failed": self.failed,
            "steps": steps,
        }


def _share(share: Kept | None, most: float) -> dict[str, Any]:
    verdict = verdict_of(share, most)
    if share is None:
        return {"kept": None, "interval": None, "verdict": verdict}
    return {"kept": share.share, "interval": list(share.interval), "verdict": verdict}
