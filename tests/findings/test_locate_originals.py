import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from igcli.common.errors import InputError
from igcli.common.originals import Original, read_original
from igcli.findings.geometry import outline_of_boxes
from igcli.findings.locate_originals import Way
from igcli.inputs.readers.decode import decode


def picture(form: str, orientation: int) -> bytes:
    """A 48 × 36 picture, black but for a white box at 8, 4 to 32, 20, with an EXIF orientation."""
    pixels = np.zeros((36, 48), np.uint8)
    pixels[4:20, 8:32] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, form, exif=exif)
    return data.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_lie_where_decoding_puts_their_pixels(
    tmp_path: Path, form: str, orientation: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(picture(form, orientation))
    box = outline_of_boxes(np.array([[8.0, 4, 32, 20]]), (48, 36))
    for resize in ("stretch", "pad", "crop"):
        way = Way(resize, (24, 20), None, upright=False)
        original = way.original("a", str(path))
        assert original == Original((48, 36), orientation)
        found = way.place(box, original).shares(np.arange(21.0), np.arange(25.0))
        seen = decode(path.read_bytes(), (24, 20), 1, resize)[..., 0] / 255
        # Bilinear edges are softer than exact areas.
        assert np.abs(found - seen).sum() < 0.2 * found.sum()
        assert found.sum() == pytest.approx(seen.sum(), rel=0.05)


def test_objects_may_be_given_in_turned_images() -> None:
    original = Original((48, 36), 6)
    # Turned clockwise, the box at 8, 4 to 32, 20 is at 36 − 20, 8 to 36 − 4, 32.
    stored, turned = (Way("stretch", (9, 12), None, upright) for upright in (False, True))
    assert stored.size_for_objects(original) == (48, 36)
    assert turned.size_for_objects(original) == (36, 48)
    a = stored.place(outline_of_boxes(np.array([[8.0, 4, 32, 20]]), (48, 36)), original)
    b = turned.place(outline_of_boxes(np.array([[16.0, 8, 32, 32]]), (36, 48)), original)
    edges: Any = np.arange(13.0), np.arange(10.0)
    assert a.shares(*edges).tolist() == b.shares(*edges).tolist()
    assert a.area == 4 * 6


def test_a_png_is_not_unpacked_for_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (7, 5)).save(tmp_path / "plain.png")
    info = PngInfo()
    info.add_text("note", "none of it turned")
    Image.new("L", (7, 5)).save(tmp_path / "noted.png", pnginfo=info)
    assert read_original(tmp_path / "noted.png") == Original((7, 5))
    monkeypatch.setattr(Image.Image, "load", None)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", None)
    assert read_original(tmp_path / "plain.png") == Original((7, 5))


def test_what_is_gone_or_no_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.png can't be read: No such file"):
        read_original(tmp_path / "gone.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(InputError, match=r"text\.png can't be read"):
        read_original(tmp_path / "text.png")


def test_images_may_have_moved(tmp_path: Path) -> None:
    Image.new("L", (7, 5)).save(tmp_path / "a.png")
    way = Way("stretch", (4, 4), tmp_path, upright=False)
    assert way.original("a.png", "/gone/a.png") == Original((7, 5))


def test_arrays_are_the_models_input() -> None:
    assert Way(None, (4, 3), None, upright=False).original("a-000001", "a.npy[1]") == Original(
        (4, 3)
    )
