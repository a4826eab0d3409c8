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
from igcli.inputs.baselines.recipes import DEFAULT_BASELINE, named_draw, parse, usage
from igcli.inputs.baselines.references import Pools, References
from igcli.inputs.baselines.slots import Draw, Item, Slot, merged, read_item, side_by_side, slots_of
from igcli.inputs.preprocess import Space, Spaces

Samples: TypeAlias = Callable[[], Iterable[Sample]]
_MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Start:
    """A settled `--baseline`: what makes the baselines, and what to call it.

    Attributes
    ----------
    slots : tuple of Slot
        The baselines of each input, whose maps are averaged where there are several.
    name : str
        What all of them are called.
    own : callable or None
        Returns the baseline that an input has of its own instead, if any.
    """

    slots: tuple[Slot, ...]
    name: str
    own: Callable[[Sample], Array | None] | None = None

    @property
    def is_averaged(self) -> bool:
        """Whether inputs have several baselines."""
        return len(self.slots) > 1

    def slots_of(self, sample: Sample) -> tuple[Slot, ...]:
        """Return the baselines of one input."""
        found = None if self.own is None else self.own(sample)
        if found is None:
            return self.slots
        return (Slot(sample.name.baseline, lambda _, number: found),)

    def baseline(self, sample: Sample) -> Array:
        """Return an input's baseline, the first of several."""
        return self.slots_of(sample)[0].draw(sample, 0)


def check_start(texts: Sequence[str], kind: SourceKind) -> None:
    """Raise ConfigError for what can be refused before the model is loaded."""
    if kind == "several":
        return
    for text in texts:
        _check(read_item(text, kind), kind)


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
    pools: Pools,
) -> Start:
    """Return the baselines of a run.

    Parameters
    ----------
    texts : sequence of str
        What the user wrote: baselines for all inputs of the model, and NAME=BASELINE for one.
        Several for the same are averaged.
    space : Space or Spaces
        Of the inputs.
    samples : callable
        Reads the inputs, for their mean.
    inputs : int
        How many there are, before any ``--limit``.
    resize, seed
        As in `RunConfig`.
    pools : callable
        Returns what references are drawn from, by the folder's or array's name; of no name, the
        run's inputs.

    Raises
    ------
    ConfigError, InputError
        When a baseline is unknown, can't be read, or does not fit.
    """
    maker = _Maker(samples, inputs, resize, seed, pools)
    if isinstance(space, Spaces):
        return _several(texts, space, maker)
    texts = with_default(texts, space.kind)
    items = merged([read_item(text, space.kind) for text in texts])
    slots = [slot for item in items for slot in maker.slots(item, space)]
    return Start(tuple(slots), ",".join(texts))


def _check(item: Item, kind: SourceKind) -> None:
    if item.is_data:
        return
    if item.name == _MEAN:
        if kind == "integers":
            raise ConfigError(
                "--baseline mean has no meaning for integers", fix=f"write {usage(kind)}"
            )
        return
    if parse(item.name, kind) is None:
        check_file(item.name, kind)


@dataclass(frozen=True, slots=True)
class _Maker:
    """What baselines are made with; see `settle_start`."""

    samples: Samples
    inputs: int
    resize: str
    seed: int
    pools: Pools

    def slots(self, item: Item, space: Space) -> list[Slot]:
        """Return the slots of one item of a list, for one input."""
        _check(item, space.kind)
        if item.is_data:
            references = self.references(item)

            def reference(sample: Sample, number: int) -> Array:
                return references.of(sample, number).x

            return slots_of(item, reference, references.population)
        recipe = None if item.name == _MEAN else parse(item.name, space.kind)
        if recipe is not None:
            return slots_of(item, named_draw(recipe, space, self.seed))
        baseline = (
            mean_baseline(self.samples(), space)
            if item.name == _MEAN
            else file_baseline(Path(item.name), space, self.resize, self.inputs)
        )
        return slots_of(item, lambda sample, number: baseline(sample))

    def references(self, item: Item) -> References:
        """Return what draws the references of an item."""
        found = References(self.pools(item.of), self.seed)
        found.check(item.count, item.text)
        return found


def _several(texts: Sequence[str], spaces: Spaces, maker: _Maker) -> Start:
    chosen = _by_name(texts, [part.name for part in spaces.parts])
    lists: list[list[Slot]] = []
    names: list[str] = []
    for i, (part, space) in enumerate(zip(spaces.parts, spaces.spaces, strict=True)):
        given = next((chosen[name] for name in (part.name, "") if name in chosen), [])
        own = with_default(given, space.kind)
        items = merged([read_item(text, space.kind) for text in own])
        lists.append([s for item in items for s in _of_part(item, spaces, i, maker)])
        names.append(f"{part.name}={','.join(own)}")
    joint = side_by_side(lists, [part.name for part in spaces.parts])
    return Start(tuple(_joined(slots, spaces) for slots in joint), ", ".join(names))


def _of_part(item: Item, spaces: Spaces, index: int, maker: _Maker) -> list[Slot]:
    """Return the slots of one of several inputs, drawn for a whole sample."""
    if item.is_data:
        if item.of:
            raise ConfigError(
                f"--baseline {item.text} can't be used with a model of several inputs",
                "references have all of them",
                "draw from the run's own: data:N",
            )
        references = maker.references(item)

        def reference(sample: Sample, number: int) -> Array:
            return _part(spaces, index, references.of(sample, number)).x

        return slots_of(item, reference, references.population)
    samples = maker.samples

    def own() -> Iterator[Sample]:
        return (_part(spaces, index, sample) for sample in samples())

    made = replace(maker, samples=own).slots(item, spaces.spaces[index])

    def of_whole(slot: Slot) -> Draw:
        return lambda sample, number: slot.draw(_part(spaces, index, sample), number)

    return [replace(slot, draw=of_whole(slot)) for slot in made]


def _joined(slots: Sequence[Slot], spaces: Spaces) -> Slot:
    """Return the slot of all inputs: drawn where one of them is."""

    def draw(sample: Sample, number: int) -> Array:
        return spaces.joined(slot.draw(sample, number) for slot in slots)

    drawn = tuple(slot.drawn for slot in slots)
    populations = [slot.population for slot in slots]
    return Slot(
        ", ".join(dict.fromkeys(slot.name for slot in slots)),
        draw,
        drawn if any(drawn) else None,
        # Those of inputs whose baselines are drawn together.
        populations[0] if len(set(populations)) == 1 else None,
    )


def _by_name(texts: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    """Return each input's baselines; those for all others go by the empty name."""
    chosen: dict[str, list[str]] = {}
    for text in texts:
        name, _, rest = text.partition("=")
        key, value = (name, rest) if name in names and rest else ("", text)
        if not key and rest and not is_file(text):
            raise ConfigError(
                f"--baseline {text}: there is no input {name!r}",
                f"the model has {', '.join(names)}",
                f"write --baseline {names[0]}={rest} for one",
            )
        chosen.setdefault(key, []).append(value)
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
