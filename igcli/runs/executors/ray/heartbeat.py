"""The heartbeat of Ray: whether what a run needs of it is still there.

Ray itself would wait, and then end the process.
"""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from igcli.common.errors import RunStopped

_EVERY_SECONDS = 2.0
_TRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """A process that listens.

    Attributes
    ----------
    name : str
        What it is, for people.
    host, port : str, int
        Where.
    patience : float
        Seconds without it after which it will not come back.
    """

    name: str
    host: str
    port: int
    patience: float


class Watch:
    """Tries places every other second, in a thread, while its context lasts."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._away_since: dict[Place, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._gone: Place | None = None

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def away(self) -> bool:
        """Whether a place was not reached when it was last tried."""
        return bool(self._away_since)

    def check(self) -> None:
        """Raise RunStopped where a place was away for too long."""
        if self._gone is not None:
            raise RunStopped(
                f"{self._gone.name} is lost",
                f"not reached for {self._gone.patience:.0f} s",
                "see that Ray runs there",
            )

    def _look(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            for place in self._places:
                if _is_there(place):
                    self._away_since.pop(place, None)
                    continue
                since = self._away_since.setdefault(place, time.monotonic())
                if time.monotonic() - since >= place.patience:
                    self._gone = place


def _is_there(place: Place) -> bool:
    try:
        socket.create_connection((place.host, place.port), _TRY_SECONDS).close()
    except OSError:
        return False
    return True
