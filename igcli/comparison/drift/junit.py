"""A verdict as JUnit XML: one test case for each threshold."""

from xml.etree import ElementTree

from igcli.common.junit import case_in, in_xml, suite_of
from igcli.common.text import on_one_line
from igcli.comparison.drift.verdict import Judged, Verdict

_SHOWN = 20
_CLASS = "igcli.compare"


def junit(verdict: Verdict) -> bytes:
    """Return the XML: a suite named igcli, the worst images in the text of a failure."""
    suite = suite_of(tests=len(verdict.judged), failures=len(verdict.failed), errors=0)
    for judged in verdict.judged:
        case = case_in(suite, _CLASS, judged.threshold.text)
        if judged.crossed:
            failure = ElementTree.SubElement(case, "failure", message=_message(judged))
            failure.text = _worst(judged, verdict)
    return in_xml(suite)


def junit_of_error(message: str, text: str) -> bytes:
    """Return the XML of a comparison that did not come about: one case, an error."""
    suite = suite_of(tests=1, failures=0, errors=1)
    ElementTree.SubElement(
        case_in(suite, _CLASS, "comparable"), "error", message=message
    ).text = text
    return in_xml(suite)


def _message(judged: Judged) -> str:
    found = "no image to judge" if judged.value is None else f"found {judged.value:.4g}"
    return f"{judged.threshold.text}: {found}"


def _worst(judged: Judged, verdict: Verdict) -> str:
    metrics = {image.id: image.metrics for image in verdict.images}
    lines = [f"{len(judged.worst)} images, the worst first:"]
    for identity in judged.worst[:_SHOWN]:
        found = metrics.get(identity)
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in (found or {}).items())
        # XML 1.0 has no control characters.
        lines.append(on_one_line(identity) + (f": {numbers}" if numbers else ""))
    return "\n".join(lines)
