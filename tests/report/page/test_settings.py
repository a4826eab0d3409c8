"""What a run was asked: what run.json tells, in words, and nothing where it tells nothing."""

import json

from igcli.report.page.settings import everything, settings

ABOUT = {
    "igcli": "0.1",
    "model": {"path": "m.h5", "sha256": "abcdef0123456789"},
    "config": {"target": "predicted", "layer": None, "limit": 12345, "shard": [1, 8]},
    "settled": {"method": "adaptive", "explained": {"x": [28, 28, 1]},
                "accuracy": {"tolerance": 0.05, "max_steps": 256}},
    "batching": {"rows": 21700},
    "seconds": 12.0,
    "versions": {"numpy": "2.4"},
    "input_sha256": {"a": "b"},
}  # fmt: skip


def test_settings() -> None:
    found = dict(settings(ABOUT))
    assert found == {
        "model": "m.h5", "its SHA-256": "abcdef012345", "method": "adaptive",
        "what is explained": "x 28 × 28 × 1", "tolerance": "0.05", "steps, most": "256",
        "target": "predicted", "limit": "12345", "shard": "1/8", "gradients taken": "21,700",
        "time over the inputs": "12 s", "igcli": "0.1", "numpy": "2.4",
    }  # fmt: skip


def test_a_run_json_that_tells_nothing() -> None:
    assert settings({}) == [] and settings({"model": 3, "versions": None, "seconds": "?"}) == []


def test_everything_but_the_hashes() -> None:
    assert json.loads(everything(ABOUT)) == {k: v for k, v in ABOUT.items() if k != "input_sha256"}
