"""Standard output that nobody reads any more."""

from __future__ import annotations

import os
import sys

__all__ = ["CLOSED_PIPE", "discard_output"]

CLOSED_PIPE = 141
"""The exit code of a command whose output was closed, as of a shell."""


def discard_output() -> None:
    """Send what is still written to standard output nowhere, so that Python's end does not fail on it."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # it is no file, or there is none
        sys.stdout = None
