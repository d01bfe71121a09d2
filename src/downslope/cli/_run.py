"""A command line is run; whatever goes wrong becomes a line and an exit code."""

from __future__ import annotations

import errno
import io
import os
import warnings
from collections.abc import Sequence
from typing import Any

import click

from downslope import _signals
from downslope._visible import one_line
from downslope.cli._pipes import CLOSED_PIPE, discard_output
from downslope.cli._streams import ended, said, streams, unwritten
from downslope.cli.commands import downslope
from downslope.errors import DownslopeError

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line: 0; 2 bad input, 130 Ctrl-C, 141 a closed pipe, 143 SIGTERM."""
    with streams(), warnings.catch_warnings():
        warnings.showwarning = _print_warning
        return ended(_run(arguments))


def _print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as a plain line, without the place in the code."""
    said(f"downslope: {one_line(str(message))}")


def _speaker() -> str:
    """Who prints an error: of processes that torchrun started, with its rank."""
    ranks = "WORLD_SIZE" in os.environ and os.environ.get("RANK", "0") != "0"
    return f"downslope, rank {os.environ['RANK']}" if ranks else "downslope"


def _run(arguments: Sequence[str]) -> int:
    try:
        downslope.main(list(arguments), prog_name="downslope", standalone_mode=False)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        said(shown.getvalue().rstrip())
        return 2
    except DownslopeError as error:
        said(f"{_speaker()}: {one_line(str(error))}")
        return 2
    except MemoryError as error:
        said(f"{_speaker()}: there is not enough memory ({error}); use fewer rows or units")
        return 2
    except (KeyboardInterrupt, click.Abort):
        said("downslope: interrupted; nothing was saved")
        return _signals.exit_code()
    except BrokenPipeError:
        discard_output()
        return CLOSED_PIPE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EBADF, errno.EIO):
            raise
        return unwritten(error)
    except SystemExit as left:
        return int(left.code or 0)
    return 0
