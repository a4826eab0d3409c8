"""`igcli reproduce`: every example on small data, its options, its errors; in full, marked slow."""

import csv
import io
import json
import math
import socket
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.reproduce import imagenet, mnist, tutorial
from igcli.reproduce.example_run import ExampleRun
from igcli.reproduce.fetch import Remote

# Networks are trained here; CI waits for it.
pytestmark = pytest.mark.slow

FEATURES = ("sepal length", "sepal width", "petal length", "petal width")


@pytest.fixture
def digits(root: Path, tmp_path: Path) -> Path:
    """Two hundred digits, each of ten twenty times."""
    path = tmp_path / "digits.npz"
    drawn = np.load(root / "sample_data" / "digits.npy")
    np.savez(path, allow_pickle=False, x=np.tile(drawn, (20, 1, 1)), y=np.tile(np.arange(10), 20))
    return path


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """Sixty made-up flowers in the order of the true file; the last species is the largest."""
    path = tmp_path / "iris.csv"
    random = np.random.default_rng(5)
    names = ("setosa", "versicolor", "virginica")
    lines = [
        ",".join([*(f"{v:.1f}" for v in random.normal(2.0 + s, 0.3, 4)), f"Iris-{names[s]}"])
        for s in range(3)
        for _ in range(20)
    ]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="session")
