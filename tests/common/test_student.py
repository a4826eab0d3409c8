"""Student's t: quantiles as scipy's."""

import pytest
from scipy.stats import t

from igcli.common.student import student_quantile


@pytest.mark.parametrize("freedom", [10.0, 13.0, 20.0, 50.0, 1000.0])
@pytest.mark.parametrize("chance", [0.001, 0.3, 0.95, 0.999, 0.9999])
def test_quantiles(chance: float, freedom: float) -> None:
    assert student_quantile(chance, freedom) == pytest.approx(t.ppf(chance, freedom), rel=5e-3)
