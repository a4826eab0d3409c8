"""A layer's map of places: found by --layer last-conv, and drawn over the picture."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from igcli.common.register import Register

Igcli = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, photos: Path, small_model: Path) -> Path:
    """A run of the small model's convolution, whose map has 6 × 6 places of 8 × 8 pixels."""
    from click.testing import CliRunner

    from igcli.cli.main import cli

    out = tmp_path_factory.mktemp("last_conv") / "out"
    command = ["run", str(small_model), str(photos), "-o", str(out), "--layer", "last-conv"]
    result = CliRunner().invoke(cli, [*command, "--preprocess", "unit"])
    assert result.exit_code == 0, result.output
    assert "--layer last-conv is conv" in result.stderr
    assert "overlays" in result.stdout
    return out


def test_the_layer_is_named_and_its_cells_are_placed(folder: Path) -> None:
    settled = json.loads((folder / "run.json").read_text())["settled"]
    assert settled["explained"] == {"conv": [6, 6, 4]}
    assert settled["pictured"] == "conv"
    # A window of 3 without padding: its first centre is the second pixel's.
    assert settled["register"] == {"starts": [1.5, 1.5], "steps": [1.0, 1.0], "followed": True}


def test_the_picture_is_the_map_in_register(folder: Path, igcli: Igcli, tmp_path: Path) -> None:
    with h5py.File(folder / "attributions.h5") as file:
        maps, images = file["attributions"][:], file["images"][:]
    assert maps.shape == (6, 6, 6, 4) and images.shape == (6, 8, 8, 3)
    command = ("render", folder, "0/photo-0.png", "--style", "heat", "--no-caption")
    assert igcli(*command, "--size", "224", "-o", tmp_path / "a.png").exit_code == 0
    drawn = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    plane = Register((1.5, 1.5), (1.0, 1.0)).spread(maps[0].sum(axis=2), (8, 8))
    # Green where it speaks for the class, red where against it.
    greener = drawn[15 : 15 + 224 : 28, 15 : 15 + 224 : 28, 1] - drawn[15:239:28, 15:239:28, 0]
    assert (np.sign(greener) == np.sign(plane))[np.abs(plane) > 0.1 * np.abs(plane).max()].all()


def test_render_draws_what_run_drew_and_the_page_has_the_map_s_own_sum(
    folder: Path, igcli: Igcli
) -> None:
    before = (folder / "overlays/0/photo-0.png").read_bytes()
    assert igcli("render", folder).exit_code == 0
    assert (folder / "overlays/0/photo-0.png").read_bytes() == before
    assert igcli("report", folder).exit_code == 0
    assert igcli("render", folder, "--style", "regions").exit_code == 2


def test_regions_of_a_layer_are_refused(
    igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    command = ("run", small_model, photos, "-o", tmp_path / "o", "--layer", "last-conv")
    result = igcli(*command, "--certify", "regions")
    assert result.exit_code == 2 and "its maps are of a layer" in result.stderr


def test_a_model_without_such_a_layer_is_told(
    igcli: Igcli, keras: object, photos: Path, tmp_path: Path
) -> None:
    import keras as k

    k.Sequential([k.Input((4,)), k.layers.Dense(3)]).save(tmp_path / "flat.keras")
    np.save(tmp_path / "x.npy", np.ones((2, 4), np.float32))
    command = ("run", tmp_path / "flat.keras", tmp_path / "x.npy", "-o", tmp_path / "o")
    result = igcli(*command, "--layer", "last-conv")
    assert result.exit_code == 2 and "gives rows and columns" in result.stderr
