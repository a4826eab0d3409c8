import csv
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from igcli.common.explanation import Explanation
from igcli.store.columns import COLUMNS, copy_columns, read_column, write_columns, write_csv
from igcli.store.reader import read_rows
from igcli.store.span import Span

FULL = Explanation(
    row=0,
    id="cat/a.png",
    path="photos/cat/a.png",
    sha256="ab" * 32,
    target=281,
    target_name="tabby, tabby cat",
    prediction=282,
    prediction_name="tiger cat",
    score=0.1 + 0.2,
    baseline_score=-1e-300,
    attribution_sum=1 / 3,
    delta=-2.5e-7,
    relative_delta=0.0,
    steps=50,
    error_estimate=1e300,
    regions_error=0.0125,
    converged=True,
    status="ok",
    message="",
)
LISTED = (("zoo/pen", "north, left"), ("age", "3"))
BARE = Explanation(row=1, id="b", path="b", sha256="", status="failed", message="it broke")
HEADER = (
    "id,path,sha256,target,target_name,prediction,prediction_name,score,baseline_score,"
    "attribution_sum,delta,relative_delta,steps,error_estimate,regions_error,converged,status,"
    "message"
)


def parts(folder: Path, *groups: list[Explanation]) -> list[Span]:
    spans, start = [], 0
    for i, group in enumerate(groups):
        spans.append(Span(folder / f"part-{i}.h5", start, len(group)))
        with h5py.File(spans[-1].path, "w") as file:
            write_columns(file, group)
        start += len(group)
    return spans


def results(folder: Path, *groups: list[Explanation]) -> Path:
    path = folder / "results.csv"
    write_csv(parts(folder, *groups), path)
    return path


def test_the_columns_are_the_documented_ones_in_order(tmp_path: Path) -> None:
    assert results(tmp_path, [FULL]).read_text().splitlines()[0] == HEADER
    assert ",".join(column.name for column in COLUMNS) == HEADER


def test_pandas_reads_every_field_back(tmp_path: Path) -> None:
    row = pd.read_csv(results(tmp_path, [FULL])).iloc[0]
    for name in HEADER.split(","):
        expected = getattr(FULL, name)
        assert row[name] == expected or (expected == "" and pd.isna(row[name])), name


def test_pandas_finds_the_types(tmp_path: Path) -> None:
    table = pd.read_csv(results(tmp_path, [FULL, FULL], [FULL]))
    assert len(table) == 3
    for name in ("target", "prediction", "steps"):
        assert table[name].dtype == np.int64
    for name in (
        "score",
        "baseline_score",
        "attribution_sum",
        "delta",
        "relative_delta",
        "error_estimate",
        "regions_error",
    ):
        assert table[name].dtype == np.float64
    assert table["converged"].dtype == bool
    for name in ("id", "path", "sha256", "target_name", "status"):
        assert str(table[name].dtype) in {"object", "str", "string"}


def test_what_is_missing_is_an_empty_field(tmp_path: Path) -> None:
    lines = results(tmp_path, [BARE]).read_text().splitlines()
    assert lines[1] == "b,b,,,,,,,,,,,,,,,failed,it broke"


def test_missing_numbers_are_nan_in_pandas_and_leave_the_others_alone(tmp_path: Path) -> None:
    table = pd.read_csv(results(tmp_path, [FULL, BARE]))
    assert table["score"].tolist()[0] == 0.1 + 0.2 and np.isnan(table["score"][1])
    assert table["target"][0] == 281 and np.isnan(table["target"][1])
    assert table["status"].tolist() == ["ok", "failed"]


@pytest.mark.parametrize(("flag", "text"), [(True, "True"), (False, "False"), (None, "")])
def test_flags(tmp_path: Path, flag: bool | None, text: str) -> None:
    with results(tmp_path, [replace(FULL, converged=flag)]).open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["converged"] == text


@pytest.mark.parametrize("target", [0, 1, 999, 2**40])
def test_class_zero_is_a_target_and_not_a_missing_one(tmp_path: Path, target: int) -> None:
    table = pd.read_csv(results(tmp_path, [replace(FULL, target=target)]))
    assert table["target"].tolist() == [target]


@pytest.mark.parametrize(
    "name",
    [
        "a,b.png",
        'quo"te".png',
        "new\nline.png",
        "ünï/鶴/🦆.png",
        " blanks around ",
        "'apostrophe",
        "tab\there",
        "caf\\xe9.png",
        "#hash",
        "-5",
        "carriage\rreturn.png",
    ],
)
def test_odd_names_survive(tmp_path: Path, name: str) -> None:
    path = results(tmp_path, [replace(FULL, id=name, target_name=name, message=name), BARE])
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert table["id"].tolist() == [name, "b"]
    assert table["target_name"][0] == table["message"][0] == name


def test_rows_keep_the_order_of_the_parts(tmp_path: Path) -> None:
    rows = [replace(BARE, id=str(i)) for i in range(5)]
    table = pd.read_csv(results(tmp_path, rows[:2], rows[2:3], rows[3:]), dtype={"id": str})
    assert table["id"].tolist() == ["0", "1", "2", "3", "4"]


