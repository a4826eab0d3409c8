"""JUnit XML: a suite of test cases, as build servers read it."""

from xml.etree import ElementTree


def suite_of(**counts: int) -> ElementTree.Element:
    """Return an empty suite named igcli, with its counts."""
    suite = ElementTree.Element("testsuite", name="igcli", skipped="0")
    for key, count in counts.items():
        suite.set(key, str(count))
    return suite


def case_in(suite: ElementTree.Element, classname: str, name: str) -> ElementTree.Element:
    """Add a test case to a suite, and return it."""
    return ElementTree.SubElement(suite, "testcase", classname=classname, name=name)


def in_xml(suite: ElementTree.Element) -> bytes:
    """Return a file with one suite."""
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    text: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
