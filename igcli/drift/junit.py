"""A verdict as JUnit XML: one test case for each threshold."""

from xml.etree import ElementTree

from igcli.drift.verdict import Judged, Verdict
from igcli.result import on_one_line

_SHOWN = 20


def junit(verdict: Verdict) -> bytes:
    """Return the XML: a suite named igcli, the worst images in the text of a failure."""
    suite = ElementTree.Element(
        "testsuite",
        name="igcli",
        tests=str(len(verdict.judged)),
        failures=str(len(verdict.failed)),
        errors="0",
        skipped="0",
    )
    for judged in verdict.judged:
        case = ElementTree.SubElement(
            suite, "testcase", classname="igcli.compare", name=judged.threshold.text
        )
        if judged.crossed:
            failure = ElementTree.SubElement(case, "failure", message=_message(judged))
            failure.text = _worst(judged, verdict)
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
