"""Quoted cells of a large text, told from what divides cells without taking the text apart."""

from __future__ import annotations

import numpy as np

from downslope._dataclass import dataclass

__all__ = ["Quoted", "quoted_cells"]

_BLOCK = 1 << 16  # which stays in the cache
_QUOTE, _LINE, _COMMA = b'"\n,'


@dataclass(frozen=True)
class Quoted:
    """What quotes tell of a text.

    Attributes:
        divisions: how many delimiters divide cells; None where quotes are in odd places. Elsewhere a quoted
            cell is quoted as a whole, and quotes within it are doubled (RFC 4180).
        commas: whether a cell has a comma beside a digit.
    """

    divisions: int | None
    commas: bool


def quoted_cells(text: bytes, start: int, delimiter: str) -> Quoted:
    """What the quotes of a text tell from a place on.

    >>> quoted_cells(b'a,"b, ""c"" d"\\n1,2', 0, ",")
    Quoted(divisions=2, commas=False)
    >>> quoted_cells(b'a,b"c"', 0, ","), quoted_cells(b'"0,5",x', 0, ",")
    (Quoted(divisions=None, commas=False), Quoted(divisions=1, commas=True))
    """
    mark, count, inside, commas, odd = ord(delimiter or "\x01"), 0, 0, False, False
    whole = np.frombuffer(text, np.uint8)[start:]
    for begin in range(0, len(whole), _BLOCK):
        block = whole[begin : begin + _BLOCK]
        first, last = (
            int(whole[i]) if 0 <= i < len(whole) else _LINE for i in (begin - 1, begin + len(block))
        )
        around = np.concatenate([np.array([first], np.uint8), block, np.array([last], np.uint8)])
        quote, division = block == _QUOTE, block == mark
        within = (np.cumsum(quote, dtype=np.uint8) + np.uint8(inside)) & 1 == 1
        border = (around == _QUOTE) | (around == mark) | (around == _LINE)
        odd = odd or bool((quote & ~np.where(within, border[:-2], border[2:])).any())
        count += int(np.count_nonzero(division & ~within))
        comma = (block == _COMMA) & within if mark == _COMMA else block == _COMMA
        if not commas and comma.any():
            digit = around - np.uint8(ord("0")) < 10
            commas = bool((comma & (digit[:-2] | digit[2:])).any())
        inside = int(within[-1])
    return Quoted(None if odd or inside else count, commas)
