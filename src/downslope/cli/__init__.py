"""The command line: ``downslope COMMAND``, in the order of use in ``commands``."""

from __future__ import annotations

import gc
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; bad input ends with exit code 2, Ctrl-C with 130, SIGTERM with 143."""
    if sys.argv[1:] == ["--version"]:  # answered without importing anything
        from downslope import __version__

        print(f"downslope {__version__}")
        return
    gc.set_threshold(100_000)  # imports make many objects and no garbage; this saves 10 % of a small fit
    from downslope import _signals

    with _signals.heard():
        try:
            from downslope.cli._run import run

            code = run(sys.argv[1:])
        except KeyboardInterrupt:  # before there is anything to say
            code = _signals.exit_code()
        sys.exit(code or (_signals.exit_code() if _signals.pending() else 0))
