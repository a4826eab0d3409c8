"""Two sides → a verdict: what can be compared, what crosses a gate, and what is refused."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, IgcliError, InputError, NotComparable
from igcli.common.model_spec import Part
from igcli.common.progress import untracked
from igcli.comparison.drift.compare import open_side
from igcli.comparison.drift.reference_file import write_igref
from igcli.comparison.drift.verdict import Judged, Verdict
from igcli.comparison.grid import DEFAULT_GRID, reduce_map
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.store.layout import part_path
from igcli.store.maps import Maps
from tests.comparison.runs import failed, maps_like, moved, row, rows_of, verdict_of, write_run
from tests.fakes import Linear

MAPS = maps_like(8)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_run(tmp_path / "old", rows_of(MAPS))


def judged(verdict: Verdict, text: str) -> Judged:
    return next(j for j in verdict.judged if j.threshold.text == text)


def refused(old: Path, new: Path, *texts: str) -> str:
    with pytest.raises(NotComparable) as caught:
        verdict_of(old, new, *texts)
    return str(caught.value)


def test_a_run_is_like_itself(old: Path) -> None:
    verdict = verdict_of(old, old, grid=0)
    assert verdict.exit_code == 0 and not verdict.failed and not verdict.worst
    assert verdict.counts() == {
        "compared": 8, "within_noise": 8, "prediction_changed": 0, "retargeted": 0, "missing": 0,
        "extra": 0, "input_changed": 0, "failed": 0, "unconverged": 0,
    }  # fmt: skip
    assert verdict.noise() == pytest.approx(0.02)
    assert verdict.quantiles()["cosine"] == pytest.approx({"p05": 1, "median": 1, "p95": 1})


def test_what_differs_within_the_errors_is_the_same(old: Path, tmp_path: Path) -> None:
    near = [moved(values, 0.019, i) for i, values in enumerate(MAPS)]
    verdict = verdict_of(
        old, write_run(tmp_path / "new", rows_of(near)), "spearman.min<0.99", grid=0
    )
    assert verdict.exit_code == 0 and verdict.counts()["within_noise"] == 8
    assert judged(verdict, "spearman.min<0.99").value == 1.0
    seen = verdict.quantiles()["l1"]["median"]
    assert seen == pytest.approx(0.019, rel=1e-3)
    assert not verdict.worst


def test_other_maps_cross_the_gate(old: Path, tmp_path: Path) -> None:
    others = [*maps_like(5, seed=9), *MAPS[5:]]
    verdict = verdict_of(old, write_run(tmp_path / "new", rows_of(others)))
    assert verdict.exit_code == 1
    elsewhere = judged(verdict, "looks_elsewhere>0.05")
    assert elsewhere.crossed and elsewhere.value == 5 / 8
    assert sorted(elsewhere.worst) == ["a", "b", "c", "d", "e"]
    cosines = judged(verdict, "cosine.median<0.75")
    assert cosines.crossed and cosines.beyond == 5 / 8
    found = {image.id: image.metrics["cosine"] for image in verdict.images}
    assert cosines.worst == sorted("abcde", key=lambda name: found[name])
    assert [image.id for image in verdict.worst] == cosines.worst


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("missing", "missing>0"), ("extra", "extra>0"), ("input_changed", "input_changed>0"),
        ("failed", "failed>0"), ("unconverged", "unconverged>0"),
        ("prediction_changed", "prediction_changed>0.1"),
        ("retargeted", "retargeted>0"), ("reclassified", "prediction_changed>0.1"),
        ("redrawn and broken", "input_changed>0"),
    ],
)  # fmt: skip
def test_nothing_is_skipped(old: Path, tmp_path: Path, kind: str, text: str) -> None:
    rows = rows_of(MAPS)
    if kind == "missing":
        del rows[2]
    elif kind == "extra":
        rows.append(row("new", MAPS[0]))
    elif kind == "failed":
        rows[2] = failed("c")
    elif kind == "redrawn and broken":
        rows[2] = failed("c", sha256="bb")
    else:
        changes: dict[str, dict[str, Any]] = {
            "input_changed": {"sha256": "bb"},
            "unconverged": {"converged": False},
            "prediction_changed": {"prediction": 2},
            "retargeted": {"target": 2},
            "reclassified": {"prediction": 2, "target": 2},
        }
        rows[2] = row("c", MAPS[2], **changes[kind])
    verdict = verdict_of(old, write_run(tmp_path / "new", rows))
    assert verdict.exit_code == 1
    crossed = [j.threshold.text for j in verdict.failed]
    assert crossed == ([text, "failed>0"] if kind == "redrawn and broken" else [text])
    measure = text.split(">")[0]
    assert verdict.counts()[measure] == 1
    assert judged(verdict, text).worst == (["new"] if kind == "extra" else ["c"])
    assert judged(verdict, text).value == pytest.approx(1 / 9 if kind == "extra" else 1 / 8)
    loose = [f"{gate.split('>')[0]}>0.5" for gate in crossed]
    assert verdict_of(old, tmp_path / "new", *loose).exit_code == 0


def test_maps_of_another_prediction_are_not_held_against_the_map(old: Path, tmp_path: Path) -> None:
    rows = rows_of(MAPS)
    rows[0] = row("a", -MAPS[0], prediction=2)
    new = write_run(tmp_path / "new", rows)
    verdict = verdict_of(old, new, "cosine.min<0.9", "score.max>0.1")
    assert verdict.exit_code == 0
    assert verdict.images[0].prediction_changed
    assert verdict.images[0].metrics["cosine"] == pytest.approx(-1.0)


def test_changes_of_score_and_delta(old: Path, tmp_path: Path) -> None:
    rows = rows_of(MAPS, score=0.7, delta=0.011)
    new = write_run(tmp_path / "new", rows)
    verdict = verdict_of(old, new, "score.max>0.05", "delta.median>0.02")
    assert [j.threshold.text for j in verdict.failed] == ["score.max>0.05"]
    assert judged(verdict, "score.max>0.05").value == pytest.approx(0.1)
    assert judged(verdict, "delta.median>0.02").value == pytest.approx(0.01)


def test_where_every_image_changed_its_class_no_map_is_judged(old: Path, tmp_path: Path) -> None:
    rows = rows_of(MAPS, target=2, prediction=2)
    new = write_run(tmp_path / "new", rows)
    verdict = verdict_of(old, new)
    assert verdict.exit_code == 1 and verdict.quantiles() == {}
    unjudged = judged(verdict, "cosine.median<0.75")
    assert unjudged.value is None and unjudged.crossed
    assert verdict_of(old, new, "l1.max>9").exit_code == 1
    assert verdict_of(old, new, "prediction_changed>1").exit_code == 0
    assert len(verdict.images) == 8 and not verdict.images[0].metrics
    json.dumps(verdict.to_dict(), allow_nan=False)


def test_names_of_classes_change_no_map(old: Path, tmp_path: Path) -> None:
    named = write_run(tmp_path / "named", rows_of(MAPS, target_name="cat"), labels="file 0123abcd")
    assert verdict_of(old, named).exit_code == verdict_of(named, old).exit_code == 0


def test_runs_of_other_settings_are_refused_but_forced(old: Path, tmp_path: Path) -> None:
    new = write_run(tmp_path / "new", rows_of(MAPS), target="folder", seed=3, model="m2")
    said = refused(old, new)
    assert "are runs of different settings" in said and "--force" in said
    assert "--target is predicted there and folder here" in said
    assert "--seed is 0 there and 3 here" in said and "model" not in said
    verdict = verdict_of(old, new, force=True)
    assert verdict.exit_code == 0 and len(verdict.forced) == 2


def test_how_the_integral_was_taken_may_differ(old: Path, tmp_path: Path) -> None:
    new = write_run(
        tmp_path / "new", rows_of(MAPS), tolerance=0.01, model="m2", igcli="9",
        inputs={"count": 3, "names": "x"},
    )  # fmt: skip
    assert verdict_of(old, new).exit_code == 0


def test_other_shapes_are_refused(old: Path, tmp_path: Path) -> None:
    new = write_run(tmp_path / "new", rows_of(maps_like(8, (6, 5, 1))))
    said = refused(old, new)
    assert "maps of different shapes: (6, 5, 3) and (6, 5, 1)" in said


def test_no_image_in_common(old: Path, tmp_path: Path) -> None:
    new = write_run(tmp_path / "new", [row("x", MAPS[0]), row("y", MAPS[1])])
    assert "have no image in common: 8 and 2 ids, 0 of them common" in refused(old, new)
    other = write_run(tmp_path / "other", rows_of(MAPS, sha256="bb"))
    assert "8 of them common but of other files" in refused(old, other)


@pytest.mark.parametrize("status", ["running", "partial"])
def test_an_unfinished_run_is_refused(old: Path, tmp_path: Path, status: str) -> None:
    new = write_run(tmp_path / "new", rows_of(MAPS), status=status)
    assert f"new is no finished run: its run.json says {status}" in refused(old, new)
    assert "finish it with --resume" in refused(new, old)
    with pytest.raises(NotComparable, match="no finished run"):
        write_igref(new, tmp_path / "new.igref", 56, untracked)


def test_what_is_no_run(old: Path, tmp_path: Path) -> None:
    for path, cause in ((tmp_path / "nowhere", "no such folder"), (tmp_path, "no run.json")):
        with pytest.raises(InputError, match=cause):
            verdict_of(old, path)


def rewrite(part: Path, change: Any) -> None:
    with h5py.File(part, "r+") as file:
        change(file)


def test_a_map_that_is_not_there_is_damage(old: Path, tmp_path: Path) -> None:
    new = write_run(tmp_path / "new", rows_of(MAPS), packed=False)

    def damage(file: Any) -> None:
        file["attributions"][1, 2, 2, 0] = np.nan

    rewrite(part_path(new, 3), damage)
    said = refused(old, new)
    assert "new is damaged: " in said and "part-000000003.h5 is not as it was written" in said
    assert "--resume" in said
    gone = write_run(tmp_path / "gone", rows_of(MAPS), packed=False)
    part_path(gone, 3).unlink()
    assert "part-000000003.h5 is not as it was written" in refused(old, gone)
    with pytest.raises(NotComparable, match="is damaged"):
        write_igref(new, tmp_path / "new.igref", 56, untracked)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_table_is_damage(old: Path, tmp_path: Path, share: float) -> None:
    new = write_run(tmp_path / "new", rows_of(MAPS), packed=False)
    path = new / "attributions.h5"
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert "attributions.h5 can't be read" in refused(old, new)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_part_is_damage(old: Path, tmp_path: Path, share: float) -> None:
    new = write_run(tmp_path / "new", rows_of(MAPS), packed=False)
    part = part_path(new, 3)
    data = part.read_bytes()
    part.write_bytes(data[: int(share * len(data))])
    said = refused(old, new)
    assert "new is damaged" in said or "can't be read" in said


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.98])
def test_a_truncated_packed_file_is_damage(old: Path, tmp_path: Path, share: float) -> None:
    new = write_run(tmp_path / "new", rows_of(MAPS))
    path = new / "attributions.h5"
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert "attributions.h5 can't be read" in refused(old, new)


def test_both_forms_of_a_run_are_compared_alike(tmp_path: Path) -> None:
    maps = [[moved(values, 0.3) for values in MAPS], MAPS]
    said = []
    for packed in (True, False):
        old, new = (
            write_run(tmp_path / f"{packed}-{name}", rows_of(own), packed=packed)
            for name, own in zip(("old", "new"), maps, strict=True)
        )
        found = verdict_of(old, new).to_dict()
        said.append({key: found[key] for key in found.keys() - {"reference", "new"}})
    assert said[0] == said[1]


def test_a_run_of_failures_alone(tmp_path: Path, old: Path) -> None:
    new = write_run(tmp_path / "new", [failed(name) for name in "abcdefgh"])
    verdict = verdict_of(old, new)
    assert [j.threshold.text for j in verdict.failed] == ["cosine.median<0.75", "failed>0"]
    assert verdict.counts()["failed"] == 8 and verdict.counts()["compared"] == 0
    json.dumps(verdict.to_dict(), allow_nan=False)


def grouped(maps: list[Array], numbers: list[Array]) -> tuple[Any, Maps]:
    parts = (Part("image", (6, 5, 3), 0), Part("numbers", (4,), 90))
    joined = [np.concatenate([a.ravel(), b]) for a, b in zip(maps, numbers, strict=True)]
    return rows_of(joined), Maps((94,), parts)


def test_maps_of_several_inputs_are_compared_as_one(tmp_path: Path) -> None:
    numbers = maps_like(8, (4,), seed=5)
    rows, layout = grouped(MAPS, numbers)
    old = write_run(tmp_path / "old", rows, layout)
    others = [-values for values in numbers]
    rows, _ = grouped(MAPS, others)
    new = write_run(tmp_path / "new", rows, layout)
    assert verdict_of(old, old).exit_code == 0
    found = verdict_of(old, new, grid=0)
    assert found.images[0].metrics["l1"] == pytest.approx(
        2 * np.abs(numbers[0]).sum() / (np.abs(numbers[0]).sum() + np.abs(MAPS[0]).sum()), rel=1e-5
    )
    small = tmp_path / "small.igref"
    write_igref(old, small, 5, untracked)
    assert open_side(small).shape == (25,)
    assert verdict_of(small, old).exit_code == 0


# Reference files.


@pytest.mark.parametrize("grid", [1, 3, 56])
@pytest.mark.parametrize("estimate", [0.01, None])
def test_a_reference_file_is_like_its_run(
    tmp_path: Path, grid: int, estimate: float | None
) -> None:
    rows = [*rows_of(MAPS, error_estimate=estimate), failed("z")]
    old, small = write_run(tmp_path / "old", rows), tmp_path / "old.igref"
    assert write_igref(old, small, grid, untracked) == small.stat().st_size
    for pair in ((small, old), (old, small), (small, small)):
        verdict = verdict_of(*pair, "cosine.min<0.99", "failed>0.2")
        assert verdict.exit_code == 0 and verdict.grid == grid
        assert verdict.counts()["within_noise"] == 8
    sides = open_side(small), open_side(old)
    maps = [list(s.maps([r for r in s.rows if r.status == "ok"], grid)) for s in sides]
    for ours, theirs, whole in zip(*maps, MAPS, strict=True):
        np.testing.assert_array_equal(ours.values, theirs.values)
        np.testing.assert_array_equal(ours.error, theirs.error)
        reduced = reduce_map(whole, grid)
        size = np.abs(reduced).max()
        np.testing.assert_allclose(ours.values, reduced, atol=size * 2**-11)
        if estimate:
            lost = np.abs(ours.values - reduced).sum()
            assert ours.error == pytest.approx(estimate * np.abs(whole).sum() + lost, rel=1e-6)


def without_titles(verdict: Verdict) -> Any:
    return {k: v for k, v in verdict.to_dict().items() if k not in {"reference", "new"}}


@pytest.mark.parametrize("grid", [None, 5, 100])
@pytest.mark.parametrize("shape", [(61, 70, 3), (28, 28, 1), (4000,), (9, 7, 2, 3)])
def test_a_verdict_is_the_same_on_every_road(
    tmp_path: Path, shape: tuple[int, ...], grid: int | None
) -> None:
    """Of two run directories, of files made of them, and of one of each: to the last bit."""
    maps = maps_like(6, shape)
    others = [
        values + 0.7 * other for values, other in zip(maps, maps_like(6, shape, 1), strict=True)
    ]
    others[4] = moved(maps[4], 0.01)
    old = write_run(tmp_path / "old", rows_of(maps))
    new = write_run(tmp_path / "new", rows_of(others))
    files = [run.with_suffix(".igref") for run in (old, new)]
    for run, file in zip((old, new), files, strict=True):
        write_igref(run, file, grid or DEFAULT_GRID, untracked)
    roads = [(old, new), (files[0], new), (old, files[1]), (files[0], files[1])]
    texts = ("cosine.median<0.75", "spearman.p05<0.7", "top5.mean<0.5", "l1.max>0.9")
    verdicts = [without_titles(verdict_of(*road, *texts, grid=grid)) for road in roads]
    assert verdicts[0]["grid"] == (grid or 56) and verdicts[0]["counts"]["compared"] == 6
    assert verdicts[1:] == verdicts[:1] * 3


def test_a_picture_of_more_cells_has_another_verdict_whole(tmp_path: Path) -> None:
    """A change of opposite signs in each cell of four pixels cancels: nothing is left of it."""
    random = np.random.default_rng(3)
    coarse = np.kron(random.standard_normal((56, 56)), np.ones((2, 2)))[:, :, None]
    checks = 3.0 * np.kron(np.ones((56, 56)), [[1.0, -1.0], [-1.0, 1.0]])[:, :, None]
    old = write_run(tmp_path / "old", rows_of([coarse.astype(np.float32)]))
    new = write_run(tmp_path / "new", rows_of([(coarse + checks).astype(np.float32)]))
    assert verdict_of(old, new, "cosine.median<0.75").exit_code == 0
    whole = verdict_of(old, new, "cosine.median<0.75", grid=0)
    assert whole.exit_code == 1 and whole.to_dict()["grid"] is None
    cosine = 1 / np.sqrt(1 + 9 / np.mean(coarse**2))
    assert whole.quantiles()["cosine"]["median"] == pytest.approx(cosine, rel=1e-3)


def test_maps_of_different_shapes_are_refused_on_every_road(old: Path, tmp_path: Path) -> None:
    """They have one shape on a grid, and say nothing about each other."""
    new = write_run(tmp_path / "new", rows_of(maps_like(8, (6, 5, 1))))
    files = [run.with_suffix(".igref") for run in (old, new)]
    for run, file in zip((old, new), files, strict=True):
        write_igref(run, file, 4, untracked)
    for road in ((old, new), (files[0], new), (old, files[1]), (files[0], files[1])):
        assert "maps of different shapes: (6, 5, 3) and (6, 5, 1)" in refused(*road)


def test_another_grid_than_a_reference_files_is_refused(old: Path, tmp_path: Path) -> None:
    small = tmp_path / "old.igref"
    write_igref(old, small, 4, untracked)
    assert verdict_of(small, old, grid=4).grid == 4
    for road in ((small, old), (old, small)):
        with pytest.raises(ConfigError, match=r"--grid 3: .*old.igref has maps on a grid of 4"):
            verdict_of(*road, grid=3)


def test_a_reference_file_of_igcli_0_1_0(shared_data: Path, tmp_path: Path) -> None:
    """It reads, and says of its own run what the run says of itself."""
    here = shared_data / "v0_1_0"
    made = tmp_path / "made.igref"
    write_igref(here / "run", made, 56, untracked)
    roads = [(here / "run", here / "run"), (here / "reference.igref", here / "run"),
             (made, here / "run"), (here / "reference.igref", made)]  # fmt: skip
    verdicts = [verdict_of(*road) for road in roads]
    assert [verdict.exit_code for verdict in verdicts] == [0] * 4
    assert [verdict.counts()["within_noise"] for verdict in verdicts] == [10] * 4
    assert [without_titles(verdict) for verdict in verdicts[1:]] == [
        without_titles(verdicts[0])
    ] * 3
    assert open_side(here / "reference.igref").whole_shape == (28, 28, 1)


def test_a_reference_file_against_another_run(old: Path, tmp_path: Path) -> None:
    small = tmp_path / "old.igref"
    write_igref(old, small, 4, untracked)
    new = write_run(tmp_path / "new", rows_of(maps_like(8, seed=9)))
    verdict = verdict_of(small, new)
    assert verdict.exit_code == 1 and verdict.to_dict()["grid"] == 4
    assert judged(verdict, "looks_elsewhere>0.05").crossed
    other = write_run(tmp_path / "other", rows_of(MAPS), seed=4)
    assert "--seed is 0 there and 4 here" in refused(small, other)


def test_reference_files_of_other_grids_are_refused(old: Path, tmp_path: Path) -> None:
    write_igref(old, tmp_path / "a.igref", 2, untracked)
    write_igref(old, tmp_path / "b.igref", 3, untracked)
    said = refused(tmp_path / "a.igref", tmp_path / "b.igref")
    assert "maps of different shapes: (2, 2) and (3, 3)" in said


def test_what_is_no_reference_file(old: Path, tmp_path: Path) -> None:
    small = tmp_path / "old.igref"
    with pytest.raises(ConfigError, match="another ending than .igref"):
        write_igref(old, tmp_path / "old.h5", 4, untracked)
    with pytest.raises(InputError, match="is no reference file: there is no such file"):
        verdict_of(small, old)
    small.mkdir()
    with pytest.raises(InputError, match="is no reference file: it is a folder"):
        verdict_of(small, old)
    small.rmdir()
    write_igref(old, small, 4, untracked)
    with pytest.raises(InputError, match="it is a reference file, which igcli baseline made"):
        write_igref(small, tmp_path / "again.igref", 4, untracked)
    with pytest.raises(InputError, match="is no igcli run: it is a file"):
        verdict_of(old, old / "results.csv")
    data = small.read_bytes()
    for share in (0.0, 0.1, 0.5, 0.9, 0.999):
        small.write_bytes(data[: int(share * len(data))])
        with pytest.raises(InputError, match="is no reference file: it was cut short, or is of"):
            verdict_of(small, old)
    for about in ("[]", "3", "{", '{"format": 1}', '{"format": 1, "grid": 4}', '{"grid": "x"}'):
        small.write_bytes(data)
        rewrite(small, lambda file, about=about: file.attrs.modify("igref", about))
        with pytest.raises(InputError, match="is no reference file|is of a later igcli"):
            verdict_of(small, old)
    small.write_bytes(data)
    rewrite(small, lambda file: file.attrs.modify("igref", '{"format": 5}'))
    with pytest.raises(InputError, match="is of a later igcli than"):
        verdict_of(small, old)
    small.write_bytes(data)
    rewrite(small, lambda file: file.__delitem__("scales"))
    with pytest.raises(InputError, match="is no reference file"):
        verdict_of(small, old)


@pytest.mark.slow
def test_a_reference_file_of_photos_is_small(tmp_path: Path) -> None:
    """A thousand 224×224 maps take twenty times what fifty take."""
    rows = (row(f"{i}", m) for i, m in enumerate(maps_like(50, (224, 224, 3))))
    out = write_run(tmp_path / "out", list(rows), part_rows=10)
    size = write_igref(out, tmp_path / "out.igref", 56, untracked)
    assert 20 * size < 20e6
    assert verdict_of(tmp_path / "out.igref", out).exit_code == 0


# Runs of the whole pipeline.


def explained(tmp_path: Path, name: str, weights: Array, target: str) -> Path:
    images = tmp_path / "images"
    if not images.exists():
        random = np.random.default_rng(0)
        images.mkdir()
        for stem in ("a", "b", "ü f"):
            pixels = random.integers(1, 256, (4, 5, 3), np.uint8)
            Image.fromarray(pixels).save(images / f"{stem}.png")
    config = RunConfig(Path(__file__), images, tmp_path / name, target=target)
    plan = make_plan(config, lambda *a: Linear((4, 5, 3), weights), lambda message: None)
    assert run_plan(plan, untracked).exit_code == 0
    return config.out


def test_two_best_classes_of_each_image(tmp_path: Path) -> None:
    weights = np.random.default_rng(3).uniform(0.5, 1.5, (3, 60)) * [[3.0], [2.0], [1.0]]
    old = explained(tmp_path, "old", weights, "top:2")
    assert verdict_of(old, old).exit_code == 0
    # The second class is another: the prediction is not.
    new = explained(tmp_path, "new", weights[[0, 2, 1]], "top:2")
    verdict = verdict_of(old, new)
    assert [image.id for image in verdict.images] == [
        "a.png@top1", "b.png@top1", "ü f.png@top1", "a.png@top2", "b.png@top2", "ü f.png@top2",
    ]  # fmt: skip
    assert verdict.counts()["retargeted"] == 3 and verdict.counts()["compared"] == 6
    assert [j.threshold.text for j in verdict.failed] == ["retargeted>0"]
    assert judged(verdict, "retargeted>0").value == 0.5
    assert judged(verdict, "retargeted>0").worst == ["a.png@top2", "b.png@top2", "ü f.png@top2"]
    # The first class is another.
    verdict = verdict_of(old, explained(tmp_path, "other", weights[[1, 0, 2]], "top:2"))
    assert judged(verdict, "prediction_changed>0.1").value == 1.0


def test_a_run_against_its_reference_file(tmp_path: Path) -> None:
    weights = np.random.default_rng(3).standard_normal((3, 60))
    old = explained(tmp_path, "old", weights, "1")
    write_igref(old, tmp_path / "old.igref", 56, untracked)
    assert verdict_of(tmp_path / "old.igref", old).exit_code == 0
    new = explained(tmp_path, "new", weights[::-1] + 0.01, "1")
    assert verdict_of(tmp_path / "old.igref", new).counts()["compared"] == 3
    turned = explained(tmp_path, "turned", -weights, "1")
    verdict = verdict_of(tmp_path / "old.igref", turned)
    assert {image.metrics["signs"] for image in verdict.images} == {0.0}
    with pytest.raises(IgcliError, match="--target is 1 there and 2 here"):
        verdict_of(tmp_path / "old.igref", explained(tmp_path, "two", weights, "2"))
