"""An explanation: one row of results.csv, with its map and its path's profile."""

from dataclasses import dataclass
from typing import Literal

from igcli.common.arrays import Array


@dataclass(frozen=True, slots=True)
class Profile:
    """What was seen along one path, float64 arrays of shape (steps,), nodes ascending.

    Attributes
    ----------
    alphas : Array
        The nodes.
    scores : Array
        The target's score there.
    gradient_norms : Array
        The L1 norm of the score's gradient there.
    """

    alphas: Array
    scores: Array
    gradient_norms: Array


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row of results.csv, with its map.

    Missing numbers are None; `attribution` is None exactly when `status` is "failed".

    Attributes
    ----------
    row : int
        Its place in results.csv and in /attributions.
    regions_error : float or None
        The estimate of how far the mass of each cell is from the exact map's; see
        `igcli.common.regions`.
    sampling_error : float or None
        How far an average over draws is from that of infinitely many, in L1, relative to the map.
    norm_ratio : float or None
        The L1 norm of an average over the mean of those of its paths' own maps.
    truth : int or None
        The input's true class, where the run knows it.
    truth_name : str
        What it is called.
    correct : bool or None
        Whether `prediction` is `truth`; None where one of them is not known.
    further : tuple of (str, str)
        The further columns of the list that names the inputs: name and text, in its order.
        The same names in every row of a run.
    attribution : Array or None
        float32, the input's shape, signed.
    regions : Array or None
        float32 (2, rows, columns): the positive and the negative mass of each cell of a picture.
    image : Array or None
        uint8 (height, width, channels): what the model saw, for display.
    profile : Profile or None
        What was seen along the path.
    baseline_maps : Array or None
        float32 (baselines, …the input's shape): each baseline's own map, where they are kept; NaN
        for those that the input does not have.
    zone : Array or None
        uint8 (rows, columns) of an output of one score per place: how much of each place's score is
        explained, 255 for the most.
    """

    row: int
    id: str
    path: str
    sha256: str
    target: int | None = None
    target_name: str = ""
    prediction: int | None = None
    prediction_name: str = ""
    score: float | None = None
    baseline_score: float | None = None
    attribution_sum: float | None = None
    delta: float | None = None
    relative_delta: float | None = None
    steps: int | None = None
    error_estimate: float | None = None
    regions_error: float | None = None
    converged: bool | None = None
    sampling_error: float | None = None
    norm_ratio: float | None = None
    status: Literal["ok", "failed"] = "ok"
    message: str = ""
    truth: int | None = None
    truth_name: str = ""
    correct: bool | None = None
    further: tuple[tuple[str, str], ...] = ()
    attribution: Array | None = None
    regions: Array | None = None
    image: Array | None = None
    profile: Profile | None = None
    baseline_maps: Array | None = None
    zone: Array | None = None


def rank_of(explanation: str, per_input: int) -> str:
    """Return what comes behind the input's id in an explanation's; "" where it has one only."""
    return explanation.removeprefix(input_id(explanation, per_input))


def input_id(explanation: str, per_input: int) -> str:
    """Return the id of the input that an explanation is of: what stands before its kind or rank."""
    return explanation.rpartition("@")[0] if per_input > 1 else explanation
