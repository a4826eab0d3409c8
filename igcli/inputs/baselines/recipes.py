"""BASELINES: the recipes for a path's start, made in the inputs' own units.

Baselines of pixels are made in pixel space (0–255) and then preprocessed like the input itself.
Random ones depend on the seed and the input's id alone, so that order, batching and sharding
change nothing. `gaussian` and `blur` start from the input, as in Sturmfels, Lundberg and Lee,
"Visualizing the Impact of Feature Attribution Baselines" (Distill, 2020).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.sample import Sample, SourceKind
from igcli.inputs.preprocess import Space

_MAX_BLUR = 1e5
Arguments: TypeAlias = tuple[float, ...]
Make: TypeAlias = Callable[[Array, Arguments, np.random.Generator], Array]
Baseline: TypeAlias = Callable[[Sample], Array]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One named baseline.

    Attributes
    ----------
    usage : str
        How it is written on the command line; one number for each ":" in it.
    make : callable
        (raw input, arguments, random generator) → raw baseline of the same shape.
    """

    usage: str
    make: Make

    @property
    def arguments(self) -> int:
        """How many numbers follow the name."""
        return self.usage.count(":")


def _filled(value: float) -> Make:
    return lambda raw, arguments, random: np.full(raw.shape, value)


def _constant(raw: Array, arguments: Arguments, random: np.random.Generator) -> Array:
    return np.full(raw.shape, arguments[0])


def _uniform_pixels(raw: Array, arguments: Arguments, random: np.random.Generator) -> Array:
    return random.uniform(0.0, 255.0, raw.shape)


def _uniform(raw: Array, arguments: Arguments, random: np.random.Generator) -> Array:
    return random.uniform(arguments[0], arguments[1], raw.shape)


def _gaussian(raw: Array, arguments: Arguments, random: np.random.Generator) -> Array:
    return raw + random.normal(0.0, arguments[0], raw.shape)


def _gaussian_pixels(raw: Array, arguments: Arguments, random: np.random.Generator) -> Array:
    return _gaussian(raw, arguments, random).clip(0.0, 255.0)


def _blur(raw: Array, arguments: Arguments, random: np.random.Generator) -> Array:
    rows = _blur_matrix(raw.shape[0], arguments[0])
    columns = _blur_matrix(raw.shape[1], arguments[0])
    blurred: Array = np.einsum("ab,bcd,ec->aed", rows, raw, columns, optimize=True)
    return blurred


