"""A verdict as JUnit XML: one test case for each threshold."""

from xml.etree import ElementTree

from igcli.common.text import on_one_line
from igcli.comparison.drift.verdict import Judged, Verdict

_SHOWN = 20


def junit(verdict: Verdict) -> bytes:
    """Return the XML: a suite named igcli, the worst images in the text of a failure."""
    suite = _suite(tests=len(verdict.judged), failures=len(verdict.failed), errors=0)
    for judged in verdict.judged:
        case = _case(suite, judged.threshold.text)
        if judged.crossed:
            failure = ElementTree.SubElement(case, "failure", message=_message(judged))
            failure.text = _worst(judged, verdict)
    return _xml(suite)


def junit_of_error(message: str, text: str) -> bytes:
    """Return the XML of a comparison that did not come about: one case, an error."""
    suite = _suite(tests=1, failures=0, errors=1)
    ElementTree.SubElement(_case(suite, "comparable"), "error", message=message).text = text
    return _xml(suite)


def _suite(**counts: int) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name="igcli", skipped="0")
    for key, count in counts.items():
        suite.set(key, str(count))
    return suite


def _case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname="igcli.compare", name=name)


def _xml(suite: ElementTree.Element) -> bytes:
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    text: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


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
