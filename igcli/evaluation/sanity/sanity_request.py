"""The sanity request: what is to be checked, and how."""

from dataclasses import dataclass

from igcli.common.choices import CASCADE, IG, INITIAL
from igcli.common.config import RunConfig


@dataclass(frozen=True, slots=True)
class SanityRequest:
    """What is to be checked, and how.

    Attributes
    ----------
    config : RunConfig
        The model, the inputs and how maps are made. Its seed is that of every draw.
    count : int
        How many inputs, drawn at random.
    order : str
        `cascade` or `independent`; see `igcli.evaluation.sanity.redraw_steps`.
    depths : int
        At how many depths maps are made.
    redraw : str
        `initial` or `permuted`; see `igcli.models.redraw.draws`.
    maps : str
        `ig`, or `edges`: the control in their place.
    metric : str
        Which of METRICS decides.
    most_kept : float
        How much of the likeness may be left, from 0 to 1.
    """

    config: RunConfig
    count: int = 20
    order: str = CASCADE
    depths: int = 8
    redraw: str = INITIAL
    maps: str = IG
    metric: str = "spearman"
    most_kept: float = 0.5
