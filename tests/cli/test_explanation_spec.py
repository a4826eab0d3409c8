"""`igcli run --config explanation-spec.json`: specs after Vertex AI's public reference."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from igcli.cli.vertex.drawn import render_command
from igcli.cli.vertex.translate import Translated, read_spec
from igcli.common.errors import ConfigError
from tests.system.tape_maps import Network, arrays, integrated, save_signature

Igcli = Callable[..., Result]
# As REST has it.
SMOOTH = {
    "parameters": {
        "topK": 2,
        "integratedGradientsAttribution": {
            "stepCount": 50,
            "smoothGradConfig": {"noiseSigma": 0.1, "noisySampleCount": 5},
        },
    },
    "metadata": {
        "inputs": {
            "image": {
                "inputTensorName": "image:0",
                "modality": "image",
                "inputBaselines": [0.25],
                "visualization": {"type": "PIXELS", "polarity": "BOTH"},
            }
        },
        "outputs": {"scores": {"indexDisplayNameMapping": ["cat", "dog", "bird"]}},
    },
}
# As the Python library has it.
XRAI = {
    "explanation_spec": {
        "parameters": {
            "xrai_attribution": {"step_count": 30, "blur_baseline_config": {"max_blur_sigma": 2}},
            "output_indices": [[1]],
        },
        "metadata": {
            "inputs": {"photo": {"modality": "image", "visualization": {"type_": "OUTLINES"}}},
            "outputs": {"scores": {}},
        },
    }
}
SEVERAL = {
    "parameters": {"integratedGradientsAttribution": {"stepCount": 20}},
    "metadata": {
        "inputs": {
            "first": {"inputTensorName": "a", "inputBaselines": [[1.0, 0.0, 1.0, 0.0]]},
            "second": {"inputTensorName": "b", "inputBaselines": [0.5, 2.0], "groupName": "g"},
        },
        "outputs": {"total": {"outputTensorName": "sum:0"}},
    },
}


def written(folder: Path, spec: Any) -> Path:
    path = folder / "explanation-spec.json"
    path.write_text(spec if isinstance(spec, str) else json.dumps(spec))
    return path


def translated(folder: Path, spec: Any) -> Translated:
    return read_spec(written(folder, spec))


def with_method(**parameters: Any) -> dict[str, Any]:
    return {"parameters": {"integratedGradientsAttribution": {"stepCount": 5}, **parameters}}


def with_input(**of: Any) -> dict[str, Any]:
    return {**with_method(), "metadata": {"inputs": {"x": of}}}


def became(found: Translated) -> dict[str, str]:
    return {line.key: line.became for line in found.lines}


def test_gradients_with_smoothgrad(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    network = Network()
    model = save_signature(tmp_path / "m", network, network)
    spec, out = written(tmp_path, SMOOTH), tmp_path / "out"
    result = igcli(
        "run", model, arrays(tmp_path), "-o", out, "--config", spec, "--tolerance", 0.001
    )
    assert result.exit_code == 0, result.output
    for told in (
        "stepCount 50 → --tolerance 0.05 (the default) (overridden by --tolerance on the",
        "smoothGradConfig → not done: gradients are NOT averaged over 5 noisy copies (sigma 0.1)",
        "topK → --target top:2:",
        "image.visualization → igcli render OUT --style heat --sign all --cmap PiYG "
        "--window 62:99.9:",
    ):
        assert told in result.stderr
    notes = json.loads((out / "run.json").read_text())["notes"]
    assert sum(" → " in note["note"] for note in notes) == 9
    rows = pd.read_csv(out / "results.csv")
    assert len(rows) == 6 and set(rows.target_name) <= {"cat", "dog", "bird"}
    with h5py.File(out / "attributions.h5") as file:
        maps = file["attributions"][:]
    x = np.load(arrays(tmp_path))
    # The tape's is of the first score.
    wanted, _ = integrated(network, x, 0.25)
    first = rows.index[rows.target == 0]
    for row in first:
        place = row // 2
        error = np.abs(maps[row] - wanted[place]).sum() / np.abs(wanted[place]).sum()
        assert error < 0.001
    assert len(first)


def test_xrai(keras: Any, igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path) -> None:
    spec = written(tmp_path, XRAI)
    fixed = ("--method", "gausslegendre", "--steps", 30)
    result = igcli("run", small_model, photos, "-o", tmp_path / "out", "--config", spec, *fixed)
    assert result.exit_code == 0, result.output
    assert "30 → --tolerance 0.05 (the default) (overridden by --method on" in result.stderr
    assert "parameters.xraiAttribution → the default method: Integrated" in result.stderr
    assert "photo.visualization → igcli regions OUT:" in result.stderr
    settings = json.loads((tmp_path / "out" / "run.json").read_text())["config"]
    assert settings["baseline"] == ["blur:2"] and settings["target"] == "1"


def test_several_inputs(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    """Σ a·b: of a straight path the maps are (a − a₀)(b + b₀)/2 and (b − b₀)(a + a₀)/2."""
    layers = keras.layers
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    both = layers.Multiply(name="both")([a, b])
    total = layers.Dense(1, use_bias=False, kernel_initializer="ones", name="sum")(both)
    keras.Model([a, b], total).save(tmp_path / "product.keras")
    random = np.random.default_rng(3)
    x, y = (random.uniform(0.5, 2.0, (3, 4)).astype(np.float32) for _ in range(2))
    np.savez(tmp_path / "ab.npz", a=x, b=y)
    spec, out = written(tmp_path, SEVERAL), tmp_path / "out"
    result = igcli("run", tmp_path / "product.keras", tmp_path / "ab.npz", "-o", out,
                   "--config", spec)  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "the maps from all 2 are averaged" in result.stderr
    # The maps are linear in the baselines: their mean is that of the mean of ½ and 2.
    x0, y0 = np.array([1.0, 0.0, 1.0, 0.0]), 1.25
    with h5py.File(out / "attributions.h5") as file:
        maps = file["attributions"]
        np.testing.assert_allclose(maps["a"][:], (x - x0) * (y + y0) / 2, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(maps["b"][:], (y - y0) * (x + x0) / 2, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"parameter": {}}, "parameter"),
        (
            {"parameters": {"integratedGradientsAttribution": {"stepCont": 5}}},
            "parameters.integratedGradientsAttribution.stepCont",
        ),
        (
            {"parameters": {"xrai_attribution": {"smooth_grad_config": {"sigma": 1}}}},
            "parameters.xraiAttribution.smoothGradConfig.sigma",
        ),
        (with_input(visualization={"clip": 1}), "metadata.inputs.x.visualization.clip"),
        (
            {**with_method(), "metadata": {"outputs": {"y": {"name": "n"}}}},
            "metadata.outputs.y.name",
        ),
    ],
)
def test_unknown_keys_are_errors_by_name(spec: Any, path: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"has an unknown key '{path}'"):
        translated(tmp_path, spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"parameters": {"sampledShapleyAttribution": {"pathCount": 10}}},
         r"parameters\.sampledShapleyAttribution can't be followed"),
        ({"parameters": {"examples": {"neighborCount": 10}}}, r"parameters\.examples can't be"),
        (with_input(encodedTensorName="t"), r"inputs\.x\.encodedTensorName can't be"),
        (with_input(indexFeatureMapping=["a"]), r"inputs\.x\.indexFeatureMapping can't be"),
        (with_input(encoding="INDICATOR"), r"inputs\.x\.encoding can't be"),
        (with_input(encoding="OTHER"), r"inputs\.x\.encoding is 'OTHER'"),
        (with_input(modality=["image"]), r"inputs\.x\.modality is \['image'\]"),
        (with_input(inputBaselines=0), r"inputs\.x\.inputBaselines is 0"),
        (with_input(inputBaselines=["zero"]), r"inputBaselines is no number"),
        (with_input(inputBaselines=[[1, [2]]]), r"inputBaselines is no number"),
        (with_input(inputTensorName=3), r"inputs\.x\.inputTensorName is 3"),
        ({"parameters": {"integratedGradientsAttribution": {"stepCount": 0}}}, r"stepCount is 0"),
        ({"parameters": {"integratedGradientsAttribution": {"stepCount": 101}}}, "Count is 101"),
        ({"parameters": {"integratedGradientsAttribution": {"stepCount": 5.5}}}, "Count is 5.5"),
        ({"parameters": {"integratedGradientsAttribution": {"stepCount": True}}}, "stepCount is T"),
        ({"parameters": {"integratedGradientsAttribution": {"stepCount": 5, "step_count": 5}}},
         "stepCount' twice"),
        ({"parameters": {"integratedGradientsAttribution": 5}}, "Attribution is 5"),
        ({"parameters": {}}, "parameters has no method"),
        (with_method(xraiAttribution={}), "has integratedGradientsAttribution and xrai"),
        (with_method(topK=-1), "topK is -1"),
        (with_method(outputIndices=[0, 2]), r"outputIndices is \[0, 2\], not one class"),
        ({"inputs": {}, "outputs": {}, "framework": "tensorflow"}, "explanation metadata alone"),
        ([], r"the document is \[\]"),
        ("{\n 'a': 1}", "is not JSON: .*line 2"),
    ],
)  # fmt: skip
def test_what_is_refused(spec: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        translated(tmp_path, spec)


def test_refusals_are_wrong_usage(igcli: Igcli, tmp_path: Path) -> None:
    spec = written(tmp_path, {"parameters": {"sampledShapleyAttribution": {"pathCount": 10}}})
    result = igcli("run", "m.keras", "photos", "-o", tmp_path / "out", "--config", spec)
    assert result.exit_code == 2 and not (tmp_path / "out").exists()
    assert "sampledShapleyAttribution can't be followed" in result.stderr


def test_limits_that_are_allowed(tmp_path: Path) -> None:
    for steps in (1, 100):
        spec = {"parameters": {"integratedGradientsAttribution": {"stepCount": steps}}}
        key = f"parameters.integratedGradientsAttribution.stepCount {steps}"
        assert became(translated(tmp_path, spec))[key] == "--tolerance 0.05 (the default)"


def test_one_class(tmp_path: Path) -> None:
    for indices in (3, [3], [[3]]):
        found = translated(tmp_path, with_method(outputIndices=indices, topK=4))
        assert found.settings["target"] == "3"
        assert became(found)["parameters.topK"] == "not used"


def test_baselines_are_files_that_stay_the_same(tmp_path: Path) -> None:
    spec = with_input(inputBaselines=[[0.5, 1.5]])
    first, second = (translated(tmp_path, spec).settings["baseline"] for _ in range(2))
    assert first == second
    np.testing.assert_array_equal(np.load(first[0]), [0.5, 1.5])
    other = translated(tmp_path, with_input(inputBaselines=[[0.5, 2.5]]))
    assert other.settings["baseline"] != first


def test_no_key_is_passed_over(tmp_path: Path) -> None:
    for spec in (SMOOTH, XRAI, SEVERAL):
        lines = translated(tmp_path, spec).lines
        assert all(line.became and line.why for line in lines)
    of = {"featureValueDomain": {"minValue": 0}, "encoding": "IDENTITY", "groupName": "g"}
    found = became(translated(tmp_path, with_input(**of)))
    assert {f"metadata.inputs.x.{key}" for key in of} <= set(found)


@pytest.mark.parametrize(
    ("visualization", "command"),
    [
        ({}, "--style outlines --sign positive --window 62:99.9"),
        (
            {"type": "PIXELS", "colorMap": "VIRIDIS", "overlayType": "GRAYSCALE"},
            "--style overlay --sign positive --cmap viridis --window 62:99.9",
        ),
        (
            {"type": "PIXELS", "polarity": "NEGATIVE", "colorMap": "RED", "overlayType": "NONE",
             "clipPercentLowerbound": 10, "clipPercentUpperbound": 95.5},
            "--style heat --sign negative --cmap Reds --window 10:95.5",
        ),
        ({"overlayType": "MASK_BLACK"}, "--style mask --sign positive --window 62:99.9"),
        ({"overlayType": "MASK_BLACK", "polarity": "BOTH"},
         "--style mask --sign absolute --window 62:99.9"),
    ],
)  # fmt: skip
def test_pictures(visualization: dict[str, Any], command: str) -> None:
    assert render_command(visualization) == f"igcli render OUT {command}"


@pytest.mark.slow
def test_one_number_is_the_baseline_of_all_values(
    keras: Any, igcli: Igcli, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    """Pixels are brought to 0 to 1, where white is 1."""
    np.save(tmp_path / "one.npy", 1.0)
    sums = []
    for out, baseline in (("a", tmp_path / "one.npy"), ("b", "white"), ("c", "black")):
        result = igcli("run", small_model, photos, "-o", tmp_path / out, "--baseline", baseline,
                       "--preprocess", "unit", "--limit", 2, "--no-overlays")  # fmt: skip
        assert result.exit_code == 0, result.output
        sums.append(pd.read_csv(tmp_path / out / "results.csv").attribution_sum.to_numpy())
    np.testing.assert_allclose(sums[0], sums[1], rtol=1e-6)
    assert not np.allclose(sums[0], sums[2], rtol=1e-2)
