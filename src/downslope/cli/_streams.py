"""Standard output and error as the commands need them: of any encoding, full, or closed from the start."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from downslope._visible import PLAIN, visible
from downslope.cli._pipes import CLOSED_PIPE, discard_output

__all__ = ["ended", "said", "streams", "unwritten"]


class _Closed(io.TextIOBase):
    """What stands for a standard output that was closed before the command began."""

    encoding = "utf-8"

    @property
    def buffer(self) -> _Closed:
        """What takes bytes, which is as closed."""
        return self

    def write(self, text: object) -> int:
        """Refuse it, as the system does.

        Raises:
            OSError: always.
        """
        raise OSError(errno.EBADF, "it is closed")


@contextmanager
def streams() -> Iterator[None]:
    """Streams that write what their encoding lacks in other letters, and are there when they are closed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:  # a file that is opened next must not become standard output
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # until the process ends
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=PLAIN)
    yield


def said(message: str) -> None:
    """A line on standard error, be that full or closed."""
    with suppress(OSError):
        print(visible(message), file=sys.stderr)


def ended(code: int) -> int:
    """The exit code once all that was printed is written: 2 where it could not be, 141 if nobody reads it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        code = code or CLOSED_PIPE
    except (OSError, ValueError) as error:
        code = unwritten(error)
    try:
        sys.stderr.flush()
    except (OSError, ValueError):  # Python would fail on it again at its end
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    return code


def unwritten(error: Exception) -> int:
    """The exit code where standard output cannot be written, once that is said."""
    reason = getattr(error, "strerror", None) or str(error)
    said(f"downslope: standard output cannot be written: {reason}; send it to another place")
    discard_output()
    return 2
