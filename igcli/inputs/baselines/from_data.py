"""Baselines from data: a file, or the mean of the inputs."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.files import is_file
from igcli.common.sample import Sample, SourceKind
from igcli.inputs.baselines.recipes import Baseline, usage
from igcli.inputs.preprocess import Space
from igcli.inputs.readers.arrays import array_kind, bound_kind, load_array, settle
from igcli.inputs.readers.decode import EXTENSIONS, decode, read_file


def check_file(text: str, kind: SourceKind) -> Path:
    """Return the baseline file that `text` names, or raise what is wrong with it."""
    path = Path(text)
    if not is_file(text):
        raise ConfigError(
            f"--baseline {text} is neither a known baseline nor a file",
            fix=f"write {usage(kind)}",
        )
    if path.suffix.lower() in EXTENSIONS:
        if kind == "floats":
            raise ConfigError(
                f"--baseline {text} is an image, but INPUTS is a float array",
                "nothing says how to map its pixels to the array's units",
                "save the baseline as a float .npy",
            )
    elif path.suffix.lower() != ".npy":
        raise ConfigError(
            f"--baseline {text} is neither an image nor an .npy array", fix=f"write {usage(kind)}"
        )
    return path


def file_baseline(path: Path, space: Space, resize: str, inputs: int) -> Baseline:
    """Read a baseline file: an image, or an array of one baseline for all or one per input.

    A uint8 array is pixels and is preprocessed; a float array is in model space already, where one
    number (an array without axes) stands for all values.
    `inputs` is how many inputs there are, before any ``--limit``.
    """
    if path.suffix.lower() == ".npy":
        return _array_baseline(path, space, inputs)
    if len(space.raw_shape) != 3:
        raise InputError(f"--baseline {path} is an image, but the inputs are {space.raw_shape}")
    height, width, channels = space.raw_shape
    try:
        raw = decode(read_file(path), (width, height), channels, resize, space.depth)
    except InputError as error:
        raise InputError(f"--baseline {path}", error.problem, "name a readable image") from error
    return _same_for_all(space.to_model(raw))


def _array_baseline(path: Path, space: Space, inputs: int) -> Baseline:
    array = load_array(path, "--baseline")
    kind = bound_kind(array_kind(array, path, "--baseline"), space.input, f"--baseline {path}")
    if kind == "pixels" and space.kind == "floats":
        raise ConfigError(
            f"--baseline {path} holds uint8 pixels, but INPUTS is a float array",
            "nothing says how to map pixels to the array's units",
            "save the baseline as floats",
        )

    def convert(row: Array) -> Array:
        if kind == "pixels":
            return space.to_model(row.reshape(space.raw_shape))
        return np.ascontiguousarray(row, dtype=space.input.dtype).reshape(space.shape)

    if array.ndim == 0:
        array = np.full(space.raw_shape if kind == "pixels" else space.shape, array)
    if settle(array.shape, space.shape) is not None:
        whole = _finite(convert(array), path)
        return _same_for_all(whole)
    rows = settle(array.shape[1:], space.shape) is not None
    if rows and len(array) in {1, inputs}:
        per_input = len(array) == inputs

        def pick(sample: Sample) -> Array:
            return _finite(convert(array[sample.name.index if per_input else 0]), path)

        return pick
    raise InputError(
        f"--baseline {path} has shape {array.shape}",
        f"the model's input is {space.shape} and there are {inputs} inputs",
        f"save one baseline of shape {space.shape}, or one per input: {(inputs, *space.shape)}",
    )


def _finite(baseline: Array, path: Path) -> Array:
    if not np.isfinite(baseline).all():
        raise InputError(
            f"--baseline {path} has a NaN or infinite number", fix="save it with finite numbers"
        )
    return baseline


def mean_baseline(samples: Iterable[Sample], space: Space) -> Baseline:
    """Return the mean of the inputs, taken in their own units (pixels: before preprocessing)."""
    total = np.zeros(space.raw_shape)
    count = 0
    for sample in samples:
        total += sample.raw
        count += 1
    if count == 0:
        raise InputError("--baseline mean has no readable input to average")
    return _same_for_all(space.to_model(total / count))


def _same_for_all(baseline: Array) -> Baseline:
    return lambda sample: baseline
