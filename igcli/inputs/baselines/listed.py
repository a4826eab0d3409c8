"""Listed baselines: those that a list of inputs gives to single ones."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError, InputError
from igcli.common.files import is_file
from igcli.common.sample import InputName, Sample, SourceKind
from igcli.inputs.baselines.choose import Start
from igcli.inputs.baselines.from_data import check_file, file_baseline
from igcli.inputs.baselines.recipes import Baseline, named_baseline, parse
from igcli.inputs.preprocess import Space
from igcli.inputs.readers.decode import EXTENSIONS

# Baselines that are kept in memory.
_KEPT = 32
_FILES = EXTENSIONS | {".npy"}


def check_listed(names: Sequence[InputName], kind: SourceKind) -> None:
    """Raise ConfigError where a list gives an input a baseline that there is none of.

    A file that is missing is a matter of its input, which fails by name.
    """
    for text in dict.fromkeys(name.baseline for name in names if name.baseline):
        if text == "mean":
            raise ConfigError(
                "the list's baseline mean is no baseline of single inputs",
                "it is made of all of them",
                "give it as --baseline mean, and leave the field empty",
            )
        if parse(text, kind) is None and Path(text).suffix.lower() not in _FILES:
            check_file(text, kind)


def with_listed(
    start: Start, names: Sequence[InputName], space: Space, resize: str, seed: int
) -> Start:
    """Return the baselines of a run, an input's own before that of all.

    Parameters
    ----------
    start : Start
        What `--baseline` says.
    names : sequence of InputName
        Every input.
    space, resize, seed
        As for `igcli.inputs.baselines.choose.settle_start`.
    """
    if not any(name.baseline for name in names):
        return start

    @lru_cache(_KEPT)
    def made(text: str) -> Baseline:
        recipe = parse(text, space.kind)
        if recipe is not None:
            return named_baseline(recipe, space, seed)
        if not is_file(text):
            raise InputError(f"its baseline {text} does not exist")
        return file_baseline(check_file(text, space.kind), space, resize, len(names))

    def own(sample: Sample) -> Array | None:
        if not sample.name.baseline:
            return None
        try:
            return made(sample.name.baseline)(sample)
        except ConfigError as error:
            raise InputError(error.problem, error.cause) from error

    return replace(start, name=f"the list's, else {start.name}", own=own)
