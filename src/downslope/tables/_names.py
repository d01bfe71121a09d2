"""Names of columns as an error message gives them: the nearest one, and a list cut to a readable length."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from downslope.errors import DownslopeError

__all__: list[str] = []

_SHOWN = 12
_DATE = re.compile(r"\d{4}-\d\d-\d\d ")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, or None where none is close.

    >>> nearest("Price", ["prize", "price", "size"])
    'price'
    """
    names = list(known)
    by_fold = {other.casefold(): other for other in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), list(by_fold), n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A closing question with the nearest name, or nothing.

    >>> did_you_mean("prize", ["price"])
    '; did you mean "price"?'
    """
    near = nearest(name, known)
    return "" if near is None else f'; did you mean "{near}"?'


def listed(names: Sequence[str]) -> str:
    """Names with commas, the end left off where there are many.

    >>> listed(["a", "b"])
    'a, b'
    """
    more = len(names) - _SHOWN
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def no_such_column(name: str, known: Sequence[str], of: str = "") -> DownslopeError:
    """The error that names the columns there are.

    >>> print(no_such_column("prize", ["price", "size"]))
    there is no column "prize"; did you mean "price"?; the table has price, size
    """
    return DownslopeError(
        f'there is no column "{name}"{of}{did_you_mean(name, known)}; the table has {listed(known)}'
    )


def shown_value(value: object) -> str:
    """A cell in quotation marks, cut where it is long.

    >>> shown_value("abc")
    '"abc"'
    """
    text = " ".join(str(value).split())
    return f'"{text[:37]}..."' if len(text) > 40 else f'"{text}"'


def name_text(name: object) -> str:
    """The name of a column as text: without spaces around it, whole numbers without a point.

    The names of several levels, as pandas and sheets with two rows of names have them, are joined.

    >>> name_text(" size "), name_text(2020.0), name_text(("sales", 2020)), name_text(None)
    ('size', '2020', 'sales 2020', '')
    """
    if isinstance(name, tuple):
        return " ".join(filter(None, map(name_text, name)))
    if name is None or name != name:
        return ""
    if isinstance(name, float) and name.is_integer():
        return str(int(name))
    text = " ".join(str(name).split())
    midnight = " 00:00:00"  # a date of pandas or of a sheet
    return text.removesuffix(midnight) if _DATE.match(text) else text
