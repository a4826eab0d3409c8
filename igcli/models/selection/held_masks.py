"""Held masks: the mask of the input itself is kept all along the path, at the baseline too."""

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from igcli.common.errors import ConfigError
from igcli.common.model_spec import InputSpec, Part
from igcli.models.graph.inlined import as_function, inline
from igcli.models.graph.masks import holding, masks_of, titles
from igcli.models.loaders.network import Loaded
from igcli.models.selection.packing import fixed_shapes

FLAG = "--hold-mask"


def with_held_masks(tf: Any, path: Path, loaded: Loaded) -> Loaded:
    """Return a model whose points are followed by a copy of the input, which its masks are made of.

    Raises
    ------
    ConfigError
        When it has no mask that is made of what is explained.
    """
    spec = loaded.input
    rows = tf.TensorSpec((loaded.batch, *spec.shape), spec.dtype)
    inlined = inline(tf, lambda rows: [loaded.function(rows)], [rows])
    masks = masks_of(inlined)
    if not masks:
        raise ConfigError(
            f"{FLAG} can't be used with {path}",
            f"nothing in it compares {spec.name!r} with a number, to leave out what is equal",
            "leave it out",
        )
    (shape,) = fixed_shapes(path, [(spec.name, spec.shape)])
    call = as_function(tf, holding(tf, inlined, masks))
    size = prod(shape)
    moving = loaded.parts or (Part(spec.name, shape, 0),)

    def function(points: Any) -> Any:
        given, source = (tf.reshape(half, (-1, *shape)) for half in tf.split(points, 2, axis=1))
        return call([given, tf.stop_gradient(source)])[0]

    def enter(inputs: Any) -> Any:
        flat = tf.reshape(loaded.enter(inputs) if loaded.enter else inputs, (-1, size))
        return tf.concat([flat, flat], axis=1)

    names = ", ".join(titles(masks, loaded.layers))
    return replace(
        loaded,
        function=function,
        input=InputSpec(spec.name, (2 * size,), spec.dtype),
        source=loaded.source or spec,
        enter=enter,
        parts=(*moving, Part(f"mask of {spec.name}", shape, size, held=True)),
        notes=(*loaded.notes, f"{names}: every input keeps its own mask, at its baseline too"),
    )
