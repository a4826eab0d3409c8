"""Places that listen, go away, come back and stay away."""

import socket
from collections.abc import Iterator

import pytest

from igcli.common.errors import RunStopped
from igcli.runs.executors.ray.heartbeat import Place, Watch
from tests.runs.executors.conftest import until


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("igcli.runs.executors.ray.heartbeat._EVERY_SECONDS", 0.01)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def place(listener: socket.socket, patience: float) -> Place:
    return Place("the head", "127.0.0.1", listener.getsockname()[1], patience)


def test_what_comes_back_in_time_was_never_lost(listener: socket.socket) -> None:
    where = place(listener, patience=60.0)
    with Watch([where]) as watch:
        assert not watch.away
        listener.close()
        until(lambda: watch.away, 10)
        watch.check()
        with socket.create_server((where.host, where.port)):
            until(lambda: not watch.away, 10)
        watch.check()


def test_what_stays_away_is_lost_and_named(listener: socket.socket) -> None:
    lost = place(listener, patience=0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        Watch([place(other, patience=0.0), lost]) as watch,
    ):
        watch.check()
        listener.close()

        def check() -> RunStopped | None:
            try:
                watch.check()
            except RunStopped as error:
                return error
            return None

        error = until(check, 10)
    assert str(error).splitlines() == [
        "the head is lost: not reached for 0 s",
        "to fix this: see that Ray runs there",
    ]
