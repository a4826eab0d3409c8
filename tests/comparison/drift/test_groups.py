"""Drift by group: the class that moved is named, on every road, and nothing else is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from igcli.common.errors import ConfigError, InputError, NotComparable
from igcli.common.progress import untracked
from igcli.comparison.drift.calibrate import write_reference
from igcli.comparison.drift.comment import markdown
from igcli.comparison.drift.compare import calibration_of, compare, open_side
from igcli.comparison.drift.page import page
from igcli.comparison.drift.text import summary
from igcli.comparison.drift.thresholds import CALIBRATED, COMPLETE, parse_thresholds
from igcli.comparison.drift.verdict import Judged, Verdict
from igcli.comparison.drift.words import named
from tests.comparison.runs import classes, write_run

OTHERS = "moved.mean by class>others"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs of four seeds, and one in which class 2 has moved; with their regions, too."""
    here = tmp_path_factory.mktemp("runs")
    rows = {f"seed {i}": classes(seed=i) for i in range(4)}
    rows["moved"] = classes(moved_class=2, seed=9)
    for name, own in rows.items():
        write_run(here / name, own, part_rows=50)
        write_run(here / f"{name} regions", own, part_rows=50, side=3, pixels=False)
    write_reference([here / f"seed {i}" for i in range(3)], here / "three.igref", None, untracked)
    write_reference([here / "seed 0"], here / "one.igref", None, untracked)
    names = [here / f"seed {i} regions" for i in range(3)]
    write_reference(names, here / "regions.igref", None, untracked)
    return {path.name: path for path in here.iterdir()}


def verdict(reference: Path, new: Path, *texts: str, **settings: Any) -> Verdict:
    sides = open_side(reference), open_side(new)
    thresholds = parse_thresholds(texts, calibration_of(sides[0]) is not None)
    return compare(*sides, thresholds, False, untracked, **settings)


def judged(found: Verdict, text: str) -> Judged:
    return next(j for j in found.judged if j.threshold.text == text)


ROADS = [("seed 0", ""), ("one.igref", ""), ("three.igref", ""), ("regions.igref", " regions")]


@pytest.mark.parametrize(("road", "ending"), ROADS)
def test_the_class_that_moved_is_named_on_every_road(
    runs: dict[str, Path], road: str, ending: str
) -> None:
    found = verdict(runs[road], runs[f"moved{ending}"])
    assert found.exit_code == 1 and named(found) == ["class 2"]
    group = judged(found, OTHERS).groups[0]
    assert group.name == "class 2" and group.count == 10 and group.crossed and not group.unclear
    assert group.interval[0] <= group.value <= group.interval[1]
    assert group.interval[0] > group.limit
    assert {name.split("-")[0] for name in judged(found, OTHERS).worst} == {"2"}
    assert [image.id.split("-")[0] for image in found.ranked[:10]] == ["2"] * 10
    clean = verdict(runs[road], runs[f"seed 3{ending}"])
    assert clean.exit_code == 0 and named(clean) == []


def test_a_directory_and_a_file_of_it_say_the_same(runs: dict[str, Path]) -> None:
    said = [verdict(runs[name], runs["moved"]).to_dict() for name in ("seed 0", "one.igref")]
    for one in said:
        one.pop("reference")
    assert said[0] == said[1]


def test_a_calibrated_reference_has_a_profile_of_its_own(runs: dict[str, Path]) -> None:
    found = verdict(runs["three.igref"], runs["moved"])
    assert [j.threshold.text for j in found.judged] == [*CALIBRATED, *COMPLETE]
    assert len(found.calibrated) == 2 and found.calibrated[0].endswith("seed 1")
    by_runs = judged(found, "moved.mean by class>normal").groups[0]
    assert by_runs.name == "class 2" and by_runs.normal is not None
    # What the two runs have there, on the scale of log odds.
    own = [verdict(runs["seed 0"], runs[f"seed {i}"], OTHERS) for i in (1, 2)]
    levels = [next(g.value for g in v.judged[0].groups if g.name == "class 2") for v in own]
    odds = np.mean([np.log(level / (1 - level)) for level in levels])
    assert by_runs.normal == pytest.approx(1 / (1 + np.exp(-odds)), rel=1e-4)
    assert by_runs.normal < by_runs.limit < by_runs.value
    table = {group.name: group for group in found.groups}
    assert table["class 2"].measures["moved"].normal == pytest.approx(
        [np.mean(_moved(v, "2-")) for v in own], rel=1e-4
    )


def _moved(found: Verdict, start: str) -> list[float]:
    return [i.metrics["moved"] for i in found.images if i.id.startswith(start)]


def test_a_limit_of_every_class(runs: dict[str, Path]) -> None:
    text = "coarse.median by class<0.5"
    found = verdict(runs["seed 0"], runs["moved"], text)
    assert found.exit_code == 1 and named(found) == ["class 2"]
    coarse = [i.metrics["coarse"] for i in found.images if i.id.startswith("2-")]
    assert judged(found, text).value == pytest.approx(float(np.median(coarse)))
    assert verdict(runs["seed 0"], runs["seed 1"], text).exit_code == 0
    # Groups that are too small are not judged: what was asked for has not passed.
    small = verdict(runs["seed 0"], runs["moved"], text, min_group=11)
    assert judged(small, text).left_out == "no group has 11 images" and small.exit_code == 1
    assert verdict(runs["seed 0"], runs["moved"], min_group=11).exit_code == 0


