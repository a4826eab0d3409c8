"""PAIR's XRAI on given images and maps: run by `tests.benchmarks.xrai` where saliency is installed.

Run: ``python xrai_peer.py GIVEN.npz FOUND.npz``: `images` uint8 and `maps`, one for each; what it
makes of them with its full and its fast algorithm, and the seconds of the processor it took.
"""

import sys
import time
from typing import Any

import numpy as np


def main() -> None:
    """Write what it makes of the images and maps."""
    from saliency.core import XRAI, XRAIParameters  # type: ignore[import-not-found,unused-ignore]

    found: dict[str, Any] = {}
    with np.load(sys.argv[1]) as given:
        images, maps = given["images"], given["maps"]
    for algorithm in ("full", "fast"):
        planes, seconds = [], []
        for image, values in zip(images, maps, strict=True):
            begin = time.process_time()
            parameters = XRAIParameters(algorithm=algorithm)
            planes.append(
                XRAI().GetMask(image, None, base_attribution=values, extra_parameters=parameters)
            )
            seconds.append(time.process_time() - begin)
        found |= {algorithm: np.stack(planes), f"{algorithm}_seconds": np.array(seconds)}
    np.savez(sys.argv[2], **found)


if __name__ == "__main__":
    main()
