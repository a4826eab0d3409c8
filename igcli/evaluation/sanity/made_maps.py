"""The made maps: those of a plan's inputs under one state of the model, small enough to keep."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from igcli.attribution.batches import Batches
from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array
from igcli.common.choices import EDGES, IG
from igcli.common.errors import InputError
from igcli.common.explanation import Explanation, input_id
from igcli.common.sample import Sample
from igcli.comparison.grid import DEFAULT_GRID, reduce_map
from igcli.evaluation.sobel import edges_of
from igcli.figures.pixels import fitted, fitted_shape, heat, in_colour
from igcli.figures.style import OVERLAY
from igcli.figures.thumbnails import plane
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.runs.explain import explain_blocks
from igcli.runs.planning.plan import Plan

# So many images have pictures, of so many pixels' shorter side.
PICTURED, SIDE = 6, 96


@dataclass(frozen=True, slots=True)
class MadeMap:
    """One map.

    Attributes
    ----------
    id : str
        The explanation's.
    target : int or None
        The class that it is of.
    values : Array or None
        float64, reduced as `igcli compare` reduces maps; None where it failed.
    error : float
        How far they may be off, as an L1 norm; NaN where nothing is known of it.
    is_short : bool
        Whether it missed the tolerance.
    message : str
        Why it failed.
    picture, image : Array or None
        RGB: the map, and the image; of the first few inputs.
    input : str
        The id of what it explains, which several explanations may share.
    """

    id: str
    target: int | None = None
    values: Array | None = None
    error: float = np.nan
    is_short: bool = False
    message: str = ""
    picture: Array | None = None
    image: Array | None = None
    input: str = ""


# Of a plan, and of what opens the model as it is now.
Make: TypeAlias = Callable[[Plan, Callable[[], GradientModel]], list[MadeMap]]


class _Nowhere:
    """Stores nothing; an `igcli.runs.explain.PartWriter`."""

    def add(self, explanation: Explanation) -> None:
        """Take a row that is looked at elsewhere."""

    def flush(self) -> None:
        """Do nothing."""


def integrated_gradients(plan: Plan, model: Callable[[], GradientModel]) -> list[MadeMap]:
    """Explain every input of a plan by a model, at the plan's settings; nothing is written."""
    plan = replace(plan, model=model())
    batches = Batches(plan.model, plan.chosen.batching)
    blocks = [range(len(plan.names))]
    rows = explain_blocks(plan, batches, blocks, _Nowhere(), None, None)
    return [_made(plan, row) for row in rows]


def edges(plan: Plan, model: Callable[[], GradientModel]) -> list[MadeMap]:
    """Return the edges of every image, whatever the model is: the control."""
    return list(_edges(plan))


MAKES: dict[str, Make] = {IG: integrated_gradients, EDGES: edges}


def check_pictures(plan: Plan) -> None:
    """Raise InputError where inputs have no edges."""
    if plan.maps.picture is None:
        raise InputError(
            "--maps edges can't be used with these inputs",
            "they are no pictures that a map lies over",
            "leave it out",
        )


def _edges(plan: Plan) -> Iterator[MadeMap]:
    per_input = plan.targets.per_input
    for place, item in enumerate(read_ahead(plan.source, plan.names)):
        for rank in range(per_input):
            identity = item.name.id + plan.targets.suffix(rank)
            if not isinstance(item, Sample):
                yield MadeMap(identity, message=item.message)
                continue
            image = plan.source.space.to_display(item.raw)
            assert image is not None
            values = edges_of(image)
            shown = _shown(values, image) if place < PICTURED else (None, None)
            small = reduce_map(values, DEFAULT_GRID)
            yield _edge_map(identity, item.name.id, small, shown)


def _edge_map(
    identity: str, name: str, small: Array, shown: tuple[Array | None, Array | None]
) -> MadeMap:
    picture, image = shown
    return MadeMap(identity, values=small, error=0.0, picture=picture, image=image, input=name)


def _made(plan: Plan, row: Explanation) -> MadeMap:
    if row.attribution is None:
        return MadeMap(row.id, row.target, message=row.message)
    whole = row.attribution
    known = np.nan if row.error_estimate is None else row.error_estimate
    norm = float(np.abs(whole).sum(dtype=np.float64))
    shown: tuple[Array | None, Array | None] = (None, None)
    if row.image is not None and row.row < PICTURED * plan.targets.per_input:
        shown = _shown(plan.maps.shown(whole), row.image)
    return MadeMap(
        row.id,
        row.target,
        reduce_map(whole, DEFAULT_GRID),
        known * norm,
        row.converged is False,
        "",
        *shown,
        input=input_id(row.id, plan.targets.per_input),
    )


def _shown(values: Array, image: Array) -> tuple[Array, Array]:
    # Not over the image: it would make all of them look alike.
    small = plane(values, max(fitted_shape(image.shape[0], image.shape[1], SIDE)))
    drawn = heat(small, OVERLAY.ramp(OVERLAY.top(small)))
    return fitted(drawn, SIDE), fitted(in_colour(image), SIDE)
