"""Packing: several tensors as one vector per row, so that one path runs through all of them."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from igcli.common.errors import ModelError
from igcli.common.model_spec import InputSpec, Part, parts_of


def read_as(
    tf: Any, path: Path, inputs: Sequence[InputSpec]
) -> tuple[InputSpec, Callable[[Any], list[Any]]]:
    """Return what is read, and how it becomes the model's inputs."""
    if len(inputs) == 1:
        return inputs[0], lambda rows: all_typed(tf, [rows], inputs)
    parts = input_parts(path, inputs, [False] * len(inputs))
    return packed(parts, inputs), lambda rows: all_typed(tf, unpacked(tf, rows, parts), inputs)


def input_parts(path: Path, inputs: Sequence[InputSpec], held: Sequence[bool]) -> tuple[Part, ...]:
    """Lay a model's inputs out in a vector."""
    sizes = fixed_shapes(path, ((spec.name, spec.shape) for spec in inputs))
    return parts_of([spec.name for spec in inputs], sizes, held)


def fixed_shapes(
    path: Path, shapes: Iterable[tuple[str, tuple[int | None, ...]]]
) -> list[tuple[int, ...]]:
    """Return shapes without open dimensions; raise ModelError where there is one."""
    sizes = []
    for name, shape in shapes:
        known = tuple(side for side in shape if side is not None)
        if len(known) < len(shape):
            raise ModelError(
                f"{path}: {name!r} has an open shape {shape}",
                "several tensors are explained together in fixed shapes only",
                "save the model with fixed input shapes",
            )
        sizes.append(known)
    return sizes


def packed(parts: Sequence[Part], inputs: Sequence[InputSpec]) -> InputSpec:
    """Return the vector that holds all inputs, in the widest of their dtypes."""
    dtype = max((spec.dtype for spec in inputs), key=lambda kind: kind.itemsize)
    return InputSpec(", ".join(p.name for p in parts), (sum(p.size for p in parts),), dtype)


def unpacked(tf: Any, rows: Any, parts: Sequence[Part]) -> list[Any]:
    """Take vectors apart; what is held takes no gradient."""
    pieces = tf.split(rows, [part.size for part in parts], axis=1)
    tensors = [tf.reshape(p, (-1, *part.shape)) for p, part in zip(pieces, parts, strict=True)]
    return [
        tf.stop_gradient(tensor) if part.held else tensor
        for tensor, part in zip(tensors, parts, strict=True)
    ]


def all_typed(tf: Any, tensors: Sequence[Any], specs: Sequence[InputSpec]) -> list[Any]:
    """Cast tensors to what the model itself takes."""
    return [tf.cast(tensor, spec.fed) for tensor, spec in zip(tensors, specs, strict=True)]
