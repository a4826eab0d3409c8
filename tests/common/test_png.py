import json
from pathlib import Path

import pytest
from PIL import Image

from igcli import __version__
from igcli.common.png import is_ours, note, save_png


@pytest.mark.parametrize("title", ["cat/a.png", "über/鶴.png", "bad \udcff byte", ""])
def test_a_picture_says_how_it_was_drawn(tmp_path: Path, title: str) -> None:
    picture = note(Image.new("RGB", (3, 2), "red"), {"style": "heat", "clip": 2.0})
    save_png(picture, tmp_path / "a.png", title)
    with Image.open(tmp_path / "a.png") as found:
        assert found.info["Software"] == f"igcli {__version__}"
        assert found.info["Title"] == title.replace("\udcff", "?")
        assert json.loads(found.info["igcli"]) == {"style": "heat", "clip": 2.0}
        assert found.size == (3, 2) and found.getpixel((0, 0)) == (255, 0, 0)


def test_ours_are_told_from_others(tmp_path: Path) -> None:
    save_png(Image.new("L", (1, 1)), tmp_path / "ours.png", "x")
    Image.new("L", (1, 1)).save(tmp_path / "theirs.png")
    (tmp_path / "no.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert is_ours(tmp_path / "ours.png")
    assert not any(is_ours(tmp_path / name) for name in ("theirs.png", "no.png", "absent.png"))
