"""Signals: SIGINT, SIGTERM and SIGHUP end a run in order, a second SIGINT ends it at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from igcli.common import exit_codes

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Stopping:
    """While the context lasts, signals are taken as requests to stop.

    Parameters
    ----------
    to_go_on : str or None
        The command that goes on with a run that was stopped, if there is one.

    Attributes
    ----------
    event : Event
        Set by the first signal.
    running : bool
        To be set while a run is under way: at other times there is nothing to end in order.
    over : bool
        To be set once it has ended: there is nothing left to stop.
    """

    def __init__(self, to_go_on: str | None = None) -> None:
        self._to_go_on = to_go_on
        self.event = threading.Event()
        self.running = self.over = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> "Stopping":
        if threading.current_thread() is threading.main_thread():
            for name in _NAMES:
                number = getattr(signal, name, None)
                # What nohup or a shell's & has switched off stays off.
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextmanager
    def in_order(self) -> Iterator[threading.Event]:
        """Give the event to what ends in order when it is set, while the context lasts."""
        self.running = True
        try:
            yield self.event
        finally:
            self.running = False

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.over:
            return
        if not self.running:
            raise KeyboardInterrupt
        if not self.event.is_set():
            self.event.set()
            _say("stopping after the batch in hand; Ctrl-C again stops at once")
        elif number == signal.SIGINT:
            _say("stopped at once; what was stored before is whole")
            if self._to_go_on is not None:
                _say(f"to go on: {self._to_go_on}", before="")
            os._exit(exit_codes.INCOMPLETE)


def ignore_signals() -> None:
    """Let no signal change the exit code of a process that has done all but end."""
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _say(message: str, before: str = "\n") -> None:
    # The interrupted code may be in the middle of writing to sys.stderr.
    with suppress(OSError):
        os.write(2, f"{before}igcli: {message}\n".encode())
