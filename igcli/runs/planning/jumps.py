"""Jumps: a score that a mask changes at once where a path leaves its baseline, or meets its input.

No sum of gradients has a jump: the map does not converge, or leaves out most of the difference.
"""

from collections.abc import Sequence

import numpy as np

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array, Warn
from igcli.common.notes import Doubt
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.inputs.baselines.recipes import Baseline
from igcli.inputs.readers.source import Source
from igcli.runs.planning.first_paths import first_paths

_COMPARED = 4
_SHOWN = 2
# From an end of the path, as shares of it: a jump is over by the first, a steep slope goes on.
_NEAR = (1e-5, 2e-5)
_STEEPER = 10.0
_WORTH = 0.01


def tell_of_jumps(
    model: GradientModel,
    source: Source,
    names: Sequence[InputName],
    baseline: Baseline,
    warn: Warn,
) -> None:
    """Look at both ends of the first inputs' paths, where the model leaves out a number."""
    spec = model.spec
    if not spec.masks:
        return
    paths = first_paths(model, source, names, baseline, _COMPARED)
    if paths is None:
        return
    ends, starts, targets = paths.ends, paths.starts, paths.targets
    whole = np.abs(_scores(model, ends, targets) - _scores(model, starts, targets))
    at_start = _jumps(model, starts, ends, targets)
    at_end = _jumps(model, ends, starts, targets)
    what = the_first(spec.masks, _SHOWN)
    for jumps, told in (
        (at_start, "the baseline is left out by"),
        (at_end, "a part of the input itself, its padding, is left out by"),
    ):
        place = int(np.argmax(jumps))
        if jumps[place] > _WORTH * whole[place]:
            end = "start" if jumps is at_start else "end"
            layer = ", or explain a layer behind the mask with --layer" if spec.has_layers else ""
            note = (
                f"{told} {what}: {paths.names[place]}'s score jumps by {jumps[place]:.3g} at "
                f"its path's {end} (its whole difference is {whole[place]:.3g}), which no map has. "
                "--hold-mask keeps each input's own mask along the path; else use another "
                f"--baseline (constant:V){layer}"
            )
            warn(Doubt(note))


def _jumps(model: GradientModel, here: Array, there: Array, targets: Array) -> Array:
    """Return by how much each score jumps between an end of its path and what lies beside it."""
    at, near, farther = (
        _scores(model, (here + share * (there - here)).astype(here.dtype), targets)
        for share in (0.0, *_NEAR)
    )
    jump, slope = np.abs(near - at), np.abs(farther - near)
    return np.where(np.isfinite(jump) & (jump > _STEEPER * slope), jump, 0.0)


def _scores(model: GradientModel, points: Array, targets: Array) -> Array:
    scores: Array = model.scores(points)[np.arange(len(points)), targets]
    return scores
