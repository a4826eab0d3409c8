"""`igcli run` on models of several inputs and outputs, and from a layer on: real Keras files.

The models are closed forms: products, whose integral from zero is known.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from igcli.common.arrays import Array

Igcli = Callable[..., Result]
RANDOM = np.random.default_rng(3)
A, B = (RANDOM.uniform(0.5, 2.0, (5, 4)).astype(np.float32) for _ in range(2))
FINE = ("--tolerance", 0.001)


@pytest.fixture(scope="module")
def product(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Σ a·b as output `sum` (regression), and Σ a of 2 × 2 as output `grid`."""
    layers = keras.layers
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    both = layers.Multiply(name="both")([a, b])
    total = layers.Dense(1, use_bias=False, kernel_initializer="ones", name="sum")(both)
    grid = layers.Reshape((2, 2), name="grid")(layers.Multiply(name="square")([a, a]))
    path = tmp_path_factory.mktemp("product") / "product.keras"
    keras.Model([a, b], [total, grid]).save(path)
    return path


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    np.savez(tmp_path / "ab.npz", b=B, a=A, unused=np.zeros(5))
    return tmp_path / "ab.npz"


def explain(igcli: Igcli, out: Path, *arguments: Any) -> tuple[dict[str, Array], pd.DataFrame]:
    """Return the maps by name ("" where there is one only) and results.csv."""
    result = igcli("run", *arguments, "-o", out)
    assert result.exit_code == 0, result.output
    maps: dict[str, Array] = {}
    with h5py.File(out / "attributions.h5") as file:
        found = file["attributions"]
        if isinstance(found, h5py.Dataset):
            maps[""] = found[()]
        else:
            maps = {name: dataset[()] for name, dataset in found.items()}
    return maps, pd.read_csv(out / "results.csv")


@pytest.mark.slow
def test_every_input_has_its_map_and_delta_sums_over_all(
    igcli: Igcli, product: Path, inputs: Path, tmp_path: Path
) -> None:
    maps, rows = explain(igcli, tmp_path / "out", product, inputs, "--output", "sum", *FINE)
    assert set(maps) == {"a", "b"}
    # d/da Σab = b, along a straight path from zero: ab/2 for each.
    np.testing.assert_allclose(maps["a"], A * B / 2, rtol=1e-5)
    np.testing.assert_allclose(maps["b"], A * B / 2, rtol=1e-5)
    np.testing.assert_allclose(rows.attribution_sum, (A * B).sum(1), rtol=1e-5)
    assert np.abs(rows.delta).max() < 1e-4


def test_what_is_not_explained_is_held(
    igcli: Igcli, product: Path, inputs: Path, tmp_path: Path
) -> None:
    flags = ("--output", "sum", "--explain", "b", *FINE)
    maps, rows = explain(igcli, tmp_path / "out", product, inputs, *flags)
    assert set(maps) == {"b"}
    np.testing.assert_allclose(maps["b"], A * B, rtol=1e-5)
    np.testing.assert_allclose(rows.baseline_score, 0.0, atol=1e-6)


