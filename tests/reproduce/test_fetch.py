"""Fetched files: a real HTTP server on this machine, a cache, and everything that may go wrong."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from igcli.common.errors import InputError, OutputError
from igcli.common.progress import untracked
from igcli.reproduce.fetch import Cache, Remote, cache_folder

CONTENT = bytes(range(256)) * 8192
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()


class Server:
    """Serves CONTENT at /file, less than it says at /short; counts what it was asked."""

    def __init__(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/file")
                    self.end_headers()
                    return
                found = self.path in {"/file", "/short", "/sizeless"}
                self.send_response(200 if found else 404)
                if self.path != "/sizeless":
                    self.send_header("Content-Length", str(len(CONTENT) if found else 0))
                self.end_headers()
                if found:
                    self.wfile.write(CONTENT[:-5] if self.path == "/short" else CONTENT)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.asked: list[str] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever)
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a port that nobody listens at."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/file"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, said: list[str]) -> Cache:
    return Cache(tmp_path / "cache", untracked, said.append)


@pytest.mark.parametrize("digest", [SHA256, MD5])
@pytest.mark.parametrize("path", ["/file", "/moved", "/sizeless"])
def test_a_file_is_fetched_once_and_checked(
    server: Server, cache: Cache, said: list[str], digest: str, path: str
) -> None:
    remote = Remote("file.bin", server.url + path, "--data", digest)
    got = cache.get(remote)
    assert got == cache.folder / "file.bin" and got.read_bytes() == CONTENT
    asked = list(server.asked)
    assert cache.get(remote) == got and server.asked == asked
    assert said == [f"fetching {server.url}{path} to {cache.folder}"]
    assert [p.name for p in cache.folder.iterdir()] == ["file.bin"]


def test_progress_is_shown_in_megabytes(server: Server, tmp_path: Path) -> None:
    seen = []

    def track(items, total, done=0, unit=""):  # type: ignore[no-untyped-def]
        seen.append(total)
        return items

    Cache(tmp_path, track, lambda message: None).get(
        Remote("file.bin", server.url + "/file", "--data", SHA256)
    )
    assert seen == [2]


def test_another_file_than_the_published_one_is_refused(server: Server, cache: Cache) -> None:
    remote = Remote("file.bin", server.url + "/file", "--data", "sha256:" + "0" * 64)
    with pytest.raises(InputError) as error:
        cache.get(remote)
    assert f"{server.url}/file is not the file of the example" in str(error.value)
    assert SHA256 in str(error.value) and "bring the file file.bin with --data" in str(error.value)
    assert list(cache.folder.iterdir()) == []


def test_without_a_published_hash_the_first_one_seen_is_told_and_kept(
    server: Server, cache: Cache, said: list[str]
) -> None:
    remote = Remote("photo.jpg", server.url + "/file", "--data")
    path = cache.get(remote)
    assert said[1] == (f"nobody has published a hash of photo.jpg: trusted as it came, {SHA256}")
    assert (cache.folder / "photo.jpg.sha256").read_text() == SHA256 + "\n"
    assert cache.get(remote) == path
    path.write_bytes(b"other")
    with pytest.raises(InputError, match="has changed since it was fetched"):
        cache.get(remote)


def test_a_kept_file_that_has_changed_is_refused(server: Server, cache: Cache) -> None:
    remote = Remote("file.bin", server.url + "/file", "--data", SHA256)
    cache.get(remote).write_bytes(b"other")
    with pytest.raises(InputError, match="remove it, and it is fetched again"):
        cache.get(remote)


@pytest.mark.parametrize(
    ("path", "cause"),
    [("/short", "5 more expected|ended after"), ("/nowhere", "HTTP Error 404")],
)
def test_what_does_not_come_whole_leaves_nothing(
    server: Server, cache: Cache, path: str, cause: str
) -> None:
    remote = Remote("file.bin", server.url + path, "--model", SHA256, "the folder in it")
    with pytest.raises(InputError, match=cause) as error:
        cache.get(remote)
    assert error.value.problem == f"can't fetch {server.url}{path}"
    assert error.value.fix.endswith("bring the folder in it with --model")
    assert list(cache.folder.iterdir()) == []


def test_no_network_names_the_file_to_bring(cache: Cache, nowhere: str) -> None:
    with pytest.raises(InputError, match="refused") as error:
        cache.get(Remote("mnist.npz", nowhere, "--data", SHA256))
    assert str(error.value).endswith(
        "get it where there is a network, and bring the file mnist.npz with --data"
    )


def test_a_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "cache", untracked, lambda message: None)
    with pytest.raises(OutputError, match="IGCLI_CACHE"):
        cache.get(Remote("x", "http://127.0.0.1:9/x", "--data"))


def test_the_folder_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IGCLI_CACHE", "/one")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    monkeypatch.setenv("HOME", "/three")
    assert cache_folder() == Path("/one")
    monkeypatch.delenv("IGCLI_CACHE")
    assert cache_folder() == Path("/two/igcli")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path("/three/.cache/igcli")
