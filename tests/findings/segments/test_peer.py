"""PAIR's XRAI, where saliency is installed: the same regions from the same map."""

from typing import Any

import numpy as np
import pytest

from igcli.findings.segments.areas import MAX
from igcli.findings.segments.felzenszwalb import photo_segments
from tests.benchmarks.xrai import exact_plane, ranked


@pytest.mark.parametrize("shape", [(224, 224, 3), (120, 160, 3), (100, 90, 1)])
@pytest.mark.parametrize("way", ["full", "fast"])
def test_it_is_pairs(shape: tuple[int, int, int], way: str) -> None:
    saliency: Any = pytest.importorskip("saliency.core")
    random = np.random.default_rng(8)
    rough = random.integers(0, 256, (9, 11, shape[2])).astype(np.uint8)
    image = np.kron(rough, np.ones((30, 30, 1), np.uint8))[: shape[0], : shape[1]]
    values = random.standard_normal(shape) * (image / 255.0)
    parameters = saliency.XRAIParameters(algorithm=way)
    wanted = saliency.XRAI().GetMask(
        image, None, base_attribution=values, extra_parameters=parameters
    )
    found = exact_plane(ranked(values, image, MAX, way == "fast"))
    assert len(photo_segments(image)) > 50
    assert np.abs(found - wanted).max() <= 1e-6 * np.abs(wanted).max()
