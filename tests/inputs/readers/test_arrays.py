import gc
import hashlib
import io
import os
import pickle
import struct
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.model_spec import InputSpec
from igcli.common.sample import InputName, Sample
from igcli.common.shapes import fits
from igcli.inputs.readers.arrays import list_array, settle


def spec(*shape: int | None, dtype: str = "float32") -> InputSpec:
    return InputSpec("image", shape, np.dtype(dtype))


def saved(folder: Path, array: Array, name: str = "data.npy") -> Path:
    np.save(folder / name, array)
    return folder / name


def samples(
    folder: Path, array: Array, model: InputSpec | None = None, preprocess: str = "unit"
) -> list[Sample]:
    listing = list_array(saved(folder, array))
    source = listing.bind(model or spec(*array.shape[1:]), preprocess, "stretch", None)
    return [source.read(name) for name in listing.names]


COUNT = np.arange(2 * 3 * 4).reshape(2, 3, 4)


def test_rows_are_named_by_file_and_place(tmp_path: Path) -> None:
    listing = list_array(saved(tmp_path, np.zeros((11, 4)), "my digits.npy"))
    assert len(listing.names) == 11
    last = listing.names[10]
    assert (last.index, last.id, last.folder) == (10, "my digits-000010", "")
    assert last.path == f"{tmp_path}/my digits.npy[10]"
    assert (listing.notes, listing.resizable) == ((), False)


def test_a_file_name_that_is_no_utf8_is_made_printable(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.npy"
    with open(path, "wb") as file:
        np.save(file, np.zeros((1, 4)))
    (name,) = list_array(Path(os.fsdecode(path))).names
    assert name.id.encode().startswith(b"\\xff") and name.path.encode()


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        ("uint8", "pixels"),
        ("float16", "floats"),
        ("float32", "floats"),
        ("float64", "floats"),
        (">f4", "floats"),
        (">f8", "floats"),
        ("longdouble", "floats"),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_arrive_as_they_were_saved(
    tmp_path: Path, dtype: str, kind: str, order: str
) -> None:
    array = np.array(COUNT, dtype=dtype, order="F" if order == "F" else "C")
    listing = list_array(saved(tmp_path, array))
    assert listing.kind == kind
    for i, sample in enumerate(samples(tmp_path, array, preprocess="raw")):
        assert sample.x.dtype == np.dtype("float32") and sample.x.dtype.isnative
        assert sample.x.flags.c_contiguous
        np.testing.assert_array_equal(sample.x, COUNT[i])
        assert sample.sha256 == hashlib.sha256(array[i].tobytes()).hexdigest()


def test_the_array_is_mapped_and_not_loaded(tmp_path: Path) -> None:
    assert isinstance(list_array(saved(tmp_path, np.zeros((3, 4)))).array, np.memmap)


def test_uint8_is_preprocessed_and_floats_are_not(tmp_path: Path) -> None:
    pixels = samples(tmp_path, np.full((1, 2, 2), 255, np.uint8), preprocess="symmetric")[0]
    floats = samples(tmp_path, np.full((1, 2, 2), 255, np.float32), preprocess="symmetric")[0]
    assert (pixels.x == 1).all() and (pixels.raw == 255).all() and pixels.raw.shape == (2, 2, 1)
    assert (floats.x == 255).all() and floats.raw.shape == (2, 2)


def test_a_half_precision_model_gets_half_precision(tmp_path: Path) -> None:
    (sample,) = samples(tmp_path, np.full((1, 2), 0.1), spec(2, dtype="float16"))
    assert sample.x.dtype == np.float16


@pytest.mark.parametrize(
    "dtype", ["int8", "int64", "uint16", "bool", "complex64", "<U3", "S3", "M8[s]", "i4,f4"]
)
def test_other_numbers_are_refused_by_an_input_that_takes_floats(
    tmp_path: Path, dtype: str
) -> None:
    with pytest.raises(InputError, match="data.npy holds") as caught:
        samples(tmp_path, np.zeros((2, 4), dtype), spec(4))
    assert "array" in caught.value.fix or "astype" in caught.value.fix


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "uint16", "bool"])
def test_integers_are_kept_for_an_input_that_takes_them(tmp_path: Path, dtype: str) -> None:
    tokens = replace(spec(4), declared="int32")
    first, second = samples(tmp_path, np.array([[0, 1, 1, 0], [1, 1, 1, 1]], dtype), tokens)
    assert first.x.tolist() == [0, 1, 1, 0] and second.raw.tolist() == [1, 1, 1, 1]
    assert first.x.dtype == np.float32


def test_an_integer_that_the_path_cannot_hold_fails_that_input(tmp_path: Path) -> None:
    tokens = replace(spec(2), declared="int32")
    with pytest.raises(InputError, match=r"an integer that float32 can't hold, first at \[1\]"):
        samples(tmp_path, np.array([[5, 2**24 + 1]]), tokens)


