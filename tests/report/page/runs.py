"""Small runs for the page, and what a page holds, read back."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from igcli.common.explanation import Explanation, Profile
from tests.comparison.runs import failed, row, write_run

WILD = "</script><img src=x onerror=alert(1)>\"'&\n\u202e.png"
SHAPE = (8, 6, 3)


def profile(steps: int = 5) -> Profile:
    alphas = np.linspace(0.0, 1.0, steps)
    return Profile(alphas, alphas**2, 2.0 + alphas)


def pictured(identity: str, seed: int, **fields: Any) -> Explanation:
    random = np.random.default_rng(seed)
    usual: dict[str, Any] = {
        "attribution": random.standard_normal(SHAPE).astype(np.float32),
        "image": random.integers(0, 256, SHAPE, np.uint8),
        "score": 0.9 - 0.01 * seed, "delta": 0.002 * (-1) ** seed, "relative_delta": 0.0025,
        "attribution_sum": 0.8, "error_estimate": 0.01 + 0.001 * seed, "steps": 9 + 2 * seed,
        "target": seed % 3, "prediction": seed % 3, "target_name": ("cat", "dog", "owl")[seed % 3],
        "prediction_name": ("cat", "dog", "owl")[seed % 3],
    }  # fmt: skip
    return row(identity, **{**usual, **fields})


def mixed_run(out: Path, count: int = 12, packed: bool = True) -> Path:
    """Images that converged, one that did not, one of an infinite estimate, and a failed one."""
    rows = [pictured(f"image-{i}.png", i, profile=profile()) for i in range(count - 4)]
    return write_run(
        out,
        [
            *rows,
            pictured("far.png", 20, converged=False, error_estimate=float("inf")),
            pictured("near.png", 3, converged=False, error_estimate=0.2, prediction=7),
            pictured(WILD, 1, delta=None, relative_delta=None),
            failed("broken <b>.png", message="not an <i>image</i>"),
        ],
        part_rows=5,
        packed=packed,
    )


def judged_run(out: Path, **about: Any) -> Path:
    """Four images of known classes, one predicted wrong, and one of an unknown class."""
    truths: list[dict[str, Any]] = [
        {"truth": 0, "truth_name": "cat", "correct": True},
        {"truth": 2, "truth_name": "owl", "correct": False},
        {"truth": 2, "truth_name": "owl", "correct": True},
        {"truth": 0, "truth_name": "cat", "correct": True},
        {},
    ]
    rows = [
        pictured(f"image-{i}.png", i, further=(("site", f"<{i}>"),), **truth)
        for i, truth in enumerate(truths)
    ]
    write_run(out, rows)
    path = out / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **about}))
    return out


def block(page: str, identity: str) -> str:
    """Return what a script element of JSON holds."""
    pattern = rf'<script type="application/json" id="{identity}">(.*?)</script>'
    (found,) = re.findall(pattern, page, re.S)
    return str(found)


def table_of(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(block(page, "rows"))
    return found


def lines_of(page: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in block(page, "seen").split("\n")[1:]]
