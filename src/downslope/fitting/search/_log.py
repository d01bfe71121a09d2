"""The log of a search: a file that gets a line of JSON for each trial."""

from __future__ import annotations

import json
import warnings
from typing import Any

from downslope._writing import place_of
from downslope.errors import DownslopeError
from downslope.fitting.search._search import Trial

__all__ = ["TrialLog"]


class TrialLog:
    """A file that gets a line for each trial.

    Args:
        path: where.
        goes_on: whether it is of a search that goes on: lines of its trials that are there are not repeated.
    """

    def __init__(self, path: Any, goes_on: bool = False) -> None:
        self._path = place_of(path, "log")
        self._goes_on = goes_on
        self._known: set[str] = set()

    def __enter__(self) -> TrialLog:
        cut = self._read() if self._goes_on and self._path.exists() else False
        try:
            self._file = self._path.open("a", encoding="utf-8")
            self._file.write("\n" * cut)
        except OSError as error:
            raise DownslopeError(f"the log cannot be written to {self._path}: {error.strerror}") from None
        return self

    def _read(self) -> bool:
        """Note the trials that are there; whether the last line has no end."""
        text = self._path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self._known.add(_key(json.loads(line)))
            except (ValueError, TypeError, KeyError):
                if line.strip():
                    warnings.warn(
                        f"line {number} of {self._path} is damaged; its trial gets a new line",
                        stacklevel=2,
                    )
        return bool(text) and not text.endswith("\n")

    def add(self, trial: Trial) -> None:
        line = json.dumps(trial.to_json())
        if _key(json.loads(line)) not in self._known:
            self._file.write(line + "\n")
            self._file.flush()

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _key(line: Any) -> str:
    """What says which trial a line of the log is of."""
    return json.dumps([line["rung"], line["settings"], line["score"]])
