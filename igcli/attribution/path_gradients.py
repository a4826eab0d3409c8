"""Path gradients: what a model gives at the nodes that some paths ask for, span by span.

The nodes of straight paths are sent as they are: the model lays out their points, and sums the
gradients where they are. Those of other paths are sent as points, and come back one by one.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise

import numpy as np

from igcli.attribution.batches import Batches
from igcli.attribution.gradient_model import PathRows, PointRows, RowValues
from igcli.attribution.path import Path, StraightLine
from igcli.attribution.scheduler import P, Span
from igcli.common.arrays import Array


def products(batches: Batches, batch: Sequence[Span[P]]) -> list[RowValues]:
    """Return each node's gradient × tangent."""
    found: list[RowValues] = []
    for lines, spans in _by_kind(batch):
        if lines:
            values = batches.row_products(_path_rows(lines, spans))
            rows = values.gradients
        else:
            values = batches.gradients_at(_point_rows(spans))
            dtype = batches.model.spec.point.dtype
            tangents = (tangent.astype(dtype) for span in spans for tangent in _tangents(span))
            rows = [values.gradients[row] * tangent for row, tangent in enumerate(tangents)]
        found += [_share(values, [rows[i] for i in share], share) for share in _shares(spans)]
    return found


def weighted_sums(
    batches: Batches, batch: Sequence[Span[P]], weights: Callable[[Span[P]], Array]
) -> list[RowValues]:
    """Return each span's gradients summed with its nodes' weights (k, nodes) of k rules.

    Each times its tangent, where that is not the same everywhere; see `times_tangent`.
    """
    found: list[RowValues] = []
    for lines, spans in _by_kind(batch):
        if lines:
            every = np.concatenate([weights(span) for span in spans], axis=1)
            values = batches.weighted_gradients(_path_rows(lines, spans), every)
            sums = [values.gradients[:, i] for i in range(len(spans))]
        else:
            values = batches.gradients_at(_point_rows(spans))
            pairs = zip(spans, _shares(spans), strict=True)
            sums = [
                _sum_of_products(weights(span), [values.gradients[i] for i in share], span)
                for span, share in pairs
            ]
        found += [_share(values, total, s) for total, s in zip(sums, _shares(spans), strict=True)]
    return found


def times_tangent(path: Path, sums: Array) -> Array:
    """Return the integrals that the `weighted_sums` of a whole path are worth.

    Those of a straight one still lack its tangent.
    """
    return path.difference * sums if isinstance(path, StraightLine) else sums


def _by_kind(batch: Sequence[Span[P]]) -> Iterator[tuple[list[StraightLine], list[Span[P]]]]:
    """Yield runs of spans whose paths are straight, with these, and of others, without."""
    for _, run in groupby(batch, key=lambda span: isinstance(span.live.job.path, StraightLine)):
        spans = list(run)
        paths = [span.live.job.path for span in spans]
        yield [path for path in paths if isinstance(path, StraightLine)], spans


def _path_rows(lines: Sequence[StraightLine], spans: Sequence[Span[P]]) -> PathRows:
    """Lay out the nodes of straight paths: the rows of one span after the other's."""
    counts = [len(span) for span in spans]
    return PathRows(
        x=np.stack([line.x for line in lines]),
        baseline=np.stack([line.baseline for line in lines]),
        slot=np.repeat(np.arange(len(lines), dtype=np.int32), counts),
        alpha=np.concatenate([span.alphas for span in spans]),
        target=_targets(spans),
        zones=_zones(spans),
    )


def _point_rows(spans: Sequence[Span[P]]) -> PointRows:
    points = [span.live.job.path.point(float(a)) for span in spans for a in span.alphas]
    zones = _zones(spans)
    if zones is not None:
        zones = np.repeat(zones, [len(span) for span in spans], axis=0)
    return PointRows(np.stack(points), _targets(spans), zones)


def _targets(spans: Sequence[Span[P]]) -> Array:
    targets = np.array([span.live.job.target for span in spans], np.int32)
    return np.repeat(targets, [len(span) for span in spans])


def _zones(spans: Sequence[Span[P]]) -> Array | None:
    """Return the paths' zones; None where single scores are explained. No run has both."""
    zones = [span.live.job.zone for span in spans]
    return None if zones[0] is None else np.stack([zone for zone in zones if zone is not None])


def _tangents(span: Span[P]) -> Iterator[Array]:
    return (span.live.job.path.tangent(float(alpha)) for alpha in span.alphas)


def _sum_of_products(weights: Array, gradients: Sequence[Array], span: Span[P]) -> Array:
    sums = np.zeros((len(weights), *span.live.job.path.shape))
    nodes = zip(weights.T, gradients, _tangents(span), strict=True)
    for of_rules, gradient, tangent in nodes:
        sums += np.multiply.outer(of_rules, np.asarray(gradient) * tangent)
    return sums


def _shares(spans: Sequence[Span[P]]) -> list[range]:
    """Return each span's rows."""
    ends = accumulate((len(span) for span in spans), initial=0)
    return [range(start, stop) for start, stop in pairwise(ends)]


def _share(values: RowValues, gradients: object, rows: range) -> RowValues:
    some = slice(rows.start, rows.stop)
    return RowValues(gradients, values.scores[some], values.norms[some])
