"""The known attributions are right."""

from typing import Any

import numpy as np

from igcli.reproduce.two_inputs import answers, exact_attributions


def test_the_known_attributions_are_those_of_the_function() -> None:
    """Against a fine midpoint sum of its gradient, taken by differences."""
    random = np.random.default_rng(3)
    left, right = random.uniform(-1, 1, (2, 5, 3))
    ends = np.concatenate([left, right], axis=1)

    def value(point: Any) -> Any:
        return answers(point[:, :3], point[:, 3:])

    found = np.zeros_like(ends)
    for alpha in (np.arange(200) + 0.5) / 200:
        for i in range(6):
            step = np.zeros(6)
            step[i] = 1e-4
            slope = (value(alpha * ends + step) - value(alpha * ends - step)) / 2e-4
            found[:, i] += ends[:, i] * slope / 200
    np.testing.assert_allclose(exact_attributions(left, right), found, atol=1e-8)
