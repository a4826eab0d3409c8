"""How long locate, summarize and clusters take, and how much memory, for thousands of images.

Run: ``python -m tests.benchmarks.findings_speed [--densities 10000] [--photos 1000]``. Two run
directories of random maps of 224 × 224 in ten classes are written with the library's own writer,
one of regions alone and one of pixels, with an image file and a box for each.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from igcli.common.explanation import Explanation
from igcli.common.regions import Regions
from igcli.store.kept import stores_to_json
from igcli.store.maps import Maps
from igcli.store.writer import RunWriter
from tests.benchmarks.compare_speed import timed
from tests.comparison.runs import IDENTITY, row

_PART = 64


def write(out: Path, maps: Maps, rows: Iterator[Explanation]) -> None:
    """Write a run directory, part by part."""
    out.mkdir()
    about = {"run": "r", "per_input": 1, "igcli": "0", "identity": IDENTITY}
    settled = {"accuracy": None, "resize": "crop", **stores_to_json(maps, not maps.keeps_pixels)}
    writer = RunWriter(out, maps, {**about, "settled": settled, "model": {}, "versions": {}})
    for i, explanation in enumerate(rows):
        writer.add(replace(explanation, row=i))
        if i % _PART == _PART - 1:
            writer.flush()
    writer.flush()
    writer.pack()
    writer.join(())
    writer.finish("complete", {})


def explanations(images: Path, count: int, maps: Maps) -> Iterator[Explanation]:
    """Yield random maps, with the regions' masses alone where no pixels are kept."""
    random = np.random.default_rng(0)
    for i in range(count):
        path = images / f"{i:05d}.jpg"
        named = {"path": str(path), "target": i % 10, "prediction": i % 10}
        one = row(path.name, None, **named, regions_error=0.02)
        if maps.keeps_pixels:
            values = random.standard_normal(maps.shape, np.float32)
            yield replace(one, attribution=values)
        elif maps.regions is not None:
            masses = random.random((2, *maps.regions.grid), np.float32)
            yield replace(one, attribution=masses, regions=masses)


def main() -> None:
    """Print a line for each run directory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--densities", type=int, default=10_000)
    parser.add_argument("--photos", type=int, default=1_000)
    options = parser.parse_args()
    shape = (224, 224, 3)
    kept = {
        "densities": Maps(shape, regions=Regions(shape, 16), keeps_pixels=False),
        "photos": Maps(shape),
    }
    with tempfile.TemporaryDirectory() as folder:
        images, boxes = Path(folder) / "images", Path(folder) / "boxes.csv"
        images.mkdir()
        Image.new("RGB", (500, 375)).save(images / "00000.jpg")
        photo = (images / "00000.jpg").read_bytes()
        count = max(options.densities, options.photos)
        for i in range(count):
            (images / f"{i:05d}.jpg").write_bytes(photo)
        lines = [f"{i:05d}.jpg,100,50,400,350" for i in range(count)]
        boxes.write_text("\n".join(["id,x1,y1,x2,y2", *lines]))
        for title, maps in kept.items():
            number = getattr(options, title)
            out = Path(folder) / title
            write(out, maps, explanations(images, number, maps))
            for command in (
                ("locate", out, "--boxes", boxes, "--fail-on", "inside.median<0.1"),
                ("summarize", out, "--by", "prediction"),
                ("clusters", out, "--by", "prediction"),
            ):
                said = timed(command)
                print(f"{number} {title:<10} {command[0]:<10} {said}", flush=True)


if __name__ == "__main__":
    main()
