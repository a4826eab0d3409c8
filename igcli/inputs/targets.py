"""Targets: which element of the output, or which zone of it, is explained, for each input."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

import numpy as np

from igcli.common.arrays import Array, Warn
from igcli.common.choices import PREDICTED_TRUTH
from igcli.common.errors import ConfigError
from igcli.common.files import is_file
from igcli.common.sample import InputName
from igcli.common.text import the_first
from igcli.inputs.class_files.classes import Classes, is_integer
from igcli.inputs.known_classes import ARRAY, FOLDER, Arrays, array_of, known_classes
from igcli.inputs.labels import Labels
from igcli.inputs.truth import Truths
from igcli.inputs.zones import Places, Zones, plan_zones, zone_content

Choose: TypeAlias = Callable[[InputName, Array], Sequence[int | None]]
TRUTH = "truth"
_SHORT = 12
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Targets:
    """The choice of targets.

    Attributes
    ----------
    per_input : int
        How many explanations each input gets.
    choose : callable
        (input, its class scores) → that many targets, best first; None for one that is not known.
    kinds : tuple of str
        What each is called in the explanations' ids; none where it is its rank.
    zones : Zones or None
        Where targets are explained in an output of one score per place: these are classes then.
    """

    per_input: int
    choose: Choose
    kinds: tuple[str, ...] = ()
    zones: Zones | None = None

    @property
    def in_words(self) -> str:
        """What is explained of an output of one score per place; "" for any other."""
        return "" if self.zones is None else self.zones.in_words

    def prediction(self, scores: Array) -> int:
        """Return the class of the highest score; over zones, that of the largest one."""
        if self.zones is None:
            return int(np.argmax(scores))
        return self.zones.dense.by_area(scores)[0]

    def zone(self, name: InputName, scores: Array, target: int) -> Array | None:
        """Return where a target is explained; None for an element of the output.

        Raises
        ------
        InputError
            When it is nowhere.
        """
        return None if self.zones is None else self.zones.of(name, scores, target)

    def score(self, scores: Array, target: int, zone: Array | None) -> float:
        """Return a target's score: its own, or the mean over its zone."""
        if self.zones is None or zone is None:
            return float(scores[target])
        return self.zones.dense.mean(scores, target, zone)

    def shown(self, zone: Array) -> Array:
        """Return a zone as it is stored: uint8 (rows, columns), 255 where it weighs most."""
        assert self.zones is not None
        shares = 255.0 * zone / zone.max()
        shown: Array = np.ceil(shares).astype(np.uint8).reshape(self.zones.dense.grid)
        return shown

    def title(self, labels: Labels, target: int, shape: tuple[int, ...]) -> str:
        """Return what a target is called, and where its zone is."""
        if self.zones is None:
            return labels.name(target, shape)
        return f"{labels.name(target)}{self.zones.suffix}"

    def suffix(self, rank: int) -> str:
        """Return what stands behind the input's id in that of one of its explanations."""
        if self.per_input == 1:
            return ""
        return f"@{self.kinds[rank]}" if self.kinds else f"@top{rank + 1}"


