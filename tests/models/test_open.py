"""Real Keras files and SavedModels: scores and gradients against closed forms."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from igcli.attribution.gradient_model import PathRows, PointRows
from igcli.common.errors import IgcliError
from igcli.common.model_settings import ModelSettings
from igcli.models.open import check_path, open_model
from igcli.models.tensorflow_model import TensorFlowModel

X = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 2.0]], np.float32)
WEIGHTS = np.array([[1.0, 0.0], [2.0, -1.0], [0.5, 3.0]], np.float32)
LOGITS = X @ WEIGHTS
ONE = WEIGHTS[:, :1]


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


Save = Callable[..., Path]


@pytest.fixture
def save(keras: Any, tmp_path: Path) -> Save:
    """Save a Dense model of three inputs with given weights and final activation."""

    def write(weights: Any, activation: str | None, name: str = "model.keras") -> Path:
        inputs = keras.Input((3,), name="features")
        dense = keras.layers.Dense(weights.shape[1], use_bias=False, activation=activation)
        model = keras.Model(inputs, dense(inputs))
        dense.set_weights([weights])
        path = tmp_path / name
        if path.suffix:
            model.save(path)
        else:
            model.export(path, verbose=False)
        return path

    return write


def opened(path: Path, scores: str = "as-is") -> TensorFlowModel:
    model = open_model(path, ModelSettings(scores), lambda message: pytest.fail(message))
    assert isinstance(model, TensorFlowModel)
    return model


def rows_at(slots: list[int], alphas: list[float], target: int) -> PathRows:
    n = len(slots)
    return PathRows(
        X, np.zeros_like(X), np.array(slots, np.int32), np.array(alphas), np.full(n, target, "i4")
    )


def gradients(model: TensorFlowModel, target: int) -> Any:
    """Gradients at X itself."""
    values = model.weighted_gradients(rows_at([0, 1], [1.0, 1.0], target), np.ones((1, 2)))
    assert values.finite.all()
    np.testing.assert_allclose(values.scores, model.scores(X)[:, target], rtol=1e-6)
    np.testing.assert_allclose(values.norms, np.abs(values.gradients[0]).sum(axis=1), rtol=1e-6)
    products = model.row_products(rows_at([0, 1], [1.0, 1.0], target)).gradients
    np.testing.assert_allclose(products, values.gradients[0] * X, rtol=1e-6)
    at = model.gradients_at(PointRows(X.astype(np.float64), np.full(2, target, np.int32)))
    np.testing.assert_allclose(at.gradients, values.gradients[0], rtol=1e-6)
    np.testing.assert_allclose(at.scores, values.scores, rtol=1e-6)
    np.testing.assert_allclose(at.norms, values.norms, rtol=1e-6)
    return values.gradients[0]


@pytest.mark.parametrize(
    "name",
    ["m.keras", *(pytest.param(name, marks=pytest.mark.slow) for name in ("m.h5", "exported"))],
)
@pytest.mark.parametrize(
    ("activation", "scores", "want"),
    [
        (None, "as-is", LOGITS),
        (None, "probability", softmax(LOGITS)),
        (None, "logit", LOGITS),
        ("softmax", "as-is", softmax(LOGITS)),
        ("softmax", "probability", softmax(LOGITS)),
        ("softmax", "logit", LOGITS),
        ("sigmoid", "as-is", sigmoid(LOGITS)),
        ("sigmoid", "logit", LOGITS),
    ],
)
def test_scores_of_two_classes(
    save: Save, name: str, activation: str | None, scores: str, want: Any
) -> None:
    model = opened(save(WEIGHTS, activation, name), scores)
    np.testing.assert_allclose(model.scores(X), want, rtol=1e-5, atol=1e-6)
    assert model.spec.classes == 2
    assert model.spec.tail == (activation or "none")


Z = X @ ONE


@pytest.mark.parametrize("name", ["m.keras", pytest.param("exported", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("activation", "scores", "want"),
    [
        (None, "as-is", Z),
        (None, "logit", Z),
        (None, "probability", np.hstack([1 - sigmoid(Z), sigmoid(Z)])),
        ("sigmoid", "as-is", np.hstack([1 - sigmoid(Z), sigmoid(Z)])),
        ("sigmoid", "probability", np.hstack([1 - sigmoid(Z), sigmoid(Z)])),
        ("sigmoid", "logit", np.hstack([-Z, Z])),
        ("relu", "as-is", np.maximum(Z, 0)),
    ],
)
def test_one_output_is_a_regression_or_two_classes(
    save: Save, name: str, activation: str | None, scores: str, want: Any
) -> None:
    model = opened(save(ONE, activation, name), scores)
    np.testing.assert_allclose(model.scores(X), want, rtol=1e-5, atol=1e-6)
    assert model.spec.classes == want.shape[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["m.keras", "exported"])
def test_gradients_of_a_softmax(save: Save, name: str) -> None:
    model = opened(save(WEIGHTS, "softmax", name))
    p = softmax(LOGITS)
    want = (p[:, 1] * p[:, 0])[:, None] * (WEIGHTS[:, 1] - WEIGHTS[:, 0])
    np.testing.assert_allclose(gradients(model, 1), want, rtol=1e-4)


@pytest.mark.slow
def test_gradients_of_both_classes_of_one_sigmoid(save: Save) -> None:
    model = opened(save(ONE, "sigmoid"))
    p = sigmoid(Z)
    np.testing.assert_allclose(gradients(model, 1), p * (1 - p) * ONE[:, 0], rtol=1e-4)
    np.testing.assert_allclose(gradients(model, 0), -p * (1 - p) * ONE[:, 0], rtol=1e-4)


def test_rows_are_summed_into_their_slots_for_every_rule(save: Save) -> None:
    model = opened(save(ONE**2, None))
    rows = rows_at([0, 0, 1], [0.1, 0.9, 0.5], 0)
    one = model.weighted_gradients(rows, np.array([[0.25, 0.75, 2.0]])).gradients
    np.testing.assert_allclose(one, [[ONE[:, 0] ** 2, 2 * ONE[:, 0] ** 2]], rtol=1e-6)
    weights = np.array([[0.25, 0.75, 2.0], [1.0, 1.0, 0.0]])
    two = model.weighted_gradients(rows, weights)
    np.testing.assert_allclose(two.gradients[1, 0], 2 * ONE[:, 0] ** 2, rtol=1e-6)
    assert (two.gradients[1, 1] == 0).all()
    np.testing.assert_allclose(two.norms, np.full(3, (ONE**2).sum()), rtol=1e-6)


def test_one_graph_serves_every_number_of_rows_and_has_no_weight_gradients(save: Save) -> None:
    model = opened(save(WEIGHTS, None))
    for n in (1, 2, 5):
        assert model.scores(np.zeros((n, 3), np.float32)).shape == (n, 2)
    # One product forward and one back to the input; a weight gradient would be a third.
    needed, waiting = set(), [tensor.op for tensor in model._rows.outputs]
    while waiting:
        op = waiting.pop()
        if op.name not in needed:
            needed.add(op.name)
            waiting += [tensor.op for tensor in op.inputs]
    graph = model._rows.graph
    assert [graph.get_operation_by_name(name).type for name in needed].count("MatMul") == 2


def test_saved_model_of_a_plain_module_with_a_signature(keras: Any, tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")

    class Squares(tf.Module):  # type: ignore[misc, name-defined]
        @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="pixels")])
        def __call__(self, pixels: Any) -> Any:
            return {"scores": tf.square(pixels)}

    module = Squares()
    with_signature, without = tmp_path / "with", tmp_path / "without"
    tf.saved_model.save(module, str(with_signature), signatures=module.__call__)
    tf.saved_model.save(module, str(without))
    for path in (with_signature, without):
        model = opened(path)
        assert (model.spec.input.name, model.spec.output_name) == ("pixels", "scores")
        np.testing.assert_allclose(model.scores(X), X**2, rtol=1e-6)
        np.testing.assert_allclose(gradients(model, 1), np.array([0, 2, 0]) * X, rtol=1e-6)


def test_keras_model_with_a_dict_input_and_output(keras: Any, tmp_path: Path) -> None:
    inputs = keras.Input((3,), name="features")
    outputs = keras.layers.Dense(2, use_bias=False, name="scores")(inputs)
    model = keras.Model({"features": inputs}, {"scores": outputs})
    model.layers[-1].set_weights([WEIGHTS])
    model.save(tmp_path / "m.keras")
    np.testing.assert_allclose(opened(tmp_path / "m.keras").scores(X), LOGITS, rtol=1e-6)


def test_dropout_and_batch_norm_run_in_inference_mode(keras: Any, tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dropout(0.9),
            keras.layers.BatchNormalization(epsilon=0.0),
            keras.layers.Dense(2, use_bias=False),
        ]
    )
    model.layers[-1].set_weights([WEIGHTS])
    model.save(tmp_path / "m.h5")
    np.testing.assert_allclose(opened(tmp_path / "m.h5").scores(X), LOGITS, rtol=1e-5)


def test_float64_inputs_stay_float64(keras: Any, tmp_path: Path) -> None:
    inputs = keras.Input((3,), dtype="float64")
    keras.Model(inputs, keras.layers.Dense(2, dtype="float64")(inputs)).save(tmp_path / "m.keras")
    model = opened(tmp_path / "m.keras")
    assert model.spec.input.dtype == np.float64
    assert model.scores(X.astype(np.float64)).dtype == np.float64


def _many(keras: Any, what: str) -> Any:
    first, second = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    dense = keras.layers.Dense(2, name="one")
    if what == "inputs":
        return keras.Model([first, second], dense(keras.layers.Add()([first, second])))
    return keras.Model(first, [dense(first), keras.layers.Dense(2, name="two")(first)])


def _tokens(keras: Any) -> Any:
    inputs = keras.Input((4,), dtype="int32", name="tokens")
    pooled = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(9, 2)(inputs))
    return keras.Model(inputs, keras.layers.Dense(2)(pooled))


def _no_gradient(keras: Any) -> Any:
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.ops.stop_gradient(inputs)))


def _lambda(keras: Any) -> Any:
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2, name="double")(inputs))


REFUSED = [
    (lambda keras: _many(keras, "outputs"), "2 outputs: one, two"),
    (_tokens, "input 'tokens' takes integers"),
    (_no_gradient, "no gradient flows|StopGradient"),
    (_lambda, "layer 'double' is a Lambda"),
]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(("build", "message"), REFUSED)
def test_models_that_can_not_be_explained(
    keras: Any, tmp_path: Path, build: Callable[[Any], Any], message: str, suffix: str
) -> None:
    path = tmp_path / f"m{suffix}"
    build(keras).save(path)
    with pytest.raises(IgcliError, match=message) as refused:
        opened(path)
    assert 1 <= len(str(refused.value).splitlines()) <= 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.h5", None, "absent.h5 does not exist"),
        ("model.onnx", b"", "model.onnx is of no known kind"),
    ],
)
def test_paths_that_are_no_model(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(IgcliError, match=message):
        check_path(tmp_path / name)


def test_a_folder_that_is_no_saved_model(tmp_path: Path) -> None:
    with pytest.raises(IgcliError, match="without saved_model.pb"):
        check_path(tmp_path)


@pytest.mark.parametrize("name", ["broken.h5", "broken.keras", "broken/saved_model.pb"])
def test_files_that_are_broken(keras: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / name).write_bytes(b"\x89HDF not really")
    with pytest.raises(IgcliError, match="broken"):
        opened(tmp_path / name.split("/")[0])


def test_logit_of_a_hidden_tail_is_refused(keras: Any, tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    inner = tf.function(tf.nn.softmax)

    from igcli.models.scores import class_scores

    with pytest.raises(IgcliError, match="hidden in a function call"):
        tf.function(
            lambda x: class_scores(inner(x), "logit")[0], autograph=False
        ).get_concrete_function(tf.TensorSpec((None, 2), tf.float32))


def test_saved_models_that_write_files_are_refused(keras: Any, tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")

    def prints(x: Any) -> Any:
        tf.print(x, output_stream=f"file://{tmp_path}/printed.txt")
        return x

    def saves(x: Any) -> Any:
        tf.raw_ops.SaveV2(
            prefix=f"{tmp_path}/saved", tensor_names=["x"], shape_and_slices=[""], tensors=[x]
        )
        return x

    for name, body in (("prints", prints), ("saves", saves)):
        module = tf.Module()
        module.call = tf.function(body, input_signature=[tf.TensorSpec((None, 3), tf.float32)])
        tf.saved_model.save(module, str(tmp_path / name), signatures=module.call)
        with pytest.raises(IgcliError, match="no need to read or write files"):
            opened(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prints", "saves"]
