"""The page in a real browser: it opens clean, sorts, filters, opens rows, and fits its window."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from igcli.common.progress import untracked
from igcli.report.page.page import write_report
from tests.browser import Browser, chromium
from tests.comparison.runs import write_run
from tests.report.page.runs import WILD, judged_run, mixed_run, pictured

# A browser takes its time; CI waits for it.
pytestmark = pytest.mark.slow

IDS = "[...document.querySelectorAll('#body th button')].map(b => b.textContent)"
FOCUSED = "document.activeElement.textContent"
COUNT = "document.getElementById('count').textContent"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 124 rows: three pages of the table."""
    chromium()
    folder = tmp_path_factory.mktemp("run")
    return write_report(mixed_run(folder / "out", 124), None, 1000, False, untracked).path


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium()
    with Browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def opened(tab: Browser, page: Path) -> Iterator[Browser]:
    """The page, fresh, at 1280 pixels; whatever a test does must leave the console clean."""
    tab.problems.clear()
    tab.requests.clear()
    tab.view(1280)
    tab.open(page)
    yield tab
    assert tab.problems == []
    assert all(u.startswith(("file:", "data:", "about:")) for u in tab.requests), tab.requests
    assert len([u for u in tab.requests if u.startswith("file:")]) == 1


def results(page: Path) -> list[dict[str, str]]:
    with (page.parent / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_it_shows_the_first_rows_of_results_csv(opened: Browser, page: Path) -> None:
    assert opened.js(IDS) == [row["id"] for row in results(page)[:50]]
    assert opened.js(COUNT) == "1–50 of 124"
    cells = opened.js("[...document.querySelector('#body tr').cells].map(c => c.textContent)")
    assert cells[1:] == ["image-0.png", "0 cat", "0 cat", "0.9000", "+0.00200", "0.25 %", "1.00 %",
                         "9", "✓ converged"]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["score", "delta", "relative_delta", "error_estimate", "steps", "target"]
)
def test_sorting_by_a_number(opened: Browser, page: Path, name: str) -> None:
    """Both ways; rows without the number are last; equal ones stay in order."""
    rows = results(page)
    numbers = {row["id"]: float(row[name]) if row[name] else None for row in rows}
    for _ in range(2):
        opened.click(f"button[data-sort={name}]")
        down = opened.js(
            f"document.querySelector('th[data-name={name}]').getAttribute('aria-sort')"
        )
        shown = []
        for _ in range(3):
            shown += opened.js("[...document.querySelectorAll('#body tr')].map("
                               "r => column.id[r.dataset.row])")  # fmt: skip
            opened.click("button[data-go=next]")
        known = [row["id"] for row in rows if numbers[row["id"]] is not None]
        missing = [row["id"] for row in rows if numbers[row["id"]] is None]
        sign = -1.0 if down == "descending" else 1.0
        assert shown == sorted(known, key=lambda i: sign * (numbers[i] or 0.0)) + missing
    others = opened.js("document.querySelectorAll('th[aria-sort=none]').length")
    assert others == 8


def test_sorting_by_name_counts_as_people_do(opened: Browser) -> None:
    opened.click("button[data-sort=id]")
    found = [i for i in opened.js(IDS) if i.startswith("image-")]
    assert found[:3] == ["image-0.png", "image-1.png", "image-2.png"]
    assert opened.js(COUNT) == "1–50 of 124; by input, ascending"


def test_filters_narrow_each_other(opened: Browser) -> None:
    opened.click("#search")
    opened.type("IMAGE-1")
    assert opened.js(COUNT) == "1–31 of 31 that match, of 124 in all"
    opened.js("find('class').value = '1'; find('class').dispatchEvent(new Event('input', "
              "{bubbles: true}))")  # fmt: skip
    assert all((int(i[6:-4]) % 3) == 1 for i in opened.js(IDS)) and len(opened.js(IDS)) == 12
    opened.click("[data-clear]")
    assert opened.js(COUNT) == "1–50 of 124" and opened.js("find('search').value") == ""
    opened.click("#search")
    opened.type("no such thing")
    assert opened.js(COUNT) == "None that match, of 124 in all"
    assert opened.js(IDS) == []


@pytest.mark.parametrize(
    ("state", "ids"),
    [("failed", ["broken <b>.png"]), ("unconverged", ["far.png", "near.png"]),
     ("elsewhere", ["near.png"])],
)  # fmt: skip
def test_states(opened: Browser, state: str, ids: list[str]) -> None:
    opened.js(f"filter('{state}')")
    assert opened.js(IDS) == ids


