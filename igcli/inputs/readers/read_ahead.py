"""read_ahead: inputs read in threads, before they are asked for."""

from collections.abc import Iterator, Sequence

from igcli.common.errors import InputError
from igcli.common.sample import Failed, InputName, Sample
from igcli.common.threads import ahead
from igcli.inputs.readers.source import Source

_READERS = 2
_READ_AHEAD = 16


def read_ahead(source: Source, names: Sequence[InputName]) -> Iterator[Sample | Failed]:
    """Read inputs in order, in threads, ahead of who takes them."""

    def read(name: InputName) -> Sample | Failed:
        try:
            return source.read(name)
        except InputError as error:
            return Failed(name, error.problem, error.sha256)

    return ahead(read, names, _READERS, _READ_AHEAD)
