"""`igcli clusters OUT MODEL INPUTS --test` on a real model that hangs on a planted mark."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SIDE, COUNT = 28, 240


@pytest.mark.slow
def test_a_planted_mark_is_found_and_proved(igcli: Any, keras: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 200, (COUNT, SIDE, SIDE, 1)).astype(np.uint8)
    images[::6, 24:26, 2:4] = 255
    images[[i for i in range(COUNT) if i % 6], 24:26, 2:4] = 20
    np.save(tmp_path / "x.npy", images)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), keras.layers.Flatten(),
         keras.layers.Dense(2, activation="softmax")]
    )  # fmt: skip
    weights = random.normal(0.0, 0.12, (SIDE, SIDE, 2))
    weights[24:26, 2:4, 1] = 1.5
    model.layers[-1].set_weights([weights.reshape(-1, 2), np.zeros(2)])
    model.save(tmp_path / "m.keras")
    out = tmp_path / "out"
    paths = tmp_path / "m.keras", tmp_path / "x.npy"
    assert igcli("run", *paths, "-o", out, "--no-overlays").exit_code == 0
    page = tmp_path / "page.md"
    result = igcli("clusters", out, *paths, "--test", "--json", "--markdown", page)
    assert result.exit_code == 0, result.output
    test = json.loads(result.stdout)["test"]
    assert [place["verdict"] for place in test["places"]] == ["causal"]
    (place,) = test["places"]
    assert place["cells"] == [[12, 1]] and place["target"] == 1
    assert "Does the model need the place?" in page.read_text()
    assert json.loads((out / "clusters" / "causal.json").read_text()) == test
    with (out / "clusters" / "causal.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    own = [line for line in lines if (line["images"], line["edit"]) == ("own", "covered")]
    flips = sum(line["prediction_before"] != line["prediction_after"] for line in own)
    assert (flips, len(own)) == (place["covered"]["place"]["count"], place["covered"]["place"]["n"])
    # All at once finds and proves the same, and the report opens with it.
    found = json.loads(igcli("findings", out, *paths, "--json").stdout)
    assert [one["kind"] for one in found["causal"]] == ["causal"]
    assert found["causal"][0]["text"].endswith(place["in_words"])
    assert found["causal"][0]["bad"] and len(found["causal"][0]["ids"]) == 40
    assert json.loads((out / "findings" / "causal.json").read_text())["places"] == test["places"]
    assert igcli("report", out).exit_code == 0
    assert "What the model hangs on" in (out / "report.html").read_text()
    # Without the model, what was tested before is gone.
    for command in ("findings", "clusters"):
        assert igcli(command, out).exit_code == 0
        assert not (out / command / "causal.json").exists()
    igcli("clusters", out, *paths, "--test")
    (out / "clusters" / "causal.csv").write_text("mine\n")
    assert igcli("clusters", out, *paths, "--test").exit_code == 2
