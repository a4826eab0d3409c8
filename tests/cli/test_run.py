"""`igcli run` in this process, on a real Keras model and real files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from PIL import Image

from igcli.common.arrays import Array

Igcli = Callable[..., Result]


def maps(out: Path) -> Array:
    with h5py.File(out / "attributions.h5") as file:
        array: Array = file["attributions"][()]
    return array


def table(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "results.csv")


@pytest.fixture(scope="session")
def plain(small_model: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that options are compared with."""
    from click.testing import CliRunner

    from igcli.cli.main import cli

    out = tmp_path_factory.mktemp("plain") / "out"
    result = CliRunner().invoke(cli, ["run", str(small_model), str(photos), "-o", str(out)])
    assert result.exit_code == 0, result.output
    return out


def test_a_run_directory_has_all_its_files(plain: Path, photos: Path) -> None:
    assert sorted(path.name for path in plain.iterdir()) == [
        "attributions.h5",
        "overlays",
        "results.csv",
        "run.json",
    ]
    frame = table(plain)
    assert list(frame["id"]) == sorted(
        path.relative_to(photos).as_posix() for path in photos.rglob("*.png")
    )
    for identity in frame["id"]:
        with Image.open(plain / "overlays" / identity) as picture:
            assert picture.mode == "RGB" and min(picture.size) >= 224
    assert {k: str(v) for k, v in frame.dtypes.items() if k in ("target", "score", "steps")} == {
        "target": "int64",
        "score": "float64",
        "steps": "int64",
    }
    assert maps(plain).shape == (6, 8, 8, 3) and maps(plain).dtype == np.float32
    assert json.loads((plain / "run.json").read_text())["model"]["last_operation"] == "softmax"


CHANGES_THE_MAPS = [
    "--method riemann_left --steps 3",
    "--tolerance 0.001",
    "--min-steps 33",
    "--tolerance 1e-6 --max-steps 11",
    "--baseline white",
    "--baseline mean",
    "--target 1",
    "--target folder",
    "--preprocess symmetric",
    "--resize crop",
    "--scores logit",
]


@pytest.mark.slow
@pytest.mark.parametrize("flags", CHANGES_THE_MAPS)
def test_each_option_changes_the_maps(
    igcli: Igcli,
    small_model: Path,
    photos: Path,
    plain: Path,
    tmp_path: Path,
    flags: str,
) -> None:
    result = igcli("run", small_model, photos, "-o", tmp_path / "out", *flags.split())
    assert result.exit_code == 0, result.output
    ours, theirs = maps(tmp_path / "out"), maps(plain)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() > 1e-5 * np.abs(theirs).max()


