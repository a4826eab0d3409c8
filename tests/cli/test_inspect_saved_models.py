"""`igcli inspect` of SavedModels: signatures, random numbers and integers that are pixels."""

from pathlib import Path
from typing import Any

from tests.system.tape_maps import Igcli, Network, image, save_signature


def lines(igcli: Igcli, model: Path, *options: str) -> list[str]:
    result = igcli("inspect", model, *options)
    assert result.exit_code == 0, result.output
    found: list[str] = result.stdout.splitlines()
    return found


def test_two_signatures(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    network = Network()
    model = save_signature(tmp_path / "m", network, network, sharp=lambda image: network(image) * 2)
    for options, chosen in (((), "serving_default"), (("--signature", "sharp"), "sharp")):
        signatures = [
            line for line in lines(igcli, model, *options) if line.startswith("signature")
        ]
        names = [line.split()[1].rstrip(":") for line in signatures]
        assert {"serving_default", "sharp"} <= set(names)
        explained = [line for line in signatures if line.endswith(", explained")]
        assert [line.split()[1] for line in explained] == [f"{chosen}:"]


def test_a_random_one(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    import tensorflow as tf

    network = Network()
    model = save_signature(
        tmp_path / "m", network, lambda image: network(tf.nn.dropout(image, 0.3))
    )
    [random] = [line for line in lines(igcli, model) if line.startswith("random")]
    assert "dropout/random_uniform (RandomUniform) draws other numbers at each call" in random


def test_pixels_of_bytes(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    import tensorflow as tf

    network = Network()
    model = save_signature(
        tmp_path / "m",
        network,
        lambda image: network(tf.cast(image, tf.float32) / 255.0),
        image(dtype="uint8"),
    )
    [line] = [line for line in lines(igcli, model) if line.startswith("input")]
    assert "8 × 8 × 3, uint8" in line and "pixels of 0 to 255" in line
