import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from igcli.figures.caption import caption_strip, fit_text

unhurried = settings(deadline=None)  # other work on the machine is no failure

# An own copy of the documented font, to measure with.
FONT = ImageFont.load_default(12)


@pytest.mark.parametrize("lines", [["one"], ["class 3 cat", "score 0.9"], ["a", "b", "c"], []])
def test_a_strip_is_as_wide_as_asked_and_sixteen_pixels_a_line(lines: list[str]) -> None:
    strip = caption_strip(lines, 224)
    assert (strip.mode, strip.size) == ("RGB", (224, 16 * len(lines) + 10))


def test_text_is_black_on_white_line_below_line() -> None:
    ink = np.asarray(caption_strip(["HHHH", "", "HHHH"], 100)).min(axis=(1, 2))
    assert ink[5:21].min() < 50 and ink[37:53].min() < 50
    assert (ink[:5] == 255).all() and (ink[21:37] == 255).all()


@pytest.mark.parametrize("text", ["class 3 cat", "", "ünïcödé", "鶴", "🦆", "a\tb", "x" * 5000])
def test_no_text_reaches_the_margins(text: str) -> None:
    pixels = np.asarray(caption_strip([text], 120))
    assert (pixels[:, :3] == 255).all() and (pixels[:, -3:] == 255).all()


def test_text_that_fits_is_kept() -> None:
    text = "class 281 tabby, tabby cat"
    assert fit_text(text, int(FONT.getlength(text)) + 1) == text


def test_text_that_does_not_fit_ends_in_dots() -> None:
    cut = fit_text("W" * 100, 100)
    assert cut.endswith("W...") and set(cut) == {"W", "."}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("crème brûlée", "creme brulee"),
        ("two\nlines\tof", "two lines of"),
        ("Ångström ﬁsh", "Angstrom fish"),
        ("ASCII ~^`", "ASCII ~^`"),
    ],
)
def test_letters_that_the_font_lacks_lose_their_accents(text: str, written: str) -> None:
    assert fit_text(text, 300) == written


@unhurried
@given(st.text(st.characters(codec="ascii", exclude_categories=["C"])), st.integers(20, 300))
def test_fitted_text_is_no_wider_and_no_shorter_than_it_must_be(text: str, width: int) -> None:
    fitted = fit_text(text, width)
    assert FONT.getlength(fitted) <= width
    if fitted != text:
        kept = fitted.removesuffix("...")
        assert text.startswith(kept)
        assert FONT.getlength(text) > width
        assert FONT.getlength(text[: len(kept) + 1] + "...") > width
