import gc
import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, IgcliError, InputError
from igcli.common.model_spec import InputSpec
from igcli.common.sample import InputName, Sample, SourceKind
from igcli.inputs.baselines.from_data import check_file, file_baseline, mean_baseline
from igcli.inputs.preprocess import Space


def space(shape: tuple[int, ...], kind: SourceKind = "pixels", preprocess: str = "unit") -> Space:
    return Space(kind, preprocess, InputSpec("image", shape, np.dtype("float32")))


def sample(raw: Array, where: Space, index: int = 0) -> Sample:
    return Sample(InputName(index, str(index), ""), "", raw, where.to_model(raw))


def blank(where: Space, index: int = 0) -> Sample:
    return sample(np.zeros(where.raw_shape), where, index)


def saved(folder: Path, array: object) -> Path:
    np.save(folder / "base.npy", np.asarray(array))
    return folder / "base.npy"


@pytest.mark.parametrize("shape", [(2, 2, 3), (1, 2, 2, 3)])
def test_one_float_baseline_for_all_is_in_model_space(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    where = space((2, 2, 3), preprocess="symmetric")
    array = np.linspace(-1, 1, 12, dtype=np.float64).reshape(shape)
    make = file_baseline(saved(tmp_path, array), where, "stretch", 5)
    for index in (0, 4):
        baseline = make(blank(where, index))
        assert baseline.dtype == np.float32 and baseline.shape == (2, 2, 3)
        np.testing.assert_allclose(baseline, array.reshape(2, 2, 3), rtol=1e-6)


@pytest.mark.parametrize("preprocess", ["unit", "symmetric"])
def test_one_uint8_baseline_is_pixels_and_is_preprocessed(tmp_path: Path, preprocess: str) -> None:
    where = space((2, 2, 3), preprocess=preprocess)
    array = np.full((2, 2, 3), 51, np.uint8)
    baseline = file_baseline(saved(tmp_path, array), where, "stretch", 5)(blank(where))
    np.testing.assert_allclose(baseline, {"unit": 0.2, "symmetric": -0.6}[preprocess], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4", "uint8"])
def test_one_baseline_per_input_goes_by_the_inputs_place(tmp_path: Path, dtype: str) -> None:
    where = space((2, 2, 3), preprocess="raw")
    array = np.arange(4 * 12).reshape(4, 2, 2, 3).astype(dtype)
    make = file_baseline(saved(tmp_path, array), where, "stretch", 4)
    for index in (3, 0, 2):
        baseline = make(blank(where, index))
        assert baseline.dtype == np.dtype("float32") and baseline.dtype.isnative
        np.testing.assert_array_equal(baseline, array[index])


def test_one_row_serves_all_inputs_whatever_their_place(tmp_path: Path) -> None:
    where = space((3,), "floats")
    make = file_baseline(saved(tmp_path, [[1.0, 2.0, 3.0]]), where, "stretch", 9)
    assert make(blank(where, 8)).tolist() == [1, 2, 3]


@pytest.mark.parametrize(("number", "wanted"), [(np.uint8(255), 1.0), (0.25, 0.25)])
def test_an_array_of_no_axes_is_one_number_for_all_values(
    tmp_path: Path, number: float, wanted: float
) -> None:
    """Bytes are pixels, and preprocessed; floats are the model's."""
    where = space((2, 2, 3), preprocess="unit")
    baseline = file_baseline(saved(tmp_path, number), where, "stretch", 4)(blank(where, 3))
    np.testing.assert_array_equal(baseline, np.full((2, 2, 3), wanted, np.float32))


@pytest.mark.parametrize("model", [(4, 5), (4, 5, 1)])
@pytest.mark.parametrize("given", [(4, 5), (4, 5, 1), (3, 4, 5), (3, 4, 5, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_grey_baseline_may_leave_its_channel_axis_out(
    tmp_path: Path, model: tuple[int, ...], given: tuple[int, ...], dtype: str
) -> None:
    where = space(model, preprocess="raw")
    make = file_baseline(saved(tmp_path, np.full(given, 7, dtype)), where, "stretch", 3)
    baseline = make(blank(where, 2))
    assert baseline.shape == model and (baseline == 7).all()


@pytest.mark.parametrize("given", [(3, 2, 2, 3), (5, 2, 2, 3), (2, 2), (2, 3, 3), (12,), (2,)])
def test_a_shape_that_fits_neither_one_nor_all_is_refused(
    tmp_path: Path, given: tuple[int, ...]
) -> None:
    where = space((2, 2, 3))
    with pytest.raises(InputError, match="base.npy has shape") as caught:
        file_baseline(saved(tmp_path, np.zeros(given)), where, "stretch", 4)
    assert "(2, 2, 3)" in caught.value.fix and "(4, 2, 2, 3)" in caught.value.fix


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_baseline_that_is_not_finite_is_refused_before_any_work(
    tmp_path: Path, bad: float
) -> None:
    with pytest.raises(InputError, match="base.npy has a NaN or infinite number"):
        file_baseline(saved(tmp_path, [0.0, bad]), space((2,), "floats"), "stretch", 4)


def test_a_baseline_per_input_that_is_not_finite_fails_that_input(tmp_path: Path) -> None:
    where = space((2,), "floats")
    array = np.array([[0.0, 1.0], [np.nan, 0.0], [2.0, 3.0]])
    make = file_baseline(saved(tmp_path, array), where, "stretch", 3)
    assert make(blank(where, 0)).tolist() == [0, 1]
    assert make(blank(where, 2)).tolist() == [2, 3]
    with pytest.raises(InputError, match="base.npy has a NaN"):
        make(blank(where, 1))


@pytest.mark.parametrize("dtype", ["int64", "bool", "complex64"])
def test_other_numbers_are_refused(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(InputError, match="--baseline .*base.npy holds (integers|complex64)"):
        file_baseline(saved(tmp_path, np.zeros((2, 2, 3), dtype)), space((2, 2, 3)), "stretch", 4)


def test_pixels_are_no_baseline_of_floats(tmp_path: Path) -> None:
    path = saved(tmp_path, np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ConfigError, match="holds uint8 pixels, but INPUTS is a float array"):
        file_baseline(path, space((2, 2, 3), "floats"), "stretch", 4)


def archive() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        archive(),
        archive()[:60],
    ],
    ids=["empty", "text", "npz", "cut npz"],
)
def test_a_broken_array_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "base.npy").write_bytes(content)
    raised: list[type[Exception]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # numpy leaves a cut archive open
        try:
            file_baseline(tmp_path / "base.npy", space((3,), "floats"), "stretch", 4)
        except Exception as error:
            raised.append(type(error))
        gc.collect()
    assert raised == [InputError]


def test_an_image_is_read_like_an_input(tmp_path: Path) -> None:
    where = space((2, 4, 3), preprocess="symmetric")
    Image.new("RGB", (9, 9), (0, 51, 255)).save(tmp_path / "base.PNG", "PNG")
    baseline = file_baseline(tmp_path / "base.PNG", where, "stretch", 4)(blank(where, 3))
    assert baseline.shape == (2, 4, 3)
    np.testing.assert_allclose(baseline, np.full((2, 4, 3), (-1, -0.6, 1)), rtol=1e-6)


def test_an_image_is_resized_like_an_input(tmp_path: Path) -> None:
    where = space((2, 4), preprocess="raw")
    Image.new("L", (2, 2), 9).save(tmp_path / "base.png")
    baseline = file_baseline(tmp_path / "base.png", where, "pad", 4)(blank(where))
    assert baseline.tolist() == [[0, 9, 9, 0], [0, 9, 9, 0]]


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "base.png").write_bytes(b"text")
    with pytest.raises(InputError, match="--baseline .*base.png: not an image"):
        file_baseline(tmp_path / "base.png", space((2, 4)), "stretch", 4)


def test_an_image_is_no_baseline_of_what_is_no_image(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 9).save(tmp_path / "base.png")
    with pytest.raises(InputError, match="is an image, but the inputs are \\(9,\\)"):
        file_baseline(tmp_path / "base.png", space((9,)), "stretch", 4)


def test_an_image_that_can_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "base.png").write_bytes(b"x")
    monkeypatch.setattr(Path, "read_bytes", locked)
    with pytest.raises(InputError, match="base.png: can't be read: Permission denied"):
        file_baseline(tmp_path / "base.png", space((2, 4)), "stretch", 4)


def test_an_image_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "base.png").open("wb") as file:
        file.truncate(2**31)
    with pytest.raises(InputError, match="base.png: can't be read: it has 2147483648 bytes"):
        file_baseline(tmp_path / "base.png", space((2, 4)), "stretch", 4)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("b.npy", "pixels"),
        ("b.npy", "floats"),
        ("b.NPY", "floats"),
        ("b.png", "pixels"),
        ("b.JPG", "pixels"),
    ],
)
def test_a_baseline_file_is_found(tmp_path: Path, name: str, kind: SourceKind) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert check_file(str(tmp_path / name), kind) == tmp_path / name


