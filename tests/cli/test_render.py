"""`igcli render` on real runs: the run's own pictures again, other ones, and its exit codes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def run(small_model: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photos, explained once; tests that write into it work on copies."""
    from click.testing import CliRunner

    from igcli.cli.main import cli

    out = tmp_path_factory.mktemp("run") / "out"
    result = CliRunner().invoke(cli, ["run", str(small_model), str(photos), "-o", str(out)])
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture
def out(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "out"))


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.png")}


@pytest.mark.slow
def test_a_run_is_drawn_again_byte_for_byte(igcli: Any, out: Path) -> None:
    drawn = files(out)
    assert len(drawn) == 6
    (out / "overlays" / "0" / "photo-1.png").unlink()
    (out / "overlays" / "2" / "photo-3.png").write_bytes(b"cut")
    result = igcli("render", out)
    assert result.exit_code == 0, result.output
    assert files(out) == drawn
    assert result.stdout.splitlines()[0] == "drew       6 of 6 (overlay, sign all, channels by sum)"
    assert result.stdout.splitlines()[2] == f"files      {out / 'overlays'} (5 replaced)"
    assert result.stderr == ""


def test_a_run_without_overlays_gets_them_later(
    igcli: Any, run: Path, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "bare"
    assert igcli("run", small_model, photos, "-o", out, "--no-overlays").exit_code == 0
    assert igcli("render", out).exit_code == 0
    assert files(out) == files(run)


def test_neither_model_nor_tensorflow_is_needed(out: Path) -> None:
    code = (
        "import sys\nfrom igcli.cli.main import cli\n"
        f"cli(['render', {str(out)!r}, '--style', 'tutorial'], standalone_mode=False)\n"
        "print('MODULES', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split("MODULES")[1].split()}
    assert not {"tensorflow", "keras", "matplotlib", "scipy"} & loaded
    assert len(list((out / "figures" / "tutorial").rglob("*.png"))) == 6


@pytest.mark.parametrize(
    ("options", "look"),
    [
        ("--style heat", {"style": "heat", "cmap": "red-white-green", "alpha": None}),
        ("--sign positive", {"sign": "positive", "cmap": "Greens"}),
        ("--reduce l2", {"reduce": "l2", "sign": "absolute"}),
        ("--cmap coolwarm", {"cmap": "coolwarm"}),
        ("--clip 7.5", {"clip": 7.5}),
        ("--alpha 0.25", {"alpha": 0.25}),
        ("--scale run", {"scale": "run"}),
        ("--scale 0.125", {"scale": 0.125}),
        ("--size 64", {"size": 64}),
        ("--no-caption", {"caption": False}),
    ],
)
def test_every_option_reaches_the_picture(
    igcli: Any, run: Path, tmp_path: Path, options: str, look: dict[str, Any]
) -> None:
    to = tmp_path / "one.png"
    result = igcli("render", run, "0/photo-0.png", *options.split(), "-o", to, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["drawn"] == 1 and said["files"] == str(to) and said["failed"] == []
    with Image.open(to) as picture, Image.open(run / "overlays/0/photo-0.png") as usual:
        settings = json.loads(picture.info["igcli"])
        assert picture.size != usual.size or (np.asarray(picture) != np.asarray(usual)).any()
    assert {name: settings[name] for name in look} == look
    assert {name: said["look"][name] for name in look} == look
    assert said["full_colour_at"] == [settings["full_colour_at"]] * 2


def test_some_ids_go_to_a_sheet_or_a_folder(igcli: Any, out: Path, tmp_path: Path) -> None:
    ids, sheet = ["2/*", "0/photo-0.png"], tmp_path / "sheet.png"
    result = igcli("render", out, *ids, "--style", "panel", "-o", sheet)
    assert result.exit_code == 0 and "drew       4 of 4 (panel" in result.stdout
    assert sheet.exists()
    result = igcli("render", out, "2/*", "--style", "side-by-side", "--to", tmp_path / "new")
    assert result.exit_code == 0
    assert set(files(tmp_path / "new")) == {f"2/photo-{i}.png" for i in (3, 4, 5)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["0/photo-9.png"], "no ID in"),
        (["--style", "panel", "--sign", "negative"], "--sign negative has no meaning for --style"),
        (["--style", "none"], "'none' is not one of"),
        (["--scale", "all"], "'all' is none of image, shown, run, auto or a number"),
        (["--scale", "-1"], "--scale -1 is no scale"),
        (["--clip", "100"], "100.0 is not in the range 0<=x<100"),
        (["--size", "0"], "0 is not in the range"),
        (["--alpha", "2"], "2.0 is not in the range"),
        (["--size", "16384"], "would be too large"),
        (["-o", "all.png"], "one file for 6 pictures"),
    ],
)
def test_wrong_usage_exits_with_2_and_draws_nothing(
    igcli: Any, run: Path, arguments: list[str], said: str
) -> None:
    before = files(run)
    result = igcli("render", run, *arguments)
    assert result.exit_code == 2 and said in result.stderr
    assert "to fix this: " in result.stderr and len(result.stderr.splitlines()) <= 3
    assert files(run) == before and result.stdout == ""


def test_others_files_stay_unless_told(igcli: Any, run: Path, tmp_path: Path) -> None:
    to = tmp_path / "mine.png"
    Image.new("L", (1, 1)).save(to)
    result = igcli("render", run, "0/photo-1.png", "-o", to)
    assert result.exit_code == 2 and "replace it with --overwrite" in result.stderr
    assert igcli("render", run, "0/photo-1.png", "-o", to, "--overwrite").exit_code == 0


@pytest.mark.slow
def test_failed_images_are_named_and_exit_with_3(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(photos, tmp_path / "photos"))
    (folder / "0" / "photo-1.png").write_bytes(b"no image")
    out = tmp_path / "out"
    assert igcli("run", small_model, folder, "-o", out).exit_code == 3
    result = igcli("render", out, "--style", "heat")
    assert result.exit_code == 3 and "igcli: not drawn: 0/photo-1.png: " in result.stderr
    assert "drew       5 of 6" in result.stdout and len(files(out / "figures")) == 5
    said = json.loads(igcli("render", out, "--json").stdout)
    assert [failed["id"] for failed in said["failed"]] == ["0/photo-1.png"]


def test_an_unfinished_run_exits_with_3(igcli: Any, out: Path) -> None:
    about = out / "run.json"
    about.write_text(about.read_text().replace('"complete"', '"partial"'))
    result = igcli("render", out)
    assert result.exit_code == 3 and "its run.json says partial" in result.stderr


def test_several_classes_float_arrays_and_random_baselines(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    top = tmp_path / "top"
    settings = ["--target", "top:2", "--baseline", "uniform", "--limit", 2]
    assert igcli("run", small_model, photos, "-o", top, *settings).exit_code == 0
    result = igcli("render", top, "0/photo-0.png", "--style", "tutorial")
    assert result.exit_code == 0 and "drew       2 of 2" in result.stdout and not result.stderr
    names = {f"0/photo-0@top{k}.png" for k in (1, 2)}
    assert set(files(top / "figures" / "tutorial")) == names
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((2, 8, 8, 3), np.float32))
    floats = tmp_path / "floats"
    assert igcli("run", small_model, tmp_path / "x.npy", "-o", floats).exit_code == 0
    result = igcli("render", floats, "--style", "tutorial")
    assert result.exit_code == 0
    assert result.stderr == (
        "igcli: note: the baseline zeros is not stored: its frame stays empty\n"
    )


@pytest.mark.slow
def test_a_run_of_a_layer_is_drawn_over_its_photos(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = igcli("run", small_model, photos, "-o", out, "--layer", "conv", "--limit", 1)
    assert result.exit_code == 0, result.output
    assert igcli("render", out).exit_code == 0
    assert len([*(out / "overlays").rglob("*.png")]) == 1


@pytest.mark.parametrize("flag", ["--clip", "--alpha", "--scale"])
def test_nan_is_no_number(igcli: Any, out: Path, flag: str) -> None:
    result = igcli("render", out, flag, "nan")
    assert result.exit_code == 2 and "nan" in result.stderr and flag in result.stderr


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("fig.pdf", "pictures are PNG files only"),
        ("file", "file is a file"),
        ("file/x.png", "file"),
    ],
)
def test_where_no_picture_can_be(
    igcli: Any, out: Path, tmp_path: Path, to: str, words: str
) -> None:
    (tmp_path / "file").write_text("mine")
    result = igcli("render", out, "0/photo-0.png", "-o", tmp_path / to)
    assert result.exit_code == 2 and words in result.stderr and "to fix this" in result.stderr
    assert not (tmp_path / "fig.pdf").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--style", "heat", "--cmap", "gray"), "zero is no neutral colour"),
        (("--sign", "absolute", "--cmap", "PiYG"), "in the colours of positive attributions"),
    ],
)
def test_colours_that_may_be_misread_are_told(
    igcli: Any, out: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    result = igcli("render", out, "0/photo-0.png", *options, "-o", tmp_path / "figures")
    assert result.exit_code == 0 and words in result.stderr
    assert len(files(tmp_path / "figures")) == 1


def test_letters_that_can_not_be_drawn_are_told(
    igcli: Any, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "labels.txt").write_text("猫\n犬\n鳥\n", encoding="utf-8")
    arguments = ["run", small_model, photos, "-o", tmp_path / "o", "--limit", 1, "--no-overlays"]
    assert igcli(*arguments, "--labels", tmp_path / "labels.txt").exit_code == 0
    result = igcli("render", tmp_path / "o")
    assert result.exit_code == 0 and "plain Latin letters only" in result.stderr
    assert igcli("render", tmp_path / "o", "--no-caption").stderr == ""
