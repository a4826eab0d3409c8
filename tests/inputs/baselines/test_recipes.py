import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.model_spec import InputSpec
from igcli.common.sample import InputName, Sample, SourceKind
from igcli.inputs.baselines.recipes import BASELINES, DEFAULT_BASELINE, named_baseline, parse
from igcli.inputs.preprocess import Space


def make(
    text: str,
    raw: Array,
    *,
    kind: SourceKind = "pixels",
    preprocess: str = "raw",
    seed: int = 0,
    identity: str = "a.png",
    index: int = 0,
) -> Array:
    named = parse(text, kind)
    assert named is not None
    space = Space(kind, preprocess, InputSpec("image", raw.shape, np.dtype("float32")))
    sample = Sample(InputName(index, identity, identity), "", raw, space.to_model(raw))
    return named_baseline(named, space, seed)(sample)


def photo(*shape: int) -> Array:
    return np.random.default_rng(7).uniform(0, 255, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("text", "preprocess", "expected"),
    [
        ("black", "unit", [0.0, 0.0, 0.0]),
        ("black", "symmetric", [-1.0, -1.0, -1.0]),
        ("black", "raw", [0.0, 0.0, 0.0]),
        ("black", "caffe", [-103.939, -116.779, -123.68]),
        ("black", "torch", [-485 / 229, -456 / 224, -406 / 225]),
        ("white", "unit", [1.0, 1.0, 1.0]),
        ("white", "symmetric", [1.0, 1.0, 1.0]),
        ("white", "raw", [255.0, 255.0, 255.0]),
        ("white", "torch", [515 / 229, 544 / 224, 594 / 225]),
        ("gray", "unit", [0.5, 0.5, 0.5]),
        ("gray", "symmetric", [0.0, 0.0, 0.0]),
        ("gray", "raw", [127.5, 127.5, 127.5]),
        ("constant:51", "unit", [0.2, 0.2, 0.2]),
        ("constant:51", "symmetric", [-0.6, -0.6, -0.6]),
        ("constant:51", "raw", [51.0, 51.0, 51.0]),
        ("constant:0", "unit", [0.0, 0.0, 0.0]),
        ("constant:255", "unit", [1.0, 1.0, 1.0]),
        ("constant:2.55e1", "unit", [0.1, 0.1, 0.1]),
    ],
)
def test_a_colour_is_what_the_eye_sees_whatever_the_range(
    text: str, preprocess: str, expected: list[float]
) -> None:
    baseline = make(text, photo(2, 3, 3), preprocess=preprocess)
    assert baseline.shape == (2, 3, 3) and baseline.dtype == np.float32
    np.testing.assert_allclose(baseline, np.broadcast_to(expected, (2, 3, 3)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("zeros", 0.0), ("constant:-2.5", -2.5), ("constant:1000", 1000.0), ("constant:0", 0.0)],
)
def test_floats_keep_their_own_units(text: str, expected: float) -> None:
    baseline = make(text, np.ones((4,), np.float32), kind="floats", preprocess="symmetric")
    assert baseline.tolist() == [expected] * 4


def test_defaults_are_black_and_zeros() -> None:
    assert DEFAULT_BASELINE == {"pixels": "black", "floats": "zeros", "integers": "zeros"}
    assert set(BASELINES["integers"]) == {"zeros", "constant"}
    assert set(BASELINES["pixels"]) == {
        "black",
        "white",
        "gray",
        "constant",
        "uniform",
        "gaussian",
        "blur",
    }
    assert set(BASELINES["floats"]) == {"zeros", "constant", "uniform", "gaussian"}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("pixels", "black:1"),
        ("pixels", "black:"),
        ("pixels", "constant"),
        ("pixels", "constant:"),
        ("pixels", "constant:x"),
        ("pixels", "constant:1:2"),
        ("pixels", "constant:nan"),
        ("pixels", "constant:inf"),
        ("pixels", "constant:-1"),
        ("pixels", "constant:255.1"),
        ("pixels", "uniform:0:1"),
        ("pixels", "gaussian"),
        ("pixels", "gaussian:0"),
        ("pixels", "gaussian:-1"),
        ("pixels", "gaussian:inf"),
        ("pixels", "blur"),
        ("pixels", "blur:0"),
        ("pixels", "blur:-2"),
        ("pixels", "blur:a"),
        ("pixels", "zeros"),
        ("floats", "black"),
        ("floats", "white"),
        ("floats", "gray"),
        ("floats", "blur:3"),
        ("floats", "uniform"),
        ("floats", "uniform:1"),
        ("floats", "uniform:1:1"),
        ("floats", "uniform:2:1"),
        ("floats", "uniform:nan:1"),
        ("floats", "zeros:0"),
        ("floats", "constant"),
        ("floats", "constant:inf"),
        ("floats", "gaussian:0"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_with_what_to_write(
    kind: SourceKind, text: str
) -> None:
    with pytest.raises(ConfigError, match=f"--baseline {text} can't be used") as caught:
        parse(text, kind)
    assert "constant:V" in caught.value.fix and "mean or a file" in caught.value.fix


def test_a_colour_for_floats_is_refused_with_zeros_as_the_way_out() -> None:
    with pytest.raises(ConfigError, match="'black' has no meaning for float arrays") as caught:
        parse("black", "floats")
    assert "zeros" in caught.value.fix and "black" not in caught.value.fix


@pytest.mark.parametrize("text", ["mean", "black.png", "./black", "base.npy", "Black", ""])
@pytest.mark.parametrize("kind", ["pixels", "floats"])
def test_what_is_no_recipe_is_left_to_others(kind: SourceKind, text: str) -> None:
    assert parse(text, kind) is None


@pytest.mark.parametrize("text", ["constant:1e39", "uniform:-1e308:1e308", "gaussian:1e39"])
def test_numbers_too_large_for_the_model_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        make(text, np.ones(3, np.float32), kind="floats")


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 3.7, 20.0])
@pytest.mark.parametrize("shape", [(16, 16, 3), (9, 14, 1), (3, 5, 3), (1, 1, 3)])
def test_blur_is_scipys_gaussian_filter(sigma: float, shape: tuple[int, ...]) -> None:
    raw = photo(*shape)
    expected = gaussian_filter(
        raw.astype(np.float64), (sigma, sigma, 0), mode="nearest", truncate=4.0
    )
    np.testing.assert_allclose(make(f"blur:{sigma}", raw), expected, rtol=1e-5, atol=1e-3)