def test_groups_by_another_column(runs: dict[str, Path], tmp_path: Path) -> None:
    rows = [
        [
            row_of(e, further=(("camera", "north" if i % 2 else "south"),))
            for i, e in enumerate(classes(seed=seed))
        ]
        for seed in (0, 1)
    ]
    old, new = (write_run(tmp_path / str(i), own) for i, own in enumerate(rows))
    write_reference([old], tmp_path / "old.igref", None, untracked)
    for reference in (old, tmp_path / "old.igref"):
        found = verdict(reference, new, "moved.mean by camera>0.9", by="camera")
        assert [(g.name, g.count) for g in found.groups] == [("north", 25), ("south", 25)]
        assert {g.name for g in found.judged[0].groups} == {"north", "south"}
    with pytest.raises(ConfigError, match="by lens: no row has that"):
        verdict(old, new, "moved.mean by lens>0.9")


def row_of(explanation: Any, **fields: Any) -> Any:
    return replace(explanation, **fields)


def test_predictions_are_gated_by_class(runs: dict[str, Path], tmp_path: Path) -> None:
    rows = [
        row_of(e, prediction=4, target=4, score=0.9) if e.truth == 1 else e for e in classes(seed=1)
    ]
    new = write_run(tmp_path / "new", rows)
    found = verdict(runs["seed 0"], new, "prediction_changed by class>others", "accuracy_lost>0.1")
    assert named(found) == ["class 1"] and len(found.failed) == 2
    assert judged(found, "accuracy_lost>0.1").value == 0.2
    assert [(f.before, f.after, f.count) for f in found.flips] == [("1", "4", 10)]
    # 0.9 where all are right no longer, after 0.8 where all were right: by 1.1 in a fifth.
    shift = verdict(runs["seed 0"], new, "calibration_shift>0.1")
    assert judged(shift, "calibration_shift>0.1").value == pytest.approx(1.1 / 5)


def test_what_few_images_say_is_not_clear(tmp_path: Path, runs: dict[str, Path]) -> None:
    # Six of ten images have moved: the median is beyond, that of other ten may not be.
    half, clean = classes(moved_class=2, seed=9), classes(seed=9)
    rows = [
        m if m.truth == 2 and int(m.id[-1]) < 6 else c for m, c in zip(half, clean, strict=True)
    ]
    new = write_run(tmp_path / "new", rows)
    text = "moved.median by class>0.2"
    found = verdict(runs["seed 0"], new, text)
    assert found.is_unclear and found.exit_code == 1 and judged(found, text).unclear
    assert verdict(runs["seed 0"], new, text, unclear_fails=False).exit_code == 0
    assert "not clear" in markdown(found).splitlines()[0] and "⚠️" in markdown(found)
    assert summary(found)[0].startswith("not clear  1 of 7 thresholds crossed, in class class 2")


def test_first_lines_say_who_by_how_much_and_where_to_look(runs: dict[str, Path]) -> None:
    found = verdict(runs["three.igref"], runs["moved"])
    text = markdown(found)
    first, second = text.splitlines()[0], next(t for t in text.splitlines() if t.startswith("- "))
    assert first == "### igcli: ❌ **drift in class class 2**"
    assert second.startswith("- **class `class 2`** (10 images): ")
    assert "% of what speaks for the class lies elsewhere than in the reference" in second
    assert (
        "normal is" in second
        and "in the calibrating runs), and the limit is " in second
        and "**Look at** `2-" in second
    )
    assert "2 further runs of models held to be equally good" in text and "0.1%" in text
    sides = open_side(runs["three.igref"]), open_side(runs["moved"])
    shown = page(found, *sides)
    assert '<h1 class="bad">Drift in class class 2</h1>' in shown
    assert shown.index("Look at 2-") < shown.index("By class") < shown.index("Thresholds")
    alone = markdown(verdict(runs["one.igref"], runs["moved"]))
    assert "MNIST" in alone and "igcli baseline RUN RUN2" in alone
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_limit_that_runs_tell_needs_runs(runs: dict[str, Path]) -> None:
    found = verdict(runs["one.igref"], runs["seed 1"], "moved.mean>normal")
    assert found.exit_code == 1 and "igcli baseline RUN RUN2" in found.judged[0].left_out


def test_an_old_file_still_reads(runs: dict[str, Path], tmp_path: Path) -> None:
    """What igcli wrote before it knew groups has neither names nor truths: the new run's count."""
    old = tmp_path / "old.igref"
    old.write_bytes(runs["one.igref"].read_bytes())
    with h5py.File(old, "a") as file:
        for name in ("truths", "truth_names", "prediction_names", "target_names"):
            del file[name]
    found = verdict(old, runs["moved"])
    assert found.exit_code == 1 and named(found) == ["class 2"]


def test_runs_to_calibrate_by_explain_the_same_images(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    fewer = write_run(tmp_path / "fewer", classes(seed=5)[:-1])
    with pytest.raises(NotComparable, match="can't calibrate .*: 49 of 50 images"):
        write_reference([runs["seed 0"], fewer], tmp_path / "x.igref", None, untracked)


def test_a_damaged_calibration_is_refused(runs: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "damaged.igref"
    path.write_bytes(runs["three.igref"].read_bytes())
    with h5py.File(path, "a") as file:
        del file["calibration/1/judged"]
        file["calibration/1"].create_dataset("judged", data=np.zeros((3, 2)))
    with pytest.raises(InputError, match="is no reference file"):
        open_side(path)
