"""Zones: segmentation networks explained over a class's zone, against tapes written by hand."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from igcli.common.arrays import Array

Igcli = Callable[..., Result]

SIZE = (16, 24)
_STEPS = 24
_METHOD = ("--method", "gausslegendre", "--steps", str(_STEPS), "--no-overlays")
_UNSCALED = ("--preprocess", "unit")


def unet(keras: Any, shape: tuple[int | None, ...], classes: int, tail: str | None) -> Any:
    """Return a small U-Net: down, up and past, a score for each class at each place."""
    layers = keras.layers
    keras.utils.set_random_seed(5)
    image = keras.Input(shape, name="image")
    high = layers.Conv2D(4, 3, padding="same", activation="softplus", name="high")(image)
    low = layers.Conv2D(6, 3, strides=2, padding="same", activation="softplus", name="low")(high)
    up = layers.UpSampling2D(2, name="up")(low)
    both = layers.Concatenate(name="skip")([high, up])
    both = layers.Conv2D(4, 3, padding="same", activation="softplus", name="both")(both)
    scores = layers.Conv2D(classes, 1, activation=tail, name="scores")(both)
    model = keras.Model(image, scores)
    random = np.random.default_rng(4)
    for variable in model.variables:
        variable.assign(random.normal(0.0, 0.5, variable.shape))
    return model


@pytest.fixture(scope="module")
def folder(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models, four pictures of twice their size, and a mask for each: a square of sevens."""
    folder = tmp_path_factory.mktemp("zones")
    unet(keras, (*SIZE, 3), 3, "softmax").save(folder / "fixed.keras")
    unet(keras, (None, None, 3), 3, "softmax").save(folder / "any.keras")
    unet(keras, (*SIZE, 3), 1, "sigmoid").save(folder / "two.keras")
    random = np.random.default_rng(2)
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    for i in range(4):
        cells = random.integers(0, 256, (4, 6, 3), np.uint8)
        picture = Image.fromarray(np.kron(cells, np.ones((8, 8, 1), np.uint8)))
        picture.save(folder / "photos" / f"p{i}.png")
        mask = np.zeros((32, 48), np.uint8)
        mask[6:20, 10 + i : 31] = 7
        mask[28:, :] = 3
        Image.fromarray(mask).save(folder / "masks" / f"p{i}.png")
    return folder


def inputs(folder: Path) -> Array:
    """Return the pictures as the models see them: pixels averaged two by two, over 255."""
    found = [
        np.asarray(Image.open(path).resize(SIZE[::-1], Image.Resampling.BILINEAR), np.float32)
        for path in sorted((folder / "photos").glob("*.png"))
    ]
    return np.stack(found) / np.float32(255)


