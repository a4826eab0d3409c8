"""Where a Ray of igcli's own keeps its files, and what killed runs have left of such."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from igcli.common.errors import OutputError
from igcli.store.layout import LOCK
from igcli.store.lock import RunLock

_PREFIX = "ray-igcli-"
_LONGEST = 40


@contextmanager
def own_folder() -> Iterator[Path]:
    """Make a folder, and remove it in the end, with those of runs that have been killed.

    Its name leaves room for Ray's sockets in it: 107 bytes in all.
    """
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > _LONGEST:
        parent = Path("/tmp")
    _remove_left(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        with RunLock(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(parent: Path) -> None:
    """Remove the folders whose lock ended with its process."""
    for lock in parent.glob(f"{_PREFIX}*/{LOCK}"):
        with suppress(OutputError, OSError), RunLock(lock.parent):
            shutil.rmtree(lock.parent, ignore_errors=True)