@pytest.mark.slow
def test_each_input_has_its_own_baseline(
    igcli: Igcli, product: Path, inputs: Path, tmp_path: Path
) -> None:
    flags = ("--output", "sum", "--baseline", "b=constant:1", "--baseline", "zeros", *FINE)
    maps, _ = explain(igcli, tmp_path / "out", product, inputs, *flags)
    # a(t) = ta, b(t) = 1 + t(b − 1).
    np.testing.assert_allclose(maps["a"], A * (1 + (B - 1) / 2), rtol=1e-5)
    np.testing.assert_allclose(maps["b"], (B - 1) * A / 2, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_random_baselines_of_several_inputs_differ(
    igcli: Igcli, product: Path, inputs: Path, tmp_path: Path
) -> None:
    np.savez(inputs, a=np.zeros((1, 4), np.float32), b=np.zeros((1, 4), np.float32))
    flags = ("--output", "sum", "--baseline", "uniform:1:2")
    maps, _ = explain(igcli, tmp_path / "out", product, inputs, *flags)
    # With both at zero, each map is the negative half product of the two baselines.
    np.testing.assert_allclose(maps["a"], maps["b"], rtol=1e-4)
    roots = np.sqrt(-2 * maps["a"])
    assert not np.allclose(roots, np.sqrt(-2 * maps["b"])[:, ::-1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "want"), [("0,0", A[:, 0] ** 2), ("1,0", A[:, 2] ** 2), ("predicted", None)]
)
def test_a_target_is_a_place_in_an_output_of_several_axes(
    igcli: Igcli, product: Path, inputs: Path, tmp_path: Path, target: str, want: Array | None
) -> None:
    flags = ("--output", "grid", "--target", target, *FINE)
    maps, rows = explain(igcli, tmp_path / "out", product, inputs, *flags)
    want = A.max(1) ** 2 if want is None else want
    np.testing.assert_allclose(rows.score, want, rtol=1e-5)
    np.testing.assert_allclose(maps["a"].sum(1), want, rtol=1e-3)
    assert not maps["b"].any()
    place = [divmod(int(i), 2) for i in rows.target]
    assert rows.target_name.tolist() == [f"{row},{column}" for row, column in place]


def test_an_npy_of_several_maps_is_refused(
    igcli: Igcli, product: Path, inputs: Path, tmp_path: Path
) -> None:
    flags = ("--output", "sum", "--save", "npy", "-o", tmp_path / "out")
    result = igcli("run", product, inputs, *flags)
    assert result.exit_code == 2 and "attributions.h5 has them all" in result.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "product.keras has 2 outputs: sum, grid.*--output sum"),
        (["--output", "sun"], "no 'sun'.*did you mean 'sum'"),
        (["--output", "sum", "--explain", "c"], "--explain c: there is no 'c'.*a, b"),
        (["--output", "sum", "--baseline", "c=zeros"], "no input 'c'"),
        (["--output", "sum", "--baseline", "black"], "'black' has no meaning for float"),
        (["--output", "grid", "--target", "3"], "'3' is no place in the output.*write 2 numbers"),
        (["--output", "grid", "--target", "2,0"], "2,0 is out of range.*up to 1,1"),
        (["--output", "sum", "--layer", "bath"], "no such layer.*did you mean 'both'"),
        (["--output", "sum", "--layer", "both", "--explain", "a"], "--explain can't be used with"),
        (["--output", "sum", "--layer-input"], "--layer-input needs a layer"),
    ],
)
def test_what_the_model_has_not_is_refused(
    igcli: Igcli, product: Path, inputs: Path, tmp_path: Path, flags: list[str], message: str
) -> None:
    result = igcli("run", product, inputs, "-o", tmp_path / "out", *flags)
    assert result.exit_code == 2
    assert pd.Series([result.stderr.replace("\n", " ")]).str.contains(message).all(), result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": A}, "the model has 2 inputs: a .4,., b .4,."),
        ({"a": A, "c": B}, "has no array 'b'"),
        ({"a": A, "b": B[:3]}, "arrays of different lengths: a .5, 4., b .3, 4."),
        ({"a": A, "b": B[:, :3]}, "'b' in INPUTS .* has shape .5, 3."),
        ({"a": A, "b": B.astype("i8")}, "'b' in INPUTS .* holds integers"),
        ({"a": A, "b": np.array([{}] * 5)}, "can't be read as an .npz"),
        ({"a": A, "b": A.astype("U")}, "'b' in INPUTS .* holds <U"),
        ({"a": A[:0], "b": B[:0]}, "different lengths|at least 1"),
    ],
)
def test_archives_that_do_not_fit_are_refused(
    igcli: Igcli, product: Path, tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "in.npz", **arrays)
    flags = ("--output", "sum", "-o", tmp_path / "out")
    result = igcli("run", product, tmp_path / "in.npz", *flags)
    assert result.exit_code == 2
    assert pd.Series([result.stderr.replace("\n", " ")]).str.contains(message).all(), result.stderr


