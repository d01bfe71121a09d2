"""The command line: ``downslope COMMAND``, in the order of use in ``_commands.py``."""

from __future__ import annotations

import gc
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; bad input ends with exit code 2, Ctrl-C with 130."""
    if sys.argv[1:] == ["--version"]:  # answered without importing anything
        from downslope import __version__

        print(f"downslope {__version__}")
        return
    gc.set_threshold(100_000)  # imports make many objects and no garbage; this saves 10 % of a small fit
    from downslope.cli._commands import run

    sys.exit(run(sys.argv[1:]))
