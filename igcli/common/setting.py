"""A setting: what a field of a config says of itself to TOML, to the command line and to runs."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import Enum
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, get_args, get_origin

_MARKS = "igcli"
_DECLARED: dict[type[Any], Mapping[str, "Setting"]] = {}


class Decides(Enum):
    """What another value of a setting changes."""

    EXPLANATION = "what is explained: runs that differ neither go on with nor compare to each other"
    INTEGRAL = (
        "how well it is known, what is kept of it, what it is called, and of which inputs: a run "
        "that goes on has it"
    )
    NOTHING = "how a run is carried out, and what is made of it: no stored number beyond rounding"


@dataclass(frozen=True, slots=True)
class _Marks:
    """What a field is marked with."""

    decides: Decides = Decides.EXPLANATION
    file: bool = False
    keywords: frozenset[str] = frozenset()
    executor: str = ""
    listed: bool = False


def setting(
    default: Any,
    *,
    decides: Decides = Decides.EXPLANATION,
    file: bool = False,
    keywords: Iterable[str] = (),
    executor: str = "",
    listed: bool = False,
) -> Any:
    """Declare a field of a config, marked as `Setting` says; a plain default has no mark."""
    marks = _Marks(decides, file, frozenset(keywords), executor, listed)
    return field(default=default, metadata={_MARKS: marks})


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a config.

    Attributes
    ----------
    name : str
        The field's; with ``-`` it is the flag's.
    default : object
        What stands for it where it is not given; MISSING for an argument.
    types : tuple
        What its value may be, None among it.
    decides : Decides
        What another value changes.
    file : bool
        Whether it may name a file, as FILE or NAME=FILE: one beside a TOML file is taken from
        there, and two runs share it when the same is in it.
    keywords : frozenset of str
        Values of it that never are a file beside a TOML file.
    executor : str
        The one that it has a meaning for; empty where it has for all.
    listed : bool
        Whether a text may be several, with commas between them.
    """

    name: str
    default: Any
    types: tuple[Any, ...]
    decides: Decides
    file: bool
    keywords: frozenset[str]
    executor: str
    listed: bool = False

    @property
    def flag(self) -> str:
        """How it is written on the command line."""
        return f"--{self.key}"

    @property
    def key(self) -> str:
        """How it is written in TOML."""
        return self.name.replace("_", "-")

    @property
    def is_argument(self) -> bool:
        """Whether it must be given, on the command line."""
        return self.default is MISSING

    @property
    def repeatable(self) -> bool:
        """Whether it may be given several times."""
        return tuple[str, ...] in self.types

    def from_json(self, value: Any) -> Any:
        """Return a value as it was before it became JSON."""
        if isinstance(value, list):
            return tuple(value)
        return Path(value) if Path in self.types and value is not None else value


def settings_of(config: type[Any]) -> Mapping[str, Setting]:
    """Return the settings that a config declares, by name, in order."""
    if config not in _DECLARED:
        _DECLARED[config] = MappingProxyType({f.name: _setting(f) for f in fields(config)})
    return _DECLARED[config]


def _setting(declared: Field[Any]) -> Setting:
    marks, kind = declared.metadata.get(_MARKS, _Marks()), declared.type
    return Setting(
        name=declared.name,
        default=declared.default,
        types=get_args(kind) if get_origin(kind) is UnionType else (kind,),
        decides=marks.decides,
        file=marks.file,
        keywords=marks.keywords,
        executor=marks.executor,
        listed=marks.listed,
    )


def defaults_of(config: type[Any]) -> dict[str, Any]:
    """Return what stands for each setting that need not be given."""
    return {n: s.default for n, s in settings_of(config).items() if not s.is_argument}