def test_a_tile_shows_its_rows(opened: Browser) -> None:
    opened.click("button[data-state=failed]")
    assert opened.js(IDS) == ["broken <b>.png"]
    assert "not an <i>image</i>" in opened.js("document.querySelector('#body').textContent")


def test_a_row_opens_by_keyboard_and_closes(opened: Browser, page: Path) -> None:
    opened.js("document.querySelector('#body th button').focus()")
    opened.press("Enter")
    assert opened.js("document.querySelectorAll('tr.detail').length") == 1
    assert opened.js("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert opened.js("document.activeElement.getAttribute('aria-controls')") == "detail-0"
    names = opened.names("image")
    for wanted in (
        "the image as the model saw it: image-0.png",
        "map, green for the class, red against it: image-0.png",
        "the map over the image: image-0.png",
        "Score along the path: 0 at α 0, 1.000 at α 1.00, from 0 to 1.000",
        "Gradient norm along the path: 2.000 at α 0, 3.000 at α 1.00, from 2.000 to 3.000",
    ):
        assert wanted in names, names
    fields = dict(
        opened.js("[...document.querySelectorAll('.numbers > div')].map("
                  "d => [d.children[0].textContent, d.children[1].textContent])")
    )  # fmt: skip
    first = results(page)[0]
    for name in ("score", "delta", "error_estimate", "attribution_sum"):
        assert float(fields[name]) == float(first[name])
    opened.press("Escape")
    assert opened.js("document.querySelectorAll('tr.detail').length") == 0
    assert opened.js(FOCUSED) == "image-0.png"


def test_a_row_opens_by_keyboard_while_text_is_selected(opened: Browser) -> None:
    opened.js("getSelection().selectAllChildren(document.querySelector('h1'))")
    opened.js("document.querySelector('#body th button').focus()")
    opened.press("Enter")
    assert opened.js("document.querySelectorAll('tr.detail').length") == 1


def test_a_click_anywhere_in_a_row_opens_it(opened: Browser) -> None:
    opened.click("#body tr:nth-child(3) td.n")
    assert opened.js("document.querySelector('tr.detail').id") == "detail-2"
    opened.click("#body tr:nth-child(3) td.n")
    assert not opened.js("document.querySelector('tr.detail')")


def test_the_worst_is_a_click_away_whatever_is_filtered(opened: Browser) -> None:
    opened.js("filter('failed')")
    opened.click("button[data-open]")
    assert opened.js(FOCUSED) == "far.png"
    assert opened.js("document.querySelector('tr.detail').id") == "detail-120"
    assert opened.js("document.getElementById('page').textContent") == "Page 3 of 3"


def test_an_address_opens_a_row(opened: Browser, page: Path) -> None:
    opened.open(page, "#near.png")
    assert opened.js("document.querySelector('tr.detail').id") == "detail-121"
    opened.requests.clear()
    opened.open(page, "#nothing%")
    assert not opened.js("document.querySelector('tr.detail')")


def test_wild_names_are_shown_as_text(opened: Browser) -> None:
    opened.js("openRow(122)")
    shown = WILD.replace("\n", "\\u{a}").replace("\u202e", "\\u{202e}")
    assert opened.js(FOCUSED) == shown
    assert opened.js("document.querySelectorAll('img[src=x]').length") == 0


def test_a_row_without_profile_says_how_to_get_one(opened: Browser) -> None:
    opened.js("openRow(120)")
    assert "igcli run --profile-path" in opened.js("document.querySelector('.look').textContent")
    assert opened.js("[...document.querySelectorAll('.numbers dd')].some("
                     "d => d.textContent === 'Infinity')")  # fmt: skip


def test_only_the_pictures_of_the_open_page_are_there(opened: Browser) -> None:
    images = "document.querySelectorAll('#images img').length"
    assert opened.js(images) == 100
    opened.click("button[data-go=last]")
    assert opened.js(images) == 46


@pytest.mark.parametrize("width", [1280, 768, 390, 320])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_the_window(opened: Browser, width: int, dark: bool) -> None:
    opened.view(width, dark=dark)
    opened.js("openRow(2); openRow(122); openRow(123)")
    assert opened.js("document.documentElement.scrollWidth <= innerWidth")


CONTRAST = """
(() => {
  const parse = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const back = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility() || e.closest("[aria-disabled=true], option")) continue;
    const style = getComputedStyle(e);
    const ink = e instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(parse(ink)), light(back(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push([e.tagName, e.className, e.textContent.slice(0, 30), ratio]);
  }
  return bad;
})()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_can_be_read(opened: Browser, dark: bool) -> None:
    opened.view(1280, dark=dark)
    opened.js("openRow(121); openRow(123)")
    opened.js("for (const d of document.querySelectorAll('details')) d.open = true")
    assert opened.js(CONTRAST) == []


def test_what_a_screen_reader_finds(opened: Browser) -> None:
    assert {"Search", "Class", "State"} <= {
        *opened.names("searchbox"), *opened.names("combobox")
    }  # fmt: skip
    assert opened.names("table") == ["Explanations"]
    assert opened.names("columnheader") == ["Overlay", "Input", "Class", "Prediction", "Score",
        "Delta", "Relative", "Error", "Steps", "State"]  # fmt: skip
    assert len(opened.names("rowheader")) == 50
    assert [n for n in opened.names("heading") if n in {"Explanations", "Settings and versions"}]
    charts = [name for name in opened.names("image") if name.startswith("Histogram of ")]
    assert len(charts) == 3
    opened.view(390)
    # Cards for the eye, a table still.
    assert opened.names("table") == ["Explanations"] and len(opened.names("rowheader")) == 50


def test_without_scripts_the_summary_is_there(tab: Browser, page: Path) -> None:
    tab("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open(page)
        text = " ".join(tab.names("StaticText"))
    finally:
        tab("Emulation.setScriptExecutionDisabled", value=False)
    assert "123" in text and "results.csv has the same numbers." in text


def test_a_run_of_one_row_has_one_page(tab: Browser, tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", [pictured("only.png", 0)])
    tab.problems.clear()
    tab.open(write_report(out, None, 0, False, untracked).path)
    assert tab.js("document.getElementById('page').textContent") == "Page 1 of 1"
    tab.js("openRow(0)")
    assert "--pictures" in tab.js("document.querySelector('.look').textContent")
    assert tab.problems == []


@pytest.mark.parametrize("width", [1280, 390])
def test_long_names_and_odd_shapes_fit(tab: Browser, tmp_path: Path, width: int) -> None:
    tall = np.random.default_rng(0).standard_normal((160, 4)).astype(np.float32)
    rows = [pictured("x" * 400, 0, target_name="y" * 200, attribution=tall, image=None),
            pictured("<b>&amp;", 1, attribution=tall, image=None)]  # fmt: skip
    out = write_run(tmp_path / ("z" * 100), rows)
    tab.problems.clear()
    tab.view(width)
    tab.open(write_report(out, None, 9, False, untracked).path)
    tab.js("openRow(0); openRow(1)")
    assert tab.js("document.documentElement.scrollWidth <= innerWidth")
    assert tab.js(FOCUSED) == "<b>&amp;"
    assert tab.js("Math.max(...[...document.images].map(i => i.height)) <= 400")
    assert tab.problems == []


def test_wrong_predictions_are_a_click_away(tab: Browser, tmp_path: Path) -> None:
    tab.problems.clear()
    path = write_report(judged_run(tmp_path / "out"), None, 10, False, untracked).path
    tab.open(path)
    heads = tab.js("[...document.querySelectorAll('#heads th')].map(h => h.textContent)")
    assert [h.split()[0] for h in heads][2:5] == ["Class", "Prediction", "Truth"]
    tab.click("button[data-state=wrong]")
    assert tab.js(IDS) == ["image-1.png"]
    text = tab.js("document.querySelector('#body tr').textContent")
    assert "1 dog" in text and "✗ 2 owl" in text
    tab.js("openRow(1)")
    assert "<1>" in tab.js("document.querySelector('dl.numbers').textContent")
    assert tab.problems == []


def test_a_finding_shows_its_rows_in_the_table(opened: Browser) -> None:
    names = "findings.map(found => found.map(row => column.id[row]).join())"
    number = opened.js(names).index("far.png,near.png")
    assert opened.js(f"document.querySelectorAll('[data-six=\"{number}\"] img').length") == 6
    opened.click(f"button[data-finding='{number}']")
    assert opened.js(IDS) == ["far.png", "near.png"]
    assert opened.js(COUNT).endswith(f"of finding {number + 1} that match, of 124 in all")
    assert opened.js("location.hash") == f"#finding={number}"
    opened.press("Enter")
    assert opened.js(COUNT) == "1–50 of 124"
    opened.js(f"location.hash = '#finding={number}'")
    opened.until(f"state.finding === {number}")
    assert opened.js(IDS) == ["far.png", "near.png"]
