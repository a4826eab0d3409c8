import json
from pathlib import Path

import pytest

from igcli.common.errors import InputError
from igcli.findings.boxes import Box, read_boxes


def test_a_table_has_boxes_by_image(tmp_path: Path) -> None:
    file = tmp_path / "boxes.csv"
    file.write_text(
        "\ufeffid, x1,y1,x2,y2,class\na.png,1,2,3,4.5,dog\nb,0,0,1,1,\na.png,5,6,7,8,3\n"
    )
    assert read_boxes(file) == {
        "a.png": [Box((1, 2, 3, 4.5), "dog"), Box((5, 6, 7, 8), "3")],
        "b": [Box((0, 0, 1, 1))],
    }


def test_columns_may_stand_in_any_order_and_be_cut_by_semicolons(tmp_path: Path) -> None:
    file = tmp_path / "boxes.csv"
    file.write_text("x2;y2;note;id;x1;y1\n3;4;n;a;1;2\n")
    assert read_boxes(file) == {"a": [Box((1, 2, 3, 4))]}


def test_coco_has_corners_and_sizes(tmp_path: Path) -> None:
    file = tmp_path / "instances.json"
    read = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
        "annotations": [{"image_id": 7, "category_id": 18, "bbox": [1, 2, 10, 20]}],
        "categories": [{"id": 18, "name": "dog"}],
    }
    file.write_text(json.dumps(read))
    assert read_boxes(file) == {"a.jpg": [Box((1, 2, 11, 22), "dog")]}


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("b.csv", "id,x1,y1,x2\n", "lacks y2"),
        ("b.csv", "id,x1,y1,x2,y2\na,1,2\n", "line 2 is short"),
        ("b.csv", "id,x1,y1,x2,y2\na,1,2,3,nan\n", "line 2 has other than numbers"),
        ("b.csv", "id,x1,y1,x2,y2\na,1,2,3,four\n", "line 2 has other than numbers"),
        ("b.csv", "", "lacks id, x1, y1, x2, y2"),
        ("b.json", "[]", "can't be used"),
        ("b.json", '{"images": []}', "it lacks 'annotations'"),
        ("b.json", '{"images": [], "annotations": [{"image_id": 1}]}', "is not listed"),
    ],
)
def test_what_is_no_file_of_boxes_is_refused(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(InputError, match=why):
        read_boxes(file)
