"""The folder of a Ray of igcli's own: short, removed in the end, and swept up after kills."""

import tempfile
from pathlib import Path

import pytest

from igcli.runs.executors.ray.temporary_folder import own_folder
from igcli.store.layout import LOCK
from igcli.store.lock import RunLock


def test_it_is_removed_with_what_killed_runs_left(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = short
    monkeypatch.setattr(tempfile, "tempdir", str(parent))
    left, held, others = (parent / f"ray-{name}" for name in ("igcli-left", "igcli-held", "mine"))
    for folder in (left, held, others):
        folder.mkdir()
        (folder / LOCK).touch()
        (folder / "session").touch()
    with RunLock(held), own_folder() as own:
        assert own.parent == parent and own.name.startswith("ray-igcli-")
        assert sorted(parent.iterdir()) == sorted([held, others, own])
        (own / "session").touch()
        with own_folder() as second:
            assert own.is_dir() and second != own
    assert sorted(parent.iterdir()) == sorted([held, others])


def test_a_long_name_leaves_no_room_for_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 10)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with own_folder() as own:
        assert own.parent == Path("/tmp")
    assert not own.exists()
