import re
import unicodedata
from pathlib import Path

import pytest

from igcli.store.layout import clashes, overlay_path, part_path


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("a.png", "overlays/a.png.png"),
        ("cat/b/a.png@top2", "overlays/cat/b/a.png@top2.png"),
        ("digits-000003", "overlays/digits-000003.png"),
        ("x" * 251, f"overlays/{'x' * 251}.png"),
    ],
)
def test_a_picture_is_named_by_its_id(identity: str, expected: str) -> None:
    assert overlay_path(Path("out"), identity) == Path("out") / expected


@pytest.mark.parametrize("name", ["x" * 252, "x" * 255, "ü" * 126, "鶴" * 84, "🦆" * 500])
def test_a_name_too_long_for_a_file_system_is_cut_and_stays_unique(
    tmp_path: Path, name: str
) -> None:
    paths = [overlay_path(tmp_path, f"cat/{name}{end}") for end in ("1", "2")]
    for path in paths:
        assert path.parent == tmp_path / "overlays" / "cat" and path.suffix == ".png"
        assert len(path.name.encode()) <= 255
        assert path.name.startswith(name[:40])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert paths[0] != paths[1]
    assert overlay_path(tmp_path, f"cat/{name}1") == paths[0]


def test_parts_sort_by_their_first_row() -> None:
    names = [part_path(Path("o"), start).name for start in (0, 7, 512, 1_000_000)]
    assert names == sorted(names)
    assert part_path(Path("o"), 512) == Path("o/parts/part-000000512.h5")


def test_a_folder_named_like_a_picture_does_not_collide_with_one() -> None:
    out = Path("out")
    beside = overlay_path(out, "a.png")
    assert beside not in overlay_path(out, "a.png.png/b.png").parents
    assert len(overlay_path(out, "x" * 300 + "/b.png").parts[2].encode()) <= 255


def test_ids_that_only_case_tells_apart_get_pictures_of_their_own() -> None:
    ids = ["a/X.png", "A/x.png", "a/y.png", "e\u0301.png", "\u00e9.png", "stra\u00dfe", "STRASSE"]
    assert clashes(ids) == frozenset(ids) - {"a/y.png"}
    paths = [overlay_path(Path("o"), i, i in clashes(ids)) for i in ids]
    folded = {unicodedata.normalize("NFC", str(path)).casefold() for path in paths}
    assert len(folded) == len(ids)
    assert paths[2] == Path("o/overlays/a/y.png.png")
    assert re.fullmatch(r"X\.png~[0-9a-f]{8}\.png", paths[0].name)
