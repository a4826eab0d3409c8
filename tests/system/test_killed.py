"""Real runs that are killed, stopped, run out of disk or lose it: nothing is lost but time."""

import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from igcli.store.manifest import read_manifest
from tests.system.forking import Server, server, until

# Each takes some seconds; CI asks for more.
KILLS = int(os.environ.get("IGCLI_TEST_KILLS", "1"))
COUNT = 700


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("output")) as started:
        yield started


@pytest.fixture(scope="module")
def digits(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What explains 700 noisy digits, one of them not a number, in three parts."""
    tens = np.load(root / "sample_data" / "digits.npy").astype(np.float32) / 255
    many = np.tile(tens, (COUNT // len(tens), *[1] * (tens.ndim - 1)))
    many = (many + np.random.default_rng(0).normal(0, 0.05, many.shape)).astype(np.float32)
    many[666] = np.nan
    path = tmp_path_factory.mktemp("digits") / "many.npy"
    np.save(path, many)
    model = root / "sample_data" / "digits.h5"
    settings = "--batch-size 32 --method riemann_middle --steps 6 --no-overlays"
    return ["run", model, path, *settings.split()]


@pytest.fixture(scope="module")
def reference(
    processes: Server, digits: list[object], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same run, never interrupted."""
    out = tmp_path_factory.mktemp("reference") / "out"
    assert processes.start(*digits, "-o", out).wait() == 3
    return out


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems can't be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def files(out: Path) -> dict[str, bytes]:
    """Every file; of those that tell of the time what does not."""
    paths = sorted(path for path in out.rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): timeless(path) for path in paths}


def timeless(path: Path) -> bytes:
    if path.name == "attributions.h5":
        with h5py.File(path) as file:
            ids = "\n".join(file["ids"].asstr()[()])
            maps: bytes = file["attributions"][()].tobytes()
        return ids.encode() + maps
    return b"" if path.name in {"run.json", "manifest.jsonl"} else path.read_bytes()


def parts(out: Path) -> int:
    about = out / "run.json"
    return len(read_manifest(out, json.loads(about.read_text())["run"])) if about.exists() else 0


def assert_honest(out: Path) -> None:
    """What reads as good is good: joined files have every map they tell of."""
    if (out / "attributions.h5").exists():
        with h5py.File(out / "attributions.h5") as file:
            good = np.isfinite(file["attributions"][()]).all(axis=(1, 2, 3))
            assert good.tolist() == [status == "ok" for status in file["status"].asstr()[()]]


def assert_same(out: Path, reference: Path) -> None:
    found, wanted = files(out), files(reference)
    assert sorted(found) == sorted(wanted)
    for name, data in wanted.items():
        assert found[name] == data, name
    about = json.loads((out / "run.json").read_text())
    assert about["status"] == "complete"
    assert about["counts"] == json.loads((reference / "run.json").read_text())["counts"]


@pytest.mark.slow
@pytest.mark.parametrize("overlays", ["--no-overlays", "--overlays"])
def test_killed_at_random_moments_it_ends_as_if_never_interrupted(
    processes: Server, digits: list[object], tmp_path: Path, overlays: str
) -> None:
    command = [*digits, overlays]
    out, reference, moments = tmp_path / "out", tmp_path / "reference", random.Random(6)
    started = time.monotonic()
    assert processes.start(*command, "-o", reference).wait() == 3
    takes = time.monotonic() - started
    kills = 0
    while kills < KILLS:
        run = processes.start(*command, "-o", out, "--resume")
        time.sleep(moments.uniform(0.1, 1.1) * takes)
        run.kill()
        if run.wait() == -signal.SIGKILL:
            kills += 1
            assert_honest(out)
        else:
            assert_same(out, reference)
            shutil.rmtree(out)
    assert processes.start(*command, "-o", out, "--resume").wait() == 3
    assert len(list(out.glob("overlays/*.png"))) == (COUNT - 1) * (overlays == "--overlays")
    assert_same(out, reference)


PACKING = {
    "before the first byte": ("igcli.store.packed.Frame", "copy_to", 1),
    "before the arrays": ("igcli.store.packed.Frame", "fill", 1),
    "amid the arrays": ("igcli.store.packed.Frame", "fill", 30),
    "before the seal": ("igcli.store.packed", "write_seal", 1),
    "before the parts go": ("igcli.store.folder", "remove_parts", 1),
    "once their manifest is gone": ("igcli.store.outdir", "_parts", 1),
    "once they are gone": ("igcli.store.outdir", "remove_temporary", 3),
    "before the table": ("igcli.store.folder", "write_csv", 1),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment",
    [m if m == "amid the arrays" else pytest.param(m, marks=pytest.mark.slow) for m in PACKING],
)
def test_killed_as_it_packs_it_ends_as_if_never_interrupted(
    processes: Server, digits: list[object], reference: Path, tmp_path: Path, moment: str
) -> None:
    out = tmp_path / "out"
    run = processes.start(*digits, "-o", out, killed_at=PACKING[moment])
    assert run.wait() == -signal.SIGKILL
    assert_honest(out)
    assert json.loads((out / "run.json").read_text())["status"] == "running"
    again = processes.start(*digits, "-o", out, "--resume")
    assert again.wait() == 3
    assert f"{COUNT} of them before" in again.stdout
    assert_same(out, reference)


