"""The schema of an ExplanationSpec: which keys there are, what they hold, and what is refused.

After the public reference of Vertex AI's v1 API (ExplanationSpec, ExplanationParameters,
ExplanationMetadata). Keys may be written as in JSON (``stepCount``) or as in Python
(``step_count``, ``type_``); read, they are as in JSON.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, TypeAlias

from igcli.common.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`, both included."""

    low: float = -inf
    high: float = inf
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some names; `refused` ones are known, and igcli can't follow them."""

    names: tuple[str, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""


@dataclass(frozen=True, slots=True)
class Anything:
    """A value whose form goes by the model."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A key that igcli can't follow: why, and what to do."""

    cause: str
    fix: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind of values."""

    kind: "Kind"


@dataclass(frozen=True, slots=True)
class ByName:
    """An object whose keys are the user's own names."""

    kind: "Kind"


@dataclass(frozen=True, slots=True)
class Record:
    """An object of known keys."""

    fields: Mapping[str, "Kind"]


Kind: TypeAlias = Number | Choice | Text | Anything | Refused | ListOf | ByName | Record

_CODES = (
    "BAG_OF_FEATURES",
    "BAG_OF_FEATURES_SPARSE",
    "INDICATOR",
    "COMBINED_EMBEDDING",
    "CONCAT_EMBEDDING",
)
_TABLES = Refused(
    "it is of tables and words that are coded as indices; igcli explains dense numbers",
    "explain the input of floats behind it, or a layer's: igcli help models, --layer",
)
_EXAMPLES = Refused(
    "it asks for similar examples, which are no attributions",
    "take it out, and name integratedGradientsAttribution or xraiAttribution",
)
_ENCODED = Refused(
    "it names a tensor inside the model, behind one without gradients",
    "take it out, and explain a layer by its name: --layer NAME, with --baseline for its values",
)
_SMOOTH = Record(
    {
        "noiseSigma": Number(low=0.0),
        "featureNoiseSigma": Record(
            {"noiseSigma": ListOf(Record({"name": Text(), "sigma": Number(low=0.0)}))}
        ),
        "noisySampleCount": Number(1, 50, whole=True),
    }
)
_GRADIENTS = Record(
    {
        "stepCount": Number(1, 100, whole=True),
        "smoothGradConfig": _SMOOTH,
        "blurBaselineConfig": Record({"maxBlurSigma": Number(low=0.0)}),
    }
)
_VISUALIZATION = Record(
    {
        "type": Choice(("PIXELS", "OUTLINES")),
        "polarity": Choice(("POSITIVE", "NEGATIVE", "BOTH")),
        "colorMap": Choice(
            ("PINK_GREEN", "VIRIDIS", "RED", "GREEN", "RED_GREEN", "PINK_WHITE_GREEN")
        ),
        "clipPercentUpperbound": Number(0.0, 100.0),
        "clipPercentLowerbound": Number(0.0, 100.0),
        "overlayType": Choice(("NONE", "ORIGINAL", "GRAYSCALE", "MASK_BLACK")),
    }
)
_DOMAIN = Record({n: Number() for n in ("minValue", "maxValue", "originalMean", "originalStddev")})
_INPUT = Record(
    {
        "inputBaselines": ListOf(Anything()),
        "inputTensorName": Text(),
        "encoding": Choice(("IDENTITY",), refused=_CODES),
        "modality": Choice(("image", "numeric")),
        "featureValueDomain": _DOMAIN,
        "indicesTensorName": _TABLES,
        "denseShapeTensorName": _TABLES,
        "indexFeatureMapping": _TABLES,
        "encodedTensorName": _ENCODED,
        "encodedBaselines": _ENCODED,
        "visualization": _VISUALIZATION,
        "groupName": Text(),
    }
)
_OUTPUT = Record(
    {
        "outputTensorName": Text(),
        "indexDisplayNameMapping": Anything(),
        "displayNameMappingKey": Text(),
    }
)
SPEC = Record(
    {
        "parameters": Record(
            {
                "topK": Number(-1, whole=True),
                "outputIndices": Anything(),
                "sampledShapleyAttribution": Refused(
                    "igcli has no sampled Shapley values: it explains models by their gradients",
                    "name integratedGradientsAttribution, whose maps are Shapley values too "
                    "(Aumann and Shapley's), if the model has gradients",
                ),
                "integratedGradientsAttribution": _GRADIENTS,
                "xraiAttribution": _GRADIENTS,
                "examples": _EXAMPLES,
            }
        ),
        "metadata": Record(
            {
                "inputs": ByName(_INPUT),
                "outputs": ByName(_OUTPUT),
                "featureAttributionsSchemaUri": Text(),
                "latentSpaceSource": _EXAMPLES,
            }
        ),
    }
)


def read(value: Any, kind: Kind, path: str, file: str) -> Any:
    """Return a value of the schema, with its keys as in JSON and null left out.

    Parameters
    ----------
    value : object
        What the JSON holds at `path`.
    kind : Kind
        What it must be.
    path, file : str
        Where it stands, for messages.

    Raises
    ------
    ConfigError
        For a key that the schema does not have, a value of another kind, and what igcli refuses;
        each by its path.
    """
    match kind:
        case Record(fields):
            return _record(value, fields, path, file)
        case ByName(of):
            entries = _object(value, path, file)
            return {name: read(v, of, _at(path, name), file) for name, v in entries.items()}
        case ListOf(of):
            if not isinstance(value, list):
                raise _wrong(value, "a list", path, file)
            return [read(v, of, f"{path}[{i}]", file) for i, v in enumerate(value)]
        case Refused(cause, fix):
            raise ConfigError(f"--config {file}: {path} can't be followed", cause, fix)
        case _:
            return _leaf(value, kind, path, file)


def _record(value: Any, fields: Mapping[str, Kind], path: str, file: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, entry in _object(value, path, file).items():
        name = _as_in_json(key)
        if name not in fields:
            raise ConfigError(
                f"--config {file} has an unknown key {_at(path, key)!r}",
                fix=f"an ExplanationSpec has {', '.join(fields)} there",
            )
        if name in found:
            raise ConfigError(f"--config {file} has {_at(path, name)!r} twice", fix="keep one")
        if entry is not None:
            found[name] = read(entry, fields[name], _at(path, name), file)
    return found


def _leaf(value: Any, kind: Kind, path: str, file: str) -> Any:
    match kind:
        case Number():
            return _number(value, kind, path, file)
        case Choice(refused=refused) if value in refused:
            return read(value, _TABLES, path, file)
        case Choice(names) if value not in names:
            raise _wrong(value, f"one of {', '.join(names)}", path, file)
        case Text() if not isinstance(value, str):
            raise _wrong(value, "a text", path, file)
    return value


def _number(value: Any, kind: Number, path: str, file: str) -> float:
    a_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = a_number and kind.low <= value <= kind.high
    if not fits or (kind.whole and value != int(value)):
        what = "a whole number" if kind.whole else "a number"
        if kind.low > -inf:
            what += f" from {kind.low:g}"
        if kind.high < inf:
            what += f" to {kind.high:g}"
        raise _wrong(value, what, path, file)
    return int(value) if kind.whole else float(value)


def _object(value: Any, path: str, file: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(value, "an object {…}", path, file)
    return value


def _wrong(value: Any, what: str, path: str, file: str) -> ConfigError:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else f"{shown[:40]}…"
    return ConfigError(f"--config {file}: {path or 'the document'} is {shown}", fix=f"write {what}")


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _as_in_json(key: str) -> str:
    """Return ``stepCount`` for ``step_count``, and ``type`` for Python's ``type_``."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), key.removesuffix("_"))