def logits(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel of logits: 8×8 RGB in, three classes out."""
    keras.utils.set_random_seed(2)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, activation="softplus")(inputs)
    outputs = keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x))
    folder = tmp_path_factory.mktemp("logits") / "model"
    keras.Model(inputs, outputs).export(folder, verbose=False)
    return folder


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.txt"
    path.write_text("apple\npear\nplum\n")
    return path


def about(run: Path) -> Any:
    return json.loads((run / "run.json").read_text())


def weights(keras: Any, out: Path) -> Any:
    return keras.models.load_model(out / "model.keras").get_weights()[0]


def test_mnist(igcli: Any, keras: Any, digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = igcli("reproduce", "mnist", "--data", digits, "-o", out, "--epochs", 3)
    assert result.exit_code == 0, result.output
    assert (out / "table.txt").read_text() == result.stdout
    assert "trained    on 180 digits, 3 epochs (published: 60,000, 6 epochs)" in result.stdout
    assert "float32 (--as-published takes float64)" in result.stdout
    said = json.loads((out / "reproduce.json").read_text())
    assert said["status"] == "complete" and said["held_out"] == 20
    # The held-out twenty are the ten that were learned, twice: what is said of the ten counts.
    right = [row["label"] == row["prediction"] for row in said["table"]]
    assert said["accuracy"] == pytest.approx(sum(right) / 10)
    with (out / "run" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["delta"]) for row in rows] == [row["delta"] for row in said["table"]]
    assert [int(row["prediction"]) for row in rows] == [row["prediction"] for row in said["table"]]
    config = about(out / "run")["config"]
    assert (config["method"], config["steps"]) == ("gausslegendre", 50)
    with Image.open(out / "figure.png") as figure:
        # Three rows of four pictures of 224 pixels, and a colour bar.
        assert figure.width > 4 * 224 and 3 * 224 < figure.height < 4 * 224
        seen = {row["prediction"] for row in said["table"]}
        assert figure.info["Title"] == "mnist: figure" and len(seen) > 1
    assert keras.models.load_model(out / "model.keras").inputs[0].dtype == "float32"


def test_the_options_of_training(igcli: Any, keras: Any, flowers: Path, tmp_path: Path) -> None:
    """Epochs and seed change the weights; nothing else does."""
    flags: dict[str, list[object]] = {
        "plain": [],
        "again": [],
        "epochs": ["--epochs", 2],
        "seed": ["--seed", 1],
    }
    found = {}
    for name, more in flags.items():
        arguments = ["--data", flowers, "-o", tmp_path / name, "--epochs", 1, *more]
        result = igcli("reproduce", "iris", *arguments)
        assert result.exit_code == 0, result.output
        found[name] = weights(keras, tmp_path / name)
    np.testing.assert_array_equal(found["plain"], found["again"])
    assert np.abs(found["plain"] - found["epochs"]).max() > 1e-4
    assert np.abs(found["plain"] - found["seed"]).max() > 1e-4


def test_mnist_as_published_takes_float64(
    igcli: Any, keras: Any, digits: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    given = ["--data", digits, "-o", out, "--epochs", 1, "--as-published"]
    result = igcli("reproduce", "mnist", *given)
    assert result.exit_code == 0, result.output
    assert keras.models.load_model(out / "model.keras").inputs[0].dtype == "float64"
    assert "float64" not in result.stdout


def test_a_model_is_not_trained_again(igcli: Any, root: Path, digits: Path, tmp_path: Path) -> None:
    model = root / "sample_data" / "digits.h5"
    out = tmp_path / "out"
    arguments = ["--data", digits, "--model", model, "-o", out, "--json"]
    result = igcli("reproduce", "mnist", *arguments)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    # What somebody's model learned from is not known: nothing was held out, nothing is compared.
    assert said["accuracy_of"] == 20 and "held_out" not in said
    summary = (out / "table.txt").read_text()
    assert "digits, which the model may have learned from\n" in summary
    assert "published" not in summary and "held out" not in summary
    # The very digits that the sample model was shown to classify rightly.
    assert said["accuracy"] == 1.0 and not (out / "model.keras").exists()
    assert [row["prediction"] for row in said["table"]] == list(range(10))


def test_imagenet(
    igcli: Any, small_model: Path, photos: Path, labels: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    given = ["--data", photos, "--model", small_model]
    result = igcli("reproduce", "imagenet", *given, "--labels", labels, "-o", out)
    assert result.exit_code == 0, result.output
    said = "pixels are fed as −1 to 1, as Keras' ResNet50V2 wants them (what --model wants is not"
    assert "pear" in result.stdout and said in result.stdout
    assert "made for" not in result.stdout
    said = json.loads((out / "reproduce.json").read_text())
    assert len(said["best"]) == 18 and len(said["table"]) == 12
    for i in range(0, 18, 3):
        scores = [entry["score"] for entry in said["best"][i : i + 3]]
        assert scores == sorted(scores, reverse=True) and sum(scores) == pytest.approx(1.0)
    for name, baseline in (("black", "black"), ("random", "uniform")):
        config = about(out / name)["config"]
        assert config["baseline"] == [baseline] and config["preprocess"] == "symmetric"
        assert len(list((out / name / "overlays").rglob("*.png"))) == 6
        first = next(row for row in said["table"] if row["baseline"] == name)
        with h5py.File(out / name / "attributions.h5") as file:
            assert file["deltas"][0] == first["delta"]
    with Image.open(out / "figure.png") as figure:
        assert figure.width > 2 * 448 and figure.height > 2 * 448


def test_two_baselines_are_drawn_on_one_scale(
    igcli: Any,
    monkeypatch: pytest.MonkeyPatch,
    small_model: Path,
    photos: Path,
    tmp_path: Path,
) -> None:
    """The one at which two percent of both maps' mass, taken together, is beyond."""
    drawn = []

    def note(look: Any, subject: Any, top: float) -> Any:
        drawn.append((subject, top))
        return Image.new("RGB", (2, 2))

    monkeypatch.setattr(imagenet, "draw", note)
    out = tmp_path / "out"
    given = ["--data", photos / "0", "--model", small_model, "-o", out]
    assert igcli("reproduce", "imagenet", *given).exit_code == 0
    maps = []
    for name in ("black", "random"):
        with h5py.File(out / name / "attributions.h5") as file:
            maps.append(np.abs(file["attributions"][2].astype(float).sum(axis=2)).ravel())
            delta = file["deltas"][2]
        subject, _ = drawn[len(maps) - 1]
        assert subject.lines[0].endswith(f"delta {delta:+.2g}")
    both = np.sort(np.concatenate(maps))
    mass = np.cumsum(both)
    expected = both[np.searchsorted(mass, 0.98 * mass[-1])]
    assert [top for _, top in drawn] == pytest.approx([expected, expected], rel=1e-6)


def test_scores_that_are_not_explained_are_named(
    igcli: Any, keras: Any, photos: Path, tmp_path: Path
) -> None:
    """A step, which fifty steps can't see."""
    inputs = keras.Input((8, 8, 3))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    step = keras.layers.Dense(1, kernel_initializer="ones", bias_initializer="ones")(mean)
    steep = keras.layers.Dense(2, name="steep")(step)
    model = keras.Model(inputs, keras.layers.Activation("softmax")(steep))
    model.get_layer("steep").set_weights([np.array([[-3e4, 3e4]]), np.zeros(2)])
    model.save(tmp_path / "steep.keras")
    photo = photos / "0" / "photo-0.png"
    given = ["--data", photo, "--model", tmp_path / "steep.keras", "-o", tmp_path / "out"]
    result = igcli("reproduce", "imagenet", *given)
    assert result.exit_code == 0, result.output
    said = json.loads((tmp_path / "out" / "reproduce.json").read_text())
    rows = {row["baseline"]: row for row in said["table"]}
    assert abs(rows["black"]["delta"]) > 0.05 and rows["black"]["score"] == 1.0
    assert said["large_deltas"][0] == {"baseline": "black", "photo": "photo-0.png"}
    share = abs(rows["black"]["delta"])
    assert "missing    |delta| is more than 5% of the score's difference: " in result.stdout
    assert f"photo-0.png from black ({share:.0%})" in result.stdout
    assert "--method adaptive" in result.stdout


def test_as_published_the_range_is_wrong_and_seeds_are_of_the_random_baseline(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    maps = {}
    flags: dict[str, list[object]] = {
        "plain": [],
        "published": ["--as-published"],
        "seed": ["--seed", 7],
    }
    for name, more in flags.items():
        out = tmp_path / name
        given = ["--data", photos / "0", "--model", small_model, "-o", out]
        result = igcli("reproduce", "imagenet", *given, *more)
        assert result.exit_code == 0, result.output
        assert "no --labels: classes are told by number" in result.stderr
        for run in ("black", "random"):
            with h5py.File(out / run / "attributions.h5") as file:
                maps[name, run] = file["attributions"][()]
    assert about(tmp_path / "published" / "black")["config"]["preprocess"] == "unit"
    assert np.abs(maps["plain", "black"] - maps["published", "black"]).max() > 1e-5
    np.testing.assert_array_equal(maps["plain", "black"], maps["seed", "black"])
    assert np.abs(maps["plain", "random"] - maps["seed", "random"]).max() > 1e-5


def test_the_tutorial(igcli: Any, logits: Path, photos: Path, labels: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = ["--data", photos / "0", "--model", logits, "--labels", labels]
    result = igcli("reproduce", "tf-tutorial", *given, "-o", out)
    assert result.exit_code == 0, result.output
    runs = [out / f"run-photo-{i}" for i in range(3)]
    for run in runs:
        config = about(run)["config"]
        assert (config["method"], config["steps"]) == ("riemann_trapezoid", 241)
        assert (config["scores"], config["resize"]) == ("probability", "pad")
    said = json.loads((out / "reproduce.json").read_text())
    for i in range(0, 9, 3):
        # Logits became probabilities, best first.
        scores = [entry["probability"] for entry in said["best"][i : i + 3]]
        assert scores == sorted(scores, reverse=True) and sum(scores) == pytest.approx(1.0)
    assert [row["score"] for row in said["table"]] == [
        entry["probability"] for entry in said["best"][::3]
    ]
    assert all(abs(row["delta"]) < 1e-4 for row in said["table"])
    sizes = {}
    figures = [f"figure-photo-{i}" for i in range(3)]
    for name in (*figures, "path", "interpolated", "saturation"):
        with Image.open(out / f"{name}.png") as figure:
            sizes[name] = figure.size
    assert sizes["saturation"] == (1760, 660)
    assert sizes["path"] == (1760, 3 * 660 + 2 * 24)
    # Each photo's map has its own scale, on a sheet of its own.
    assert all(2 * 448 < sizes[name][1] < 3 * 448 for name in figures)
    assert not (out / "figure.png").exists()
    assert sizes["interpolated"][0] > 6 * 224
    assert str(out / "path.png") in result.stdout


def test_iris_has_the_attributions_of_the_closed_form(
    igcli: Any, keras: Any, flowers: Path, tmp_path: Path
) -> None:
    """Of sigmoid(w·x + b), each input's is its share of w·x in the difference."""
    out = tmp_path / "out"
    given = ["--data", flowers, "-o", out, "--epochs", 40]
    result = igcli("reproduce", "iris", *given)
    assert result.exit_code == 0, result.output
    said = json.loads((out / "reproduce.json").read_text())
    assert said["held_out"] == 12 and said["trained_on"] == 48
    assert [row["flower"] for row in said["table"]] == [0, 20, 40]
    kernel, bias = keras.models.load_model(out / "model.keras").get_weights()
    x = [[float(v) for v in line.split(",")[:4]] for line in flowers.read_text().splitlines()]
    for row in said["table"]:
        terms = [v * float(w) for v, w in zip(x[row["flower"]], kernel[:, 0], strict=True)]
        start, end = (1 / (1 + math.exp(-z)) for z in (bias[0], bias[0] + sum(terms)))
        exact = [term / sum(terms) * (end - start) for term in terms]
        found = [
            row[f"{part} {side}"] for part in ("sepal", "petal") for side in ("length", "width")
        ]
        np.testing.assert_allclose(found, exact, atol=2e-6)
        assert row["difference"] == pytest.approx(end - start, abs=1e-6)
        assert abs(row["delta"]) < 1e-6


def test_iris_as_published_is_coarse_and_tested_on_one_species(
    igcli: Any, flowers: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    given = ["--data", flowers, "-o", out, "--epochs", 40, "--as-published", "--json"]
    result = igcli("reproduce", "iris", *given)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["departures"] == [] and said["held_out"] == 12
    config = about(out / "run")["config"]
    assert (config["method"], config["steps"]) == ("riemann_left", 50)
    assert max(abs(row["delta"]) for row in said["table"]) > 1e-4


def test_two_inputs(igcli: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = igcli("reproduce", "two-inputs", "-o", out, "--epochs", 2)
    assert result.exit_code == 0, result.output
    said = json.loads((out / "reproduce.json").read_text())
    assert said["worst_delta"] < 1e-5 and said["epochs"] == 2
    assert [row["input"] for row in said["table"]][3:] == [f"right[{i}]" for i in range(3)]
    with h5py.File(out / "run" / "attributions.h5") as file:
        assert file["attributions/left"].shape == file["attributions/right"].shape == (100, 3)
    # What it learned without seeing it is another's, with another seed.
    other = tmp_path / "other"
    given = ["--epochs", 2, "--seed", 1, "-o", other, "--json"]
    result = igcli("reproduce", "two-inputs", *given)
    assert json.loads(result.stdout)["mean_error"] != said["mean_error"]
    # A model of one's own, on the same data.
    given = ["--model", out / "model.keras", "-o", tmp_path / "third", "--json"]
    result = igcli("reproduce", "two-inputs", *given)
    assert json.loads(result.stdout)["mean_error"] == pytest.approx(said["mean_error"], rel=1e-4)


def test_out_is_replaced_only_when_asked(igcli: Any, tmp_path: Path) -> None:
    arguments = ["reproduce", "two-inputs", "-o", tmp_path / "out", "--epochs", 1]
    assert igcli(*arguments).exit_code == 0
    result = igcli(*arguments)
    assert result.exit_code == 2 and "add --overwrite to replace it" in result.stderr
    assert igcli(*arguments, "--overwrite", "--seed", 3).exit_code == 0
    said = json.loads((tmp_path / "out" / "reproduce.json").read_text())
    assert said["asked"]["seed"] == 3


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An address that nobody listens at, and an empty cache."""
    monkeypatch.setenv("IGCLI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/mnist.npz"


def test_without_a_network_the_file_to_bring_is_named(
    igcli: Any, monkeypatch: pytest.MonkeyPatch, offline: str, tmp_path: Path
) -> None:
    monkeypatch.setattr(mnist, "DIGITS", Remote("mnist.npz", offline, "--data"))
    out = tmp_path / "out"
    result = igcli("reproduce", "mnist", "-o", out)
    assert result.exit_code == 2 and not out.exists()
    *notes, problem, fix = result.stderr.splitlines()
    assert notes == [f"igcli: note: fetching {offline} to {tmp_path / 'cache'}"]
    assert problem.startswith(f"igcli: can't fetch {offline}: ") and "refused" in problem
    assert fix == (
        "to fix this: get it where there is a network, and bring the file mnist.npz with --data"
    )


def test_what_the_cache_has_is_not_fetched(
    igcli: Any,
    monkeypatch: pytest.MonkeyPatch,
    offline: str,
    small_model: Path,
    photos: Path,
    tmp_path: Path,
) -> None:
    """The cats are in alibi's wheel, and the classes' names in Keras' JSON."""
    cache = tmp_path / "cache"
    cache.mkdir()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for i in range(2):
            archive.add(photos / "0" / f"photo-{i}.png", f"cat-{i}.png")
    with zipfile.ZipFile(cache / "alibi.whl", "w") as wheel:
        wheel.writestr("alibi/data/cats.tar.gz", packed.getvalue())
    index = {str(i): [f"n{i}", name] for i, name in enumerate(("red_fox", "kit_fox", "badger"))}
    (cache / "index.json").write_text(json.dumps(index))
    (cache / "model.keras").write_bytes(small_model.read_bytes())
    for constant, name in (("CATS", "alibi.whl"), ("CLASS_INDEX", "index.json")):
        monkeypatch.setattr(imagenet, constant, Remote(name, offline, "--data"))
    monkeypatch.setattr(imagenet, "RESNET", Remote("model.keras", offline, "--model"))
    result = igcli("reproduce", "imagenet", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "cat-0.png" in result.stdout and "red fox" in result.stdout
    assert "−1 to 1, which ResNet50V2 was made for; the example feeds 0 to 1" in result.stdout


def test_the_tutorials_own_photos_have_its_targets_and_steps(
    igcli: Any,
    keras: Any,
    monkeypatch: pytest.MonkeyPatch,
    offline: str,
    photos: Path,
    tmp_path: Path,
) -> None:
    inputs = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    keras.Model(inputs, keras.layers.Dense(560)(pooled)).export(tmp_path / "model", verbose=False)
    cache = tmp_path / "cache"
    cache.mkdir()
    with tarfile.open(cache / "inception.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "model", ".")
    (cache / "labels.txt").write_text("\n".join(f"class {i}" for i in range(560)))
    for i, name in enumerate(("fireboat.png", "panda.png")):
        (cache / name).write_bytes((photos / "0" / f"photo-{i}.png").read_bytes())
    for constant, name in {
        "FIREBOAT": "fireboat.png",
        "PANDA": "panda.png",
        "LABELS": "labels.txt",
        "INCEPTION": "inception.tar.gz",
    }.items():
        monkeypatch.setattr(tutorial, constant, Remote(name, offline, "--data"))
    result = igcli("reproduce", "tf-tutorial", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["table"]
    found = [(row["photo"], row["class"], row["steps"]) for row in rows]
    assert found == [("fireboat.png", 555, 241), ("panda.png", 389, 56)]


def test_a_photo_that_fails_is_named_and_the_others_are_explained(
    igcli: Any, logits: Path, photos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "good.png").write_bytes((photos / "0" / "photo-0.png").read_bytes())
    (folder / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    result = igcli("reproduce", "tf-tutorial", "--data", folder, "--model", logits, "-o", out)
    assert result.exit_code == 3, result.output
    assert "failed: broken.png: not an image" in result.stderr
    assert (out / "figure-good.png").is_file()
    result = igcli(
        "reproduce", "imagenet", "--data", folder, "--model", logits, "-o", tmp_path / "cats"
    )
    assert result.exit_code == 3 and "failed: broken.png" in result.stderr
    assert (tmp_path / "cats" / "figure.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mnist", "-o", "o", "--data", "nowhere.npz"], "'nowhere.npz' does not exist"),
        (["mnist", "-o", "o", "--epochs", "0"], "--epochs"),
        (["alexnet", "-o", "o"], "'alexnet' is not one of"),
        (["mnist"], "Missing option '-o'"),
        (["two-inputs", "-o", "o", "--as-published"], "--as-published has no meaning for two-in"),
    ],
)
def test_wrong_usage(
    igcli: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = igcli("reproduce", *arguments)
    assert result.exit_code == 2 and said in result.stderr
    assert "to fix this: " in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_does_not_fit_the_digits(
    igcli: Any, small_model: Path, digits: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = igcli("reproduce", "mnist", "--data", digits, "--model", small_model, "-o", out)
    assert result.exit_code == 2 and not out.exists()
    assert f"--model {small_model} does not fit what mnist explains: " in result.stderr
    assert "wants (N, 8, 8, 3)" in result.stderr and "INPUTS" not in result.stderr


@pytest.mark.parametrize("example", ["imagenet", "tf-tutorial"])
def test_what_is_refused_leaves_nothing(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path, example: str
) -> None:
    text, out = tmp_path / "two.txt", tmp_path / "out"
    text.write_text("apple\npear\n")
    given = ["--data", photos / "0", "-o", out]
    for wrong, said in {
        ("--model", text): f"--model {text} is no model: igcli loads ",
        ("--model", small_model, "--labels", text): f"--labels {text} has 2 names",
        ("--model", small_model, "--labels", small_model): "can't be read: it is not UTF-8 text",
        ("--model", small_model, "--data", text): f"--data {text} holds no photos: igcli reads ",
    }.items():
        result = igcli("reproduce", example, *given, *wrong)
        assert result.exit_code == 2 and said in result.stderr, result.stderr
        assert "INPUTS" not in result.stderr and not out.exists()
    assert igcli("reproduce", example, *given, "--model", small_model).exit_code == 0


def test_interrupted_while_training_it_says_how_to_start_again(
    igcli: Any, monkeypatch: pytest.MonkeyPatch, flowers: Path, tmp_path: Path
) -> None:
    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    given = ["reproduce", "iris", "--data", flowers, "-o", out, "--epochs", 1]
    with monkeypatch.context() as patch:
        patch.setattr("igcli.reproduce.iris.train", interrupt)
        result = igcli(*given)
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        f"igcli: stopped before iris was finished: {out} holds nothing yet",
        f"to fix this: start again: igcli reproduce iris -o {out} --data {flowers} --epochs 1 "
        "--overwrite",
    ]
    assert json.loads((out / "reproduce.json").read_text())["status"] == "stopped"
    result = igcli(*given)
    assert result.exit_code == 0, result.output
    assert "on 48 flowers, 1 epoch: virginica" in result.stdout


def test_debug_shows_what_igcli_did_not_foresee(
    igcli: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The run inside does not switch it off."""

    def fail(example: ExampleRun) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(ExampleRun, "finish", fail)
    given = ["reproduce", "two-inputs", "--epochs", 1, "-o"]
    result = igcli(*given, tmp_path / "a")
    assert result.exit_code == 3 and "internal error: ZeroDivisionError" in result.stderr
    result = igcli(*given, tmp_path / "b", "--debug")
    assert isinstance(result.exception, ZeroDivisionError)


def test_mnist_in_full(igcli: Any, shared_data: Path, tmp_path: Path) -> None:
    given = ["--data", shared_data / "mnist_t10k.npz", "-o", tmp_path / "out", "--json"]
    result = igcli("reproduce", "mnist", *given, "--epochs", 14)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["epochs"] == 14 and said["held_out"] == 1000
    # Published: 0.9875, with 60,000 digits; the 40 epochs that igcli takes by itself give 0.987.
    assert said["accuracy"] >= 0.97
    assert [row["label"] for row in said["table"]] == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_the_cats_in_full(igcli: Any, shared_data: Path, tmp_path: Path) -> None:
    model = shared_data / "mobilenetv2_imagenet.h5"
    names = shared_data / "imagenet_1001_labels.txt"
    given = ["--data", shared_data / "cats", "--model", model, "--labels", names]
    result = igcli("reproduce", "imagenet", *given, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert [entry["class"] for entry in said["best"][::3]] == [282, 284, 285, 286]
    persian = {"baseline": "black", "photo": "n02123394_283_Persian_cat.jpg"}
    assert persian in said["large_deltas"] and len(said["large_deltas"]) < 8


def test_iris_in_full(igcli: Any, shared_data: Path, tmp_path: Path) -> None:
    given = ["--data", shared_data / "iris.npy", "-o", tmp_path / "out", "--json"]
    result = igcli("reproduce", "iris", *given)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["accuracy"] >= 0.9 and said["held_out"] == 30
    first = said["table"][0]
    # Published: −0.258, −0.240, 0.127, 0.010; another training, the same signs.
    assert [math.copysign(1, first[name]) for name in FEATURES] == [-1, -1, 1, 1]
    assert all(abs(row["delta"]) < 1e-5 for row in said["table"])


def test_two_inputs_in_full(igcli: Any, tmp_path: Path) -> None:
    result = igcli("reproduce", "two-inputs", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["mean_error"] < 0.02 and said["worst_delta"] < 1e-5
