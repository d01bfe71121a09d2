"""Ctrl-C, and the signals that ask a process to end, where work must not be cut at any odd place.

Python raises KeyboardInterrupt between any two instructions: between a rename and what is noted of it, or in
a finalizer, where nobody hears of it. Within ``Deferred`` a signal is remembered instead; it raises where
``at_once`` allows it or ``check`` asks, and whoever deferred it says so in what it gives back. A second
signal ends at once: by KeyboardInterrupt, or, on the command line, the process.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what signal wraps
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Deferred", "answered", "at_once", "check", "exit_code", "heard", "on_abrupt_end", "pending"]

_SIGINT = int(signal.SIGINT)
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # of which Windows has no SIGHUP

_asked = 0  # the number of the signal that came; 0: none
_deferring = 0  # how many are deferring, one within the other
_raises = True  # whether a signal may raise where it comes
_listens = False  # whether a command line has handlers of its own
_before_an_end: list[Callable[[], None]] = []


def on_abrupt_end(function: Callable[[], None]) -> Callable[[], None]:
    """Call the function under this decorator before a second signal ends the process."""
    _before_an_end.append(function)
    return function


def pending() -> bool:
    """Whether a signal came that was deferred, or, on the command line, any."""
    return bool(_asked) and _in_main_thread()


def exit_code() -> int:
    """What a command returns that a signal ended: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + (_asked or int(signal.SIGINT))


def answered() -> None:
    """Forget Ctrl-C where it is the ordinary way to end; SIGTERM keeps its exit code."""
    global _asked
    if _asked == signal.SIGINT:
        _asked = 0


def check() -> None:
    """Raise KeyboardInterrupt if a signal came and was deferred.

    Only in the main thread, which Python's signals belong to.
    """
    if _deferring and pending():
        raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _hear(number: int, frame: FrameType | None) -> None:
    global _asked
    if _asked and "TORCHELASTIC_RUN_ID" in os.environ:
        return  # torchrun passes on what the terminal has sent to all; it kills who takes 30 seconds
    if _asked and _listens:
        for function in _before_an_end:
            function()
        os._exit(128 + number)
    again, _asked = bool(_asked), number
    if again or _raises:
        raise KeyboardInterrupt


class heard:
    """Where a command line runs: its signals raise KeyboardInterrupt, a second one ends the process."""

    def __enter__(self) -> None:
        global _asked, _listens
        self._handlers: dict[int, Any] = {}
        if not _in_main_thread():
            return
        _asked, _listens = 0, True
        for name in _ENDING:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as of nohup
                self._handlers[number] = signal.signal(number, _hear)

    def __exit__(self, *_: object) -> None:
        global _asked, _listens
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        _asked, _listens = 0, False


class Deferred:
    """Where a signal is remembered; at the end it raises.

    Args:
        reports: whether what is given back says that a signal came, so that nothing has to be raised.
    """

    def __init__(self, *, reports: bool = False) -> None:
        self._reports = reports

    def __enter__(self) -> Deferred:
        global _deferring, _raises, _asked
        self._counts = _in_main_thread()
        self._handler, self._raised = None, _raises
        if not self._counts:
            return self
        self._outermost = not _deferring
        _deferring += 1
        _raises = False
        if self._outermost and not _listens:
            _asked = 0
            # signal would look for what it gives back in an enumeration, which takes as long as many steps
            if _signal.getsignal(_SIGINT) is signal.default_int_handler:
                self._handler = _signal.signal(_SIGINT, _hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _deferring, _raises, _asked
        if not self._counts:
            return
        _raises = self._raised
        _deferring -= 1
        came = bool(_asked)
        if self._handler is not None:
            _signal.signal(_SIGINT, self._handler)
        if self._outermost and not _listens:
            _asked = 0
        if self._outermost and came and not self._reports and kind is None:
            raise KeyboardInterrupt


class at_once:
    """Where a signal may raise again within ``Deferred``; one that came before raises here."""

    def __enter__(self) -> None:
        global _raises
        self._raised, self._counts = _raises, _in_main_thread()
        if self._counts:
            check()
            _raises = True

    def __exit__(self, *_: object) -> None:
        global _raises
        if self._counts:
            _raises = self._raised
