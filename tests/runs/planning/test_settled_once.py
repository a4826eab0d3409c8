"""What was not given is settled once: before the model is loaded, or with it, and told why."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igcli.attribution.gradient_model import PathRows
from igcli.common.config import RunConfig
from igcli.common.errors import ConfigError, OutputError
from igcli.common.model_spec import InputSpec
from igcli.common.notes import Doubt
from igcli.common.own_scaling import OwnScaling
from igcli.inputs.readers.registry import list_inputs
from igcli.runs.planning.defaults import settle, spelled_out
from igcli.runs.planning.plan import Handover, Plan, make_handover, make_plan, plan_run
from igcli.runs.planning.preflight import make_preflight
from igcli.runs.planning.preprocess_choice import choose_preprocess, settle_preprocess
from igcli.runs.planning.resume_check import EarlierRun
from igcli.runs.run_json import about
from tests.fakes import Linear

SHAPE = (4, 5, 3)


class Scaler(Linear):
    """Has a layer that scales pixels itself, and gradients that are wrong by a tenth."""

    def __init__(self, scaling: str = "", error: float = 0.0) -> None:
        super().__init__(SHAPE, np.ones((2, 60)))
        own = OwnScaling(scaling, 0.0, 1.0, changes=bool(scaling))
        precision = "bfloat16" if error else "float32"
        self.spec = replace(self.spec, own=own, precision=precision)
        self._error = error

    def precision_error(self, rows: PathRows) -> float:
        return self._error


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "photos").mkdir()
    for name in "ab":
        Image.new("RGB", (5, 4), "red").save(tmp_path / "photos" / f"{name}.png")
    np.save(tmp_path / "bytes.npy", np.zeros((3, 4, 5, 3), np.uint8))
    np.save(tmp_path / "floats.npy", np.zeros((3, 4, 5, 3), np.float32))
    np.save(tmp_path / "tokens.npy", np.zeros((3, 7), np.int32))
    np.savez(tmp_path / "several.npz", a=np.zeros((3, 7)), b=np.zeros((3, 4, 5, 3), np.uint8))
    (tmp_path / "m.h5").write_bytes(b"a model")
    return RunConfig(tmp_path / "m.h5", tmp_path / "photos", tmp_path / "out")


def planned(config: RunConfig, model: Linear, notes: list[str] | None = None) -> Plan:
    told = [] if notes is None else notes
    return make_plan(config, lambda *_: model, told.append)


@pytest.mark.parametrize(
    ("inputs", "baseline", "preprocess", "resize"),
    [
        ("photos", ("black",), "auto", "stretch"),
        ("bytes.npy", ("black",), "auto", None),
        ("floats.npy", ("zeros",), None, None),
        ("tokens.npy", ("zeros",), None, None),
        ("several.npz", (), "auto", None),
    ],
)
def test_defaults_depend_on_the_inputs(
    config: RunConfig,
    inputs: str,
    baseline: tuple[str, ...],
    preprocess: str | None,
    resize: str | None,
) -> None:
    asked = replace(config, inputs=config.inputs.parent / inputs)
    listing = list_inputs(asked.inputs, asked.out)
    spelled = spelled_out(asked, listing, settle(asked, listing))
    adaptive = replace(asked, tolerance=0.05, min_steps=9, max_steps=256, steps=None)
    assert spelled == replace(adaptive, baseline=baseline, preprocess=preprocess, resize=resize)
    # Who gives them asks for the same.
    again = replace(spelled, resize=spelled.resize or "stretch")
    assert spelled_out(again, listing, settle(again, listing)) == spelled


def test_an_image_as_baseline_of_an_array_is_resized(config: RunConfig) -> None:
    Image.new("RGB", (5, 16), "red").save(config.inputs.parent / "start.png")
    given = replace(
        config,
        inputs=config.inputs.parent / "bytes.npy",
        baseline=(str(config.inputs.parent / "start.png"),),
    )
    plan = planned(given, Linear(SHAPE, np.ones((2, 60))))
    sample = plan.source.read(plan.names[0])
    # Padded, it would have black at its sides.
    np.testing.assert_array_equal(plan.start.baseline(sample), np.full(SHAPE, (1.0, 0.0, 0.0)))
    assert about(plan)["settled"]["resize"] is None


def test_bytes_are_pixels_until_a_model_takes_integers(config: RunConfig) -> None:
    model = Linear(SHAPE, np.ones((2, 60)))
    integers = InputSpec("x", SHAPE, np.dtype("float32"), declared="int32")
    model.spec = replace(model.spec, input=integers)
    plan = planned(replace(config, inputs=config.inputs.parent / "bytes.npy"), model)
    assert plan.source.space.kind == "integers" and plan.start.name == "zeros"
    # Without the model nobody can tell: that is what makes two runs the same.
    assert plan.preflight.identity["baseline"] == ["black"]


SCALED_TWICE = (
    "the model's 'scale' scales pixels itself (0 to 255 become 0 to 1), after --preprocess unit "
    "has: use --preprocess raw, or auto"
)


@pytest.mark.parametrize(
    ("changes", "scaling", "expected"),
    [
        ({"preprocess": "unit"}, "scale", [SCALED_TWICE]),
        ({}, "scale", []),
        ({"preprocess": "auto"}, "scale", []),
        ({}, "", []),
        ({"preprocess": "raw"}, "scale", []),
        ({"inputs": "floats.npy"}, "scale", []),
    ],
)
def test_pixels_that_are_scaled_twice_are_told(
    config: RunConfig, changes: dict[str, Any], scaling: str, expected: list[str]
) -> None:
    if "inputs" in changes:
        changes = {"inputs": config.inputs.parent / changes["inputs"]}
    notes: list[str] = []
    plan = planned(replace(config, **changes), Scaler(scaling), notes)
    assert notes == expected
    assert plan.preprocessing.name == about(plan)["settled"]["preprocess"]


def test_what_one_process_found_another_takes_over_and_tells_nothing(config: RunConfig) -> None:
    first = planned(config, Scaler("scale", error=0.1))
    notes: list[str] = []
    known = make_preflight(config, notes.append)
    taken = make_handover(first)
    assert taken == Handover(first.model.spec, None, first.calibration)
    # Its own model would find no error.
    plan = plan_run(known, lambda *_: Scaler("scale"), notes.append, taken)
    assert notes == [] and plan.calibration is first.calibration
    assert plan.preprocessing == first.preprocessing and plan.start.name == "black"


def test_baselines_of_all_inputs_are_handed_over(config: RunConfig) -> None:
    first = planned(replace(config, baseline=("mean",)), Scaler())
    assert make_handover(first).start is first.start


def test_rounding_is_put_into_the_method_that_runs(config: RunConfig) -> None:
    plan = planned(config, Scaler(error=0.1))
    assert plan.method.settings()["accuracy"]["rounding"] == 0.1
    asked = plan.preflight.settings.method
    assert asked.settings()["accuracy"]["rounding"] == 1e-6
    assert plan.with_method(asked).method == plan.method
    assert about(plan)["settled"]["accuracy"] == plan.method.settings()["accuracy"]


def test_a_gate_on_an_error_that_rounding_hides_is_refused(config: RunConfig) -> None:
    rule = replace(config, method="riemann_trapezoid", steps=9, fail_on=("error:0.1",))
    assert [gate.text for gate in planned(rule, Scaler()).preflight.gates] == ["error:0.1"]
    with pytest.raises(ConfigError, match="--fail-on error:0.1 can't be used with riemann_trap"):
        planned(rule, Scaler(error=0.1))


def test_a_plan_of_some_inputs_is_calibrated_alike(config: RunConfig, tmp_path: Path) -> None:
    plan = planned(config, Scaler())
    some = plan.of_some(plan.names[1:], tmp_path / "elsewhere")
    assert [name.id for name in some.names] == ["b.png"] and some.preflight.first == 1
    assert some.config == replace(config, out=tmp_path / "elsewhere")
    assert some.calibration is plan.calibration and some.preflight.every == plan.names


@pytest.mark.parametrize(
    ("own", "channels", "expected"),
    [
        (OwnScaling("s", -1.0, 1.0, changes=True, family="MobileNetV2"), 3, "raw"),
        (OwnScaling(family="MobileNetV2"), 3, "symmetric"),
        (OwnScaling("", -1.0, 509.0, changes=True, family="MobileNetV2"), 3, "unit"),
        (OwnScaling(family="ResNet"), 3, "caffe"),
        (OwnScaling(family="DenseNet"), 3, "torch"),
        (OwnScaling(family="DenseNet"), 1, "unit"),
        (OwnScaling(), 3, "unit"),
    ],
)
def test_auto_is_chosen_by_the_model(own: OwnScaling, channels: int, expected: str) -> None:
    found = choose_preprocess(own, [InputSpec("x", (8, 8, channels), np.dtype("float32"))])
    assert found.name == expected and found.why.startswith("the model")


def test_a_run_goes_on_where_auto_is_what_it_was(config: RunConfig) -> None:
    def notes(message: str) -> None: ...

    known = make_preflight(config, notes)
    assert known.identity["preprocess"] == "auto"
    plan = planned(config, Scaler())
    assert about(plan)["identity"] == known.identity | {"preprocess": "unit"}
    earlier = EarlierRun("r", 1, plan.chosen.batching, None, {}, "none", {}, False, "unit")
    again = plan_run(replace(known, earlier=earlier), lambda *_: Scaler(), notes)
    assert again.preprocessing.name == "unit"
    with pytest.raises(OutputError, match="holds another run") as raised:
        plan_run(replace(known, earlier=earlier), lambda *_: Scaler("scale"), notes)
    assert raised.value.cause == "--preprocess is unit there and raw here"


TWO = OwnScaling.of_inputs(
    (("rgb", OwnScaling("scale", 0.0, 1.0, changes=True)), ("depth", OwnScaling()))
)


@pytest.mark.parametrize(("arrays", "expected"), [(["rgb"], "raw"), (["depth"], "unit")])
def test_the_choice_is_that_of_the_inputs_that_are_pixels(arrays: list[str], expected: str) -> None:
    spec = replace(Linear(SHAPE, np.ones((2, 60))).spec, own=TWO)
    assert settle_preprocess("auto", spec, arrays).name == expected


def test_pictures_of_which_one_is_scaled_are_refused_by_name() -> None:
    spec = replace(Linear(SHAPE, np.ones((2, 60))).spec, own=TWO)
    with pytest.raises(ConfigError, match="its 'scale' scales the pixels of 'rgb', and nothing "):
        settle_preprocess("auto", spec, ["rgb", "depth"])
    assert "nothing those of 'depth'" in settle_preprocess("unit", spec, ["rgb", "depth"]).doubt
    assert settle_preprocess("raw", spec, ["rgb", "depth"]).doubt == ""


def test_a_backbone_of_keras_hub_is_doubted() -> None:
    spec = replace(Linear(SHAPE, np.ones((2, 60))).spec, own=OwnScaling(family="keras-hub"))
    found = settle_preprocess("auto", spec)
    assert found.name == "unit" and "is keras-hub's" in found.why
    assert "--preprocess symmetric" in found.doubt and "--preprocess torch" in found.doubt


def test_what_can_not_be_told_is_doubted(config: RunConfig) -> None:
    model, notes = Scaler(), list[str]()
    model.spec = replace(model.spec, own=OwnScaling(unclear="'odd' can't be looked into"))
    plan = planned(config, model, notes)
    assert plan.preprocessing.name == "unit"
    (note,) = notes
    assert isinstance(note, Doubt)
    assert "can't be told, as 'odd' can't be looked into" in note and "--preprocess raw" in note
    # Who names one has decided.
    assert settle_preprocess("unit", model.spec).doubt == ""