def plan_targets(
    text: str,
    names: Sequence[InputName],
    classes: Classes,
    arrays: Arrays,
    warn: Warn,
    truths: Truths | None = None,
    places: Places | None = None,
) -> Targets:
    """Settle `--target` for a model and a set of inputs, before any work.

    Parameters
    ----------
    text : str
        ``predicted``, ``top:K``, ``truth``, ``predicted,truth``, ``folder``, ``array:NAME``, a
        class number, a class name or a file with one target per input (see `targets_of_file`).
    names : sequence of InputName
        Every input, before any ``--limit``.
    classes : Classes
        Of the model.
    arrays : mapping
        What lies beside the inputs in their file, by name.
    warn : callable
        Told of what may be meant otherwise than it was taken.
    truths : Truths or None
        The inputs' true classes, where they are known.
    places : Places or None
        Those of an output of one score per place; see `igcli.inputs.zones.plan_zones`.

    Raises
    ------
    ConfigError, InputError
        When a target does not exist, or can't be known for some input.
    """
    if places is not None and not _names_elements(text, classes):
        at_a_place = Classes(classes.labels, places.dense.classes)
        found = plan_zones(text, names, at_a_place, places, warn)
        return Targets(found.per_input, found.choose, zones=found.zones)
    if text == "predicted":
        return Targets(1, lambda name, scores: [int(np.argmax(scores))])
    if text.startswith("top:"):
        count = _top(text, classes)
        return Targets(count, lambda name, scores: _best(scores, count))
    if text in (TRUTH, PREDICTED_TRUTH):
        return _true(text, truths)
    if places is None and "@" in text and text not in classes.labels.names:
        raise ConfigError(
            f"--target {text} asks for a zone",
            f"the output, of shape {classes.shape or (classes.count,)}, has not one score for each "
            "class at each place of the input picture, as (height, width, classes)",
            "write a class, or a place in the output; an output with its channels first needs a "
            "keras.layers.Permute((2, 3, 1)) behind it",
        )
    known = known_classes(text, names, classes, arrays, "--target", warn)
    if known is not None:
        return Targets(1, lambda name, scores: [known[name.index]])
    fixed = classes.of(text, f"--target {text}")
    other = None if classes.shape or not is_integer(text) else classes.other_named(fixed)
    if other is not None:
        warn(f"--target {text} is taken as the class number; the name {text!r} has class {other}")
    return Targets(1, lambda name, scores: [fixed])


def _names_elements(text: str, classes: Classes) -> bool:
    """Tell whether a target is told as places in the output, by itself or in a file."""
    numbers = text.split(",")
    is_place = len(numbers) == len(classes.shape) and all(is_integer(n.strip()) for n in numbers)
    is_listed = text == FOLDER or text.startswith(ARRAY) or (not is_integer(text) and is_file(text))
    return is_place or is_listed or text in (TRUTH, PREDICTED_TRUTH)


def tell_of_arrays(
    beside: Sequence[str],
    text: str,
    arrays: Arrays,
    classes: Classes,
    warn: Warn,
    truth: str | None = None,
) -> None:
    """Say which arrays of the inputs' file are not used, and which can be the targets."""
    others = [name for name in beside if f"{ARRAY}{name}" not in (text, truth)]
    if not others:
        return
    able = [name for name in others if _may_be_targets(arrays[name], classes)]
    note = f"INPUTS has more arrays than the model takes: {the_first(others, _SHOWN)}"
    if able and not text.startswith(ARRAY):
        note += f" (--target {ARRAY}{able[0]} explains the classes that it has)"
    warn(note)


def _may_be_targets(array: Array, classes: Classes) -> bool:
    width = array.shape[1] if array.ndim == 2 else 1
    is_narrow = array.ndim in (1, 2) and width in (1, classes.count)
    return is_narrow and classes.count > 1 and array.dtype.kind in "iubfUS"


def target_content(text: str, arrays: Arrays, flag: str = "--target") -> str:
    """Return a target as two runs must share it: an array of the inputs' file by what is in it."""
    if not text.startswith(ARRAY):
        return zone_content(text)
    array = np.ascontiguousarray(array_of(text, arrays, flag))
    digest = sha256(f"{array.dtype} {array.shape}".encode() + array.tobytes()).hexdigest()
    return f"{text} {digest[:_SHORT]}"


def _true(text: str, truths: Truths | None) -> Targets:
    if truths is None:
        raise ConfigError(
            f"--target {text}: no true classes are known",
            fix="say where they are with --truth folder, FILE or COLUMN",
        )
    if text == TRUTH:
        return Targets(1, lambda name, scores: [truths.of(name)])
    return Targets(
        2,
        lambda name, scores: [int(np.argmax(scores)), truths.of(name)],
        tuple(text.split(",")),
    )


def _best(scores: Array, count: int) -> list[int]:
    return [int(i) for i in np.argsort(-scores, kind="stable")[:count]]


def _top(text: str, classes: Classes) -> int:
    digits = text.removeprefix("top:")
    if not is_integer(digits) or not 1 <= int(digits) <= classes.count:
        raise ConfigError(
            f"--target {text} can't be used",
            classes.said,
            f"write top:K with K from 1 to {classes.count}",
        )
    return int(digits)
