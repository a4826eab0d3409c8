"""The source of samples: what every reader offers, listing cheaply first and reading later."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Protocol, Self

from igcli.common.arrays import Array
from igcli.common.model_spec import InputSpec
from igcli.common.sample import InputName, Sample, SourceKind
from igcli.inputs.preprocess import Space, Spaces


def printable(path: str) -> str:
    """Return a path as valid UTF-8: other bytes become escapes, and a hash keeps it unique."""
    data = os.fsencode(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace") + "~" + hashlib.sha256(data).hexdigest()[:8]


class Source(Protocol):
    """Inputs bound to one model: every read gives a raw array and a model input."""

    @property
    def beside(self) -> Sequence[str]:
        """The arrays of the inputs' file that the model does not take, by name."""
        ...

    @property
    def space(self) -> Space | Spaces:
        """How raw numbers become model inputs."""
        ...

    def shown(self, depth: int | None, bands: tuple[int, ...]) -> Self:
        """Return the same, samples of image files read and pictures shown as `Space` says."""
        ...

    def read(self, name: InputName) -> Sample:
        """Read one input; raise InputError, naming the cause, when that input is unusable."""
        ...

    def sha256(self, name: InputName) -> str:
        """Return what `Sample.sha256` would be; raise InputError where it can't be read."""
        ...


class Listing(Protocol):
    """Inputs that are known to exist, before any model is loaded."""

    @property
    def kind(self) -> SourceKind:
        """What the numbers are."""
        ...

    @property
    def names(self) -> Sequence[InputName]:
        """Every input, in order."""
        ...

    @property
    def resizable(self) -> bool:
        """Whether `--resize` means anything here."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found that is no input, in words."""
        ...

    @property
    def folders(self) -> Sequence[str]:
        """INPUTS' sub-folders, in alphabetical order; none where it is a file."""
        ...

    @property
    def arrays(self) -> Mapping[str, Array]:
        """Every array of an .npz of several, the inputs among them; else none."""
        ...

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The arrays' row shapes, by name; by no name where there is one."""
        ...

    def bind(
        self,
        spec: InputSpec,
        preprocess: str | None,
        resize: str,
        image_size: tuple[int, int] | None,
    ) -> Source:
        """Check the inputs against the model's input; raise InputError where they can't fit."""
        ...
