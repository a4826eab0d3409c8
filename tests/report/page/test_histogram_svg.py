"""Histograms as SVG: heights, edges, marks and what a screen reader hears."""

import math
import re
from xml.etree import ElementTree

import pytest

from igcli.report.page.histogram_svg import chart, percent, plain


def drawn(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html)


def test_heights_are_the_counts() -> None:
    figure = drawn(chart("Steps", [9, 9, 9, 9, 10, 10, 12], str, whole=True))
    bars = figure.findall(".//rect")
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert heights == pytest.approx([82.0, 41.0, 20.5])
    assert [bar.findtext("title") for bar in bars] == ["9.0: 4", "10.0: 2", "12.0: 1"]
    assert all("style" not in node.attrib for node in figure.iter())


def test_what_is_said() -> None:
    html = chart("Error", [0.01, 0.02, 0.03, 0.06, math.inf], percent, mark=("tolerance", 0.05))
    caption = drawn(html).findtext("figcaption")
    assert caption == (
        "least 1.00 %, median 3.00 %, 95th percentile ∞, largest ∞; 1 above 6.00 % not drawn"
    )
    label = re.findall('aria-label="([^"]*)"', html)[0]
    assert label.startswith("Histogram of Error: least 1.00 %, median 3.00 %")
    assert ">tolerance</text>" in html
    assert "tolerance" not in chart("Error", [0.01, 0.02], percent, mark=("tolerance", 0.05))


def test_forms() -> None:
    assert [percent(v) for v in (0.04829, 0.0, 1e-5, math.inf)] == ["4.83 %", "0.00 %", "0.001 %",
                                                                  "∞"]  # fmt: skip
    assert [plain(v) for v in (-0.00123456, 2)] == ["−0.00123", "2"]
