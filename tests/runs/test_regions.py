"""A run that certifies or keeps regions: what it stores, says and gates on."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.attribution.batches import Batches
from igcli.attribution.integral import Integral, Job
from igcli.attribution.methods import Method
from igcli.common.arrays import Array
from igcli.common.config import RunConfig
from igcli.common.errors import OutputError
from igcli.common.progress import untracked
from igcli.common.regions import Regions
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import Plan, make_plan
from igcli.runs.result import RunResult
from igcli.runs.shards.merge import merge
from igcli.store.run import open_finished_run
from tests.fakes import Edges, Linear, Power

SHAPE = (12, 8, 3)


class WithRegionsError:
    """A method whose paths have given estimates of their regions, and of their pixels."""

    def __init__(self, method: Method, regions: list[float], pixels: list[float]) -> None:
        self._method, self._errors = method, list(zip(regions, pixels, strict=True))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._method, name)

    def integrate(self, batches: Batches, jobs: Iterable[Job]) -> Iterator[Integral]:
        for integral in self._method.integrate(batches, jobs):
            regions, pixels = self._errors[integral.key]
            tolerance = self._method.tolerance
            assert tolerance is not None
            yield replace(
                integral,
                regions_error=regions,
                error_estimate=pixels,
                converged=regions <= tolerance,
            )


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "images").mkdir()
    random = np.random.default_rng(0)
    for i in range(3):
        image = Image.fromarray(random.integers(1, 256, SHAPE, np.uint8))
        image.save(tmp_path / "images" / f"{i}.png")
    return RunConfig(Path(__file__), tmp_path / "images", tmp_path / "out", overlays=False)


def planned(config: RunConfig, notes: list[str] | None = None, **changes: Any) -> Plan:
    model = Linear(SHAPE, np.random.default_rng(1).standard_normal((2, 288)))
    heard: list[str] = [] if notes is None else notes
    return make_plan(replace(config, **changes), lambda *arguments: model, heard.append)


def explained(
    config: RunConfig, regions: list[float], pixels: list[float], **changes: Any
) -> RunResult:
    plan = planned(config, **changes)
    method: Any = WithRegionsError(plan.method, regions, pixels)
    plan = replace(plan, calibration=replace(plan.calibration, method=method))
    return run_plan(plan, untracked)


def about(out: Path) -> Any:
    return json.loads((out / "run.json").read_text())


def test_every_picture_run_stores_the_mass_of_its_regions(config: RunConfig) -> None:
    run_plan(planned(config), untracked)
    with h5py.File(config.out / "attributions.h5") as file:
        masses, maps = file["regions"][()], file["attributions"][()]
    assert masses.shape == (3, 2, 6, 4) and masses.dtype == np.float32
    pixels = maps.astype(np.float64).sum(axis=3)
    np.testing.assert_allclose(masses[:, 0, 0, 0], np.maximum(pixels, 0)[:, :2, :2].sum((1, 2)),
                               rtol=1e-5)  # fmt: skip
    np.testing.assert_allclose((masses[:, 0] - masses[:, 1]).sum((1, 2)), pixels.sum((1, 2)),
                               rtol=1e-4)  # fmt: skip
    settled = about(config.out)["settled"]
    assert settled["regions"] == {
        "side": 2, "rows": 6, "columns": 4, "of": [12, 8, 3], "certified": False
    }  # fmt: skip
    assert (settled["store"], settled["store_dtype"]) == ("pixels", "float32")


def test_regions_alone_leave_out_pixels(config: RunConfig) -> None:
    run_plan(planned(config), untracked)
    run_plan(planned(config, out=config.out.parent / "less", store="regions"), untracked)
    with (
        h5py.File(config.out / "attributions.h5") as whole,
        h5py.File(config.out.parent / "less" / "attributions.h5") as less,
    ):
        np.testing.assert_array_equal(whole["regions"][()], less["regions"][()])
        assert set(whole) - set(less) == {"attributions", "images"}
    assert about(config.out.parent / "less")["settled"]["store"] == "regions"
    results = [(out / "results.csv").read_text() for out in (config.out, less_of(config))]
    assert results[0] == results[1]


def stored(out: Path, name: str) -> Array:
    with h5py.File(out / "attributions.h5") as file:
        array: Array = file[name][()]
    return array


def less_of(config: RunConfig) -> Path:
    return config.out.parent / "less"


def test_a_fixed_rule_stores_them_without_an_estimate(config: RunConfig) -> None:
    run_plan(planned(config, method="riemann_middle", steps=3), untracked)
    with open_finished_run(config.out) as run:
        assert [row.regions_error for row in run.rows] == [None] * 3
        assert next(run.masses(run.rows)).shape == (2, 6, 4)


def test_what_is_certified_decides(config: RunConfig) -> None:
    result = explained(config, [0.01, 0.03, 0.2], [0.1, 0.2, 0.9], certify="regions:2")
    with open_finished_run(config.out) as run:
        assert [row.regions_error for row in run.rows] == [0.01, 0.03, 0.2]
        assert [row.error_estimate for row in run.rows] == [0.1, 0.2, 0.9]
        assert [row.converged for row in run.rows] == [True, True, False]
        steps = run.rows[2].steps
        assert run.rows[2].message == (
            f"not converged: regions error estimate 0.2 after {steps} steps"
        )
    assert about(config.out)["settled"]["regions"]["certified"] is True
    line = next(line for line in result.lines() if line.startswith("error"))
    assert line == (
        "error      regions estimate: median 3.00%, worst 20.00% (2.png); 1 not converged; "
        f"pixels: median 20.00%, worst 90.00% (2.png); {steps:.1f} steps each"
    )
    told = result.to_dict()
    assert told["certified"] == "regions"
    assert told["regions_error"] == {"median": 0.03, "worst": 0.2, "worst_id": "2.png"}


@pytest.mark.parametrize(
    ("gate", "certify", "crossed"),
    [
        ("error:0.15", "regions", ["2.png"]),
        ("error:0.15", "pixels", ["1.png", "2.png"]),
        ("regions-error:0.02", "pixels", ["1.png", "2.png"]),
        ("regions-error:0.02", "regions", ["1.png", "2.png"]),
        ("unconverged", "regions", ["2.png"]),
        ("regions-error:0.2", "regions", None),
    ],
)
def test_gates_go_by_what_is_certified(
    config: RunConfig, gate: str, certify: str, crossed: list[str] | None
) -> None:
    result = explained(config, [0.01, 0.03, 0.2], [0.1, 0.2, 0.9], certify=certify, fail_on=(gate,))
    assert result.tally.crossed == ({gate: crossed} if crossed else {})
    assert result.exit_code == (1 if crossed else 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"certify": "regions:2"}, "--certify is pixels there and regions:2 here"),
        ({"store": "regions"}, "--store is pixels there and regions here"),
        ({"store_dtype": "float16"}, "--store-dtype is float32 there and float16 here"),
    ],
)
def test_a_run_goes_on_with_what_it_was_begun_with(
    config: RunConfig, change: dict[str, Any], said: str
) -> None:
    run_plan(planned(config), untracked)
    with pytest.raises(OutputError, match=said):
        planned(config, resume=True, **change)


def test_a_run_of_an_igcli_without_regions_does_not_go_on(config: RunConfig) -> None:
    run_plan(planned(config), untracked)
    told = about(config.out)
    for key in ("regions", "store", "store_dtype"):
        del told["settled"][key]
    (config.out / "run.json").write_text(json.dumps(told))
    with pytest.raises(OutputError, match="an igcli that stored no regions"):
        planned(config, resume=True)


def test_overlays_are_drawn_while_pixels_are_there(config: RunConfig) -> None:
    result = run_plan(planned(config, store="regions", overlays=True), untracked)
    assert result.exit_code == 0 and not result.undrawn
    assert len(list((config.out / "overlays").iterdir())) == 3
    (config.out / "overlays" / "1.png").unlink()
    again = run_plan(planned(config, store="regions", overlays=True, resume=True), untracked)
    assert [i for i, _ in again.undrawn] == ["1.png"] and again.exit_code == 3
    assert "keeps no pixels" in again.undrawn[0][1]


def test_a_map_of_failed_rows_has_no_mass(config: RunConfig) -> None:
    (config.inputs / "1.png").write_bytes(b"broken")
    run_plan(planned(config, store="regions"), untracked)
    with h5py.File(config.out / "attributions.h5") as file:
        assert np.isnan(file["regions"][1]).all() and np.isfinite(file["regions"][::2]).all()


def test_a_steep_score_is_explained_as_with_pixels(config: RunConfig) -> None:
    model = Power(SHAPE, 2, 3)
    plan = make_plan(replace(config, store="regions"), lambda *arguments: model, lambda note: None)
    run_plan(plan, untracked)
    with open_finished_run(config.out) as run:
        assert all(row.converged and row.status == "ok" for row in run.rows)


def test_shards_of_regions_merge_to_the_whole(config: RunConfig, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"store": "regions", "certify": "regions", "overlays": True}
    run_plan(planned(config, **asked), untracked)
    for i in (1, 2):
        run_plan(planned(config, **asked, out=tmp_path / f"s{i}", shard=(i, 2)), untracked)
    result = merge(tmp_path / "merged", [tmp_path / "s1", tmp_path / "s2"], False, untracked)
    assert result.exit_code == 0 and result.lines()[2].startswith("error      regions estimate")
    for name in ("regions", "regions_errors"):
        np.testing.assert_array_equal(stored(tmp_path / "merged", name), stored(config.out, name))
    assert len(list((tmp_path / "merged" / "overlays").iterdir())) == 3
    with open_finished_run(tmp_path / "merged") as run:
        assert not run.kept.pixels and run.kept.certified
    again = run_plan(planned(config, **asked, out=tmp_path / "merged", resume=True), untracked)
    assert again.complete and again.here == 0


def test_a_damaged_run_goes_on_to_the_same_regions(config: RunConfig) -> None:
    asked: dict[str, Any] = {"store": "regions", "certify": "regions"}
    run_plan(planned(config, **asked), untracked)
    whole = stored(config.out, "regions")
    data = (config.out / "attributions.h5").read_bytes()
    (config.out / "attributions.h5").write_bytes(data[: len(data) // 2])
    again = run_plan(planned(config, **asked, resume=True), untracked)
    assert again.complete and again.here == 3
    np.testing.assert_array_equal(stored(config.out, "regions"), whole)


def test_asking_for_regions_takes_fewer_steps(config: RunConfig, tmp_path: Path) -> None:
    shape = (12, 12)
    np.save(tmp_path / "x.npy", np.random.default_rng(3).uniform(0.1, 1.0, (4, *shape)))
    model, steps, errors = Edges(shape), {}, {}
    for certify in ("pixels", "regions", "regions:3"):
        asked = replace(
            config, certify=certify, out=config.out / certify, inputs=tmp_path / "x.npy"
        )
        run_plan(make_plan(asked, lambda *arguments: model, lambda note: None), untracked)
        with open_finished_run(asked.out) as run:
            assert run.kept.regions == Regions(shape, 3 if certify.endswith("3") else 2)
            assert all(row.converged for row in run.rows)
            steps[certify] = sum(row.steps or 0 for row in run.rows)
            errors[certify] = [
                (row.error_estimate or 0.0, row.regions_error or 0.0) for row in run.rows
            ]
    for certify in ("regions", "regions:3"):
        assert steps[certify] < steps["pixels"]
        assert all(pixels > regions > 0.0 for pixels, regions in errors[certify])
        assert all(regions <= 0.05 for _, regions in errors[certify])
    assert errors["regions"] != errors["regions:3"]
    assert all(0.0 < regions <= pixels <= 0.05 for pixels, regions in errors["pixels"])


@pytest.mark.parametrize("certify", ["pixels", "regions"])
def test_half_precision_is_part_of_every_estimate(
    config: RunConfig, tmp_path: Path, certify: str
) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(3).uniform(0.1, 1.0, (4, 12, 12)))
    model = Edges((12, 12))
    asked = replace(config, certify=certify, inputs=tmp_path / "x.npy", save=("npy",))
    # One tolerance for the paths: what is left to rounding is asked for beside it.
    for dtype, tolerance in (("float32", 0.05), ("float16", 0.0505)):
        changed = replace(asked, store_dtype=dtype, tolerance=tolerance, out=config.out / dtype)
        run_plan(make_plan(changed, lambda *arguments: model, lambda note: None), untracked)
    full, half = (config.out / dtype for dtype in ("float32", "float16"))
    exact, rounded = stored(full, "attributions"), np.load(half / "attributions.npy")
    assert about(half)["settled"]["store_dtype"] == "float16"
    assert stored(half, "attributions").dtype == np.float16
    with open_finished_run(full) as one, open_finished_run(half) as other:
        for a, b, whole, read in zip(one.rows, other.rows, exact, rounded, strict=True):
            lost = np.abs(read - whole.astype(np.float64)).sum() / np.abs(whole).sum()
            assert 0.0 < lost < 5e-4 and a.steps == b.steps
            for name in ("error_estimate", "regions_error"):
                before, after = getattr(a, name), getattr(b, name)
                assert after == pytest.approx(before + lost * (1.0 + before), rel=1e-6)
            assert b.converged and b.attribution_sum == pytest.approx(float(read.sum()), rel=1e-5)
        masses = Regions((12, 12), 2).masses(rounded[1])
        np.testing.assert_array_equal(next(other.masses(other.rows[1:2])), masses)


def test_a_rule_that_estimates_counts_rounding_too(config: RunConfig) -> None:
    rule: dict[str, Any] = {"method": "riemann_trapezoid", "steps": 9}
    model = Power(SHAPE, 2, 3)
    estimates = []
    for dtype in ("float32", "float16"):
        changed = replace(config, **rule, store_dtype=dtype, out=config.out / dtype)
        run_plan(make_plan(changed, lambda *arguments: model, lambda note: None), untracked)
        with open_finished_run(changed.out) as run:
            estimates.append([row.error_estimate or 0.0 for row in run.rows])
    assert all(0.0 < b - a < 6e-4 for a, b in zip(*estimates, strict=True))