def test_a_row_that_is_not_finite_fails_by_its_input_name(
    igcli: Igcli, product: Path, tmp_path: Path
) -> None:
    broken = B.copy()
    broken[2, 1] = np.nan
    np.savez(tmp_path / "in.npz", a=A, b=broken)
    result = igcli("run", product, tmp_path / "in.npz", "-o", tmp_path / "out", "--output", "sum")
    assert result.exit_code == 3
    rows = pd.read_csv(tmp_path / "out" / "results.csv")
    assert rows.status.tolist() == ["ok", "ok", "failed", "ok", "ok"]
    assert rows.message[2].startswith("'b' has a number that is not finite")


def nested(keras: Any, path: Path) -> Path:
    """backbone(x), twice, through its softplus layer `inner`; then x past it; a regression."""
    layers = keras.layers
    keras.utils.set_random_seed(5)
    features = keras.Input((3,), name="features")
    hidden = layers.Dense(4, activation="softplus", name="inner")(features)
    backbone = keras.Model(features, layers.Dense(3, name="last")(hidden), name="backbone")
    x = keras.Input((3,), name="x")
    first = backbone(x)
    second = backbone(layers.Activation("tanh", name="squash")(first))
    keras.Model(x, layers.Dense(1, name="out")(second)).save(path)
    return path


X = RANDOM.normal(size=(6, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def deep(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nested(keras, tmp_path_factory.mktemp("deep") / "deep.keras")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", X)
    return tmp_path / "x.npy"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "shapes"),
    [
        (["--layer", "squash"], {"": (6, 3)}),
        (["--layer", "squash", "--layer-input"], {"": (6, 3)}),
        (["--layer", "out", "--layer-input"], {"": (6, 3)}),
        (["--layer", "backbone/inner"], {"backbone/inner:0": (6, 4), "backbone/inner:1": (6, 4)}),
    ],
)
def test_attributions_of_a_layer_that_all_passes_are_complete(
    igcli: Igcli,
    deep: Path,
    rows: Path,
    tmp_path: Path,
    flags: list[str],
    shapes: dict[str, tuple[int, ...]],
) -> None:
    out = tmp_path / "out"
    result = igcli("run", deep, rows, "-o", out, *FINE, *flags)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out / "results.csv")
    with h5py.File(out / "attributions.h5") as file:
        for name, shape in shapes.items():
            assert file[f"attributions/{name}" if name else "attributions"].shape == shape
    difference = table.score - table.baseline_score
    np.testing.assert_allclose(table.attribution_sum, difference, rtol=0.01, atol=1e-4)


@pytest.mark.slow
def test_the_input_layer_gives_the_inputs_own_attributions(
    igcli: Igcli, deep: Path, rows: Path, tmp_path: Path
) -> None:
    plain, _ = explain(igcli, tmp_path / "plain", deep, rows, *FINE)
    layer, _ = explain(igcli, tmp_path / "layer", deep, rows, *FINE, "--layer", "x")
    np.testing.assert_array_equal(plain[""], layer[""])


@pytest.mark.slow
def test_what_goes_into_a_layer_differs_from_what_comes_out(
    igcli: Igcli, deep: Path, rows: Path, tmp_path: Path
) -> None:
    after, _ = explain(igcli, tmp_path / "a", deep, rows, "--layer", "squash")
    before, _ = explain(igcli, tmp_path / "b", deep, rows, "--layer", "squash", "--layer-input")
    assert not np.allclose(after[""], before[""])


