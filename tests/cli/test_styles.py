"""`run --style` and `render` of photos: what is drawn where, also where no pixels are kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.common.png import drawn_with


@pytest.fixture(scope="module")
def model(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution and a softmax over three classes, 64×64 RGB, random weights."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((64, 64, 3), name="image")
    x = keras.layers.Conv2D(4, 9, strides=5, activation="softplus")(inputs)
    x = keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling2D()(x))
    path = tmp_path_factory.mktemp("model") / "m.keras"
    keras.Model(inputs, x).save(path)
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos of 96 × 48, in sub-folders 0 and 1, which are their classes."""
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(7)
    for i in range(2):
        (folder / str(i)).mkdir()
        path = folder / str(i) / "p.png"
        Image.fromarray(random.integers(0, 256, (48, 96, 3), np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def run(model: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from click.testing import CliRunner

    from igcli.cli.main import cli

    out = tmp_path_factory.mktemp("run") / "out"
    flags = ["--truth", "folder", "--target", "truth"]
    result = CliRunner().invoke(cli, ["run", str(model), str(photos), "-o", str(out), *flags])
    assert result.exit_code == 0, result.output
    return out


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.png")}


def test_a_photo_is_drawn_beside_its_heat_in_its_own_aspect(run: Path) -> None:
    found = drawn_with(run / "overlays" / "0" / "p.png")
    assert found is not None
    assert (found["style"], found["sign"], found["cmap"]) == ("photo", "absolute", "inferno")
    with Image.open(run / "overlays" / "0" / "p.png") as picture:
        # Two of 448 × 224, as 96 is to 48, the gap, and the frame.
        assert picture.width == 2 * 448 + 8 + 2 and picture.height > 224


def test_it_is_drawn_again_byte_for_byte(igcli: Any, run: Path, tmp_path: Path) -> None:
    again = igcli("render", run, "-o", tmp_path / "again")
    assert again.exit_code == 0, again.output
    assert "(photo, sign absolute, channels by sum)" in again.stdout
    assert files(tmp_path / "again") == files(run / "overlays")


@pytest.mark.slow
@pytest.mark.parametrize("style", ["overlay", "heat", "regions", "outlines"])
def test_a_run_draws_what_its_style_says(
    igcli: Any, model: Path, photos: Path, run: Path, tmp_path: Path, style: str
) -> None:
    out = tmp_path / "out"
    flags = ("--truth", "folder", "--target", "truth", "--style", style)
    assert igcli("run", model, photos, "-o", out, *flags).exit_code == 0
    drawn = files(out / "overlays")
    assert drawn.keys() == files(run / "overlays").keys() and drawn != files(run / "overlays")
    assert json.loads((out / "run.json").read_text())["config"]["style"] == style
    assert igcli("render", out).exit_code == 0
    assert files(out / "overlays") == drawn
    # Maps are the same: the run goes on in another style, and missing pictures have that.
    (out / "overlays" / "1" / "p.png").unlink()
    result = igcli("run", model, photos, "-o", out, *flags[:-1], "auto", "--resume")
    assert result.exit_code == 0, result.output
    now = files(out / "overlays")
    assert now["0/p.png"] == drawn["0/p.png"]
    assert now["1/p.png"] == files(run / "overlays")["1/p.png"]


@pytest.mark.slow
def test_where_regions_alone_are_kept_the_photo_is_read_again(
    igcli: Any, model: Path, photos: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "photos"
    moved.mkdir()
    (moved / "p.png").write_bytes((photos / "0" / "p.png").read_bytes())
    out = tmp_path / "out"
    assert igcli("run", model, moved, "-o", out, "--store", "regions").exit_code == 0
    drawn = files(out / "overlays")
    assert igcli("render", out).exit_code == 0
    assert files(out / "overlays") == drawn
    (moved / "p.png").write_bytes((photos / "1" / "p.png").read_bytes())
    changed = igcli("render", out)
    assert changed.exit_code == 2 and "it is not what it was" in changed.stderr
    (moved / "p.png").unlink()
    assert "can't be read" in igcli("render", out).stderr
    assert igcli("render", out, "--style", "regions").exit_code == 0


def test_where_the_photo_is_gone_it_has_the_models_aspect(
    igcli: Any, run: Path, photos: Path, tmp_path: Path
) -> None:
    away = photos / "0" / "p.png"
    away.rename(photos / "0" / "q.png")
    try:
        assert igcli("render", run, "0/p.png", "-o", tmp_path / "p.png").exit_code == 0
    finally:
        (photos / "0" / "q.png").rename(away)
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.width == 2 * 224 + 8 + 2


@pytest.mark.parametrize(
    ("flags", "drawn"),
    [
        (("--where", "class=1"), {"1/p.png"}),
        (("--count", 1), {"0/p.png"}),
        (("--order", "score", "-n", 2), {"0/p.png", "1/p.png"}),
    ],
)
def test_what_is_drawn_is_chosen(
    igcli: Any, run: Path, tmp_path: Path, flags: tuple[Any, ...], drawn: set[str]
) -> None:
    assert igcli("render", run, *flags, "-o", tmp_path).exit_code == 0
    assert files(tmp_path).keys() == drawn


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--window", "50"), "not LOW:HIGH"),
        (("--window", "90:50"), "--window 90:50 is no window"),
        (("--window", "nan:50"), "is no window"),
        (("--window", "0:101"), "--window 0:101 is no window"),
        (("--style", "regions", "--window", "5:95"), "--window has no meaning for --style regions"),
        (("--window", "5:95", "--clip", 3), "--clip has no meaning with --window"),
        (("--style", "outlines", "--clip", 3), "--clip has no meaning for --style outlines"),
        (("--style", "photo", "--reduce", "max"), "--reduce max has no meaning for --style photo"),
        (("--where", "class=9"), "no explanation is left by --where class=9"),
    ],
)
def test_what_means_nothing_is_refused_by_name(
    igcli: Any, run: Path, tmp_path: Path, flags: tuple[Any, ...], said: str
) -> None:
    result = igcli("render", run, *flags, "-o", tmp_path / "x")
    assert result.exit_code == 2 and said in result.stderr and not (tmp_path / "x").exists()
