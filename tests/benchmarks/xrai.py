"""How far are igcli's regions from PAIR's XRAI, how fast are both, and do errors hold?

Run: ``python -m tests.benchmarks.xrai --cache FOLDER`` (needs the data folder that
`tests/conftest.py` names, and the network once: saliency gets an environment below ``--cache``).

Nine photos are explained with MobileNetV2. PAIR's XRAI is fed each photo and its map, in float64,
and igcli the same. With ``--exact`` each photo is also explained with 600 nodes of Gauss and
Legendre, and it is counted how many areas' values are off from that map's by more than their
errors and bounds, at three tolerances.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.explanation import Explanation
from igcli.findings.segments.area_picture import Drawing
from igcli.findings.segments.areas import MAX, SUM, Estimates, Ranking, reduced
from igcli.findings.segments.one_map import OneMap, rank_areas
from igcli.store.run import StoredRun, open_finished_run
from tests.benchmarks.peer_workers import Environment
from tests.conftest import ROOT, SHARED

XRAI = Environment("xrai", ("saliency==0.2.1", "scikit-image==0.26.*"))
MODEL = SHARED / "data" / "mobilenetv2_imagenet.h5"
EXACT = ("--method", "gausslegendre", "--steps", "600")
RUNS = (("--tolerance", "0.05"), ("--tolerance", "0.15"), ("--certify", "regions"))


def main() -> None:
    """Print a table of the photos, and one of the errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "igcli-peers")
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--photos", type=int, default=9, help="how many, at most")
    parser.add_argument("--no-peer", action="store_true", help="igcli's seconds alone")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        paths = [
            path
            for kind in ("photos", "cats")
            for path in sorted((SHARED / "data" / kind).glob("*.jp*g"))
        ]
        for path in paths[: options.photos]:
            (photos / path.name).symlink_to(path)
        with explained(photos, Path(folder) / "run", RUNS[0]) as run:
            peer = None if options.no_peer else XRAI.python(options.cache)
            agreement(run, peer, Path(folder))
        if options.exact:
            errors(photos, Path(folder))


def explained(photos: Path, out: Path, flags: tuple[str, ...]) -> StoredRun:
    """Explain the photos, and open the run."""
    command = [sys.executable, "-m", "igcli", "run", str(MODEL), str(photos), "-o", str(out)]
    subprocess.run([*command, *flags], check=True, capture_output=True, cwd=ROOT)
    return open_finished_run(out)


def agreement(run: StoredRun, python: Path | None, folder: Path) -> None:
    """Print how far both are from each other on each photo; without the peer, seconds alone."""
    subjects = list(run.pictures(run.rows))
    peers = {} if python is None else asked(python, subjects, folder)
    print("| photo | way | regions | difference / largest value | igcli, s | PAIR, s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for place, (row, values, image) in enumerate(subjects):
        for way in ("full", "fast"):
            begin = time.process_time()
            own = ranked(values.astype(np.float64), image, MAX, way == "fast")
            seconds = time.process_time() - begin
            beside = ["–", "–"]
            if peers:
                theirs = peers[way][place]
                off = np.abs(exact_plane(own) - theirs).max() / np.abs(theirs).max()
                beside = [f"{off:.1e}", f"{peers[f'{way}_seconds'][place]:.2f}"]
            count = len(own.areas)
            print(
                f"| {row.id} | {way} | {count} | {beside[0]} | {seconds:.2f} | {beside[1]} |",
                flush=True,
            )


def asked(
    python: Path, subjects: Sequence[tuple[Explanation, Array, Array]], folder: Path
) -> dict[str, Array]:
    """Return PAIR's planes, and seconds, of maps and photos."""
    given, found = folder / "given.npz", folder / "found.npz"
    maps = np.stack([values.astype(np.float64) for _, values, _ in subjects])
    np.savez(given, images=np.stack([image for _, _, image in subjects]), maps=maps)
    peer = ROOT / "tests" / "benchmarks" / "xrai_peer.py"
    subprocess.run([python, str(peer), str(given), str(found)], check=True, cwd=folder)
    with np.load(found) as peers:
        return {name: peers[name] for name in peers.files}


def ranked(
    values: Array, image: Array, reduce: str, fast: bool, off: Estimates | None = None
) -> Ranking:
    """Return the areas of a map."""
    off = off or Estimates(float("nan"), float("nan"))
    drawing = Drawing("", (), None, None, {})
    return rank_areas(OneMap(values, image, None, off, reduce, fast, drawing))


def exact_plane(own: Ranking) -> Array:
    """Return each pixel's value in double precision."""
    plane: Array = np.array([area.value for area in own.areas])[own.numbers]
    return plane


def errors(photos: Path, folder: Path) -> None:
    """Print how many areas' values are off by more than they say."""
    with explained(photos, folder / "exact", EXACT) as run:
        exact = {row.id: values for row, values, _ in run.pictures(run.rows)}
    print("\n| run | channels | regions | beyond their error | at most | beyond their bound |")
    print("| --- | --- | --- | --- | --- | --- |")
    for number, flags in enumerate(RUNS):
        with explained(photos, folder / f"run{number}", flags) as run:
            for how in (SUM, MAX):
                print(f"| {' '.join(flags)} | {how} | {held(run, exact, how)} |", flush=True)


def held(run: StoredRun, exact: dict[str, Array], how: str) -> str:
    """Return the number of areas, and how many of these are beyond their error and bound."""
    off, bound = [], []
    for row, values, image in run.pictures(run.rows):
        assert row.error_estimate is not None and row.regions_error is not None
        estimates = Estimates(row.error_estimate, row.regions_error)
        own = ranked(values, image, how, False, estimates)
        wanted = reduced(exact[row.id], how)
        for place, area in enumerate(own.areas):
            away = abs(float(wanted[own.numbers == place].mean()) - area.value)
            off.append(away / area.error)
            bound.append(away / area.bound)
    beyond = sum(one > 1.0 for one in off), sum(one > 1.0 for one in bound)
    return f"{len(off)} | {beyond[0]} | {max(off):.2g} times | {beyond[1]}"


if __name__ == "__main__":
    main()
