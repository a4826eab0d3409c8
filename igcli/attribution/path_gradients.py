"""Path gradients: what a model gives at the nodes that some paths ask for, span by span."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from igcli.attribution.batches import Batches
from igcli.attribution.gradient_model import PathRows, RowValues
from igcli.attribution.scheduler import P, Span
from igcli.common.arrays import Array


def products(batches: Batches, batch: Sequence[Span[P]]) -> list[RowValues]:
    """Return each node's gradient × (input − baseline)."""
    values = batches.row_products(_path_rows(batch))
    return [
        RowValues(
            [values.gradients[row] for row in range(rows.start, rows.stop)],
            values.scores[rows],
            values.norms[rows],
        )
        for rows in _slices(batch)
    ]


def weighted_sums(
    batches: Batches, batch: Sequence[Span[P]], weights: Sequence[Array]
) -> list[RowValues]:
    """Return the gradients of each span, summed with the weights (k, nodes) of k rules."""
    values = batches.weighted_gradients(_path_rows(batch), np.concatenate(weights, axis=1))
    return [
        RowValues(values.gradients[:, i], values.scores[rows], values.norms[rows])
        for i, rows in enumerate(_slices(batch))
    ]


def _path_rows(batch: Sequence[Span[P]]) -> PathRows:
    """Lay out a batch: the rows of one span after the other's."""
    jobs = [span.path.job for span in batch]
    counts = [len(span) for span in batch]
    return PathRows(
        x=np.stack([job.x for job in jobs]),
        baseline=np.stack([job.baseline for job in jobs]),
        slot=np.repeat(np.arange(len(jobs), dtype=np.int32), counts),
        alpha=np.concatenate([span.alphas for span in batch]),
        target=np.repeat(np.array([job.target for job in jobs], np.int32), counts),
    )


def _slices(batch: Sequence[Span[P]]) -> list[slice]:
    """Return each span's rows."""
    ends = accumulate((len(span) for span in batch), initial=0)
    return [slice(start, stop) for start, stop in pairwise(ends)]
