"""Pictures of science through the whole command: right maps, and pictures of them."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from tests.inputs.readers.files import png16, tiff

Igcli = Any
FAST = ("--method", "riemann_middle", "--steps", "2", "--target", "0", "--overwrite")


def linear(keras: Any, path: Path, shape: tuple[int, ...], weights: Array) -> Path:
    """A model of two classes whose map is known: weights times inputs."""
    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    columns = np.stack([weights.ravel(), np.zeros(weights.size)], axis=1)
    model.set_weights([columns.astype("float32"), np.zeros(2, "float32")])
    model.save(path)
    return path


def stored(out: Path, name: str) -> Array:
    with h5py.File(out / "attributions.h5") as file:
        found: Array = file[name][()]
    return found


@pytest.fixture(scope="module")
def weights() -> Array:
    return np.random.default_rng(5).normal(size=(12, 14, 10))


@pytest.fixture(scope="module")
def ten_bands(keras: Any, tmp_path_factory: pytest.TempPathFactory, weights: Array) -> Path:
    return linear(keras, tmp_path_factory.mktemp("m") / "ten.keras", weights.shape, weights)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Array]:
    """Two scenes of ten bands, 12 bits in 16, as TIFF."""
    folder = tmp_path_factory.mktemp("scenes")
    numbers = np.random.default_rng(1).integers(0, 4096, (2, 12, 14, 10)).astype(np.uint16)
    for i, scene in enumerate(numbers):
        (folder / f"s{i}.tif").write_bytes(tiff(scene, compression="deflate", predictor=2))
    return folder, numbers


@pytest.mark.slow
def test_a_tiff_of_ten_bands_has_its_map_and_pictures(
    igcli: Igcli, ten_bands: Path, scenes: tuple[Path, Array], weights: Array, tmp_path: Path
) -> None:
    folder, numbers = scenes
    out = tmp_path / "out"
    result = igcli("run", ten_bands, folder, "-o", out, *FAST, "--bit-depth", 12)
    assert result.exit_code == 0 and result.stderr == "", result.output
    pixels = numbers / 4095
    np.testing.assert_allclose(stored(out, "attributions"), pixels * weights, atol=1e-6)
    mean = np.rint(255 * pixels.mean(axis=3, keepdims=True))
    np.testing.assert_allclose(stored(out, "images"), mean, atol=1)
    assert len(list((out / "overlays").glob("*.png"))) == 2
    for style in ("overlay", "heat", "mask", "alpha", "side-by-side", "panel", "tutorial"):
        assert igcli("render", out, "--style", style).exit_code == 0
    assert igcli("report", out).exit_code == 0
    page = tmp_path / "page.html"
    assert igcli("compare", out, out, "--html", page).exit_code == 0 and page.exists()
    assert igcli("verify", out, ten_bands, folder).exit_code == 0


@pytest.mark.slow
def test_bands_choose_the_photo(
    igcli: Igcli, ten_bands: Path, scenes: tuple[Path, Array], tmp_path: Path
) -> None:
    folder, numbers = scenes
    out = tmp_path / "out"
    flags = (*FAST, "--bit-depth", 12, "--bands", "4,3,2")
    assert igcli("run", ten_bands, folder, "-o", out, *flags).exit_code == 0
    rgb = numbers[..., [3, 2, 1]] * (255 / 4095)
    np.testing.assert_allclose(stored(out, "images"), rgb, atol=1)
    assert igcli("report", out).exit_code == 0
    refused = igcli("run", ten_bands, folder, "-o", out, *FAST, "--bands", "11,3,2")
    assert refused.exit_code == 2 and "there is no band 11" in refused.stderr
    # What is shown changes no map.
    plain = tmp_path / "plain"
    assert igcli("run", ten_bands, folder, "-o", plain, *FAST, "--bit-depth", 12).exit_code == 0
    assert igcli("compare", plain, out).exit_code == 0
    other = igcli("compare", plain, out, "--force")
    assert other.exit_code == 0 and other.stderr == ""


@pytest.mark.slow
def test_an_array_of_two_channels_has_pictures(igcli: Igcli, keras: Any, tmp_path: Path) -> None:
    weights = np.random.default_rng(2).normal(size=(9, 9, 2))
    model = linear(keras, tmp_path / "two.keras", weights.shape, weights)
    x = np.random.default_rng(3).uniform(size=(2, 9, 9, 2)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    result = igcli("run", model, tmp_path / "x.npy", "-o", tmp_path / "out", *FAST)
    assert result.exit_code == 0, result.output
    np.testing.assert_allclose(
        stored(tmp_path / "out", "attributions"), x * weights, rtol=1e-4, atol=1e-6
    )
    assert stored(tmp_path / "out", "images").shape == (2, 9, 9, 1)
    assert len(list((tmp_path / "out" / "overlays").glob("*.png"))) == 2


@pytest.mark.slow
def test_twelve_bits_in_sixteen_are_read_as_bright_as_they_are(
    igcli: Igcli, keras: Any, tmp_path: Path
) -> None:
    weights = np.random.default_rng(4).normal(size=(8, 8, 1))
    model = linear(keras, tmp_path / "grey.keras", weights.shape, weights)
    numbers = np.random.default_rng(5).integers(0, 4096, (8, 8)).astype(np.uint16)
    (tmp_path / "told").mkdir()
    (tmp_path / "untold").mkdir()
    (tmp_path / "told" / "a.png").write_bytes(png16(numbers, sbit=12))
    Image.fromarray(numbers).save(tmp_path / "untold" / "a.png")
    arguments = ("-o", tmp_path / "out", *FAST)
    assert igcli("run", model, tmp_path / "told", *arguments).stderr == ""
    bright = numbers[..., None] / 4095 * weights
    np.testing.assert_allclose(stored(tmp_path / "out", "attributions")[0], bright, atol=1e-6)
    dark = igcli("run", model, tmp_path / "untold", *arguments)
    assert "very likely wrong: the image's largest 16-bit number is" in dark.stderr
    assert igcli("run", model, tmp_path / "untold", *arguments, "--bit-depth", 12).stderr == ""
    np.testing.assert_allclose(stored(tmp_path / "out", "attributions")[0], bright, atol=1e-6)
    config = json.loads((tmp_path / "out" / "run.json").read_text())["config"]
    assert config["bit_depth"] == 12 and config["bands"] is None
