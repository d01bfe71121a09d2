"""Parsers of binary formats in a process of their own, whose memory and time have limits.

A Parquet file of a megabyte can make gigabytes of itself, and two cells of a spreadsheet a table of 16,384
columns and 1,048,576 rows: the libraries that read them abort the process that they run in. Here that is one
that can be spared. It takes 0.2 s to start, stays for the next file, and ends after a minute without one.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._forks import ModuleLock
from downslope.errors import DownslopeError
from downslope.tables._plain import plain_frame
from downslope.tables.excel import read_excel
from downslope.tables.sources import MOST_BYTES, Source, largest_content
from downslope.tables.text import Written

__all__ = ["read_guarded"]

_START = "from downslope.tables._guarded import serve; serve()"
_PLACES = "\0places"  # the name of no column
_SECONDS, _SECONDS_A_MEGABYTE = 120, 10  # of the processor
_OWN_MEMORY = 1 << 30  # bytes of address space beside the table: threads, libraries, the copy that is sent
_IDLE = 60.0  # seconds
_LARGE = 1 << 26  # bytes of a table, after which it ends


def read_guarded(source: Source, kind: str, sheet: str | None) -> Written:
    """The table of a binary file.

    Args:
        source: its bytes.
        kind: ``"Parquet"``, ``"Arrow"``, ``"Arrow stream"`` or ``"Excel"``.
        sheet: of an Excel file.

    Raises:
        DownslopeError: if it is damaged, has no such sheet, or takes more memory or time than it may.
    """
    limit = largest_content(len(source.content))
    if not sys.executable:  # Python within another program
        return _READERS[kind](source, sheet)
    asked = {"name": source.name, "kind": kind, "sheet": sheet, "limit": limit}
    answer = _ask(asked, source.content)
    if isinstance(answer, int):
        raise _ended(source.name, kind, answer, limit)
    said, content = answer
    if "refused" in said:
        raise DownslopeError(said["refused"])
    frame, index = pl.read_ipc(io.BytesIO(content)), None
    if _PLACES in frame.columns:
        index = frame[_PLACES].to_numpy().astype(np.int64)
        frame = frame.drop(_PLACES)
    return Written(frame, index=index, notes=tuple(said["notes"]))


def _ended(name: str, kind: str, code: int, limit: int) -> DownslopeError:
    """What to say where the reader did not come to its end."""
    if code == -getattr(signal, "SIGXCPU", 0):
        return DownslopeError(f"{name} takes too long to be read as {kind}; save it again, or as CSV")
    return DownslopeError(
        f"{name} cannot be read as {kind}: its table takes more than {limit:,} bytes, or it is damaged; if "
        f"it is what it should be, set {MOST_BYTES} in the environment to a larger number, or save it as CSV"
    )


@dataclass
class _Child:
    """A process that reads, with the process that started it and the time of its last answer."""

    process: subprocess.Popen[bytes]
    parent: int
    answered: float

    @property
    def serves(self) -> bool:
        """Whether it belongs to this process and surely waits for more."""
        own = self.parent == os.getpid() and self.process.poll() is None
        return own and time.monotonic() - self.answered < _IDLE / 2

    def end(self) -> int:
        """Let it end; its exit code."""
        with self.process as process:  # which closes the pipes: it ends if it waits for more
            pass
        return process.returncode


_lock = ModuleLock()
_child: _Child | None = None


def _ask(asked: Mapping[str, Any], content: bytes) -> tuple[Any, bytes] | int:
    """What the process that reads answers; its exit code where it ended instead."""
    global _child
    with _lock:
        if _child is not None and not _child.serves:
            _end()
            _child = None
        child, _child = _child or _started(), None
        head = body = None
        try:
            _write(child.process.stdin, json.dumps(asked).encode(), content)
            head, body = _read(child.process.stdout), _read(child.process.stdout)
        except BrokenPipeError:
            pass
        except BaseException:  # such as Ctrl-C in the middle of an answer
            child.process.kill()
            child.end()
            raise
        if head is None or body is None:
            return child.end()
        if len(body) > _LARGE:
            child.end()  # and gives its memory back
        else:
            child.answered, _child = time.monotonic(), child
        return json.loads(head), body


def _started() -> _Child:
    places = os.pathsep.join(path for path in sys.path if path)
    threads = os.environ.get("POLARS_MAX_THREADS", "2")
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": places, "POLARS_MAX_THREADS": threads},
    )
    return _Child(process, os.getpid(), time.monotonic())


@atexit.register
def _end() -> None:
    """End the process of this one; that of a parent, which a fork knows too, is not its own."""
    if _child is not None and _child.parent == os.getpid():
        _child.process.kill()
        _child.end()


def _write(file: Any, *parts: bytes) -> None:
    for part in parts:
        file.write(len(part).to_bytes(8, "little"))
        file.write(part)
    file.flush()


def _read(file: Any) -> bytes | None:
    """A part that was written; None where the other side has ended."""
    length = file.read(8)
    if len(length) < 8:
        return None
    content: bytes = file.read(int.from_bytes(length, "little"))
    return content if len(content) == int.from_bytes(length, "little") else None


def serve() -> None:
    """Read tables that come from standard input and write them to standard output, within limits."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked ends this
    while _waits_for_more():
        head, content = _read(sys.stdin.buffer), _read(sys.stdin.buffer)
        if head is None or content is None:
            break
        asked = json.loads(head)
        _limit(asked["limit"], len(content))
        try:
            said, table = _table(_READERS[asked["kind"]](Source(asked["name"], "", content), asked["sheet"]))
        except DownslopeError as error:
            said, table = {"refused": str(error)}, b""
        _write(out, json.dumps(said).encode(), table)
        del content, table
    os._exit(0)  # threads of libraries need not be waited for


def _waits_for_more() -> bool:
    """Whether another file comes in time; Windows cannot wait for a pipe, and waits for its end."""
    return os.name == "nt" or bool(select.select([sys.stdin.buffer], [], [], _IDLE)[0])


def _limit(memory: int, content: int) -> None:
    """Let this process take so much more than it has."""
    try:
        import resource
    except ImportError:  # Windows
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    try:
        before = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:  # not Linux
        before = 0
    seconds = int(used.ru_utime + used.ru_stime) + _SECONDS + _SECONDS_A_MEGABYTE * (content >> 20)
    for kind, most in (
        (resource.RLIMIT_AS, before + memory + _OWN_MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _table(written: Written) -> tuple[dict[str, Any], bytes]:
    frame = plain_frame(written.frame)
    if written.index is not None:
        frame = frame.with_columns(pl.Series(_PLACES, written.index))
    held = io.BytesIO()
    frame.write_ipc(held)
    return {"notes": written.notes}, held.getvalue()


def _binary(kind: str, read: Callable[..., pl.DataFrame]) -> Callable[[Source, str | None], Written]:
    def table(source: Source, sheet: str | None) -> Written:
        try:
            return Written(plain_frame(read(io.BytesIO(source.content))))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
            raise DownslopeError(
                f"{source.name} is a damaged {kind} file ({_first_line(error)}); copy or write it again"
            ) from None

    return table


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:160] or type(error).__name__


_READERS: dict[str, Callable[[Source, str | None], Written]] = {
    "Parquet": _binary("Parquet", lambda file: pl.read_parquet(file)),
    "Arrow": _binary("Arrow", lambda file: pl.read_ipc(file)),
    "Arrow stream": _binary("Arrow", lambda file: pl.read_ipc_stream(file)),
    "Excel": read_excel,
}