@pytest.mark.slow
def test_what_passes_a_layer_by_is_held(keras: Any, igcli: Igcli, tmp_path: Path) -> None:
    """F = Σ x · 2x, the factor 2x from a layer: held x times the change of 2x."""
    x = keras.Input((3,), name="x")
    twice = keras.layers.Rescaling(2.0, name="twice")(x)
    out = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(
        keras.layers.Multiply()([x, twice])
    )
    keras.Model(x, out).save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", X)
    maps, rows = explain(
        igcli, tmp_path / "out", tmp_path / "m.keras", tmp_path / "x.npy", "--layer", "twice"
    )
    np.testing.assert_allclose(maps[""], 2 * X**2, rtol=1e-5)
    np.testing.assert_allclose(rows.baseline_score, 0.0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("masked", [False, True])
def test_tokens_are_explained_through_their_embedding(
    keras: Any, igcli: Igcli, tmp_path: Path, masked: bool
) -> None:
    """The mean of embedded tokens, linear: each token's map is its share of the score."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embed = keras.layers.Embedding(9, 2, mask_zero=masked, name="embed")
    pooled = keras.layers.GlobalAveragePooling1D()(embed(tokens))
    dense = keras.layers.Dense(1, use_bias=False)
    model = keras.Model(tokens, dense(pooled))
    table, weights = RANDOM.normal(size=(9, 2)), RANDOM.normal(size=(2, 1))
    embed.set_weights([table])
    dense.set_weights([weights])
    model.save(tmp_path / "m.keras")
    words = np.array([[1, 5, 2, 8], [3, 3, 4, 1]])
    np.save(tmp_path / "words.npy", words)
    result = igcli("run", tmp_path / "m.keras", tmp_path / "words.npy", "-o", tmp_path / "none")
    assert result.exit_code == 2 and "--layer" in result.stderr
    maps, _ = explain(
        igcli, tmp_path / "out", tmp_path / "m.keras", tmp_path / "words.npy",
        "--layer", "embed", "--baseline", "constant:6",
    )  # fmt: skip
    shares = (table[words] - table[6]) * weights[:, 0] / 4
    np.testing.assert_allclose(maps[""], shares, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_a_saved_model_of_several_inputs_and_outputs_by_name(
    keras: Any, igcli: Igcli, product: Path, inputs: Path, tmp_path: Path
) -> None:
    keras.models.load_model(product).export(tmp_path / "exported", verbose=False)
    said = igcli("run", tmp_path / "exported", inputs, "-o", tmp_path / "out")
    assert said.exit_code == 2 and "--output" in said.stderr
    name = said.stderr.split("--output ")[1].split()[0]
    maps, rows = explain(
        igcli, tmp_path / "out", tmp_path / "exported", inputs, "--output", name, *FINE
    )
    assert set(maps) == {"a", "b"}
    np.testing.assert_allclose(maps["a"], A * B / 2, rtol=1e-5)
    refused = igcli(
        "run", tmp_path / "exported", inputs, "-o", tmp_path / "l", "--output", name,
        "--layer", "both",
    )  # fmt: skip
    assert refused.exit_code == 2 and "its layers are not known" in refused.stderr


@pytest.mark.slow
def test_a_module_of_a_dict_and_a_list(igcli: Igcli, tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")

    class Module(tf.Module):  # type: ignore[misc, name-defined, unused-ignore]
        @tf.function(  # type: ignore[untyped-decorator, unused-ignore]
            input_signature=[
                {"b": tf.TensorSpec((None, 4), name="b"), "a": tf.TensorSpec((None, 4), name="a")},
                [tf.TensorSpec((None, 4), name="c")],
            ]
        )
        def __call__(self, named: Any, listed: Any) -> Any:
            return {"three": tf.reduce_sum(named["a"] * named["b"] + 3.0 * listed[0], 1)}

    tf.saved_model.save(Module(), str(tmp_path / "module"))
    np.savez(tmp_path / "in.npz", a=A, b=B, c=A)
    maps, _ = explain(igcli, tmp_path / "out", tmp_path / "module", tmp_path / "in.npz", *FINE)
    np.testing.assert_allclose(maps["c"], 3 * A, rtol=1e-5)
    np.testing.assert_allclose(maps["b"], A * B / 2, rtol=1e-5)


@pytest.mark.slow
def test_pixels_of_one_input_are_drawn_and_numbers_of_another_are_not(
    keras: Any, igcli: Igcli, tmp_path: Path
) -> None:
    layers = keras.layers
    image, number = keras.Input((6, 5, 3), name="image"), keras.Input((2,), name="number")
    flat = layers.Concatenate()([layers.Flatten()(image), number])
    keras.Model([number, image], layers.Dense(2, name="out")(flat)).save(tmp_path / "m.keras")
    pixels = RANDOM.integers(0, 256, (3, 6, 5, 3)).astype(np.uint8)
    np.savez(tmp_path / "in.npz", image=pixels, number=np.ones((3, 2), np.float32))
    out = tmp_path / "out"
    arguments = (tmp_path / "m.keras", tmp_path / "in.npz", "--baseline", "image=white")
    maps, _ = explain(igcli, out, *arguments)
    assert maps["image"].shape == (3, 6, 5, 3) and maps["number"].shape == (3, 2)
    assert len(list((out / "overlays").glob("*.png"))) == 3
    with h5py.File(out / "attributions.h5") as file:
        np.testing.assert_array_equal(file["images"][()], pixels)
    only, _ = explain(igcli, tmp_path / "only", *arguments, "--explain", "number")
    assert set(only) == {"number"} and not (tmp_path / "only" / "overlays").exists()


@pytest.mark.slow
def test_text_is_explained_by_the_tokens_that_decide(
    igcli: Igcli, shared_data: Path, tmp_path: Path
) -> None:
    """Positive when token 7 is followed by 11: the two carry the largest attribution."""
    tokens = np.load(shared_data / "text_tokens.npy")
    labels = np.load(shared_data / "text_labels.npy")
    arguments = (shared_data / "text.h5", shared_data / "text_tokens.npy", "--layer", "embedding")
    maps, _ = explain(igcli, tmp_path / "out", *arguments)
    found = 0
    positive = np.flatnonzero(labels)
    for i in positive:
        (places,) = np.nonzero((tokens[i, :-1] == 7) & (tokens[i, 1:] == 11))
        largest = set(np.argsort(-maps[""][i].sum(axis=1))[:2].tolist())
        found += any({place, place + 1} == largest for place in places)
    assert found >= 0.95 * len(positive)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "inputs", "flags"),
    [
        ("two_input.h5", "two_input.npz", []),
        ("text.h5", "text_tokens.npy", ["--layer", "embedding"]),
        ("iris.h5", "iris.npy", []),
    ],
)
def test_real_models_are_complete_to_one_percent(
    igcli: Igcli, shared_data: Path, tmp_path: Path, model: str, inputs: str, flags: list[str]
) -> None:
    _, rows = explain(
        igcli, tmp_path / "out", shared_data / model, shared_data / inputs, *flags,
        "--tolerance", 0.005, "--max-steps", 1025, "--limit", 50,
    )  # fmt: skip
    assert (rows.delta.abs() <= 0.01 * (rows.score - rows.baseline_score).abs()).all()


@pytest.mark.slow
def test_numbers_of_noise_carry_little(igcli: Igcli, shared_data: Path, tmp_path: Path) -> None:
    arguments = (shared_data / "two_input.h5", shared_data / "two_input.npz")
    maps, _ = explain(igcli, tmp_path / "out", *arguments)
    numeric = np.abs(maps["numeric"]).mean(axis=0)
    assert numeric[:2].min() > 5 * numeric[2:].max()


@pytest.mark.slow
def test_a_token_that_the_model_does_not_know_fails_that_input(
    keras: Any, igcli: Igcli, tmp_path: Path
) -> None:
    tokens = keras.Input((3,), dtype="int32", name="tokens")
    x = keras.layers.Flatten()(keras.layers.Embedding(9, 2, name="embed")(tokens))
    keras.Model(tokens, keras.layers.Dense(2)(x)).save(tmp_path / "m.keras")
    np.save(tmp_path / "words.npy", np.array([[1, 2, 3], [4, 5000, 5], [6, 7, 8]]))
    arguments = (tmp_path / "m.keras", tmp_path / "words.npy", "--layer", "embed")
    result = igcli("run", *arguments, "-o", tmp_path / "out")
    assert result.exit_code == 3
    rows = pd.read_csv(tmp_path / "out" / "results.csv")
    assert rows.status.tolist() == ["ok", "failed", "ok"]
    assert "the model fails on it: " in rows.message[1] and "5000" in rows.message[1]