def test_blur_leaves_one_colour_as_it_is() -> None:
    raw = np.full((12, 7, 3), [10.0, 20.0, 30.0], np.float32)
    np.testing.assert_allclose(make("blur:3", raw), raw, rtol=1e-6)


def test_blur_is_of_the_pixels_and_then_preprocessed() -> None:
    raw = photo(8, 8, 3)
    expected = gaussian_filter(raw.astype(np.float64), (2, 2, 0), mode="nearest", truncate=4.0)
    blurred = make("blur:2", raw, preprocess="symmetric")
    np.testing.assert_allclose(blurred, expected / 127.5 - 1, atol=1e-5)


def test_a_blur_far_wider_than_the_picture_costs_no_more_memory() -> None:
    raw = photo(64, 64, 1)
    tracemalloc.start()
    blurred = make("blur:20000", raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Nearly all weight lies beyond the borders, which repeat: the mean of the corners.
    corners = raw[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
    np.testing.assert_allclose(blurred, corners, rtol=0.01)
    assert peak < 30e6


def test_blur_needs_pictures() -> None:
    with pytest.raises(ConfigError, match="blur:SIGMA needs pictures"):
        make("blur:2", np.ones(9, np.float32))


def test_uniform_pixels_fill_the_whole_range_of_colours() -> None:
    baseline = make("uniform", photo(100, 100, 3))
    assert 0 <= baseline.min() < 0.1 and 254.9 < baseline.max() <= 255
    assert baseline.mean() == pytest.approx(127.5, abs=2)
    assert baseline.std() == pytest.approx(255 / 12**0.5, rel=0.02)


def test_uniform_floats_stay_between_low_and_high() -> None:
    baseline = make("uniform:-3:5", np.zeros(30_000, np.float32), kind="floats")
    assert -3 <= baseline.min() < -2.99 and 4.99 < baseline.max() <= 5
    assert baseline.mean() == pytest.approx(1, abs=0.05)


def test_gaussian_floats_scatter_around_the_input() -> None:
    raw = np.linspace(-50, 50, 30_000, dtype=np.float32)
    noise = make("gaussian:2", raw, kind="floats") - raw
    assert noise.mean() == pytest.approx(0, abs=0.05)
    assert noise.std() == pytest.approx(2, rel=0.02)


def test_gaussian_pixels_scatter_around_the_input() -> None:
    noise = make("gaussian:10", np.full((100, 100, 3), 128, np.float32)) - 128
    assert noise.mean() == pytest.approx(0, abs=0.3)
    assert noise.std() == pytest.approx(10, rel=0.02)


def test_gaussian_pixels_stay_colours() -> None:
    baseline = make("gaussian:1000", photo(20, 20, 3))
    assert baseline.min() == 0 and baseline.max() == 255


RANDOM = pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("uniform", "pixels"),
        ("gaussian:9", "pixels"),
        ("uniform:0:1", "floats"),
        ("gaussian:9", "floats"),
    ],
)


@RANDOM
def test_random_baselines_depend_on_seed_and_id_alone(text: str, kind: SourceKind) -> None:
    raw = photo(6, 6, 3)
    first = make(text, raw, kind=kind, seed=3, identity="x/b.png", index=0)
    again = make(text, raw, kind=kind, seed=3, identity="x/b.png", index=17)
    assert (first == again).all()


@RANDOM
@pytest.mark.parametrize(("seed", "identity"), [(4, "x/b.png"), (3, "x/c.png")])
def test_another_seed_or_id_gives_another_baseline(
    text: str, kind: SourceKind, seed: int, identity: str
) -> None:
    raw = photo(6, 6, 3)
    first = make(text, raw, kind=kind, seed=3, identity="x/b.png")
    other = make(text, raw, kind=kind, seed=seed, identity=identity)
    assert (first != other).mean() > 0.9


def test_the_order_of_asking_changes_nothing() -> None:
    named = parse("uniform", "pixels")
    assert named is not None
    space = Space("pixels", "unit", InputSpec("image", (4, 4, 3), np.dtype("float32")))
    raw = photo(4, 4, 3)
    samples = [Sample(InputName(i, f"{i}", ""), "", raw, space.to_model(raw)) for i in range(3)]
    forth, back = named_baseline(named, space, 5), named_baseline(named, space, 5)
    ahead = [forth(sample) for sample in samples]
    behind = [back(sample) for sample in reversed(samples)]
    np.testing.assert_array_equal(ahead, behind[::-1])


def test_the_input_is_not_changed_in_place() -> None:
    raw = photo(6, 6, 3)
    before = raw.copy()
    for text in ("black", "uniform", "gaussian:9", "blur:2"):
        make(text, raw)
    assert (raw == before).all()
