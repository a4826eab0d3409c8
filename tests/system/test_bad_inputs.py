"""What `igcli run` makes of bad inputs: each fails by name, and costs no other input anything."""

import csv
import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pytest
from click.testing import CliRunner, Result

from igcli.attribution.gradient_model import GradientModel
from igcli.cli.main import cli
from igcli.common.arrays import Array
from igcli.common.model_settings import ModelSettings
from igcli.inputs.readers.registry import list_inputs
from igcli.inputs.readers.source import Listing, printable
from igcli.models.open import open_model
from tests.system.bad_files import (
    AMONG_GOOD_ONES,
    EXPLODED,
    FLAT,
    GOOD,
    ODD_BUT_GOOD,
    UNUSABLE,
    archive,
)

Igcli = Callable[..., Result]

GOOD_IDS = [f"{letter}.png" for letter in "aejosz"]
SECONDS = 100
BYTES = 2 * 2**30
# Runs igcli as a program, and says last how much memory it took.
PROGRAM = """
import atexit, sys
from igcli.cli.main import main
from igcli.common.machine import peak_memory
atexit.register(lambda: print(peak_memory(), file=sys.stderr))
main()
"""


class Run(NamedTuple):
    """A finished run: what it returned, said and wrote, its rows and maps by id."""

    exit_code: int
    stderr: str
    rows: dict[str, dict[str, str]]
    maps: dict[str, Array]
    images: dict[str, Array]


def finished(out: Path, exit_code: int, stderr: str) -> Run:
    with (out / "results.csv").open(newline="", encoding="utf-8") as text:
        rows = {row["id"]: row for row in csv.DictReader(text)}
    with h5py.File(out / "attributions.h5") as file:
        maps = dict(zip(file["ids"].asstr()[()], file["attributions"][()], strict=True))
        images = dict(zip(maps, file["images"][()], strict=True)) if "images" in file else {}
    return Run(exit_code, stderr, rows, maps, images)


def shortened(name: str) -> str:
    return name[:40]


def run(out: Path, *arguments: object) -> Run:
    result = CliRunner().invoke(cli, ["run", *map(str, arguments), "-o", str(out)])
    return finished(out, result.exit_code, result.stderr)


def assert_failed(run: Run, identity: str, says: str) -> None:
    """One input failed alone: a row with the reason, a map of NaN, no score."""
    row = run.rows[identity]
    assert row["status"] == "failed" and says in row["message"]
    assert not row["attribution_sum"] and not row["delta"]
    assert np.isnan(run.maps[identity]).all()


def assert_explained(run: Run, identity: str) -> None:
    row = run.rows[identity]
    assert (row["status"], row["message"], row["converged"]) == ("ok", "", "True")
    assert np.isfinite(run.maps[identity]).all()


def assert_alike(run: Run, alone: Run) -> None:
    """The inputs of a run have the maps that they have among others."""
    for identity, expected in alone.maps.items():
        assert_explained(run, identity)
        np.testing.assert_allclose(run.maps[identity], expected, rtol=1e-4, atol=1e-7)


# Images among good ones: all in one folder, explained once, by a process of its own.


def usable_here(name: str) -> bool:
    """Root may read every file."""
    return name != "locked.png" or os.geteuid() != 0


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    for i, identity in enumerate(GOOD_IDS):
        FLAT.point([min(255, v + 5 * i) for v in range(256)] * 3).save(folder / identity)
    return folder


