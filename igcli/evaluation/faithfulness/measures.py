"""measures: every metric that is asked for, of one image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from igcli.common.arrays import Array
from igcli.common.choices import (
    DELETION,
    ENTROPY,
    GINI,
    INFIDELITY,
    INSERTION,
    MUFIDELITY,
    SENSITIVITY_N,
)
from igcli.evaluation.faithfulness.case import Ask, Case, Measured
from igcli.evaluation.faithfulness.complexity import measure_complexity
from igcli.evaluation.faithfulness.curves import Steps, measure_curves
from igcli.evaluation.faithfulness.subsets import measure_grid, measure_sensitivity


@dataclass(frozen=True, slots=True)
class Maps:
    """The maps of one image and what they are held against, planes (height, width) by name.

    Attributes
    ----------
    signed : dict of str to Array
        As they are.
    ordered : dict of str to Array
        What puts pixels in order.
    """

    signed: Mapping[str, Array]
    ordered: Mapping[str, Array]


def measure(
    case: Case, maps: Maps, metrics: Sequence[str], steps: Steps, normalize: bool, ask: Ask
) -> dict[str, dict[str, Measured]]:
    """Return each metric of each map, in the metrics' order.

    Parameters
    ----------
    case : Case
        The image.
    maps : Maps
        Its maps.
    metrics : sequence of str
        Of `igcli.common.choices.FAITHFULNESS`.
    steps : Steps
        Which pixels change at once.
    normalize : bool
        Whether infidelity scales maps.
    ask : callable
        The model.
    """
    found: dict[str, dict[str, Measured]] = {}
    ends = {DELETION: (case.x, case.baseline), INSERTION: (case.blurred, case.x)}
    for metric in ends.keys() & set(metrics):
        found[metric] = measure_curves(case, maps.ordered, steps, ends[metric], ask)
    if {MUFIDELITY, INFIDELITY} & set(metrics):
        found |= measure_grid(case, maps.signed, metrics, normalize, ask)
    if SENSITIVITY_N in metrics:
        found |= measure_sensitivity(case, maps.signed, steps.units, ask)
    if {ENTROPY, GINI} & set(metrics):
        found |= measure_complexity(maps.signed, steps.units)
    return {metric: found[metric] for metric in metrics}
