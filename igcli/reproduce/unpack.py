"""The unpacking of a fetched archive: what is in it, as files beside it in the cache."""

import shutil
import tarfile
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from igcli.common.errors import InputError, first_line

_CATS = "alibi/data/cats.tar.gz"
_MOST_BYTES = 2**30
_BROKEN = (OSError, EOFError, KeyError, zlib.error, zipfile.BadZipFile, tarfile.TarError)


def cats_in(wheel: Path) -> Path:
    """Return the folder of the photos in alibi's wheel, unpacked once.

    Raises
    ------
    InputError
        When the wheel has none.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            packed = archive.read(_CATS)
        return _unpacked(packed, wheel.with_name("cats"))
    except _BROKEN as error:
        raise _broken(wheel, error) from error


def model_in(archive: Path) -> Path:
    """Return the SavedModel folder in a .tar.gz, unpacked once.

    Raises
    ------
    InputError
        When the file is no such archive, or too large once unpacked.
    """
    try:
        return _unpacked(archive.read_bytes(), archive.with_name(archive.name.split(".")[0]))
    except _BROKEN as error:
        raise _broken(archive, error) from error


def _unpacked(packed: bytes, folder: Path) -> Path:
    """Unpack into a folder that is there whole or not at all."""
    if folder.is_dir():
        return folder
    temporary = folder.with_name(f".{uuid4().hex}.tmp")
    try:
        with tarfile.open(fileobj=BytesIO(packed)) as archive:
            if sum(member.size for member in archive.getmembers()) > _MOST_BYTES:
                raise tarfile.TarError("it unpacks to more than 1 GiB")
            archive.extractall(temporary, filter="data")
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _broken(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} can't be unpacked", first_line(error), "remove it, and it is fetched again"
    )
