"""The gates of a run: thresholds on its explanations that turn it into exit code 1."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from igcli.common.errors import ConfigError
from igcli.common.explanation import Explanation

if TYPE_CHECKING:
    from igcli.attribution.methods import Method


@dataclass(frozen=True, slots=True)
class Gate:
    """One ``--fail-on``: what is measured on each explanation, and the most that passes."""

    text: str
    measure: Callable[[Explanation], float | None]
    limit: float

    def crossed_by(self, explanation: Explanation) -> bool:
        """Tell whether one explanation crosses the threshold; one without a measure does not."""
        value = self.measure(explanation)
        return value is not None and value > self.limit


_OF_REGIONS = "regions-error"
GATES: dict[str, Callable[[Explanation], float | None]] = {
    "delta": lambda e: None if e.delta is None else abs(e.delta),
    "relative-delta": lambda e: e.relative_delta,
    "error": lambda e: e.error_estimate,
    _OF_REGIONS: lambda e: e.regions_error,
    "unconverged": lambda e: None if e.converged is None else float(not e.converged),
}
USAGE = "delta:V, relative-delta:V, error:V, regions-error:V or unconverged"


def parse_gates(
    texts: tuple[str, ...], method: "Method", certifies_regions: bool = False
) -> list[Gate]:
    """Read every ``--fail-on``; raise ConfigError for one that could never be crossed.

    `error` is of what is certified: pixels, or regions.
    """
    return [_parse(text, method, certifies_regions) for text in dict.fromkeys(texts)]


def check_gates(gates: Iterable[Gate], method: "Method", has_regions: bool) -> None:
    """Raise ConfigError for a gate that could never be crossed with a method and such maps."""
    for gate in gates:
        _check(gate.text, method)
        if gate.text.startswith(_OF_REGIONS) and not has_regions:
            raise ConfigError(
                f"--fail-on {gate.text} can't be used with this model and these inputs",
                "regions are those of one picture",
                "leave it out",
            )


def _parse(text: str, method: "Method", certifies_regions: bool) -> Gate:
    name, _, number = text.partition(":")
    try:
        limit = 0.0 if name == "unconverged" and not number else float(number)
    except ValueError:
        limit = -1.0
    if name not in GATES or not limit >= 0.0 or (name == "unconverged" and number):
        raise ConfigError(f"--fail-on {text} can't be read", fix=f"write {USAGE}, V not negative")
    _check(text, method)
    measured = _OF_REGIONS if certifies_regions and name == "error" else name
    return Gate(text, GATES[measured], limit)


def _check(text: str, method: "Method") -> None:
    name = text.partition(":")[0]
    adapts = method.tolerance is not None
    measured = {"error": method.estimates, "unconverged": adapts, _OF_REGIONS: adapts}
    lacking = {"error": "it has no error estimate", _OF_REGIONS: "it estimates pixels alone"}
    if not measured.get(name, True):
        raise ConfigError(
            f"--fail-on {text} can't be used with {method.title}",
            lacking.get(name, "it has no tolerance to meet"),
            "use --method adaptive"
            + (", or riemann_trapezoid with an odd number of --steps" if name == "error" else ""),
        )