def test_the_same_rows_give_the_same_bytes_however_they_are_parted(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = results(tmp_path / "a", [FULL, BARE, FULL]).read_bytes()
    assert results(tmp_path / "b", [FULL], [BARE], [FULL]).read_bytes() == one
    assert b"\r" not in one


def test_datasets_hold_the_columns_with_their_gaps(tmp_path: Path) -> None:
    (span,) = parts(tmp_path, [FULL, BARE])
    with h5py.File(span.path) as file:
        assert file["ids"].asstr()[()].tolist() == ["cat/a.png", "b"]
        assert file["target_names"].asstr()[()].tolist() == ["tabby, tabby cat", ""]
        assert file["targets"][()].tolist() == [281, -1]
        assert file["steps"][()].tolist() == [50, -1]
        assert file["converged"][()].tolist() == [1, -1]
        assert file["scores"].dtype == np.float64
        assert file["deltas"][0] == -2.5e-7 and np.isnan(file["deltas"][1])
        assert file["messages"].asstr()[()].tolist() == ["", "it broke"]


def test_copied_columns_are_the_parts_one_after_the_other(tmp_path: Path) -> None:
    spans = parts(tmp_path, [FULL], [BARE, replace(FULL, id="ü", target=0)])
    with h5py.File(tmp_path / "all.h5", "w") as file:
        copy_columns(spans, file)
    with h5py.File(tmp_path / "all.h5") as file:
        assert set(file) == {column.dataset for column in COLUMNS}
        assert file["ids"].asstr()[()].tolist() == ["cat/a.png", "b", "ü"]
        assert file["targets"][()].tolist() == [281, -1, 0]
        assert file["scores"][()].tolist()[::2] == [0.1 + 0.2] * 2
        assert all(len(file[column.dataset]) == 3 for column in COLUMNS)


def test_rows_within_a_file_are_taken_alone(tmp_path: Path) -> None:
    rows = [replace(BARE, id=str(i), target=i) for i in range(6)]
    (span,) = parts(tmp_path, rows)
    pieces = [Span(span.path, 0, 1, 4), Span(span.path, 1, 2, 1)]
    write_csv(pieces, tmp_path / "results.csv")
    assert pd.read_csv(tmp_path / "results.csv")["target"].tolist() == [4, 1, 2]
    with h5py.File(tmp_path / "all.h5", "w") as file:
        copy_columns(pieces, file)
        assert file["targets"][()].tolist() == [4, 1, 2]
        assert file["ids"].asstr()[()].tolist() == ["4", "1", "2"]
    targets = next(column for column in COLUMNS if column.name == "target")
    with h5py.File(span.path) as file:
        assert read_column(targets, file, slice(2, 4)) == [2, 3]
        assert read_column(targets, file) == [0, 1, 2, 3, 4, 5]


def test_files_without_a_column_are_read_and_joined_without_it(tmp_path: Path) -> None:
    spans = parts(tmp_path, [FULL], [FULL, BARE])
    for span in spans:
        with h5py.File(span.path, "r+") as file:
            del file["regions_errors"]
    write_csv(spans, tmp_path / "results.csv")
    lines = (tmp_path / "results.csv").read_text().splitlines()
    assert lines[0] == HEADER.replace("regions_error,", "")
    assert lines[2].count(",") == 16 + 1  # one more within a name
    with h5py.File(tmp_path / "joined.h5", "w") as file:
        copy_columns(spans, file)
        assert "regions_errors" not in file and len(file["ids"]) == 3
    assert [row.regions_error for row in read_rows(spans)] == [None, None, None]
    assert [row.error_estimate for row in read_rows(spans)] == [1e300, 1e300, None]


def test_true_classes_and_further_columns_stand_behind_the_others(tmp_path: Path) -> None:
    known = replace(FULL, truth=7, truth_name="fox", correct=False, further=LISTED)
    unknown = replace(BARE, further=(("zoo/pen", ""), ("age", "")))
    spans = [Span(tmp_path / "a.h5", 0, 1), Span(tmp_path / "b.h5", 1, 1)]
    for span, row in zip(spans, [known, unknown], strict=True):
        with h5py.File(span.path, "w") as file:
            write_columns(file, [row], has_truth=True)
    write_csv(spans, tmp_path / "results.csv")
    lines = (tmp_path / "results.csv").read_text().splitlines()
    assert lines[0] == f"{HEADER},truth,truth_name,correct,zoo/pen,age"
    assert lines[1].endswith(',ok,,7,fox,False,"north, left",3')
    assert lines[2].endswith(",failed,it broke,,,,,")
    assert [row.further for row in read_rows(spans)] == [LISTED, unknown.further]
    with h5py.File(tmp_path / "joined.h5", "w") as file:
        copy_columns(spans, file)
    rows = list(read_rows([Span(tmp_path / "joined.h5", 0, 2)]))
    assert [(r.truth, r.truth_name, r.correct) for r in rows] == [
        (7, "fox", False),
        (None, "", None),
    ]
    assert [row.further for row in rows] == [LISTED, unknown.further]


def test_eleven_further_columns_keep_their_order(tmp_path: Path) -> None:
    names = tuple((f"c{i}", str(i)) for i in range(11))
    (row,) = read_rows(parts(tmp_path, [replace(FULL, further=names)]))
    assert row.further == names
