import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from igcli.store.files import whole_file


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_whole_file_writes_a_new_file(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.txt") as temporary:
        assert temporary.parent == tmp_path and not (tmp_path / "a.txt").exists()
        temporary.write_text("new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"


def test_whole_file_replaces_a_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with path.open() as reader, whole_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert reader.read() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_no_debris(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), whole_file(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_the_data_is_synced_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    fsync = os.fsync

    def spy(handle: int) -> None:
        synced.append((tmp_path / "a.txt").exists())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
    assert synced[0] is False


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    ("mask", "bits"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0, 0o666)]
)
def test_permission_bits_follow_the_umask(tmp_path: Path, mask: int, bits: int) -> None:
    os.umask(mask)
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
    assert mode(tmp_path / "a.txt") == bits
    assert os.umask(mask) == mask


@pytest.mark.usefixtures("umask")
def test_permission_bits_follow_the_umask_in_two_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)
    set_umask = os.umask

    def slow(mask: int) -> int:
        before = set_umask(mask)
        try:
            both.wait(0.2)
        except threading.BrokenBarrierError:
            pass
        return before

    def write(name: str) -> None:
        with whole_file(tmp_path / name) as temporary:
            temporary.write_text("x")

    monkeypatch.setattr(os, "umask", slow)
    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [mode(tmp_path / name) for name in ("a", "b")] == [0o644, 0o644]
