"""choose: from what `--baseline` says to one baseline per input."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from igcli.common.arrays import Array
from igcli.common.errors import ConfigError
from igcli.common.files import is_file
from igcli.common.sample import Sample, SourceKind
from igcli.inputs.baselines.from_data import check_file, file_baseline, mean_baseline
from igcli.inputs.baselines.recipes import DEFAULT_BASELINE, Baseline, named_baseline, parse, usage
from igcli.inputs.preprocess import Space, Spaces

Samples: TypeAlias = Callable[[], Iterable[Sample]]
_MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Start:
    """A settled `--baseline`: what makes the baselines, and what to call it."""

    baseline: Baseline
    name: str


def check_start(texts: Sequence[str], kind: SourceKind) -> None:
    """Raise ConfigError for what can be refused before the model is loaded."""
    if kind == "several":
        return
    if len(texts) > 1:
        raise ConfigError(
            f"--baseline is given {len(texts)} times: {', '.join(texts)}",
            "there is one input to each explanation",
            "give it once, or INPUTS as an .npz for a model of several inputs",
        )
    for text in texts:
        _check(text, kind)


def with_default(texts: Sequence[str], kind: SourceKind) -> tuple[str, ...]:
    """Return what the user wrote, else the default for a kind of input; several share none.

    The same array may be pixels as it is listed, and integers to a model of tokens.
    """
    return tuple(texts) if texts or kind == "several" else (DEFAULT_BASELINE[kind],)


def takes_all_inputs(texts: Sequence[str]) -> bool:
    """Tell whether a baseline can't be made before all inputs are read."""
    return any(_MEAN in (text, text.rpartition("=")[2]) for text in texts)


def settle_start(
    texts: Sequence[str],
    space: Space | Spaces,
    samples: Samples,
    inputs: int,
    resize: str,
    seed: int,
) -> Start:
    """Return the baselines of a run.

    Parameters
    ----------
    texts : sequence of str
        What the user wrote: a baseline for all inputs of the model, and NAME=BASELINE for one.
    space : Space or Spaces
        Of the inputs.
    samples : callable
        Reads the inputs, for their mean.
    inputs : int
        How many there are, before any ``--limit``.
    resize, seed
        As in `RunConfig`.

    Raises
    ------
    ConfigError, InputError
        When a baseline is unknown, can't be read, or does not fit.
    """
    if isinstance(space, Spaces):
        return _several(texts, space, samples, inputs, resize, seed)
    text = with_default(texts, space.kind)[0]
    return Start(_one(text, space, samples, inputs, resize, seed), text)


def _check(text: str, kind: SourceKind) -> None:
    if text == _MEAN:
        if kind == "integers":
            raise ConfigError(
                "--baseline mean has no meaning for integers", fix=f"write {usage(kind)}"
            )
        return
    if parse(text, kind) is None:
        check_file(text, kind)


def _one(
    text: str, space: Space, samples: Samples, inputs: int, resize: str, seed: int
) -> Baseline:
    _check(text, space.kind)
    if text == _MEAN:
        return mean_baseline(samples(), space)
    recipe = parse(text, space.kind)
    if recipe is None:
        return file_baseline(Path(text), space, resize, inputs)
    return named_baseline(recipe, space, seed)


def _several(
    texts: Sequence[str], spaces: Spaces, samples: Samples, inputs: int, resize: str, seed: int
) -> Start:
    chosen = _by_name(texts, [part.name for part in spaces.parts])
    made: list[Baseline] = []
    names: list[str] = []
    for i, (part, space) in enumerate(zip(spaces.parts, spaces.spaces, strict=True)):
        given = [chosen[name] for name in (part.name, "") if name in chosen]
        text = with_default(given, space.kind)[0]

        def own(i: int = i) -> Iterator[Sample]:
            return (_part(spaces, i, sample) for sample in samples())

        made.append(_one(text, space, own, inputs, resize, seed))
        names.append(f"{part.name}={text}")

    def baseline(sample: Sample) -> Array:
        return spaces.joined(make(_part(spaces, i, sample)) for i, make in enumerate(made))

    return Start(baseline, ", ".join(names))


def _by_name(texts: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return each input's baseline; that for all others goes by the empty name."""
    chosen: dict[str, str] = {}
    for text in texts:
        name, _, rest = text.partition("=")
        key, value = (name, rest) if name in names and rest else ("", text)
        if not key and rest and not is_file(text):
            raise ConfigError(
                f"--baseline {text}: there is no input {name!r}",
                f"the model has {', '.join(names)}",
                f"write --baseline {names[0]}={rest} for one",
            )
        if key in chosen:
            raise ConfigError(
                f"--baseline {text} comes after {chosen[key]}", fix="give one for each input"
            )
        chosen[key] = value
    return chosen


def _part(spaces: Spaces, index: int, sample: Sample) -> Sample:
    """Return one input of a sample; its id differs, lest random baselines repeat each other."""
    part, space = spaces.parts[index], spaces.spaces[index]
    return replace(
        sample,
        name=replace(sample.name, id=f"{sample.name.id}/{part.name}"),
        raw=spaces.raw_of(index, sample.raw),
        x=part.of(sample.x).reshape(space.shape).astype(space.input.dtype),
    )
