"""The redraw steps: which layers are redrawn together, one step after another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igcli.common.choices import CASCADE


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the model's weights.

    Attributes
    ----------
    title : str
        What tables call it: the layer that was redrawn last, or alone.
    layers : tuple of str
        What is redrawn.
    draw : int
        Which of the independent draws.
    """

    title: str
    layers: tuple[str, ...]
    draw: int = 0


ALL, ALL_AGAIN = "every layer", "every layer, another draw"


def steps_of(names: Sequence[str], order: str, depths: int) -> list[Step]:
    """Return the steps; the last two have every layer redrawn, independently of each other.

    Parameters
    ----------
    names : sequence of str
        The layers, from the output to the input.
    order : str
        `cascade`: each step redraws all layers from the top down to one; `independent`: one alone.
    depths : int
        The most steps before those two; they are spread evenly over the layers, the top one and
        the bottom one among them.
    """
    chosen = np.unique(np.linspace(0, len(names) - 1, min(depths, len(names))).round().astype(int))
    every = tuple(names)
    if order == CASCADE:
        # Down to the bottom is every layer.
        first = [Step(names[i], every[: i + 1]) for i in chosen if i + 1 < len(names)]
    else:
        first = [Step(names[i], (names[i],)) for i in chosen]
    return [*first, Step(ALL, every), Step(ALL_AGAIN, every, 1)]
