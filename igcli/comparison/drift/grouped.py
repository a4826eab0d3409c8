"""What is found of groups of images, and of the predictions that changed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One measure in one group.

    Attributes
    ----------
    count : int
        How many of the group's images have it.
    value : float
        A metric's median, the mean of `moved`, or a share of the images.
    interval : (float, float)
        What 95 of 100 other draws of such images would give.
    normal : list of float
        The same number in each calibrating run.
    """

    count: int
    value: float
    interval: tuple[float, float]
    normal: list[float]


@dataclass(frozen=True, slots=True)
class Group:
    """The images of one class, or of one value of a column."""

    name: str
    count: int
    measures: dict[str, Found]


@dataclass(frozen=True, slots=True)
class Flip:
    """A change of prediction: how many images, and how many in each calibrating run."""

    before: str
    after: str
    count: int
    normal: list[int]