def by_hand(
    model: Any, x: Array, zone: Array, of: Callable[[Any], Any]
) -> tuple[Array, float, float]:
    """Return the map, and the scores at the ends, of the mean of `of(outputs)` over a zone."""
    import tensorflow as tf

    nodes, weights = np.polynomial.legendre.leggauss(_STEPS)

    alphas = np.concatenate([(1 + nodes) / 2, [1.0, 0.0]])
    points = tf.constant(np.multiply.outer(alphas, x).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(points)
        scores = tf.reduce_sum(of(model(points, training=False)) * zone, (1, 2)) / zone.sum()
    gradients = tape.gradient(scores, points).numpy()[:_STEPS]
    total = np.tensordot(weights / 2, gradients, 1)
    return total * x, float(scores[-2]), float(scores[-1])


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def maps_of(out: Path) -> Array:
    with h5py.File(out / "attributions.h5") as file:
        maps: Array = file["attributions"][:]
    return maps


def explained(igcli: Igcli, out: Path, model: Path, photos: Path, *more: str) -> Result:
    result = igcli("run", model, photos, "-o", out, *_METHOD, *_UNSCALED, *more)
    assert result.exit_code == 0, result.output
    return result


def assert_by_hand(
    out: Path, model: Any, x: Array, zones: list[Array], of: Callable[[int], Callable[[Any], Any]]
) -> None:
    maps = maps_of(out)
    for row, own, found, zone in zip(rows_of(out), x, maps, zones, strict=True):
        wanted, score, start = by_hand(model, own, zone.astype(np.float32), of(int(row["target"])))
        assert np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()
        assert float(row["score"]) == pytest.approx(score, rel=1e-5)
        assert float(row["baseline_score"]) == pytest.approx(start, rel=1e-5)
        assert abs(float(row["delta"])) <= 1e-4 * abs(score - start)


def channel(target: int) -> Callable[[Any], Any]:
    return lambda outputs: outputs[..., target]


@pytest.mark.parametrize("name", ["fixed", "any"])
@pytest.mark.parametrize("target", ["predicted", "1", "1@predicted"])
def test_a_zone_where_a_class_is_predicted_is_a_tape_s(
    igcli: Igcli, keras: Any, folder: Path, tmp_path: Path, name: str, target: str
) -> None:
    model = keras.saving.load_model(folder / f"{name}.keras")
    size = ("--image-size", "16x24") if name == "any" else ()
    path, photos = folder / f"{name}.keras", folder / "photos"
    result = explained(igcli, tmp_path / "out", path, photos, "--target", target, *size)
    assert "over the zone where it is predicted, of 16 × 24 places" in result.stdout
    x = inputs(folder)
    predicted = np.asarray(model(x, training=False)).argmax(axis=-1)
    targets = [int(row["target"]) for row in rows_of(tmp_path / "out")]
    if target == "predicted":
        assert targets == [int(np.bincount(own.ravel()).argmax()) for own in predicted]
    else:
        assert targets == [1] * 4
    zones = [own == one for own, one in zip(predicted, targets, strict=True)]
    assert_by_hand(tmp_path / "out", model, x, zones, channel)
    names = {row["target_name"] for row in rows_of(tmp_path / "out")}
    assert names == {"@predicted"}


def test_masks_and_boxes_weigh_places_by_what_they_cover(
    igcli: Igcli, keras: Any, folder: Path, tmp_path: Path
) -> None:
    model, x = keras.saving.load_model(folder / "fixed.keras"), inputs(folder)
    path, photos = folder / "fixed.keras", folder / "photos"
    explained(igcli, tmp_path / "m", path, photos, "--target", f"2@{folder / 'masks'}=7")
    zones = []
    for i in range(4):
        zone = np.zeros(SIZE)
        zone[3:10, 5 + -(-i // 2) : 15] = 1.0
        # A place of two pixels' width, of which the mask has one.
        if i % 2:
            zone[3:10, 5 + i // 2] = 0.5
        zone[3:10, 15] = 0.5
        zones.append(zone)
    assert_by_hand(tmp_path / "m", model, x, zones, channel)
    assert {row["target_name"] for row in rows_of(tmp_path / "m")} == {"@masks=7"}
    explained(igcli, tmp_path / "b", path, photos, "--target", "0@8,4,21,16")
    box = np.zeros(SIZE)
    box[2:8, 4:10], box[2:8, 10] = 1.0, 0.5
    assert_by_hand(tmp_path / "b", model, x, [box] * 4, channel)


def test_a_mask_is_turned_as_its_picture_is(igcli: Igcli, folder: Path, tmp_path: Path) -> None:
    """A picture that lies on its side, and its mask as it lies, are as both upright."""
    for name in ("upright", "turned", "masks", "turned_masks"):
        (tmp_path / name).mkdir()
    picture, mask = Image.open(folder / "photos/p1.png"), Image.open(folder / "masks/p1.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "upright/p.png")
    mask.save(tmp_path / "masks/p.png")
    # To be turned by a quarter to the right.
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned/p.png", exif=exif)
    mask.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned_masks/p.png")
    for photos, masks in (("upright", "masks"), ("turned", "turned_masks")):
        target = ("--target", f"1@{tmp_path / masks}")
        out = tmp_path / f"out_{photos}"
        explained(igcli, out, folder / "fixed.keras", tmp_path / photos, *target)
    one, other = maps_of(tmp_path / "out_upright"), maps_of(tmp_path / "out_turned")
    np.testing.assert_allclose(one, other, atol=1e-6 * np.abs(one).max())


@pytest.mark.parametrize(
    ("scores", "target"), [("as-is", "1"), ("as-is", "0"), ("logit", "1"), ("logit", "0")]
)
def test_one_sigmoid_at_each_place_stands_for_two_classes(
    igcli: Igcli, keras: Any, folder: Path, tmp_path: Path, scores: str, target: str
) -> None:
    import tensorflow as tf

    model, x = keras.saving.load_model(folder / "two.keras"), inputs(folder)
    path, photos = folder / "two.keras", folder / "photos"
    chosen = ("--target", f"{target}@predicted", "--scores", scores)
    result = igcli("run", path, photos, "-o", tmp_path / "out", *_METHOD, *_UNSCALED, *chosen)
    second = np.asarray(model(x, training=False))[..., 0] > 0.5
    zones = [own == (target == "1") for own in second]
    lost = [f"p{i}.png" for i, zone in enumerate(zones) if not zone.any()]
    rows = rows_of(tmp_path / "out")
    assert [row["id"] for row in rows if row["status"] == "failed"] == lost
    assert result.exit_code == (3 if lost else 0)

    def of(target: int) -> Callable[[Any], Any]:
        def own(outputs: Any) -> Any:
            p = outputs[..., 0]
            if scores == "logit":
                z = tf.math.log(p) - tf.math.log(1 - p)
                return z if target else -z
            return p if target else 1 - p

        return own

    maps = maps_of(tmp_path / "out")
    for row, own, found, zone in zip(rows, x, maps, zones, strict=True):
        if row["status"] == "ok":
            wanted = by_hand(model, own, zone.astype(np.float32), of(int(target)))[0]
            assert np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()


def test_the_largest_zones_are_the_top_ones(igcli: Igcli, folder: Path, tmp_path: Path) -> None:
    path, photos = folder / "fixed.keras", folder / "photos"
    igcli("run", path, photos, "-o", tmp_path / "top", *_METHOD, *_UNSCALED, "--target", "top:3")
    rows = rows_of(tmp_path / "top")
    assert [row["id"] for row in rows[:3]] == ["p0.png@top1", "p0.png@top2", "p0.png@top3"]
    for one in range(0, 12, 3):
        assert {row["target"] for row in rows[one : one + 3]} <= {"0", "1", "2"}
    lost = [row for row in rows if row["status"] == "failed"]
    assert all("is predicted nowhere" in row["message"] for row in lost)


def test_a_place_is_explained_as_before(igcli: Igcli, folder: Path, tmp_path: Path) -> None:
    path, photos = folder / "fixed.keras", folder / "photos"
    result = explained(igcli, tmp_path / "out", path, photos, "--target", "3,5,2")
    assert "zone" not in result.stdout
    assert {row["target"] for row in rows_of(tmp_path / "out")} == {str((3 * 24 + 5) * 3 + 2)}
    assert {row["target_name"] for row in rows_of(tmp_path / "out")} == {"3,5,2"}


@pytest.mark.slow
def test_batches_and_the_adaptive_method_change_no_zone(
    igcli: Igcli, folder: Path, tmp_path: Path
) -> None:
    path, photos = folder / "fixed.keras", folder / "photos"
    for size in ("1", "64"):
        explained(igcli, tmp_path / size, path, photos, "--batch-size", size)
    one, other = maps_of(tmp_path / "1"), maps_of(tmp_path / "64")
    np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(one).max())
    igcli("run", path, photos, "-o", tmp_path / "a", *_UNSCALED, "--tolerance", "0.001")
    for found, wanted in zip(maps_of(tmp_path / "a"), one, strict=True):
        assert np.abs(found - wanted).sum() <= 0.002 * np.abs(wanted).sum()
    assert igcli("verify", tmp_path / "a", path, photos).exit_code == 0


def test_zones_are_stored_and_outlined(igcli: Igcli, folder: Path, tmp_path: Path) -> None:
    out, path, photos = tmp_path / "out", folder / "fixed.keras", folder / "photos"
    target = ("--target", f"2@{folder / 'masks'}=7")
    assert igcli("run", path, photos, "-o", out, *_UNSCALED, *target).exit_code == 0
    with h5py.File(out / "attributions.h5") as file:
        zones = file["zones"][:]
    assert zones.shape == (4, *SIZE) and zones.dtype == np.uint8
    assert zones[0, 5, 10] == 255 and zones[0, 5, 15] == 128 and zones[0, 0].max() == 0
    before = (out / "overlays/p0.png").read_bytes()
    assert igcli("render", out).exit_code == 0
    assert (out / "overlays/p0.png").read_bytes() == before
    # 14 times as large: the zone's upper edge is at row 42, black inside and white around.
    drawn = np.asarray(Image.open(out / "overlays/p0.png").convert("RGB"))
    assert drawn[42, 140].tolist() == [0, 0, 0] and drawn[41, 140].tolist() == [255, 255, 255]
    assert igcli("report", out).exit_code == 0


@pytest.mark.slow
def test_other_masks_are_another_run(igcli: Igcli, folder: Path, tmp_path: Path) -> None:
    import shutil

    masks, out = tmp_path / "masks", tmp_path / "out"
    shutil.copytree(folder / "masks", masks)
    command = ("run", folder / "fixed.keras", folder / "photos", "-o", out, *_METHOD, *_UNSCALED)
    target = ("--target", f"2@{masks}")
    assert igcli(*command, *target).exit_code == 0
    assert igcli(*command, *target, "--resume").exit_code == 0
    Image.fromarray(np.ones((32, 48), np.uint8)).save(masks / "p0.png")
    result = igcli(*command, *target, "--resume")
    assert result.exit_code == 2 and "--target is" in result.stderr


@pytest.mark.slow
def test_a_zone_that_is_nowhere_is_told(igcli: Igcli, folder: Path, tmp_path: Path) -> None:
    command = ("run", folder / "fixed.keras", folder / "photos", "-o", tmp_path / "o", *_UNSCALED)
    refused = {
        "5@predicted": "out of range",
        "1@nowhere": "'nowhere' is no box and no folder",
        "predicted@1,1,5,5": "which class is explained",
        "1@5,5,5,9": "is empty",
        "top:4": "top:K with K from 1 to 3",
    }
    for target, said in refused.items():
        result = igcli(*command, "--target", target)
        assert result.exit_code == 2 and said in result.stderr, result.stderr
    result = igcli(*command, "--target", "1@100,100,120,120", "--overwrite")
    assert result.exit_code == 3
    assert "lies outside of what the model sees" in rows_of(tmp_path / "o")[0]["message"]
    (tmp_path / "few").mkdir()
    Image.open(folder / "masks/p0.png").save(tmp_path / "few/p0.png")
    result = igcli(*command, "--target", f"1@{tmp_path / 'few'}", "--overwrite")
    assert result.exit_code == 3 and "3 of 4 inputs have no mask" in result.stderr


@pytest.mark.slow
def test_where_judges_zones(igcli: Igcli, folder: Path, tmp_path: Path) -> None:
    path, photos = folder / "fixed.keras", folder / "photos"
    explained(igcli, tmp_path / "all", path, photos, "--target", "1@0,0,48,32")
    scores = sorted(float(row["score"]) for row in rows_of(tmp_path / "all"))
    limit = 0.5 * (scores[1] + scores[2])
    chosen = ("--target", "1@0,0,48,32", "--where", f"score>{limit}")
    explained(igcli, tmp_path / "some", path, photos, *chosen)
    assert sorted(float(row["score"]) for row in rows_of(tmp_path / "some")) == scores[2:]


def test_inspect_tells_of_places(igcli: Igcli, folder: Path) -> None:
    for name in ("fixed", "any"):
        facts = json.loads(igcli("inspect", folder / f"{name}.keras", "--json").stdout)
        assert facts["outputs"][0]["by_place"] is True
        assert [layer["name"] for layer in facts["layers"] if "last_conv" in layer] == ["both"]


@pytest.mark.slow
def test_workers_agree_on_zones(igcli: Igcli, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    path, photos = folder / "fixed.keras", folder / "photos"
    target = ("--target", f"2@{folder / 'masks'}=7")
    explained(igcli, tmp_path / "here", path, photos, *target)
    workers = ("--executor", "ray", "--workers", "2", "--cpus-per-worker", "1")
    explained(igcli, tmp_path / "ray", path, photos, *target, *workers)
    np.testing.assert_allclose(maps_of(tmp_path / "ray"), maps_of(tmp_path / "here"), atol=1e-6)
