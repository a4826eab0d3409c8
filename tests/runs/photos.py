"""Pictures whose true classes are known, and runs of them by a model of colours."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from igcli.common.config import RunConfig
from igcli.common.explanation import Explanation
from igcli.common.progress import untracked
from igcli.runs.executors.local import run_plan
from igcli.runs.planning.plan import make_plan
from igcli.runs.result import RunResult
from igcli.store.run import open_run
from tests.fakes import Linear

COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 100)}
# The class is the brightest channel.
WEIGHTS = np.tile(np.eye(3), 4)


def photos(tmp_path: Path) -> RunConfig:
    """Make five pictures in folders of colours, one of them in the wrong one; return their run."""
    for name in ("blue/b1", "green/g1", "green/r2", "red/r1", "red/r3"):
        path = tmp_path / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        colour = next(c for c in COLOURS if c[0] == path.name[0])
        Image.new("RGB", (2, 2), COLOURS[colour]).save(path)
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\n")
    return RunConfig(
        Path(__file__),
        tmp_path / "photos",
        tmp_path / "out",
        labels=tmp_path / "labels.txt",
        preprocess="raw",
        overlays=False,
    )


def explain(config: RunConfig, told: list[str] | None = None, **changes: Any) -> RunResult:
    model = Linear((2, 2, 3), WEIGHTS)
    notes = [] if told is None else told
    plan = make_plan(replace(config, **changes), lambda *arguments: model, notes.append)
    return run_plan(plan, untracked)


def rows(out: Path) -> list[Explanation]:
    with open_run(out) as run:
        return run.rows


def listed_photos(tmp_path: Path) -> RunConfig:
    """Make the same, and a list of three of them and one that is gone; return its run."""
    config = photos(tmp_path)
    (tmp_path / "list.csv").write_text(
        "path,id,label,age,kind\n"
        "photos/red/r3.png,third,red,3,0\n"
        "photos/gone.png,gone,blue,,1\n"
        "photos/green/r2.png,second,green,7,0\n"
        "photos/red/r1.png,first,,1,2\n"
    )
    return replace(config, inputs=tmp_path / "list.csv")
