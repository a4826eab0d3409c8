"""What is seen of rows: two explanations of an input have the difference of their maps."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from igcli.report.page.seen import look, open_begun_run
from tests.comparison.runs import row, write_run

SHAPE = (4, 4, 1)


def pair_run(out: Path, target: str) -> Path:
    """Write a run of two inputs for two classes each; the second's prediction is the truth."""
    random = np.random.default_rng(1)
    rows = [
        row(
            f"{name}@{of}",
            random.standard_normal(SHAPE).astype(np.float32),
            image=np.zeros(SHAPE, np.uint8),
            target=target_class,
            prediction=2,
        )
        for name, classes in (("a", (2, 1)), ("b", (2, 2)))
        for of, target_class in zip(("predicted", "truth"), classes, strict=True)
    ]
    write_run(out, [replace(one, row=i) for i, one in enumerate(rows)])
    path = out / "run.json"
    about = json.loads(path.read_text())
    about["per_input"] = 2
    about.setdefault("config", {})["target"] = target
    path.write_text(json.dumps(about))
    return out


def test_the_difference_is_that_of_the_predictions_and_the_truths_map(tmp_path: Path) -> None:
    run = open_begun_run(pair_run(tmp_path / "out", "predicted,truth"))
    seen = list(look(run, [0, 1, 2, 3]))
    maps = [next(iter(one.maps.values())) for one in seen]
    for one in seen[:2]:
        assert list(one.maps) == ["this class", "predicted − truth"]
        assert (one.maps["predicted − truth"] == maps[0] - maps[1]).all()
    # Of one class there is no difference.
    assert [list(one.maps) for one in seen[2:]] == [[""], [""]]


def test_other_targets_have_none(tmp_path: Path) -> None:
    run = open_begun_run(pair_run(tmp_path / "out", "top:2"))
    assert all(list(one.maps) == [""] for one in look(run, [0, 1]))
