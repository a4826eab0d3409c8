"""The page: whole HTML without a network, and maps that can be told from each other."""

import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.progress import untracked
from igcli.comparison.drift.compare import compare, open_side
from igcli.comparison.drift.page import page
from igcli.comparison.drift.panels import panels, picture
from igcli.comparison.drift.reference_file import write_igref
from igcli.comparison.drift.thresholds import parse_thresholds
from tests.browser import Browser, chromium
from tests.comparison.runs import PROFILE, failed, maps_like, moved, row, rows_of, write_run

VOID = {"meta", "img", "br", "link"}
MAPS = maps_like(4)
WILD = "<script>alert(1)</script>\"'&\n\x1b.png"


class Page(HTMLParser):
    """Keeps tags and text, and fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag not in {"strong", "span"}:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def drawn(old: Path, new: Path, *texts: str, force: bool = False, grid: int | None = None) -> Page:
    sides = open_side(old), open_side(new)
    verdict = compare(*sides, parse_thresholds(texts or PROFILE), force, untracked, grid)
    text = page(verdict, *sides)
    assert text.startswith("<!DOCTYPE html>\n") and text.isascii() is False
    found = Page(text)
    check_offline(text, found)
    return found


def check_offline(text: str, found: Page) -> None:
    assert "http://" not in text and "https://" not in text and "//" not in _without_data(text)
    assert not found.of("script") and not found.of("link") and not found.of("iframe")
    assert "@import" not in text and "url(" not in text
    for image in found.of("img"):
        assert (image["src"] or "").startswith("data:image/png;base64,") and image["alt"]
    policy = next(m for m in found.of("meta") if "http-equiv" in m)
    assert (policy["content"] or "").startswith("default-src 'none'")
    assert {"lang": "en"} in found.of("html")
    assert all("scope" in attributes for attributes in found.of("th"))
    assert all(d.get("tabindex") == "0" and d["aria-label"] for d in found.of("div") if "role" in d)
    assert "prefers-color-scheme: dark" in text


def _without_data(text: str) -> str:
    return re.sub(r'"data:[^"]*"', "", text)


def pixels(uri: str | None) -> Array:
    data = b64decode((uri or "").removeprefix("data:image/png;base64,"))
    return np.array(Image.open(BytesIO(data)).convert("RGB"))


def pictured(maps: list[Array], **fields: Any) -> list[Any]:
    random = np.random.default_rng(2)
    images = [random.integers(0, 256, (6, 5, 3), np.uint8) for _ in maps]
    return [
        row("abcdefgh"[i], values, image=image, **fields)
        for i, (values, image) in enumerate(zip(maps, images, strict=True))
    ]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_run(tmp_path / "old", pictured(MAPS))


def test_everything_is_on_it(old: Path, tmp_path: Path) -> None:
    rows = pictured([-MAPS[0], *MAPS[1:]], score=0.7)
    rows[1] = row("b", MAPS[1], image=rows[1].image, prediction=12345, target=12345)
    rows[2] = failed("c")
    found = drawn(old, write_run(tmp_path / "new", [*rows, failed("z")]), grid=0)
    said = found.text
    assert said.startswith(f"igcli: Drift: {tmp_path / 'new'} Drift all images (")
    for text in (
        "5 of 9 thresholds crossed", "prediction_changed>0.1 0.3333 ✗ crossed, not clear b",
        "a missing>0 0 ✓ passed",
        "extra>0 0.2 ✗ crossed z", "failed>0 0.25 ✗ crossed c", "compared 3", "failed 1",
        "extra 1", "1 of 1, by cosine", "Score 0.8 → 0.7.", "Prediction 1.",
        "Prediction 1 → 12345.", "Explained class 1 → 12345.", "cosine −1, spearman −1, coarse 1",
        "No metrics: the maps are of different classes.", "the maps' own errors: 2.0%",
    ):  # fmt: skip
        assert text in said, text
    assert [image["alt"] for image in found.of("img")][:4] == [
        "the image as the model saw it: a", "the reference's map: a", "the new run's map: a",
        "what changed: a",
    ]  # fmt: skip
    assert len(found.of("img")) == 8 and len(found.of("article")) == 2
    np.testing.assert_array_equal(pixels(found.of("img")[0]["src"]), rows[0].image)


def test_no_drift_and_nothing_to_show(old: Path) -> None:
    found = drawn(old, old)
    assert "No drift" in found.text and "No map differs beyond its own errors." in found.text
    assert not found.of("img")


def test_two_maps_share_one_scale() -> None:
    small, large = np.zeros((4, 4, 1)), np.zeros((4, 4, 1))
    small[0, 0], small[3, 3] = 1.0, -1.0
    large[0, 0], large[3, 3], large[0, 3] = 4.0, -4.0, 2.0
    found = panels(small, large)
    assert found.scale == 4.0 and found.side == (4, 4) and not found.folded
    ours, theirs, change = map(pixels, (found.reference, found.new, found.difference))
    assert theirs[0, 0].tolist() == [0, 128, 0] and theirs[3, 3].tolist() == [255, 0, 0]
    white = np.array([255, 255, 255])
    # A quarter of the scale is a quarter of the way from white to full colour.
    assert np.abs(ours[0, 0] - (0.75 * white + 0.25 * np.array([0, 128, 0]))).max() <= 2
    assert np.abs(ours[3, 3] - (0.75 * white + 0.25 * np.array([255, 0, 0]))).max() <= 2
    assert np.abs(change[0, 0] - (0.25 * white + 0.75 * np.array([0, 128, 0]))).max() <= 2
    assert (ours[1, 1] == 255).all() and (change[1, 1] == 255).all()


def test_the_scale_is_said(old: Path, tmp_path: Path) -> None:
    values = np.zeros((6, 5, 3), np.float32)
    values[2, 2, 0] = 0.0125
    old = write_run(tmp_path / "one", rows_of([values]))
    found = drawn(old, write_run(tmp_path / "new", rows_of([-values])))
    assert "Full colour at ±0.0125; 6×5 cells." in found.text


@pytest.mark.parametrize(
    ("shape", "side", "folded"),
    [((28, 28, 1), (28, 28), False), ((9, 7, 3), (9, 7), False), ((9, 7), (9, 7), False),
     ((40,), (6, 7), True), ((1,), (1, 1), True), ((3, 3, 4, 2), (8, 9), True),
     ((600, 300, 3), (200, 100), False)],
    ids=str,
)  # fmt: skip
def test_maps_of_any_shape(shape: tuple[int, ...], side: tuple[int, int], folded: bool) -> None:
    a, b = maps_like(2, shape)
    found = panels(a, b)
    assert (found.side, found.folded) == (side, folded)
    assert pixels(found.reference).shape == pixels(found.difference).shape == (*side, 3)
    assert len(found.reference) < 100_000


def test_maps_of_zeros_are_white() -> None:
    found = panels(np.zeros((3, 3, 1)), np.zeros((3, 3, 1)))
    assert found.scale == 0.0 and (pixels(found.new) == 255).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_images_of_any_channels(channels: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (7, 5, channels), np.uint8)
    assert pixels(picture(image)).shape == (7, 5, 3)
    assert pixels(picture(image.repeat(100, axis=0))).shape[0] == 256


def test_names_are_escaped(tmp_path: Path) -> None:
    old = write_run(tmp_path / "a<b>&", [row(WILD, MAPS[0])])
    new = write_run(tmp_path / "new", [row(WILD, -MAPS[0])])
    found = drawn(old, new)
    assert not found.of("script")
    shown = "<script>alert(1)</script>\"'&\\n\\x1b.png"
    assert shown in found.text and f"Reference: {tmp_path / 'a<b>&'}." in found.text
    assert found.of("img")[0]["alt"] == f"the reference's map: {shown}"


def test_a_reference_file_has_maps_on_its_grid_and_the_new_runs_images(
    old: Path, tmp_path: Path
) -> None:
    small = tmp_path / "old.igref"
    write_igref(old, small, 3, untracked)
    turned = [-values for values in MAPS]
    new = write_run(tmp_path / "new", pictured(turned))
    found = drawn(small, new)
    assert len(found.of("img")) == 16 and "on a grid of 3" in found.text
    assert "3×3 cells" in found.text
    assert pixels(found.of("img")[1]["src"]).shape == (3, 3, 3)
    bare = write_run(tmp_path / "bare", rows_of(turned))
    assert len(drawn(small, bare).of("img")) == 12
    # The reference's image, where the new run has none.
    assert len(drawn(old, bare).of("img")) == 16


def test_twenty_images_at_most_the_worst_first(tmp_path: Path) -> None:
    maps = maps_like(25)
    shares = np.random.default_rng(0).permutation(np.linspace(0.5, 3.0, 25))
    changed = [moved(values, share, 5) for values, share in zip(maps, shares, strict=True)]
    old = write_run(tmp_path / "old", rows_of(maps))
    found = drawn(old, write_run(tmp_path / "new", rows_of(changed)))
    assert len(found.of("article")) == 20 and "20 of 25, by cosine" in found.text
    cosines = [float(c) for c in re.findall(r"cosine (\S+),", found.text)]
    assert len(cosines) == 20 and cosines == sorted(cosines)


def test_forced_differences_are_told(old: Path, tmp_path: Path) -> None:
    new = write_run(tmp_path / "new", rows_of(MAPS), seed=7)
    said = drawn(old, new, force=True).text
    assert "Compared although settings differ: --seed is 0 there and 7 here." in said


@pytest.mark.slow
def test_a_browser_opens_it_without_a_word_and_it_fits(
    old: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [*pictured([-values for values in MAPS]), failed("x" * 300)]
    sides = open_side(old), open_side(write_run(tmp_path / "new", rows))
    verdict = compare(*sides, parse_thresholds(()), False, untracked)
    (tmp_path / "drift.html").write_text(page(verdict, *sides), encoding="utf-8")
    chromium()
    with Browser(tmp_path_factory.mktemp("profile")) as tab:
        for width in (1280, 390):
            tab.view(width)
            tab.open(tmp_path / "drift.html")
            assert tab.js("document.documentElement.scrollWidth <= innerWidth")
            assert tab.js("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
        background = tab.js("getComputedStyle(document.querySelector('article')).backgroundColor")
        assert background != "rgba(0, 0, 0, 0)"
        assert tab.problems == []
