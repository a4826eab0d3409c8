"""The temporary folder of a Ray that igcli starts, and the removal of what killed runs left."""

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
    """Give a folder while the context lasts; remove those of runs that have been killed.

    Its name leaves room for Ray's sockets in it: 107 bytes in all.
    """
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > _LONGEST:
        parent = Path("/tmp")
    _remove_abandoned(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        with RunLock(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders whose lock ended with its process."""
    for lock in parent.glob(f"{_PREFIX}*/{LOCK}"):
        with suppress(OutputError, OSError), RunLock(lock.parent):
            shutil.rmtree(lock.parent, ignore_errors=True)