@pytest.mark.parametrize("batch", [1, 7, 64, 100_000])
def test_batch_size_does_not_change_the_maps(
    igcli: Igcli, small_model: Path, photos: Path, plain: Path, tmp_path: Path, batch: int
) -> None:
    igcli("run", small_model, photos, "-o", tmp_path / "out", "--batch-size", batch)
    for ours, theirs in zip(maps(tmp_path / "out"), maps(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max())
    about = json.loads((tmp_path / "out" / "run.json").read_text())
    assert about["config"]["batch_size"] == batch


@pytest.mark.slow
def test_seed_changes_random_baselines(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        igcli(
            "run",
            small_model,
            photos,
            "-o",
            tmp_path / name,
            "--baseline",
            "uniform",
            "--seed",
            seed,
            "--limit",
            2,
        )
    first, again, other = (maps(tmp_path / name) for name in "abc")
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-4 * np.abs(first).max())


def test_limit_save_and_no_overlays(
    igcli: Igcli, small_model: Path, photos: Path, plain: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = igcli(
        "run", small_model, photos, "-o", out, "--limit", 2, "--save", "npy", "--no-overlays"
    )
    assert result.exit_code == 0
    assert "no overlays: --no-overlays" in result.stdout
    assert not (out / "overlays").exists()
    np.testing.assert_allclose(np.load(out / "attributions.npy"), maps(plain)[:2], atol=1e-6)


def test_labels_name_classes_and_choose_them(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "labels.txt").write_text("ant\nbee, honey bee\ncat\n")
    out = tmp_path / "out"
    labels = tmp_path / "labels.txt"
    igcli("run", small_model, photos, "-o", out, "--labels", labels, "--target", "honey bee")
    frame = table(out)
    assert set(frame["target"]) == {1} and set(frame["target_name"]) == {"bee, honey bee"}
    names = np.array(["ant", "bee, honey bee", "cat"])
    assert list(frame["prediction_name"]) == list(names[frame["prediction"]])


def test_folder_targets_come_from_the_first_sub_folder(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    igcli("run", small_model, photos, "-o", tmp_path / "out", "--target", "folder")
    assert list(table(tmp_path / "out")["target"]) == [0, 0, 0, 2, 2, 2]


@pytest.mark.slow
def test_image_size_is_for_models_of_any_size(
    igcli: Igcli, keras: Any, photos: Path, tmp_path: Path
) -> None:
    inputs = keras.Input((None, None, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    keras.Model(inputs, keras.layers.Dense(2)(pooled)).save(tmp_path / "any.keras")
    refused = igcli("run", tmp_path / "any.keras", photos, "-o", tmp_path / "out")
    assert refused.exit_code == 2 and "--image-size" in refused.stderr
    assert not (tmp_path / "out").exists()
    for size, shape in (("6x9", (6, 9)), ("7", (7, 7))):
        out = tmp_path / size
        igcli("run", tmp_path / "any.keras", photos, "-o", out, "--image-size", size)
        assert maps(out).shape == (6, *shape, 3)
    assert igcli("run", "m", photos, "-o", "o", "--image-size", "6by9").exit_code == 2


@pytest.mark.slow
def test_json_prints_one_object_on_stdout(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    result = igcli("run", small_model, photos, "-o", tmp_path / "out", "--json")
    summary = json.loads(result.stdout)
    assert (summary["counts"]["ok"], summary["counts"]["failed"]) == (6, 0)
    assert summary["status"] == "complete"
    assert summary["delta"]["worst"] == pytest.approx(table(tmp_path / "out")["delta"].abs().max())


@pytest.mark.slow
def test_a_second_run_needs_overwrite_and_leaves_nothing_of_the_first(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    igcli("run", small_model, photos, "-o", out, "--save", "npy")
    (out / "my-notes.txt").write_text("keep me")
    before = (out / "results.csv").read_bytes()
    refused = igcli("run", small_model, photos, "-o", out, "--limit", 1)
    assert refused.exit_code == 2 and "--overwrite" in refused.stderr
    assert (out / "results.csv").read_bytes() == before
    assert igcli("run", small_model, photos, "-o", out, "--limit", 1, "--overwrite").exit_code == 0
    assert len(list((out / "overlays").rglob("*.png"))) == 1
    assert not (out / "attributions.npy").exists()
    assert (out / "my-notes.txt").read_text() == "keep me"


@pytest.mark.slow
def test_a_failed_overwrite_leaves_the_earlier_run_whole(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    igcli("run", small_model, photos, "-o", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    refused = igcli("run", small_model, photos, "-o", out, "--overwrite", "--target", "99")
    assert refused.exit_code == 2
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_config_gives_defaults_that_flags_override(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "names.txt").write_text("ant\nbee\ncat\n")
    config = tmp_path / "c.toml"
    config.write_text(
        '[run]\nmethod = "riemann_left"\nsteps = 3\nbatch-size = 5\nlabels = "names.txt"\n'
        'save = ["npy"]\noverlays = false\n'
    )
    out = tmp_path / "out"
    result = igcli("run", small_model, photos, "-o", out, "--config", config, "--steps", 4)
    assert result.exit_code == 0, result.output
    asked = json.loads((out / "run.json").read_text())["config"]
    assert (asked["steps"], asked["batch_size"], asked["save"]) == (4, 5, ["npy"])
    assert not (out / "overlays").exists()
    assert set(table(out)["target_name"]) <= {"ant", "bee", "cat"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[run]\nstep = 3", "unknown key 'step'"),
        ("steps = 3", "unknown key 'steps'"),
        ("[run]\nsteps = 3.5", "3.5"),
        ("[run]\nsteps = true", "--steps"),
        ("[run]\nsteps = 0", "--steps"),
        ("[run]\nmethod = 'simpson'", "simpson"),
        ("[run]\nout = 'here'", "unknown key 'out'"),
        ("[run", "is not TOML"),
        ("[run]\nsteps = [10]", "'steps' can't be a list"),
        ("[run]\nlabels = ['black']", "'labels' can't be a list"),
    ],
)
def test_config_mistakes_exit_2(igcli: Igcli, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    result = igcli("run", "m.h5", "x", "-o", tmp_path / "out", "--config", tmp_path / "c.toml")
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.h5", "{photos}"], "MODEL absent.h5 does not exist"),
        (["{model}", "absent"], "INPUTS absent does not exist"),
        (["{model}", "{photos}", "--steps", "0"], "--steps"),
        (["{model}", "{photos}", "--batch-size", "0"], "--batch-size"),
        (["{model}", "{photos}", "--target", "3"], "class 3 is out of range"),
        (["{model}", "{photos}", "--target", "-1"], "class -1 is out of range"),
        (["{model}", "{photos}", "--baseline", ""], "--baseline  is neither"),
        (["m" * 300 + ".h5", "{photos}"], "can't be used: File name too long"),
        (["{model}", "x" * 300], "can't be used: File name too long"),
        (["{model}", "{photos}", "--method", "gausslegendre", "--steps", "200000"], "too many"),
        (["{model}", "{photos}", "--baseline", "blur"], "--baseline blur can't be used"),
        (["{model}", "{photos}", "--config", "absent.toml"], "--config absent.toml can't be read"),
    ],
)
def test_usage_errors_exit_2_in_three_lines_and_write_nothing(
    igcli: Igcli,
    small_model: Path,
    photos: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    filled = [text.format(model=small_model, photos=photos) for text in arguments]
    result = igcli("run", *filled, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert 1 <= len(result.stderr.splitlines()) <= 3
    assert result.stderr.startswith("igcli: ") and "\nto fix this: " in result.stderr
    assert not (tmp_path / "out").exists()


def test_failed_inputs_are_named_on_stderr_and_exit_3(
    igcli: Igcli, small_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (8, 8), "red").save(folder / "good.png")
    for i in range(7):
        (folder / f"bad-{i}.jpg").write_bytes(b"no")
    result = igcli("run", small_model, folder, "-o", tmp_path / "out")
    assert result.exit_code == 3
    assert "igcli: failed: bad-0.jpg: not an image that Pillow can read" in result.stderr
    assert "and 2 more, named in results.csv" in result.stderr
    assert "failed     7" in result.stdout


def test_one_image_and_a_one_by_one_image(igcli: Igcli, small_model: Path, tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), "teal").save(tmp_path / "dot.png")
    result = igcli("run", small_model, tmp_path / "dot.png", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert list(table(tmp_path / "out")["id"]) == ["dot.png"]


def test_debug_shows_the_traceback(igcli: Igcli) -> None:
    result = igcli("run", "absent.h5", "x", "-o", "out", "--debug")
    assert isinstance(result.exception, Exception)
    assert "does not exist" in str(result.exception)


def test_gates_exit_1_and_name_who_crossed_them(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    common = ("run", small_model, photos, "--overwrite", "-o", tmp_path / "out")
    passed = igcli(*common, "--fail-on", "delta:0.5", "--fail-on", "unconverged")
    assert passed.exit_code == 0, passed.output
    crossed = igcli(*common, "--fail-on", "error:1e-9", "--fail-on", "delta:0.5", "--json")
    assert crossed.exit_code == 1
    assert "--fail-on error:1e-9: crossed by 0/photo-0.png" in crossed.stderr
    assert list(json.loads(crossed.stdout)["gates_crossed"]) == ["error:1e-9"]
    short = igcli(*common, "--tolerance", "1e-5", "--max-steps", 9, "--fail-on", "unconverged")
    assert short.exit_code == 1
    assert set(table(tmp_path / "out")["converged"]) == {False}
    assert "6 not converged" in short.stdout
    assert table(tmp_path / "out")["message"].str.startswith("not converged: error estimate").all()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--steps 20", "--steps 20 can't be used with --method adaptive"),
        ("--method gausslegendre --tolerance 0.1", "--tolerance can't be used with --method gauss"),
        ("--method gausslegendre --max-steps 9", "--max-steps can't be used"),
        ("--method gausslegendre --min-steps 9", "--min-steps can't be used"),
        ("--method gausslegendre --memory 1GB", "--memory can't be used"),
        ("--tolerance 0", "--tolerance 0 is out of range"),
        ("--tolerance 1.5", "--tolerance 1.5 is out of range"),
        ("--tolerance nan", "--tolerance nan is out of range"),
        ("--max-steps 8", "--max-steps 8 is too few"),
        ("--min-steps 100 --max-steps 100", "first mesh of --min-steps 100 has 129 nodes"),
        ("--memory lots", "'lots' is no size"),
        ("--min-steps 5000000", "--min-steps"),
        ("--fail-on size:3", "--fail-on size:3 can't be read"),
        ("--fail-on delta", "--fail-on delta can't be read"),
        ("--fail-on delta:-1", "--fail-on delta:-1 can't be read"),
        ("--method gausslegendre --fail-on error:0.1", "it has no error estimate"),
        ("--method riemann_trapezoid --steps 9 --fail-on unconverged", "no tolerance to meet"),
    ],
)
def test_methods_refuse_what_is_not_theirs(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path, flags: str, message: str
) -> None:
    result = igcli("run", small_model, photos, "-o", tmp_path / "out", *flags.split())
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_memory_changes_how_many_are_live_but_no_result(
    igcli: Igcli, small_model: Path, photos: Path, plain: Path, tmp_path: Path
) -> None:
    igcli("run", small_model, photos, "-o", tmp_path / "out", "--memory", "1KB")
    np.testing.assert_allclose(maps(tmp_path / "out"), maps(plain), rtol=1e-3, atol=1e-7)
    assert json.loads((tmp_path / "out" / "run.json").read_text())["config"]["memory"] == 1024


@pytest.mark.slow
@pytest.mark.parametrize("method", ["adaptive", "riemann_middle"])
def test_profile_path_stores_the_path_of_every_row(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path, method: str
) -> None:
    out = tmp_path / "out"
    igcli("run", small_model, photos, "-o", out, "--method", method, "--profile-path")
    frame = table(out)
    with h5py.File(out / "attributions.h5") as file:
        group = {name: data[()] for name, data in file["profiles"].items()}
    assert list(np.diff(group["offsets"])) == list(frame["steps"])
    first = slice(0, group["offsets"][1])
    assert (np.diff(group["alphas"][first]) > 0).all()
    assert (group["gradient_norms"] > 0).all()
    if method == "adaptive":
        assert group["scores"][first][0] == pytest.approx(frame["baseline_score"][0], rel=1e-5)
        assert group["scores"][first][-1] == pytest.approx(frame["score"][0], rel=1e-5)


def test_an_unbounded_estimate_is_still_json(igcli: Igcli, keras: Any, tmp_path: Path) -> None:
    """h − 2 max(0, h − ½) of the mean h: up and down again, so that a white image's map is 0."""
    inputs = keras.Input((8, 8, 1))
    h = keras.layers.GlobalAveragePooling2D()(inputs)
    down = keras.layers.ReLU(threshold=0.0)(keras.layers.Rescaling(1.0, offset=-0.5)(h))
    tent = keras.layers.Add()([h, keras.layers.Rescaling(-2.0)(down)])
    keras.Model(inputs, tent).save(tmp_path / "tent.keras")
    np.save(tmp_path / "white.npy", np.full((1, 8, 8), 255, np.uint8))
    result = igcli(
        "run", tmp_path / "tent.keras", tmp_path / "white.npy", "-o", tmp_path / "out", "--json",
        "--fail-on", "error:0.1", "--fail-on", "error:0.1",
    )  # fmt: skip
    assert result.exit_code == 1, result.output
    summary = json.loads(result.stdout, parse_constant=lambda name: pytest.fail(name))
    assert summary["error_estimate"]["worst"] is None
    assert summary["gates_crossed"] == {"error:0.1": ["white-000000"]}


@pytest.mark.slow
def test_the_batch_size_is_settled_recorded_and_may_be_reduced(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batching(*flags: Any) -> dict[str, Any]:
        out = tmp_path / "out"
        result = igcli("run", small_model, photos, "-o", out, "--overwrite", *flags)
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads((out / "run.json").read_text())["batching"]
        return {**found, "stderr": result.stderr}

    auto, three = batching("--batch-size", "auto"), batching("--batch-size", 3)
    assert auto["chosen"] == "estimated" and auto["size"] > 1
    assert (three["size"], three["chosen"]) == (3, "asked")
    assert auto["rows"] == three["rows"] and three["rows_per_second"] > 0
    assert "--batch-size" not in three["stderr"]
    monkeypatch.setattr("igcli.attribution.batch_size.total_memory", lambda: 2**20)
    reduced = batching("--batch-size", 5000)
    assert reduced["size"] < 5000 and reduced["chosen"] == "asked, reduced"
    assert "--batch-size 5000 may not fit into memory" in reduced["stderr"]


@pytest.mark.slow
def test_bfloat16_changes_the_maps_and_says_by_how_much(
    igcli: Igcli, small_model: Path, photos: Path, plain: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    flags = ("--precision", "bfloat16", "--tolerance", 0.2)
    result = igcli("run", small_model, photos, "-o", out, *flags)
    assert result.exit_code == 0, result.output
    about = json.loads((out / "run.json").read_text())
    assert about["precision"] == "bfloat16" and 1e-4 < about["precision_error"] < 0.2
    assert "gradients differ from float32's by up to" in result.stderr
    fixed = ("--precision", "bfloat16", "--method", "riemann_trapezoid", "--steps", 5)
    result = igcli("run", small_model, photos, "-o", tmp_path / "fixed", *fixed)
    assert result.exit_code == 0 and "error      not estimated" in result.stdout
    refused = igcli(
        "run", small_model, photos, "-o", tmp_path / "no", *fixed, "--fail-on", "error:1"
    )
    assert refused.exit_code == 2 and "--fail-on" in refused.stderr
    assert json.loads((plain / "run.json").read_text())["precision_error"] == 0.0
    errors = np.abs(maps(out) - maps(plain)).sum((1, 2, 3)) / np.abs(maps(plain)).sum((1, 2, 3))
    assert (errors > 1e-4).any()
    assert (errors < table(out)["error_estimate"] + table(plain)["error_estimate"]).all()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--precision", "tf32"), "--precision tf32 can't be used on a CPU"),
        (("--device", "gpu:9"), "--device gpu:9 can't be used"),
        (("--device", "tpu"), "'tpu' is none of auto, cpu, gpu and gpu:N"),
        (("--batch-size", "many"), "'many' is neither a number of rows nor auto"),
    ],
)
def test_devices_and_precisions_that_can_not_be_had(
    igcli: Igcli,
    small_model: Path,
    photos: Path,
    tmp_path: Path,
    flags: tuple[str, ...],
    says: str,
) -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU") and flags[1] in {"tf32"}:
        pytest.skip("this machine has a GPU")
    result = igcli("run", small_model, photos, "-o", tmp_path / "out", *flags)
    assert result.exit_code == 2 and says in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_device_is_recorded(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    assert igcli("run", small_model, photos, "-o", tmp_path, "--device", "cpu").exit_code == 0
    about = json.loads((tmp_path / "run.json").read_text())
    assert about["device"] == "CPU" and about["config"]["device"] == "cpu"


@pytest.mark.slow
def test_pixels_that_would_be_scaled_twice_are_told(
    keras: Any, igcli: Igcli, photos: Path, tmp_path: Path
) -> None:
    layers = [keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 255, name="scale")]
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    arguments = ("run", tmp_path / "m.keras", photos, "--overwrite", "-o", tmp_path / "out")
    told = igcli(*arguments, "--preprocess", "unit")
    doubt = (
        "the model's 'scale' scales pixels itself (0 to 255 become 0 to 1), after --preprocess "
        "unit has: use --preprocess raw, or auto"
    )
    assert f"igcli: doubt: {doubt}\n" in told.stderr
    # Below the summary, for whoever reads no more than the end.
    assert told.output.endswith(f"igcli: this run is very likely wrong: {doubt}\n")
    about = json.loads((tmp_path / "out" / "run.json").read_text())
    assert about["notes"][0] == {"note": doubt, "doubt": True}
    assert "scales pixels" not in igcli(*arguments, "--preprocess", "raw").stderr
    found = igcli(*arguments)
    why = "the model's 'scale' scales pixels itself: 0 to 255 become 0 to 1"
    assert "scales pixels" not in found.stderr and f"pixels     raw (auto: {why})" in found.stdout
    settled = json.loads((tmp_path / "out" / "run.json").read_text())["settled"]
    assert (settled["preprocess"], settled["preprocess_why"]) == ("raw", why)


@pytest.mark.parametrize(
    ("shard", "message"),
    [
        ("0/4", "shards are counted from 1 to N (a Slurm array too: --array=1-4)"),
        ("5/4", "shards are counted from 1 to N"),
        ("4", "is not I/N, 1/8 for the first of eight"),
        ("1/0", "shards are counted from 1 to N"),
        ("a/b", "is not I/N"),
        ("-1/4", "is not I/N"),
        ("1/2/3", "is not I/N"),
    ],
)
def test_shards_are_counted_from_one(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path, shard: str, message: str
) -> None:
    result = igcli("run", small_model, photos, "-o", tmp_path / "out", "--shard", shard)
    assert result.exit_code == 2 and message in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_resume_and_overwrite_exclude_each_other_but_for_a_config_file(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    arguments = ["run", small_model, photos, "-o", tmp_path / "out", "--no-overlays"]
    result = igcli(*arguments, "--resume", "--overwrite")
    assert result.exit_code == 2 and "give one of them" in result.stderr
    (tmp_path / "c.toml").write_text("[run]\noverwrite = true\n")
    for _ in range(2):
        result = igcli(*arguments, "--resume", "--config", tmp_path / "c.toml")
        assert result.exit_code == 0
    assert "6 of 6, 6 of them before" in result.stdout


@pytest.mark.slow
def test_an_unfinished_run_offers_to_go_on(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert igcli("run", small_model, photos, "-o", out).exit_code == 0
    text = (out / "run.json").read_text()
    (out / "run.json").write_text(text.replace('"complete"', '"running"'))
    result = igcli("run", small_model, photos, "-o", out)
    assert result.exit_code == 2
    assert "holds an unfinished run" in result.stderr and "add --resume" in result.stderr
    result = igcli(
        "run",
        small_model,
        photos,
        "-o",
        out,
        "--steps",
        "9",
        "--method",
        "riemann_left",
        "--resume",
    )
    assert result.exit_code == 2
    assert "--method is adaptive there and riemann_left here" in result.stderr


def test_a_run_that_is_interrupted_before_it_begins_names_its_command(
    igcli: Any,
    small_model: Path,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("igcli.models.open.open_model", interrupted)
    arguments = ["run", small_model, photos, "-o", tmp_path / "o", "--overwrite", "--json"]
    result = igcli(*arguments)
    assert result.exit_code == 3 and not (tmp_path / "o").exists()
    command = " ".join(map(str, ["igcli", *arguments]))
    assert result.stderr == (
        f"igcli: stopped before the run began: {tmp_path / 'o'} is as it was\n"
        f"igcli: to go on: {command}\n"
    )
    assert json.loads(result.stdout)["to_go_on"] == command


@pytest.mark.slow
def test_json_tells_of_a_run_that_stopped(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    shutil.copytree(photos, folder)
    (folder / "1.png").write_bytes(b"")
    arguments = ["run", small_model, folder, "-o", tmp_path / "out", "--on-error", "stop"]
    result = igcli(*arguments, "--json")
    assert result.exit_code == 3
    said = json.loads(result.stdout)
    assert said["status"] == "partial"
    assert "1.png failed: the file is empty" in said["stopped"]["cause"]
    assert said["to_go_on"].startswith("igcli run") and said["to_go_on"].endswith("--resume")
    assert "to go on: igcli run" in result.stderr
    shutil.copy(folder / "0" / "photo-0.png", folder / "1.png")
    assert igcli(*arguments, "--resume").exit_code == 0