@pytest.mark.parametrize(
    ("name", "kind", "problem"),
    [
        ("none.npy", "pixels", "is neither a known baseline nor a file"),
        ("blakc", "pixels", "is neither a known baseline nor a file"),
        ("", "floats", "is neither a known baseline nor a file"),
        ("folder.png", "pixels", "is neither a known baseline nor a file"),
        ("b.txt", "pixels", "is neither an image nor an .npy array"),
        ("b", "floats", "is neither an image nor an .npy array"),
        ("b.png", "floats", "is an image, but INPUTS is a float array"),
    ],
)
def test_what_is_no_baseline_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: SourceKind, problem: str
) -> None:
    (tmp_path / "folder.png").mkdir()
    for file in ("b.txt", "b", "b.png"):
        (tmp_path / file).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"--baseline {name} {problem}"):
        check_file(name, kind)


def test_a_misspelt_name_is_answered_with_the_names_for_these_inputs() -> None:
    with pytest.raises(ConfigError) as caught:
        check_file("blakc", "pixels")
    assert "black" in caught.value.fix
    with pytest.raises(ConfigError) as caught:
        check_file("zeroes", "floats")
    assert "zeros" in caught.value.fix and "black" not in caught.value.fix


def test_a_name_too_long_for_a_file_is_refused() -> None:
    with pytest.raises(ConfigError, match="is neither a known baseline nor a file"):
        check_file("x" * 300, "pixels")


