"""What is asked of an evaluation: EvaluateRequest."""

from dataclasses import dataclass
from pathlib import Path

from igcli.common.choices import DELETION, INSERTION, SIGNED


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """Which maps are evaluated, and how.

    Attributes
    ----------
    outs : tuple of Path
        The run directories, of the same model and inputs.
    model, inputs : Path
        What they were made from.
    count : int
        The most images.
    metrics : tuple of str
        Of `igcli.common.choices.FAITHFULNESS`.
    order : str
        Whether pixels come by the sign of the map, what speaks for the class first, or by its
        magnitude; one of `igcli.common.choices.MAP_ORDERS`.
    cell : int or None
        The side, in pixels, of the squares that are edited at once; None for single pixels, or for
        the run's own cells where it stores no more.
    step : int or None
        How many pixels are edited in a step; None for a 32nd of the picture.
    fill, start : str
        What deletion replaces pixels with, and what insertion begins from; see `fills`.
    normalize : bool
        Whether infidelity scales maps to what they stand for.
    seed : int
        Of the choice of images, of ties, of the random control and of bootstraps.
    custom_objects, allow_unsafe
        As they were given to the runs.
    """

    outs: tuple[Path, ...]
    model: Path
    inputs: Path
    count: int = 200
    metrics: tuple[str, ...] = (DELETION, INSERTION)
    order: str = SIGNED
    cell: int | None = None
    step: int | None = None
    fill: str = "own"
    start: str = "blur"
    normalize: bool = True
    seed: int = 0
    custom_objects: Path | None = None
    allow_unsafe: bool = False
