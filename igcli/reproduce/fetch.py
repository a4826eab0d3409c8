"""The fetch of a file from the network, once, into a cache that checks it from then on."""

import hashlib
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError

from igcli.common.arrays import Warn
from igcli.common.errors import InputError, OutputError, reason
from igcli.common.progress import Track
from igcli.store.files import whole_file, write_whole

_CHUNK = 2**20
_TIMEOUT = 60.0
_DIGEST_SUFFIX = ".sha256"


@dataclass(frozen=True, slots=True)
class Remote:
    """One file of an example.

    Attributes
    ----------
    name : str
        What it is called in the cache.
    url : str
        Where the example has it from.
    flag : str
        The option that takes a copy of it.
    digest : str
        ``sha256:…`` or ``md5:…``, where somebody has published it; else empty.
    what : str
        What it is, where it is not what the option takes: "the file cats.tar.gz in it".
    """

    name: str
    url: str
    flag: str
    digest: str = ""
    what: str = ""


class Cache:
    """A folder of fetched files.

    A file whose digest is published must have it. Of any other the SHA-256 is stored and told at
    the first fetch: the file in the cache must have that one from then on.

    Parameters
    ----------
    folder : Path
        The folder; made when something is fetched.
    track : Track
        Shows the progress of a fetch, in MB.
    warn : callable
        Told what is fetched, and SHA-256s that nobody has published.
    """

    def __init__(self, folder: Path, track: Track, warn: Warn) -> None:
        self.folder = folder
        self._track = track
        self._warn = warn

    def get(self, remote: Remote) -> Path:
        """Return a file's path, fetching it unless it is there.

        Raises
        ------
        InputError
            When it can't be fetched, or is not what it should be.
        """
        path = self.folder / remote.name
        if path.is_file():
            self._check_cached(remote, path)
            return path
        self._make_folder()
        try:
            with whole_file(path) as temporary:
                self._fetch(remote, temporary)
                self._check_fetched(remote, temporary)
        except (OSError, HTTPException, ValueError) as error:
            if isinstance(error, HTTPError):
                error.close()
            raise _unreachable(remote, error) from error
        return path

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"the cache {self.folder} can't be made",
                reason(error),
                "name another folder in IGCLI_CACHE",
            ) from error

    def _fetch(self, remote: Remote, to: Path) -> None:
        self._warn(f"fetching {remote.url} to {self.folder}")
        with urllib.request.urlopen(remote.url, timeout=_TIMEOUT) as answer, to.open("wb") as file:
            size = answer.headers.get("Content-Length")
            expected = int(size) if size else None
            chunks = _chunks(answer, file)
            written = sum(self._track(chunks, ceil((expected or 0) / _CHUNK)))
        if expected is not None and written != expected:
            raise OSError(f"it ended after {written} of {expected} bytes")

    def _check_fetched(self, remote: Remote, file: Path) -> None:
        if remote.digest:
            digest = _digest(file, remote.digest)
            if digest != remote.digest:
                raise InputError(
                    f"{remote.url} is not the file of the example",
                    f"its {digest}, published is {remote.digest}",
                    f"bring {_what_to_bring(remote)} with {remote.flag}",
                )
            return
        digest = _digest(file, "sha256:")
        self._warn(f"nobody has published a hash of {remote.name}: trusted as it came, {digest}")
        write_whole(self._digest_file(remote), f"{digest}\n".encode())

    def _check_cached(self, remote: Remote, path: Path) -> None:
        expected = remote.digest
        if not expected and self._digest_file(remote).is_file():
            expected = self._digest_file(remote).read_text().strip()
        if expected and _digest(path, expected) != expected:
            raise InputError(
                f"{path} has changed since it was fetched",
                f"its {_digest(path, expected)}, not {expected}",
                "remove it, and it is fetched again",
            )

    def _digest_file(self, remote: Remote) -> Path:
        return self.folder / (remote.name + _DIGEST_SUFFIX)


def cache_folder() -> Path:
    """Return ``$IGCLI_CACHE``, or igcli's folder in the user's cache."""
    own = os.environ.get("IGCLI_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "igcli"


def _chunks(answer: Any, file: BinaryIO) -> Iterator[int]:
    while chunk := answer.read(_CHUNK):
        file.write(chunk)
        yield len(chunk)


def _digest(path: Path, like: str) -> str:
    """Return a file's digest, of the kind that `like` begins with."""
    kind = like.partition(":")[0]
    with path.open("rb") as stream:
        return f"{kind}:{hashlib.file_digest(stream, kind).hexdigest()}"


def _what_to_bring(remote: Remote) -> str:
    return remote.what or f"the file {remote.name}"


def _unreachable(remote: Remote, error: Exception) -> InputError:
    # HTTP's reason is in the error's text, with its number; of others it is the text.
    said = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
    cause = str(said) or type(error).__name__
    return InputError(
        f"can't fetch {remote.url}",
        " ".join(cause.split()),
        f"get it where there is a network, and bring {_what_to_bring(remote)} with {remote.flag}",
    )
