"""The weighted layers of a model: what of its weights is used, in the order of its use."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from igcli.models.graph.inlined import trace
from igcli.models.loaders.network import Loaded, Network

# What a normalisation has beside its input; the first two are its statistics.
_STATISTICS = frozenset({"moving_mean", "moving_variance"})
_OF_A_NORM = _STATISTICS | {"gamma", "beta"}
# A Keras layer's own weights, and whether they are learned: also where the layer was frozen.
_LISTS = (("_trainable_variables", True), ("_non_trainable_variables", False))


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor of weights.

    Attributes
    ----------
    name : str
        Within its layer.
    variable : Any
        TensorFlow's, which the explained function reads.
    initializer : Any
        What Keras drew it with; None where that is not known.
    """

    name: str
    variable: Any
    initializer: Any = None


@dataclass(frozen=True, slots=True)
class Norm:
    """A normalisation's weights.

    Attributes
    ----------
    weights : tuple of Weight
        Scale and shift, as far as it has them.
    statistics : tuple of Weight
        Mean and variance of what it normalises, as training left them; none of a layer that takes
        them of each input.
    layer : Any
        The Keras layer, which can be asked for its statistics anew; None where there is none.
    """

    weights: tuple[Weight, ...]
    statistics: tuple[Weight, ...]
    layer: Any = None


@dataclass(frozen=True, slots=True)
class WeightedLayer:
    """A layer's weights, with those of the normalisations behind it.

    Attributes
    ----------
    name : str
        As the file has it.
    weights : tuple of Weight
        Its own.
    norms : tuple of Norm
        Those of what it gives: a scale alone hardly makes a layer.
    """

    name: str
    weights: tuple[Weight, ...]
    norms: tuple[Norm, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighted:
    """What of a model can be redrawn.

    Attributes
    ----------
    layers : tuple of WeightedLayer
        From the output to the input.
    kept : tuple of str
        What is not learned and stays: the numbers of a Normalization layer, for example.
    """

    layers: tuple[WeightedLayer, ...]
    kept: tuple[str, ...]


def weighted_layers(tf: Any, network: Network, loaded: Loaded) -> Weighted:
    """Return the layers whose weights the explained function reads.

    Weights are taken in the order in which the function, traced, comes upon them, and belong
    together where their names say so: ``block/conv/kernel`` and ``block/conv/bias``. So it is the
    same for files of Keras and for SavedModels. What no gradient would train stays, but for a
    normalisation's statistics; where nothing is marked as trainable, everything is taken.
    """
    owners = dict(_owners(network.model))
    used = _used(tf, loaded)
    is_frozen = not any(_is_learned(v, owners) for v in used)
    groups: dict[str, list[Any]] = {}
    kept = []
    for variable in used:
        is_taken = is_frozen or _is_learned(variable, owners) or _own(variable) in _STATISTICS
        if is_taken and variable.dtype.is_floating:
            groups.setdefault(_layer(variable), []).append(variable)
        else:
            kept.append(variable.name.removesuffix(":0"))
    layers: list[WeightedLayer] = []
    for name, variables in groups.items():
        norm = _norm(variables, owners)
        weights = tuple(_weight(v, owners) for v in variables)
        if norm is None:
            layers.append(WeightedLayer(name, weights))
        elif not layers:
            layers.append(WeightedLayer(name, (), (norm,)))
        else:
            last = layers[-1]
            layers[-1] = WeightedLayer(last.name, last.weights, (*last.norms, norm))
    return Weighted(tuple(reversed(layers)), tuple(kept))


def explained(loaded: Loaded) -> Callable[[Any], Any]:
    """Return the whole function, from what is read to the output, also where a layer is entered."""
    enter = loaded.enter
    if enter is None:
        return loaded.function
    return lambda rows: loaded.function(enter(rows))


def rows_read(tf: Any, loaded: Loaded) -> Any:
    """Return the TensorSpec of what `explained` takes."""
    read = loaded.source or loaded.input
    return tf.TensorSpec((loaded.batch, *read.shape), read.dtype)


def _used(tf: Any, loaded: Loaded) -> Sequence[Any]:
    graph = trace(tf, explained(loaded), [rows_read(tf, loaded)]).graph
    variables = {id(variable.handle): variable for variable in graph.variables}
    return [variables[id(outer)] for outer, _ in graph.captures if id(outer) in variables]


def _owners(model: Any) -> Iterator[tuple[int, tuple[Any, Any, bool]]]:
    """Yield of each Keras 3 weight: its variable's id, its layer, itself, whether it is learned."""
    for layer in getattr(model, "_flatten_layers", tuple)():
        for name, is_learned in _LISTS:
            for variable in getattr(layer, name, ()):
                yield id(variable.value.handle), (layer, variable, is_learned)


def _is_learned(variable: Any, owners: dict[int, tuple[Any, Any, bool]]) -> bool:
    """Tell whether training changes it: a layer that was frozen for fine-tuning has learned too."""
    known = owners.get(id(variable.handle))
    return bool(variable.trainable) if known is None else known[2]


def _own(variable: Any) -> str:
    return str(variable.name.removesuffix(":0").rpartition("/")[2])


def _layer(variable: Any) -> str:
    before, slash, own = variable.name.removesuffix(":0").rpartition("/")
    return str(before if slash else own)


def _weight(variable: Any, owners: dict[int, tuple[Any, Any, bool]]) -> Weight:
    name = _own(variable)
    layer = owners.get(id(variable.handle), (None,))[0]
    of_kernel = ("depthwise_initializer",) if name == "kernel" else ()
    places = (f"{name}_initializer", f"{name.removesuffix('_kernel')}_initializer", *of_kernel)
    found = (getattr(layer, place, None) for place in places)
    return Weight(name, variable, next((one for one in found if callable(one)), None))


def _norm(variables: Sequence[Any], owners: dict[int, tuple[Any, Any, bool]]) -> Norm | None:
    """Return what a normalisation has; None of any other layer."""
    weights = [_weight(variable, owners) for variable in variables]
    if not {weight.name for weight in weights} <= _OF_A_NORM:
        return None
    layer = owners.get(id(variables[0].handle), (None,))[0]
    return Norm(
        tuple(weight for weight in weights if weight.name not in _STATISTICS),
        tuple(weight for weight in weights if weight.name in _STATISTICS),
        layer if hasattr(layer, "moving_mean") and hasattr(layer, "axis") else None,
    )
