"""The levels of a column as a table: which text has which row, and what each row becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.tables import GAPS, TRUTHS, LevelEncoding

__all__ = ["LevelTable", "level_table"]

_UNSEEN = "\ufffd\ufffd\ufffd no such level"


@dataclass(frozen=True, eq=False)
class LevelTable:
    """Attributes:
    rows: which row each known text has; any other has row 0.
    features: what a level becomes, (rows, features).
    """

    rows: Mapping[str, int]
    features: NDArray[np.float32]


def level_table(encoding: LevelEncoding) -> LevelTable:
    """Each text that the encoding knows, from what it makes of them: levels, other ways to write them, gaps.

    >>> from downslope.tables import fitted
    >>> table = level_table(fitted(pl.Series("kind", ["a", "b", None]), "category"))
    >>> table.rows["b"], table.features.tolist()
    (2, [[0.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    """
    levels = encoding.levels
    known = _encoded(encoding, [_UNSEEN, *levels])
    found = {text: row.tobytes() for text, row in zip([_UNSEEN, *levels], known, strict=True)}
    numeric = [text for level in levels for text in _numeric_forms(level)]
    found |= {t: r.tobytes() for t, r in zip(numeric, _encoded(encoding, numeric), strict=True)}
    words = [word for word in _cased([*TRUTHS, *sorted(GAPS)]) if word not in levels]
    # as alone: what a gap is depends on the other cells, and beside one that looks like no such word each is
    found |= {w: r.tobytes() for w, r in zip(words, _encoded(encoding, [_UNSEEN, *words])[1:], strict=True)}
    places: dict[bytes, int] = {}
    rows = {text: places.setdefault(row, len(places)) for text, row in found.items()}
    width = len(encoding.features)
    features = np.frombuffer(b"".join(places), np.float32).reshape(-1, width)
    return LevelTable({text: place for text, place in rows.items() if place}, features)


def _encoded(encoding: LevelEncoding, cells: list[str]) -> NDArray[np.float32]:
    out = np.zeros((len(cells), len(encoding.features)), np.float32)
    if cells:
        encoding.encode(pl.Series(encoding.name, cells, pl.String), out)
    return out


def _numeric_forms(level: str) -> list[str]:
    """7.0 of 7, and 7 of 007: what becomes of codes in a column of numbers."""
    if not level.removeprefix("-").isdecimal():
        return []
    bare = level.lstrip("0") or "0"
    return [form for form in dict.fromkeys((f"{level}.0", bare, f"{bare}.0")) if form != level]


def _cased(words: Iterable[str]) -> list[str]:
    forms = [form for word in words for form in (word, word.upper(), word.capitalize())]
    return list(dict.fromkeys([*forms, "NaN"]))
