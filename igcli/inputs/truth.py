"""The truth: each input's true class, out of its folder, a file, an array or a list's column."""

from collections.abc import Sequence
from dataclasses import dataclass

from igcli.common.arrays import Warn
from igcli.common.errors import ConfigError
from igcli.common.sample import InputName
from igcli.inputs.class_files.classes import Classes
from igcli.inputs.known_classes import FOLDER, Arrays, known_classes
from igcli.inputs.readers.lists import LABEL

_FLAG = "--truth"


@dataclass(frozen=True, slots=True)
class Truths:
    """The true classes of a run's inputs.

    Attributes
    ----------
    classes : sequence of int or None
        Each input's, in the input order; None where it is not known.
    """

    classes: Sequence[int | None]

    def of(self, name: InputName) -> int | None:
        """Return an input's."""
        return self.classes[name.index]


def plan_truths(
    text: str | None,
    names: Sequence[InputName],
    classes: Classes,
    arrays: Arrays,
    warn: Warn,
) -> Truths | None:
    """Settle `--truth` for a model and a set of inputs, before any work.

    Parameters
    ----------
    text : str or None
        A column of the list that names the inputs, ``folder``, ``array:NAME`` or a file as for
        `--target`. None for the list's column ``label``, where it has one.
    names, classes, arrays, warn
        As for `igcli.inputs.known_classes.known_classes`.

    Returns
    -------
    Truths or None
        None where nothing tells the true classes.

    Raises
    ------
    ConfigError, InputError
        When a class does not exist, or `--truth` names nothing.
    """
    columns = _columns(names)
    if text is None:
        return _of_labels(names, classes, warn) if LABEL in columns else None
    why_none = _why_none(classes)
    if why_none:
        raise ConfigError(f"{_FLAG} {text} can't be used", why_none, "leave it out")
    if text in columns and text != FOLDER:
        return _of_column(text, names, classes, warn)
    known = known_classes(text, names, classes, arrays, _FLAG, warn)
    if known is None:
        raise ConfigError(
            f"{_FLAG} {text} is no file",
            f"the list's columns are {', '.join(columns)}" if columns else "INPUTS is no list",
            "write folder, array:NAME, a file of the inputs' classes or a column of a list",
        )
    return Truths(known)


def _columns(names: Sequence[InputName]) -> list[str]:
    return [column for column, _ in names[0].further] if names else []


def _why_none(classes: Classes) -> str:
    """Say why a prediction can't be right or wrong; "" where it can."""
    if classes.shape:
        return f"the output's shape is {classes.shape}: an input has no one class"
    return "" if classes.count > 1 else "the model has one output, which predicts no class"


def _of_labels(names: Sequence[InputName], classes: Classes, warn: Warn) -> Truths | None:
    """Return the labels that a list has, where they are classes; else tell why they are not."""
    why = _why_none(classes)
    if not why:
        try:
            return _of_column(LABEL, names, classes, warn)
        except ConfigError as error:
            why = f"{error.problem}: {error.cause or error.fix}"
    warn(f"the list's column {LABEL} is not taken for true classes: {why}")
    return None


def _of_column(column: str, names: Sequence[InputName], classes: Classes, warn: Warn) -> Truths:
    known: dict[str, int | None] = {"": None}
    found = []
    for name in names:
        cell = dict(name.further)[column]
        if cell not in known:
            known[cell] = classes.of_cell(cell, f"{_FLAG} {column}, {name.id}")
        found.append(known[cell])
    missing = found.count(None)
    if missing:
        warn(f"{_FLAG} {column}: {missing} of {len(names)} inputs have none")
    return Truths(found)
