"""Entry points: what of a SavedModel can be called, and what each of its traces takes and gives.

A signature is one trace. A function, such as ``__call__``, has one for every way that it was traced
in: with other shapes, or with other values of what is no tensor, ``training`` above all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What a model is told whether it trains by; it does not.
TRAINING = frozenset(
    {"training", "is_training", "istraining", "train", "is_train", "train_mode", "training_mode"}
    | {"learning_phase", "keras_learning_phase"}
)
_CALL = "__call__"


@dataclass(frozen=True, slots=True)
class Argument:
    """One tensor that a trace takes.

    Attributes
    ----------
    name : str
        What it goes by.
    spec : tf.TensorSpec
        Its shape and dtype.
    default : object
        What the function takes where it is not given; None for nothing.
    """

    name: str
    spec: Any
    default: Any = None

    @property
    def is_scalar(self) -> bool:
        """Whether it is one value, and none for each row."""
        return bool(self.spec.shape.rank == 0)

    @property
    def is_training(self) -> bool:
        """Whether it tells the model that it trains."""
        truth = self.spec.dtype.is_bool or self.spec.dtype.is_integer
        return self.is_scalar and truth and self.name.lower() in TRAINING

    @property
    def is_text(self) -> bool:
        """Whether it takes strings."""
        return str(self.spec.dtype.name) == "string"


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace of an entry point.

    Attributes
    ----------
    name : str
        The signature's or the function's.
    concrete : Any
        What is called.
    arguments : tuple of Argument
        The tensors that it takes.
    literals : mapping of str to object
        What was no tensor when it was traced, by the parameters' names.
    departs : int
        How many of these are not the function's own defaults, training apart.
    is_signature : bool
        Whether it is a signature.
    outputs : mapping of str to tf.TensorSpec
        What it gives, by name, in the order of the leaves.
    """

    name: str
    concrete: Any
    arguments: tuple[Argument, ...]
    literals: Mapping[str, Any]
    departs: int
    is_signature: bool
    outputs: Mapping[str, Any]

    @property
    def trains(self) -> bool:
        """Whether it was traced for training."""
        return any(value is True for key, value in self.literals.items() if key.lower() in TRAINING)

    @property
    def title(self) -> str:
        """What people call it."""
        what = "signature" if self.is_signature else "function"
        told = [f"{k}={v}" for k, v in self.literals.items() if k.lower() in TRAINING]
        return f"{what} {self.name}{f' ({told[0]})' if told else ''}"

    @property
    def is_numeric(self) -> bool:
        """Whether it takes numbers and gives some that may have a gradient."""
        gives = any(spec.dtype.is_floating for spec in self.outputs.values())
        return gives and bool(self.arguments) and not any(a.is_text for a in self.arguments)

    def call(self, tf: Any, tensors: Sequence[Any]) -> list[Any]:
        """Return its outputs for one tensor for each argument."""
        args, kwargs = self.concrete.structured_input_signature
        waiting = iter(tensors)
        filled = tf.nest.map_structure(
            lambda leaf: next(waiting) if hasattr(leaf, "dtype") else leaf, (args, kwargs)
        )
        found: list[Any] = tf.nest.flatten(self.concrete(*filled[0], **filled[1]))
        return found


def entry_points(tf: Any, module: Any) -> dict[str, list[Trace]]:
    """Return the traces of all that a loaded SavedModel offers: signatures first, by name."""
    points: dict[str, list[Trace]] = {}
    signatures = getattr(module, "signatures", None) or {}
    for name in sorted(signatures):
        points[name] = [_trace(tf, name, signatures[name], None)]
    for name in _functions(module):
        function = getattr(module, name)
        traces = [_trace(tf, name, c, function) for c in function.concrete_functions]
        taking = [trace for trace in traces if trace.arguments]
        if taking and name not in points:
            points[name] = taking
    return points


def _functions(module: Any) -> Iterator[str]:
    """Yield the names of a module's own functions, those that are called by default first."""
    names = [name for name in vars(module) if not name.startswith("_")]
    for name in ("serve", _CALL, *sorted(names)):
        if name != "serve" or name in names:
            if hasattr(getattr(module, name, None), "concrete_functions"):
                yield name


def _trace(tf: Any, name: str, concrete: Any, function: Any) -> Trace:
    args, kwargs = concrete.structured_input_signature
    given = dict(zip(_parameters(concrete), args, strict=False)) | dict(kwargs)
    defaults = _defaults(function)
    arguments: list[Argument] = []
    leaves = [leaf for leaf in tf.nest.flatten((args, kwargs)) if hasattr(leaf, "dtype")]
    owners = {id(value): key for key, value in given.items()}
    # A signature's arguments go by its keys, whatever the tensors are called inside.
    keys = sorted(kwargs) if not args and len(kwargs) == len(leaves) else None
    for i, leaf in enumerate(leaves):
        owner = owners.get(id(leaf))
        told = keys[i] if keys else getattr(leaf, "name", None) or owner or f"input_{i}"
        arguments.append(Argument(told, leaf, defaults.get(owner)))
    literals = {k: v for k, v in given.items() if _is_literal(v)}
    departs = sum(
        value != defaults.get(key)
        for key, value in literals.items()
        if key.lower() not in TRAINING and key in defaults
    )
    return Trace(
        name=name,
        concrete=concrete,
        arguments=tuple(arguments),
        literals=literals,
        departs=departs,
        is_signature=function is None,
        outputs=_outputs(tf, concrete.structured_outputs),
    )


def _is_literal(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _parameters(concrete: Any) -> list[str]:
    kind = getattr(concrete, "function_type", None)
    return list(kind.parameters) if kind is not None else []


def _defaults(function: Any) -> dict[Any, Any]:
    """Return what a function's parameters are where they are not given."""
    spec = getattr(getattr(function, "function_spec", None), "fullargspec", None)
    if spec is None:
        return {}
    values = spec.defaults or ()
    named = dict(zip(spec.args[len(spec.args) - len(values) :], values, strict=True))
    return {k: v for k, v in (named | (spec.kwonlydefaults or {})).items() if _is_literal(v)}


def _outputs(tf: Any, structured: Any) -> dict[str, Any]:
    """Return outputs by name, in the order of their leaves; those of a dict go by its keys."""
    leaves = tf.nest.flatten(structured)
    if isinstance(structured, dict) and len(structured) == len(leaves):
        return dict(zip(sorted(structured), leaves, strict=True))
    names = [getattr(leaf, "name", None) or f"output_{i}" for i, leaf in enumerate(leaves)]
    if len(set(names)) < len(names):
        names = [f"output_{i}" for i in range(len(names))]
    return dict(zip(names, leaves, strict=True))