def test_the_mean_is_the_arithmetic_mean_in_pixels() -> None:
    where = space((1, 2, 3), preprocess="caffe")
    first, second = np.full((1, 2, 3), 10.0), np.full((1, 2, 3), (20.0, 40.0, 60.0))
    samples = [sample(first, where), sample(second, where, 1), sample(first, where, 2)]
    baseline = mean_baseline(samples, where)(samples[1])
    expected = np.array([80 / 3, 20, 40 / 3]) - (103.939, 116.779, 123.68)
    assert baseline.dtype == np.float32
    np.testing.assert_allclose(baseline, np.broadcast_to(expected, (1, 2, 3)), rtol=1e-6)


def test_the_mean_of_floats_is_in_their_own_units() -> None:
    where = space((2,), "floats", "symmetric")
    samples = [sample(np.array(row), where) for row in ([-4.0, 1.0], [0.0, 2.0])]
    assert mean_baseline(iter(samples), where)(samples[0]).tolist() == [-2, 1.5]


def test_the_mean_of_many_inputs_is_summed_in_double_precision() -> None:
    where = space((1,), "floats")
    one = sample(np.array([0.1], np.float32), where)
    mean = mean_baseline((one for _ in range(20_000)), where)(one)
    assert mean[0] == np.float32(0.1)


def test_the_mean_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="--baseline mean has no readable input"):
        mean_baseline([], space((2,), "floats"))


def test_a_number_too_large_for_the_model_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.raises(IgcliError):
            file_baseline(saved(tmp_path, [1e300, 0.0]), space((2,), "floats"), "stretch", 4)