@pytest.mark.slow
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_a_run_in_order_and_the_command_it_names_goes_on(
    processes: Server, digits: list[object], reference: Path, tmp_path: Path, number: int
) -> None:
    out = tmp_path / "an out"
    run = processes.start(*digits, "-o", out)
    until(lambda: parts(out))
    run.kill(number)
    assert run.wait() == 3
    assert "stopping after the batch in hand" in run.stderr and "Traceback" not in run.stderr
    about = json.loads((out / "run.json").read_text())
    kept = about["counts"]["stored"]
    assert about["status"] == "partial" and 0 < kept < COUNT
    assert (
        f"stopped before all {COUNT} were explained, {kept} of them stored in {out}" in run.stderr
    )
    assert (out / "results.csv").read_text().count("\n") == kept + 1
    assert_honest(out)
    cut = f"({kept - 334} in unfinished blocks, which --resume computes again)"
    assert kept == 334 or cut in run.stderr
    command = run.stderr.split("to go on: ")[1].splitlines()[0]
    again = processes.start(*shlex.split(command)[1:])
    assert again.wait() == 3
    assert f"of {COUNT}, 334 of them before" in again.stdout
    assert_same(out, reference)


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once(
    processes: Server, digits: list[object], reference: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = processes.start(*digits, "-o", out)
    until(lambda: parts(out))
    run.kill(signal.SIGINT)
    until(lambda: "stopping after" in run.stderr)
    run.kill(signal.SIGINT)
    assert run.wait() == 3
    assert "Traceback" not in run.stderr
    command = shlex.join(["igcli", *map(str, digits), "-o", str(out), "--resume"])
    assert f"what was stored before is whole\nigcli: to go on: {command}\n" in run.stderr
    assert_honest(out)
    assert processes.start(*digits, "-o", out, "--resume").wait() == 3
    assert_same(out, reference)


@pytest.mark.slow
def test_a_full_disk_stops_the_run_and_more_of_it_finishes_it(
    processes: Server, digits: list[object], reference: Path, small_disk: Path
) -> None:
    out = small_disk / "out"
    run = processes.start(*digits, "-o", out)
    assert run.wait() == 3
    assert "igcli: note: the arrays take " in run.stderr
    assert f"stopped before all {COUNT} were explained" in run.stderr
    assert "No space left on device" in run.stderr and "Traceback" not in run.stderr
    assert "to go on: igcli run" in run.stderr
    assert_honest(out)
    assert not list(out.rglob(".*.tmp"))
    again = processes.start(*digits, "-o", out, "--resume")
    assert again.wait() in {2, 3} and "No space left" in again.stderr
    assert_honest(out)
    remount(small_disk, "size=100m")
    assert processes.start(*digits, "-o", out, "--resume").wait() == 3
    assert_same(out, reference)


@pytest.mark.slow
def test_a_disk_with_no_room_to_pack_keeps_the_parts_and_more_of_it_packs_them(
    processes: Server, digits: list[object], reference: Path, small_disk: Path
) -> None:
    remount(small_disk, "size=6m")
    out = small_disk / "out"
    run = processes.start(*digits, "-o", out)
    assert run.wait() == 3
    assert "attributions.h5 will need the parts beside it" in run.stderr
    assert f"{out}/attributions.h5 can't be read without {out}/parts beside it: " in run.stderr
    assert f"{out}/attributions.h5, {out}/parts" in run.stdout
    about = json.loads((out / "run.json").read_text())
    assert about["status"] == "complete" and about["parts_kept"].startswith("packing needs ")
    assert_honest(out)
    remount(small_disk, "size=100m")
    again = processes.start(*digits, "-o", out, "--resume")
    assert again.wait() == 3 and "can't be read without" not in again.stderr
    assert_same(out, reference)


@pytest.mark.slow
def test_an_output_that_turns_read_only_stops_the_run(
    processes: Server, digits: list[object], reference: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = processes.start(*digits, "-o", out)
    until(lambda: parts(out))
    folders = [out, *(path for path in out.iterdir() if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    assert run.wait() == 3
    assert "Permission denied" in run.stderr and "Traceback" not in run.stderr
    assert_honest(out)
    refused = processes.start(*digits, "-o", out, "--resume")
    assert refused.wait() == 2
    assert "can't be written" in refused.stderr
    for folder in folders:
        folder.chmod(0o755)
    assert processes.start(*digits, "-o", out, "--resume").wait() == 3
    assert_same(out, reference)


@pytest.mark.slow
def test_an_output_that_is_removed_stops_the_run_and_is_not_made_again(
    processes: Server, digits: list[object], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = processes.start(*digits, "-o", out)
    until(lambda: parts(out))
    out.rename(tmp_path / "elsewhere")
    assert run.wait() == 3
    assert "has vanished" in run.stderr and "Traceback" not in run.stderr
    assert not out.exists()


@pytest.mark.slow
def test_two_runs_into_one_folder(
    processes: Server, digits: list[object], reference: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = processes.start(*digits, "-o", out)
    until(lambda: parts(out))
    for flag in ("--overwrite", "--resume"):
        second = processes.start(*digits, "-o", out, flag)
        assert second.wait() == 2
        assert f"is being written: by process {first.pid} on " in second.stderr
    assert first.wait() == 3
    assert_same(out, reference)


@pytest.mark.slow
def test_an_input_that_is_cut_short_fails_by_name(
    processes: Server, digits: list[object], tmp_path: Path
) -> None:
    path = tmp_path / "cut.npy"
    shutil.copy(str(digits[2]), path)
    out = tmp_path / "out"
    run = processes.start(*digits[:2], path, *digits[3:], "-o", out)
    until(lambda: parts(out))
    os.truncate(path, 200_000)
    assert run.wait() == 3
    about = json.loads((out / "run.json").read_text())
    assert about["counts"]["ok"] + about["counts"]["failed"] == COUNT
    assert about["counts"]["failed"] > 30 and "was cut short" in run.stderr