def test_floats_are_refused_by_an_input_that_takes_integers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="(?s)holds floats: .* 'image' takes int32.*astype"):
        samples(tmp_path, np.zeros((1, 2)), replace(spec(2), declared="int32"))


def test_object_arrays_are_never_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "exploded"),)

    np.save(tmp_path / "data.npy", np.array([Bomb()], object), allow_pickle=True)
    with pytest.raises(InputError, match="data.npy can't be read"):
        list_array(tmp_path / "data.npy")
    (tmp_path / "data.npy").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(InputError, match="data.npy can't be read"):
        list_array(tmp_path / "data.npy")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("shape", [(), (4,), (0,), (0, 4), (0, 8, 8, 3)])
def test_an_array_without_rows_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="the first axis counts the inputs"):
        list_array(saved(tmp_path, np.zeros(shape, np.float32)))


def header(text: str) -> bytes:
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()


def npy(shape: str) -> bytes:
    return header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n")


def npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros((3, 4)))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x93NUMPY", id="magic only"),
        pytest.param(b"\x93NUMPY\x09\x00", id="unknown version"),
        pytest.param(b"1 2 3\n", id="text"),
        pytest.param(npz(), id="npz"),
        pytest.param(npz()[:60], id="cut npz"),
        pytest.param(npy("(3, 4)") + bytes(40), id="cut"),
        pytest.param(npy("(3, 4)"), id="header only"),
        pytest.param(npy("(-1, 4)"), id="negative shape"),
        pytest.param(header("{'descr': 'zz'}"), id="no keys"),
        pytest.param(header("{'descr'"), id="cut header"),
        pytest.param(npy("(3000000000, 4000000000)"), id="huge"),
        pytest.param(npy(f"({10**25}, 4)"), id="absurd"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.npy"
    path.write_bytes(content)
    raised: list[type[Exception]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # numpy leaves a cut archive open
        try:
            list_array(path)
        except Exception as error:
            assert "data.npy" in str(error) or not isinstance(error, InputError)
            raised.append(type(error))
        gc.collect()
    assert raised == [InputError]


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npy", tmp_path):
        with pytest.raises(InputError, match="can't be read as an .npy array"):
            list_array(path)


@pytest.mark.parametrize(
    ("rows", "model", "expected"),
    [
        ((28, 28), (28, 28), (28, 28)),
        ((28, 28), (28, 28, 1), (28, 28, 1)),
        ((28, 28, 1), (28, 28), (28, 28)),
        ((28, 28, 1), (None, None, 1), (28, 28, 1)),
        ((5, 7, 3), (None, None, 3), (5, 7, 3)),
        ((5, 7), (None, None, 1), (5, 7, 1)),
        ((5, 7, 3), (None, None, None), (5, 7, 3)),
        ((4,), (4,), (4,)),
        ((4,), (None,), (4,)),
        ((4,), (4, 1), (4, 1)),
    ],
)
def test_rows_that_fit(
    tmp_path: Path,
    rows: tuple[int, ...],
    model: tuple[int | None, ...],
    expected: tuple[int, ...],
) -> None:
    array = np.arange(2 * np.prod(rows), dtype=np.float32).reshape(2, *rows)
    for i, sample in enumerate(samples(tmp_path, array, spec(*model))):
        assert sample.x.shape == expected
        np.testing.assert_array_equal(sample.x.ravel(), array[i].ravel())


@pytest.mark.parametrize("rows", [(28, 28), (28, 28, 1)])
@pytest.mark.parametrize("model", [(28, 28), (28, 28, 1)])
def test_pixels_may_leave_the_channel_axis_out(
    tmp_path: Path, rows: tuple[int, ...], model: tuple[int, ...]
) -> None:
    (sample,) = samples(tmp_path, np.full((1, *rows), 51, np.uint8), spec(*model))
    assert sample.raw.shape == (28, 28, 1) and sample.x.shape == model
    np.testing.assert_allclose(sample.x, 0.2, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "model"),
    [
        ((2, 28, 28), (28, 28, 3)),
        ((2, 28, 28, 3), (28, 28)),
        ((2, 28, 28, 3), (28, 28, 1)),
        ((2, 28, 28, 1, 1), (28, 28)),
        ((2, 3, 28, 28), (28, 28, 3)),
        ((2, 27, 28), (28, 28)),
        ((2, 784), (28, 28)),
        ((2, 3), (4,)),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    tmp_path: Path, shape: tuple[int, ...], model: tuple[int, ...]
) -> None:
    listing = list_array(saved(tmp_path, np.zeros(shape)))
    with pytest.raises(InputError, match="data.npy has shape") as caught:
        listing.bind(spec(*model), "unit", "stretch", None)
    assert "'image' wants (N, " in caught.value.cause


def test_a_single_input_without_its_first_axis_is_told_how_to_add_it(tmp_path: Path) -> None:
    listing = list_array(saved(tmp_path, np.zeros((8, 8, 3))))
    with pytest.raises(InputError) as caught:
        listing.bind(spec(8, 8, 3), "unit", "stretch", None)
    assert "array[None]" in caught.value.fix


def test_imagenet_means_are_refused_for_grey_pixels(tmp_path: Path) -> None:
    listing = list_array(saved(tmp_path, np.zeros((1, 8, 8), np.uint8)))
    with pytest.raises(ConfigError, match="needs three colour channels"):
        listing.bind(spec(8, 8), "torch", "stretch", None)


def test_arrays_are_not_resized(tmp_path: Path) -> None:
    listing = list_array(saved(tmp_path, np.zeros((1, 8, 6, 3))))
    assert listing.bind(spec(None, None, 3), "unit", "stretch", (8, 6)).space.shape == (8, 6, 3)
    with pytest.raises(ConfigError, match="--image-size 6x8 does not fit .*data.npy"):
        listing.bind(spec(None, None, 3), "unit", "stretch", (6, 8))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_fails_alone_and_says_where(tmp_path: Path, bad: float) -> None:
    array = np.zeros((3, 2, 4), np.float32)
    array[1, 0, 2] = array[1, 1, 3] = bad
    listing = list_array(saved(tmp_path, array))
    source = listing.bind(spec(2, 4), "unit", "stretch", None)
    with pytest.raises(InputError, match="not finite in float32, first at \\[0, 2\\]"):
        source.read(listing.names[1])
    assert (source.read(listing.names[0]).x == 0).all()
    assert (source.read(listing.names[2]).x == 0).all()


def test_a_number_too_large_for_the_model_fails_its_row(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not finite in float32, first at \\[1\\]"):
        samples(tmp_path, np.array([[0.0, 1e300]]))


def test_equal_rows_have_equal_hashes_and_others_do_not(tmp_path: Path) -> None:
    first, second, third = samples(tmp_path, np.array([[1, 2], [1, 2], [2, 1]], np.uint8))
    assert first.sha256 == second.sha256 != third.sha256


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((2, 3), (2, 3), True),
        ((2, 3), (None, 3), True),
        ((2, 3), (2,), False),
        ((2, 3), (3, 2), False),
        ((), (), True),
    ],
)
def test_fits(shape: tuple[int, ...], wanted: tuple[int | None, ...], expected: bool) -> None:
    assert fits(shape, wanted) is expected


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((2, 3), (None, None), (2, 3)),
        ((2, 3), (None, None, 1), (2, 3, 1)),
        ((2, 3, 1), (2, 3), (2, 3)),
        ((2, 3, 3), (2, 3), None),
        ((), (1,), (1,)),
        ((), (2,), None),
    ],
)
def test_settle(
    shape: tuple[int, ...], wanted: tuple[int | None, ...], expected: tuple[int, ...] | None
) -> None:
    assert settle(shape, wanted) == expected


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_that_is_cut_short_meanwhile_fails_and_ends_no_process(
    tmp_path: Path, order: str
) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.asarray(np.ones((64, 100, 3), np.float32), order=order))  # type: ignore[call-overload]
    listing = list_array(path)
    source = listing.bind(InputSpec("x", (100, 3), np.dtype("float32")), "unit", "stretch", None)
    assert source.read(listing.names[63]).x.shape == (100, 3)
    os.truncate(path, path.stat().st_size - 1)
    for name in (listing.names[0], listing.names[63]):
        for read in (source.read, source.sha256):
            with pytest.raises(InputError, match="the file was cut short while it was read"):
                read(name)


def test_the_hash_alone_is_that_of_the_sample(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(12, dtype=np.float32).reshape(4, 3))
    listing = list_array(tmp_path / "x.npy")
    source = listing.bind(InputSpec("x", (3,), np.dtype("float32")), "unit", "stretch", None)
    hashes = [source.sha256(name) for name in listing.names]
    assert hashes == [source.read(name).sha256 for name in listing.names]
    assert len(set(hashes)) == 4


def test_a_negative_token_is_refused_by_name(tmp_path: Path) -> None:
    tokens = replace(spec(3), declared="int32", tokens=True)
    path = saved(tmp_path, np.array([[1, 2, 0], [1, -1, 2]], np.int32))
    source = list_array(path).bind(tokens, "unit", "stretch", None)
    source.read(source_names(path)[0])
    with pytest.raises(InputError, match=r"has a negative token, -1, first at \[1\]"):
        source.read(source_names(path)[1])


def source_names(path: Path) -> list[InputName]:
    return list(list_array(path).names)
