"""The page as a file: its numbers are those of results.csv, and no text of a run is HTML."""

import csv
import errno
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.common.errors import InputError, NotWhole, OutputError
from igcli.common.model_spec import Part
from igcli.common.progress import untracked
from igcli.report.page.page import write_report
from igcli.report.page.seen import look, most_in_need, open_begun_run
from igcli.store.maps import Maps
from tests.comparison.runs import failed, maps_like, row, rows_of, write_run
from tests.report.page.runs import (
    WILD,
    block,
    judged_run,
    lines_of,
    mixed_run,
    pictured,
    profile,
    table_of,
)


def written(out: Path, pictures: int = 1000) -> str:
    found = write_report(out, None, pictures, False, untracked)
    assert found.path == out / "report.html"
    text = found.path.read_text(encoding="utf-8")
    assert found.size == len(text.encode())
    Nested(text)
    return text


class Nested(HTMLParser):
    """Fails where tags do not nest, and on what would ask for something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"link", "iframe", "object", "base"}
        assert not {"src", "href", "style", "onclick"} & {name for name, _ in attrs}
        if tag not in {"meta", "input", "fecolormatrix"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text.append(data)


def said(page: str) -> str:
    return " ".join(" ".join(Nested(page).text).split())


def same(text: str, value: Any) -> bool:
    """Whether a field of results.csv and a value of the page are the same."""
    if text == "" or value is None:
        return text == "" and value in (None, "")
    if isinstance(value, bool):
        return text == str(value)
    if isinstance(value, float):
        return float(text) == value
    return text == str(value)


def test_every_number_is_that_of_results_csv(tmp_path: Path) -> None:
    out = mixed_run(tmp_path / "out")
    table = table_of(written(out))
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12 and set(table["columns"]) == set(rows[0]) - {"sha256"}
    for name, values in table["columns"].items():
        assert len(values) == 12
        for i, value in enumerate(values):
            assert same(rows[i][name], value), (name, i)
    assert table["columns"]["error_estimate"][8] == "inf" and rows[8]["error_estimate"] == "inf"


def test_tiles_are_the_runs_summary(tmp_path: Path) -> None:
    words = said(written(mixed_run(tmp_path / "out")))
    # Eleven estimates: 1.0 to 1.7 %, 1.1 %, 20 % and infinity.
    for text in ("Explained 11 of 12", "Failed 1", "Not converged 2 tolerance 5.00 %",
                 "Error estimate 1.40 % median; worst ∞", "|Delta| 0.002 median; worst 0.002",
                 "Steps 18.5 mean; most 49"):  # fmt: skip
        assert text in words, text


def test_true_classes_stand_beside_predictions(tmp_path: Path) -> None:
    page = written(judged_run(tmp_path / "out"))
    assert "Accuracy 75.0% 1 of 4 predicted wrong" in said(page)
    columns = table_of(page)["columns"]
    assert columns["truth"] == [0, 2, 2, 0, None]
    assert columns["truth_name"] == ["cat", "owl", "owl", "cat", ""]
    assert columns["correct"] == [True, False, True, True, None]
    assert columns["site"] == ["<0>", "<1>", "<2>", "<3>", "<4>"]


def test_accuracy_is_that_of_all_that_were_scored(tmp_path: Path) -> None:
    where = {"selected": 5, "of": 20, "unscored": 0, "correct": 18, "known": 20}
    page = written(judged_run(tmp_path / "out", where=where))
    assert "Accuracy 90.0% 2 of 20 predicted wrong" in said(page)
    assert "Accuracy" not in said(written(mixed_run(tmp_path / "other")))
    assert "truth" not in table_of(written(mixed_run(tmp_path / "third")))["columns"]


def test_pictures_are_those_of_their_rows(tmp_path: Path) -> None:
    out = mixed_run(tmp_path / "out")
    page = written(out)
    table, lines = table_of(page), lines_of(page)
    assert table["pictured"] == list(range(11)) and len(lines) == 11
    assert lines[0]["profile"]["scores"] == [0.0, 0.0625, 0.25, 0.5625, 1.0]
    assert lines[8]["profile"] is None
    values = pictured("", 3).attribution
    assert values is not None
    assert lines[3]["maps"][0]["sum"] == pytest.approx(values.sum(dtype=float), rel=1e-5)
    assert all(line["image"].startswith("data:image/png;base64,") for line in lines)


def test_text_of_a_run_is_never_html(tmp_path: Path) -> None:
    out = mixed_run(tmp_path / "a<b>&")
    page = written(out)
    assert "<img" not in page and "alert(1)</" not in page and "<b>.png" not in page
    assert table_of(page)["columns"]["id"][10] == WILD
    assert "igcli: a&lt;b&gt;&amp;" in page
    assert page.count("<script") == 5 and page.count("</script") == 5


def test_few_pictures_are_those_of_the_worst_and_the_page_says_so(tmp_path: Path) -> None:
    out = mixed_run(tmp_path / "out")
    page = written(out, pictures=3)
    table = table_of(page)
    # Not converged first, then the largest estimate.
    assert table["pictured"] == [7, 8, 9] and len(lines_of(page)) == 3
    assert len(table["columns"]["id"]) == 12
    assert "3 of 11 explanations have pictures here" in said(page)
    assert not lines_of(written(out, pictures=0))


def test_need_goes_by_convergence_then_estimate_then_delta() -> None:
    rows = [
        row("a", None, error_estimate=None, delta=-0.5),
        row("b", None, error_estimate=None, delta=0.1),
        row("c", None, error_estimate=0.01, delta=0.0),
        row("d", None, error_estimate=0.001, converged=False),
        failed("e"),
    ]
    numbered = [replace(one, row=i) for i, one in enumerate(rows)]
    assert [most_in_need(numbered, n) for n in range(6)] == [
        [], [3], [2, 3], [0, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3],
    ]  # fmt: skip


def test_an_unfinished_run_says_so_and_needs_no_joined_files(tmp_path: Path) -> None:
    out = mixed_run(tmp_path / "out", packed=False)
    whole = table_of(written(out))
    about = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(
        json.dumps({**about, "status": "running", "inputs": {"count": 40}, "per_input": 1})
    )
    for name in ("results.csv", "attributions.h5"):
        (out / name).unlink()
    found = write_report(out, tmp_path / "page.html", 1000, False, untracked)
    page = (tmp_path / "page.html").read_text()
    assert found.missing == 28 and table_of(page) == whole
    assert "This run is not finished: 12 of 40 explanations are here" in said(page)


def test_a_run_without_estimates_or_pictures(tmp_path: Path) -> None:
    maps = maps_like(4, (5,))
    rows = rows_of(maps, error_estimate=None, converged=None)
    page = written(write_run(tmp_path / "out", rows, tolerance=None))
    words = said(page)
    assert "Error estimate – a fixed rule has none" in words
    assert "a fixed rule has no tolerance" in words
    assert [len(line["maps"][0]["bars"]) for line in lines_of(page)] == [5] * 4
    assert lines_of(page)[0]["image"] is None


def test_only_failed_rows(tmp_path: Path) -> None:
    page = written(write_run(tmp_path / "out", [failed("a"), failed("b")]))
    assert "Explained 0 of 2" in said(page) and not lines_of(page)


def test_the_image_goes_with_its_input_of_several(tmp_path: Path) -> None:
    parts = (Part("numbers", (3,), 0), Part("view", (4, 4, 1), 3))
    maps = Maps((19,), parts, picture=parts[1])
    rows = [row("a", maps_like(1, (19,))[0], image=np.zeros((4, 4, 1), np.uint8))]
    page = written(write_run(tmp_path / "out", rows, maps))
    (line,) = lines_of(page)
    assert [one["name"] for one in line["maps"]] == ["view", "numbers"]
    assert line["maps"][0]["side"] == [4, 4] and len(line["maps"][1]["bars"]) == 3


def test_rows_over_several_parts_are_seen_in_order(tmp_path: Path) -> None:
    rows = [pictured(f"{i}", i, profile=profile(3 + i)) for i in range(7)]
    run = open_begun_run(write_run(tmp_path / "out", rows, part_rows=3))
    found = list(look(run, [1, 2, 3, 6]))
    assert [seen.row for seen in found] == [1, 2, 3, 6]
    for seen in found:
        (values,) = seen.maps.values()
        np.testing.assert_array_equal(values, rows[seen.row].attribution)
        np.testing.assert_array_equal(seen.image, rows[seen.row].image)
        assert seen.profile is not None and len(seen.profile.alphas) == 3 + seen.row


def test_a_hundred_noisy_photos_are_under_three_megabytes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    shape = (224, 224, 3)
    rows = [
        pictured(
            f"{i}",
            i,
            image=random.integers(0, 256, shape, np.uint8),
            attribution=random.standard_normal(shape).astype(np.float32),
            profile=profile(256),
            message="x" * 200,
        )
        for i in range(3)
    ]
    page = written(write_run(tmp_path / "out", rows))
    each = (len(block(page, "seen")) + len(block(page, "rows"))) / 3
    assert len(page) - 3 * each + 100 * each < 3_000_000


def test_what_is_no_run_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        open_begun_run(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no run.json"):
        open_begun_run(tmp_path)
    empty = write_run(tmp_path / "empty", [])
    with pytest.raises(InputError, match="holds no explanation"):
        open_begun_run(empty)
    out = mixed_run(tmp_path / "out")
    file = out / "attributions.h5"
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(NotWhole, match="is damaged"):
        write_report(out, None, 10, False, untracked)
    assert not (out / "report.html").exists() and not list(out.glob(".*.tmp"))


def test_a_full_disk_leaves_the_earlier_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = mixed_run(tmp_path / "out")
    before = written(out)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("igcli.report.page.page.as_json", full)
    with pytest.raises(OutputError, match="report.html can't be written: No space left"):
        write_report(out, None, 10, False, untracked)
    assert (out / "report.html").read_text(encoding="utf-8") == before
    assert not list(out.glob(".*.tmp"))


def test_a_run_json_that_tells_little_is_enough(tmp_path: Path) -> None:
    out = mixed_run(tmp_path / "out")
    (out / "run.json").write_text(
        json.dumps({"igcli": "0", "run": "r", "settled": 3, "config": [], "versions": "?"})
    )
    page = written(out)
    assert "This run is not finished: 12 of 12" in said(page) and "igcli 0" in said(page)


def test_infinite_numbers_are_counted_beyond_the_chart(tmp_path: Path) -> None:
    page = written(mixed_run(tmp_path / "out"))
    assert "largest ∞; 1 above 20.00 % not drawn" in said(page)
    assert not re.search(r"NaN|Infinity", block(page, "rows") + block(page, "seen"))


def test_doubts_stand_first(tmp_path: Path) -> None:
    out = mixed_run(tmp_path / "out")
    about = json.loads((out / "run.json").read_text())
    about["notes"] = [
        {"note": "just so", "doubt": False},
        {"note": "pixels are <scaled> twice", "doubt": True},
    ]
    (out / "run.json").write_text(json.dumps(about))
    head = written(out).partition("<main>")[0]
    assert "This run is very likely wrong: pixels are &lt;scaled&gt; twice" in head
    assert "just so" not in head


def regions_run(out: Path, pixels: bool) -> Path:
    rows = [
        pictured(f"{i}.png", i, profile=profile(), regions_error=0.01 * (i + 1)) for i in range(3)
    ]
    return write_run(out, rows, side=2, pixels=pixels, certified=True)


def test_a_page_of_regions_alone_has_their_mass_and_says_so(tmp_path: Path) -> None:
    page = written(regions_run(tmp_path / "out", pixels=False))
    assert "keeps the mass of regions alone" in said(page)
    first = lines_of(page)[0]
    assert first["image"] is None
    assert [m["name"] for m in first["maps"]] == ["regions, for the class", "regions, against it"]
    assert [m["side"] for m in first["maps"]] == [[4, 3], [4, 3]]
    pixels = pictured("0.png", 0).attribution
    assert pixels is not None
    summed = pixels.astype(np.float64).sum(axis=2)
    sums = [summed.clip(0).sum(), -(-summed).clip(0).sum()]
    assert [m["sum"] for m in first["maps"]] == pytest.approx(sums, rel=1e-4)
    assert table_of(page)["small"] is True


@pytest.mark.parametrize("pixels", [True, False])
def test_a_page_tells_what_was_certified(tmp_path: Path, pixels: bool) -> None:
    page = written(regions_run(tmp_path / "out", pixels))
    assert table_of(page)["columns"]["regions_error"] == [0.01, 0.02, 0.03]
    assert "Regions error" in said(page) and "tolerance 5.00 % of regions" in said(page)
    kept = "pixels" if pixels else "regions"
    assert f"regions of 2 pixels; {kept} kept" in said(page)
    assert ("keeps the mass of regions alone" in said(page)) is not pixels


def test_need_goes_by_what_was_certified() -> None:
    rows = [
        replace(row("a", None, error_estimate=0.9, regions_error=0.01), row=0),
        replace(row("b", None, error_estimate=0.1, regions_error=0.02), row=1),
    ]
    assert most_in_need(rows, 1) == [0] and most_in_need(rows, 1, certified=True) == [1]
