"""The thread that has what a machine sends summed over all ranks, while the machine goes on."""

from __future__ import annotations

from threading import Thread
from types import TracebackType
from typing import Any

from downslope.engines._share import Share

__all__ = ["Exchanging"]


class Exchanging:
    """As long as it is entered, the exchanges of a machine are summed over all ranks, one after the other.

    Args:
        machine: which runs a tape with exchanges.
        count: of its exchanges.
        share: of this rank.

    Raises:
        DownslopeError: at its end, where another rank was lost; the machine has then stopped.
    """

    def __init__(self, machine: Any, count: int, share: Share) -> None:
        self._machine, self._share = machine, share
        self._buffers = [machine.exchanged(number) for number in range(count)]
        self._thread = Thread(target=self._serve, name="downslope exchange", daemon=True)
        self._error: Exception | None = None

    def __enter__(self) -> Exchanging:
        self._machine.serve(True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._machine.serve(False)
        self._thread.join()
        if self._error is not None and kind is None:
            raise self._error

    def _serve(self) -> None:
        while (number := self._machine.next_exchange()) >= 0:
            try:
                if self._error is None:
                    self._share.add_up(self._buffers[number])
            except Exception as error:  # which the thread that runs the machine raises
                self._error = error
            self._machine.answer(self._error is None)
