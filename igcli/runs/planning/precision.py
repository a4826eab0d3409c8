"""The precision of a run: how far its gradients are from float32's, on a few inputs."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from igcli.attribution.gradient_model import GradientModel
from igcli.common.arrays import Array, Warn
from igcli.common.errors import InputError
from igcli.common.sample import InputName, Sample
from igcli.inputs.baselines.recipes import Baseline
from igcli.inputs.readers.read_ahead import read_ahead
from igcli.inputs.readers.source import Source
from igcli.runs.planning.first_paths import FirstPaths

_COMPARED = 16
_COMPARED_AT = (0.25, 0.5, 0.75, 1.0)


def precision_error(
    model: GradientModel,
    source: Source,
    names: Sequence[InputName],
    baseline: Baseline,
    warn: Warn,
) -> float:
    """Return how far gradients of the first inputs' predicted classes are from float32's.

    It is 0 where they are float32 themselves.
    """
    precision = model.spec.precision
    if precision == "float32":
        return 0.0
    read = _with_baselines(source, names[:_COMPARED], baseline)
    if not read:
        return 0.0
    x = model.enter(np.stack([sample.x for sample, _ in read]))
    starts = model.enter(np.stack([start for _, start in read]))
    paths = FirstPaths((), x, x, starts, model.scores(x))
    slots = np.repeat(np.arange(len(read), dtype=np.int32), len(_COMPARED_AT))
    rows = paths.rows(slots, np.tile(_COMPARED_AT, len(read)), model.spec.dense)
    error = model.precision_error(rows)
    warn(
        f"--precision {precision}: gradients differ from float32's by up to {error:.1%} of their "
        f"size at {len(rows)} points; scores differ too"
    )
    return error


def _with_baselines(
    source: Source, names: Sequence[InputName], baseline: Baseline
) -> list[tuple[Sample, Array]]:
    """Return the inputs that can be read, with their baselines; others fail by name in the run."""
    found: list[tuple[Sample, Array]] = []
    for sample in read_ahead(source, names):
        if isinstance(sample, Sample):
            with suppress(InputError):
                found.append((sample, baseline(sample)))
    return found