@pytest.fixture(scope="module")
def alone(small_model: Path, good: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The good images, without bad ones."""
    return run(tmp_path_factory.mktemp("out"), small_model, good)


@pytest.fixture(scope="module")
def among(small_model: Path, good: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The good images, and every bad one among them."""
    folder, out = tmp_path_factory.mktemp("among"), tmp_path_factory.mktemp("out")
    for identity in GOOD_IDS:
        (folder / identity).write_bytes((good / identity).read_bytes())
    for name, bad in AMONG_GOOD_ONES.items():
        if usable_here(name):
            bad.make(folder / name)
    command = [sys.executable, "-c", PROGRAM, "run", str(small_model), str(folder), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    return finished(out, done.returncode, done.stderr)


@pytest.mark.parametrize("name", AMONG_GOOD_ONES, ids=shortened)
def test_a_bad_image_fails_by_name(among: Run, name: str) -> None:
    if not usable_here(name):
        pytest.skip("root may read every file")
    assert_failed(among, printable(name), AMONG_GOOD_ONES[name].says)


@pytest.mark.slow
def test_good_images_among_bad_ones_are_explained_as_if_alone(among: Run, alone: Run) -> None:
    assert alone.exit_code == 0 and list(alone.rows) == GOOD_IDS
    assert_alike(among, alone)
    assert len(among.rows) == len(GOOD_IDS) + sum(map(usable_here, AMONG_GOOD_ONES))


def test_bad_images_are_exit_3_a_summary_and_no_traceback(among: Run) -> None:
    assert among.exit_code == 3
    assert "Traceback" not in among.stderr and "internal error" not in among.stderr
    assert all(line.isprintable() for line in among.stderr.splitlines())
    said = re.search(r"igcli: and (\d+) more, named in results.csv", among.stderr)
    failed = [row for row in among.rows.values() if row["status"] == "failed"]
    assert said is not None and int(said[1]) == len(failed) - 5


def test_bombs_do_not_take_the_memory_that_they_ask_for(among: Run) -> None:
    assert int(among.stderr.splitlines()[-1]) < BYTES


def test_nothing_is_unpickled_on_the_way(among: Run) -> None:
    folder = Path(among.rows["pickle.png"]["path"]).parent
    assert (folder / "pickle.png").exists() and not (folder / EXPLODED).exists()


# What happens to a file after it was listed.


def _cut(path: Path) -> None:
    os.truncate(path, 60)


def _emptied(path: Path) -> None:
    os.truncate(path, 0)


def _made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _made_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


MEANWHILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "b-removed.png": (Path.unlink, "can't be read: No such file or directory"),
    "f-cut.png": (_cut, "can't be decoded: "),
    "k-emptied.png": (_emptied, "the file is empty"),
    "p-made-a-folder.png": (_made_a_folder, "can't be read: it is no regular file"),
    "zz-made-a-pipe.png": (_made_a_pipe, "can't be read: it is no regular file"),
}
REFUSED = {
    "c-bad-disk.png": (errno.EIO, "can't be read: Input/output error"),
    "l-locked.png": (errno.EACCES, "can't be read: Permission denied"),
    "t-stale.png": (errno.ESTALE, "can't be read: Stale file handle"),
}


def _list_and_spoil(path: Path, exclude: Path) -> Listing:
    listing = list_inputs(path, exclude)
    for name, (spoil, _) in MEANWHILE.items():
        spoil(path / name)
    return listing


_read_bytes = Path.read_bytes


def _read_or_refuse(path: Path) -> bytes:
    if path.name in REFUSED:
        code = REFUSED[path.name][0]
        raise OSError(code, os.strerror(code), str(path))
    return _read_bytes(path)


@pytest.fixture(scope="module")
def spoiled(small_model: Path, good: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Good images, some of which are changed between listing and reading."""
    folder = tmp_path_factory.mktemp("spoiled")
    for name in (*GOOD_IDS, *MEANWHILE, *REFUSED):
        (folder / name).write_bytes((good / "a.png").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("igcli.runs.planning.preflight.list_inputs", _list_and_spoil)
        patch.setattr(Path, "read_bytes", _read_or_refuse)
        return run(tmp_path_factory.mktemp("out"), small_model, folder)


@pytest.mark.parametrize("name", [*MEANWHILE, *REFUSED])
def test_an_image_that_was_good_when_it_was_listed_fails_by_name(spoiled: Run, name: str) -> None:
    assert_failed(spoiled, name, {**MEANWHILE, **REFUSED}[name][1])


def test_the_others_do_not_notice(spoiled: Run) -> None:
    assert spoiled.exit_code == 3
    for identity in GOOD_IDS:
        assert_explained(spoiled, identity)


# Odd, but good.


@pytest.fixture(scope="module")
def odd(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("odd")
    for name, file in ODD_BUT_GOOD.items():
        (folder / name).parent.mkdir(exist_ok=True)
        file.make(folder / name)
    return run(tmp_path_factory.mktemp("out"), small_model, folder)


@pytest.mark.parametrize("name", ODD_BUT_GOOD, ids=shortened)
def test_an_odd_image_is_explained(odd: Run, name: str) -> None:
    assert odd.exit_code == 0, odd.stderr
    identity = printable(name)
    assert_explained(odd, identity)
    shows = ODD_BUT_GOOD[name].shows
    if shows is not None:
        np.testing.assert_allclose(odd.images[identity][4, 4], shows, atol=6)


# INPUTS that can't be used as a whole.


@pytest.fixture(scope="module")
def opened(small_model: Path) -> GradientModel:
    return open_model(small_model, ModelSettings(), lambda message: None)


@pytest.mark.parametrize("name", UNUSABLE, ids=shortened)
def test_unusable_inputs_exit_2_by_name_and_write_nothing(
    igcli: Igcli,
    small_model: Path,
    opened: GradientModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    bad = UNUSABLE[name]
    bad.make(tmp_path / name)
    monkeypatch.setattr("igcli.models.open.open_model", lambda *_: opened)
    result = igcli("run", small_model, tmp_path / name, "-o", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert str(tmp_path / name)[:200] in result.stderr and bad.says in result.stderr
    assert result.stderr.startswith("igcli: ") and "\nto fix this: " in result.stderr
    assert len(result.stderr.splitlines()) <= 3 and "internal error" not in result.stderr
    assert not (tmp_path / "out").exists() and not (tmp_path / EXPLODED).exists()


def test_an_archive_that_unpacks_to_more_than_memory_is_refused_unread(
    igcli: Igcli, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(image=np.zeros((300, 8, 8, 3)))(tmp_path / "bomb.npz")
    monkeypatch.setattr("igcli.inputs.readers.archive.total_memory", lambda: 10**5)
    result = igcli("run", small_model, tmp_path / "bomb.npz", "-o", tmp_path / "out")
    assert result.exit_code == 2 and not (tmp_path / "out").exists()
    assert f"INPUTS {tmp_path}/bomb.npz unpacks to 460928 bytes" in result.stderr


@pytest.fixture(scope="module")
def two_inputs(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    both = keras.layers.Multiply()([left, right])
    model = keras.Model([left, right], keras.layers.Dense(1)(both))
    path = tmp_path_factory.mktemp("two") / "two.keras"
    model.save(path)
    return path


PAIR = np.ones((3, 4), np.float32)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"left": PAIR}, "INPUTS holds only left"),
        ({"left": PAIR, "wrong": PAIR}, "pair.npz has no array 'right'"),
        ({"left": PAIR, "right": PAIR[:, :2]}, "'right' in INPUTS"),
        ({"left": PAIR, "right": PAIR.astype(int)}, "'right' in INPUTS"),
        ({"left": PAIR, "right": PAIR.astype("m8[s]")}, "'right' in INPUTS"),
    ],
    ids=["one only", "another name", "another shape", "integers", "durations"],
)
def test_archives_that_do_not_fit_several_inputs(
    igcli: Igcli, two_inputs: Path, tmp_path: Path, members: dict[str, Array], says: str
) -> None:
    archive(**members)(tmp_path / "pair.npz")
    result = igcli("run", two_inputs, tmp_path / "pair.npz", "-o", tmp_path / "out")
    assert result.exit_code == 2 and says in result.stderr, result.output
    assert not (tmp_path / "out").exists()


# Single rows of arrays.


def _with(number: float) -> Array:
    row: Array = GOOD[0].astype(np.float64)
    row[2, 3, 1] = number
    return row


SCORES = "the model's scores of the input are not finite"
ROWS = {
    "NaN": (_with(np.nan), "not finite in float32, first at [2, 3, 1]"),
    "Inf": (_with(np.inf), "not finite in float32, first at [2, 3, 1]"),
    "-Inf": (_with(-np.inf), "not finite in float32, first at [2, 3, 1]"),
    "1e300": (_with(1e300), "not finite in float32, first at [2, 3, 1]"),
    "-4e38": (_with(-4e38), "not finite in float32, first at [2, 3, 1]"),
    "all of them NaN": (np.full((8, 8, 3), np.nan), "not finite in float32, first at [0, 0, 0]"),
    "all of them 1e300": (np.full((8, 8, 3), 1e300), "not finite in float32, first at [0, 0, 0]"),
    "near the largest float32": (np.full((8, 8, 3), 3e38), SCORES),
}


@pytest.fixture(scope="module")
def rows(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Each bad row between two good ones."""
    path = tmp_path_factory.mktemp("rows") / "rows.npy"
    between = [row for bad, _ in ROWS.values() for row in (GOOD[1], bad)]
    np.save(path, np.stack([*between, GOOD[1]]))
    return run(tmp_path_factory.mktemp("out"), small_model, path)


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_fails_by_name(rows: Run, name: str) -> None:
    place = list(ROWS).index(name)
    assert_failed(rows, f"rows-{2 * place + 1:06d}", ROWS[name][1])


def test_the_rows_beside_bad_ones_are_explained_alike(rows: Run) -> None:
    assert rows.exit_code == 3
    for i in range(0, 2 * len(ROWS) + 1, 2):
        assert_explained(rows, f"rows-{i:06d}")
        np.testing.assert_allclose(rows.maps[f"rows-{i:06d}"], rows.maps["rows-000000"], rtol=1e-4)


def test_a_bad_row_of_one_of_several_inputs_names_the_input(
    igcli: Igcli, two_inputs: Path, tmp_path: Path
) -> None:
    right = PAIR.copy()
    right[1, 2] = np.inf
    np.savez(tmp_path / "pair.npz", left=PAIR, right=right)
    result = igcli("run", two_inputs, tmp_path / "pair.npz", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 3, result.output
    (failure,) = json.loads(result.stdout)["failures"]
    assert failure["id"] == "pair-000001"
    assert "'right' has a number that is not finite in float32, first at [2]" in failure["message"]


def test_an_array_that_is_cut_short_after_it_was_listed_fails_row_by_row(
    igcli: Igcli, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def list_and_cut(path: Path, exclude: Path) -> Listing:
        listing = list_inputs(path, exclude)
        os.truncate(path, 1000)
        return listing

    np.save(tmp_path / "x.npy", GOOD)
    monkeypatch.setattr("igcli.runs.planning.preflight.list_inputs", list_and_cut)
    result = igcli("run", small_model, tmp_path / "x.npy", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 3, result.output
    failures = json.loads(result.stdout)["failures"]
    assert [f["id"] for f in failures] == ["x-000000", "x-000001", "x-000002"]
    assert {f["message"] for f in failures} == {"the file was cut short while it was read"}


# A model that is not finite somewhere on the way, for some inputs only.


def _model(keras: Any, path: Path, of: Callable[[Any], Any]) -> Path:
    inputs = keras.Input((4,), name="numbers")
    mean = keras.ops.mean(inputs, axis=1, keepdims=True)
    keras.Model(inputs, of(mean)).save(path)
    return path


@pytest.fixture(scope="module")
def roots(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """√((h − ½)² − 0.01) of the mean h: no number for h between 0.4 and 0.6."""
    path = tmp_path_factory.mktemp("model") / "roots.keras"
    return _model(keras, path, lambda h: keras.ops.sqrt(keras.ops.square(h - 0.5) - 0.01))


@pytest.fixture(scope="module")
def clipped(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """√max(0, 0.9 − h): 0 beyond 0.9, where the gradient is 0 · ∞."""
    path = tmp_path_factory.mktemp("model") / "clipped.keras"
    return _model(keras, path, lambda h: keras.ops.sqrt(keras.ops.relu(0.9 - h)))


MEANS = np.array([0.3, 1.0, 0.2, 2.0, 0.5, -1.0, 4.0])
AT = "the gradient or score is not finite at alpha = "
ON_THE_WAY = {
    "roots": {1: AT + "0.5", 3: AT + "0.25", 4: SCORES, 6: AT + "0.125"},
    "clipped": {1: AT + "1", 3: AT + "0.5", 6: AT + "0.25"},
}
NINE = ("--method", "riemann_trapezoid", "--steps", "9")


@pytest.fixture(scope="module", params=["adaptive", "riemann_trapezoid"])
def method(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Both see the path at k/8 first."""
    return NINE if request.param == "riemann_trapezoid" else ()


@pytest.mark.parametrize("model", ON_THE_WAY)
def test_inputs_whose_path_leaves_the_numbers_fail_at_the_first_such_alpha(
    request: pytest.FixtureRequest, method: tuple[str, ...], tmp_path: Path, model: str
) -> None:
    np.save(tmp_path / "x.npy", np.repeat(MEANS[:, None], 4, axis=1))
    done = run(tmp_path / "out", request.getfixturevalue(model), tmp_path / "x.npy", *method)
    assert done.exit_code == 3
    bad = ON_THE_WAY[model]
    for i in range(len(MEANS)):
        identity = f"x-{i:06d}"
        if i in bad:
            assert_failed(done, identity, bad[i])
        else:
            assert done.rows[identity]["status"] == "ok" and np.isfinite(done.maps[identity]).all()