@lru_cache(maxsize=8)
def _blur_matrix(n: int, sigma: float) -> Array:
    """Return the (n, n) matrix of a Gaussian filter cut at 4 sigma, the border repeated."""
    reach = int(4.0 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    # up_to[k]: the kernel's mass at offsets below k − reach. A border pixel takes all beyond it.
    up_to = np.concatenate([[0.0], np.cumsum(kernel / kernel.sum())])
    edges = np.arange(n + 1) - np.arange(n)[:, None] + reach
    mass = up_to[np.clip(edges, 0, len(kernel))]
    mass[:, 0], mass[:, n] = 0.0, 1.0
    return np.diff(mass, axis=1)


BASELINES: dict[SourceKind, dict[str, Recipe]] = {
    "pixels": {
        "black": Recipe("black", _filled(0.0)),
        "white": Recipe("white", _filled(255.0)),
        "gray": Recipe("gray", _filled(127.5)),
        "constant": Recipe("constant:V", _constant),
        "uniform": Recipe("uniform", _uniform_pixels),
        "gaussian": Recipe("gaussian:SIGMA", _gaussian_pixels),
        "blur": Recipe("blur:SIGMA", _blur),
    },
    "floats": {
        "zeros": Recipe("zeros", _filled(0.0)),
        "constant": Recipe("constant:V", _constant),
        "uniform": Recipe("uniform:LOW:HIGH", _uniform),
        "gaussian": Recipe("gaussian:SIGMA", _gaussian),
    },
    "integers": {
        "zeros": Recipe("zeros", _filled(0.0)),
        "constant": Recipe("constant:V", _constant),
    },
}
DEFAULT_BASELINE: dict[SourceKind, str] = {
    "pixels": "black",
    "floats": "zeros",
    "integers": "zeros",
}
_WHAT = {
    "pixels": "images and uint8 arrays",
    "floats": "float arrays",
    "integers": "integer arrays",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A recipe with its numbers."""

    recipe: Recipe
    arguments: Arguments


def parse(text: str, kind: SourceKind) -> Named | None:
    """Read ``NAME[:NUMBER…]``; None when it is no recipe's name (a file, or `mean`).

    Raises
    ------
    ConfigError
        When the name belongs to the other kind of input, or its numbers are off.
    """
    name, *numbers = text.split(":")
    recipe = BASELINES[kind].get(name)
    if recipe is None:
        if any(name in recipes for recipes in BASELINES.values()):
            raise _refusal(text, kind, f"{name!r} has no meaning for {_WHAT[kind]}")
        return None
    try:
        arguments = tuple(float(number) for number in numbers)
    except ValueError:
        raise _refusal(text, kind, f"write it as {recipe.usage}") from None
    # Model inputs may be float32: what is too large for it would become infinite later.
    with np.errstate(over="ignore"):
        finite = np.isfinite(np.array(arguments, np.float32)).all()
    if len(arguments) != recipe.arguments or not finite:
        raise _refusal(text, kind, f"write it as {recipe.usage}")
    cause = _out_of_range(name, arguments, kind)
    if cause:
        raise _refusal(text, kind, cause)
    return Named(recipe, arguments)


def _out_of_range(name: str, arguments: Arguments, kind: SourceKind) -> str:
    if name in {"gaussian", "blur"} and arguments[0] <= 0:
        return "SIGMA must be above 0"
    if name == "blur" and arguments[0] > _MAX_BLUR:
        return f"SIGMA is at most {_MAX_BLUR:g} pixels"
    if name == "uniform" and arguments and arguments[0] >= arguments[1]:
        return "LOW must be below HIGH"
    if kind == "integers" and not all(number.is_integer() for number in arguments):
        return "V must be an integer"
    if kind == "pixels" and name == "constant" and not 0 <= arguments[0] <= 255:
        return "V counts in pixels, 0 to 255"
    return ""


def _refusal(text: str, kind: SourceKind, cause: str) -> ConfigError:
    return ConfigError(f"--baseline {text} can't be used", cause, f"write {usage(kind)}")


def usage(kind: SourceKind) -> str:
    """List what `--baseline` takes for one kind of input."""
    names = ", ".join(recipe.usage for recipe in BASELINES[kind].values())
    return f"{names} or a file" if kind == "integers" else f"{names}, mean or a file"


def named_draw(named: Named, space: Space, seed: int) -> Callable[[Sample, int], Array]:
    """Return the function that makes one input's baseline of a number, in model space."""
    if named.recipe.make is _blur and len(space.raw_shape) != 3:
        raise ConfigError(
            f"--baseline {named.recipe.usage} needs pictures",
            f"the inputs have shape {space.raw_shape}",
            "use another baseline",
        )

    def make(sample: Sample, number: int) -> Array:
        return space.to_model(raw_baseline(named, sample.raw, sample.name.id, seed, number))

    return make


def named_baseline(named: Named, space: Space, seed: int) -> Baseline:
    """Return the function that makes one input's baseline, in model space."""
    draw = named_draw(named, space, seed)
    return lambda sample: draw(sample, 0)


def raw_baseline(named: Named, raw: Array, identity: str, seed: int, number: int = 0) -> Array:
    """Return one input's baseline in its own units, the same wherever it is made.

    `number` tells the draws of a random one apart.
    """
    key = [*draw_key(seed, identity), *([number] if number else [])]
    return named.recipe.make(raw, named.arguments, np.random.default_rng(key))


def draw_key(seed: int, identity: str) -> list[int]:
    """Return what the draws of an input are seeded with."""
    return [seed, int.from_bytes(hashlib.sha256(identity.encode()).digest()[:16])]
