from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from igcli.common.errors import ConfigError, InputError
from igcli.common.png import drawn_with
from igcli.figures.settle import settle_look
from igcli.report.pictures.chosen import Choice
from igcli.report.pictures.contact import by_class, small_picture
from tests.report.pictures.runs import rendered, rows_of, write_run

CLASSES = [2, 0, 2, 2, 0]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    rows = rows_of([f"{i}.png" for i in range(5)], broken=["4.png"])
    named = [
        replace(row, target=target, target_name="cat" if target else "dog", score=0.1 * i)
        for i, (row, target) in enumerate(zip(rows, CLASSES, strict=True))
    ]
    return write_run(tmp_path / "out", named)


def test_a_row_for_each_class_with_the_first_of_each(out: Path) -> None:
    done = rendered(out, by="target", choice=Choice(order="score", count=2))
    assert done.asked == 3 and done.files == out / "figures" / "contact.png"
    found = drawn_with(done.files)
    assert found is not None and found["of"] == "overlay"
    with Image.open(done.files) as picture:
        assert picture.info["Title"] == "1.png, 3.png, 2.png"
        # Two small pictures of 6 × 5 pixels, 26 times as large, beside each other, and two below.
        assert picture.width >= 2 * 5 * 26 and picture.height >= 2 * 6 * 26
    assert rendered(out, by="target").replaced == 1


def test_classes_are_named_and_counted(out: Path) -> None:
    from igcli.report.pictures.shown import ShownRun

    rows = ShownRun(out).rows
    groups = by_class(rows, "target", 1)
    assert [group.title for group in groups] == ["0 (1 of 1) dog", "2 (1 of 3) cat"]
    assert [[row.id for row in group.rows] for group in groups] == [["1.png"], ["0.png"]]
    assert [group.title for group in by_class(rows, "prediction", None)] == ["1 (4 of 4)"]
    with pytest.raises(InputError, match="--by truth: no explanation has one"):
        by_class(rows, "truth", None)
    many = [replace(rows[0], target=i) for i in range(101)]
    with pytest.raises(ConfigError, match="these are 101: 100 is the most"):
        by_class(many, "target", None)


@pytest.mark.parametrize("style", ["heat", "panel", "outlines"])
def test_other_styles_are_refused(out: Path, style: str) -> None:
    with pytest.raises(ConfigError, match=f"--by has no meaning for --style {style}"):
        rendered(out, by="target", look=settle_look(style))


def test_small_pictures_are_overlays_or_heat() -> None:
    plane, image = np.eye(64), np.full((64, 64, 3), 90, np.uint8)
    for style, size in (("overlay", 128), ("photo", 128)):
        look = settle_look(style)
        drawn = small_picture(look, plane, image, 1.0)
        assert drawn.shape == (size, size, 3) and (drawn[0, 0] != drawn[0, -1]).any()
    assert small_picture(settle_look("photo", size=32), plane, image, 1.0).shape == (32, 32, 3)
