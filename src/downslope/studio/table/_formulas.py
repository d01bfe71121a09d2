"""Columns of formulas: expressions of other columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables import did_you_mean

__all__ = ["columns_in", "values_of", "with_formulas"]

_LONGEST = 400  # characters of a formula

FUNCTIONS = frozenset({
    "abs", "acos", "asin", "atan", "atan2", "cbrt", "ceil", "ceiling", "coalesce", "cos", "cosd", "cot",
    "degrees", "exp", "floor", "greatest", "if", "ifnull", "least", "ln", "log", "log10", "log1p", "log2",
    "mod", "nullif", "pi", "pow", "power", "radians", "round", "sign", "sin", "sind", "sqrt", "tan", "tand",
})  # fmt: skip
"""What a formula may call: each gives a number for a row, in the time and the memory of one."""

_WORDS = frozenset({
    "and", "or", "not", "case", "when", "then", "else", "end", "is", "null", "true", "false", "in", "between",
})  # fmt: skip
_TOKENS = re.compile(
    r"""\s+|(?P<quoted>"[^"]*")|(?P<text>'[^']*')|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"""
    r"""|(?P<name>[^\W\d]\w*)(?P<call>\s*\()?|(?P<mark>\*\*|<=|>=|<>|!=|[-+*/%^(),<>=])""",
)


def with_formulas(frame: pl.DataFrame, formulas: tuple[str, ...], targets: tuple[str, ...]) -> pl.DataFrame:
    """A table with a column for each formula, by its text.

    Raises:
        DownslopeError: where a formula cannot be computed, gives no finite numbers or uses a target.
    """
    for formula in formulas:
        frame = frame.with_columns(_computed(frame, formula, targets).alias(formula))
    return frame


def columns_in(formula: str) -> set[str]:
    """The names of the columns that a formula holds, which can be computed.

    >>> sorted(columns_in("x1*x2 + sin(x1)"))
    ['x1', 'x2']
    """
    return set(pl.sql_expr(_as_sql(formula)).meta.root_names())


def values_of(formula: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """The values of a formula that was computed before, for other values of its columns; they may be none.

    >>> values_of("ln(x1)", {"x1": np.array([1.0, -1.0])})
    array([ 0., nan])
    """
    frame = pl.DataFrame(dict(columns))
    return frame.select(pl.sql_expr(_as_sql(formula)).cast(pl.Float64)).to_series().to_numpy()


def _computed(frame: pl.DataFrame, formula: str, targets: tuple[str, ...]) -> pl.Series:
    """The numbers of a formula, (rows,)."""
    _refuse_queries(formula, frame.columns)
    _refuse_others(formula, frame.columns)
    try:
        expression = pl.sql_expr(_as_sql(formula))
        values = frame.select(expression.alias(formula)).to_series()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError) as error:
        reason = str(error).strip().split("\n")[0][:120]
        raise DownslopeError(
            f'the formula "{formula}" cannot be computed: {reason}; write it as x1*x2, '
            "pow(x1, 2) or sin(x1), and put names with spaces in double quotes"
        ) from None
    leaked = set(targets).intersection(expression.meta.root_names())
    if leaked:
        raise DownslopeError(
            f'the formula "{formula}" holds "{min(leaked)}", which is to be predicted: it would tell the '
            "network the answer; remove it"
        )
    if len(values) != frame.height or (not values.dtype.is_numeric() and values.dtype != pl.Boolean):
        raise DownslopeError(f'the formula "{formula}" gives no number for each row; use names of columns')
    numbers = values.cast(pl.Float64)
    wrong = (~numbers.is_finite()).fill_null(False).arg_true()
    if len(wrong):
        raise DownslopeError(f'the formula "{formula}" is not finite in row {wrong[0] + 1}; change it')
    return numbers


def _refuse_queries(formula: str, columns: Collection[str]) -> None:
    """A query within a formula would read files, and a very long formula keeps Polars busy for minutes."""
    if len(formula) > _LONGEST:
        raise DownslopeError(f"a formula has at most {_LONGEST} characters, not {len(formula):,}")
    unnamed = formula
    for name in columns:
        unnamed = unnamed.replace(f'"{name}"', "x")
    if found := re.search(r"\b(select|from|table|values|with)\b", unnamed, re.IGNORECASE):
        raise DownslopeError(
            f'"{found[0]}" begins a query, but a formula is an expression of columns; '
            "put a column of that name in double quotes"
        )


def _refuse_others(formula: str, columns: Collection[str]) -> None:
    """Refuse what is no arithmetic of columns.

    Functions of text and lists take gigabytes or minutes, such as ``rpad('a', 1000000000, 'b')``; a name such
    as "^y$" is a pattern, which stands for columns that it does not name.
    """
    place = 0
    while place < len(formula):
        token = _TOKENS.match(formula, place)
        if token is None:
            raise DownslopeError(
                f'the formula "{formula}" cannot be computed: "{formula[place]}" has no meaning there; '
                "write it as x1*x2, pow(x1, 2) or sin(x1), and put names with spaces in double quotes"
            )
        _refuse_token(formula, token, columns)
        place = token.end()


def _refuse_token(formula: str, token: re.Match[str], columns: Collection[str]) -> None:
    word = (token["name"] or "").lower()
    if token["call"] and word not in FUNCTIONS and word not in _WORDS:
        near = did_you_mean(word, sorted(FUNCTIONS))
        raise DownslopeError(
            f'the formula "{formula}" cannot be computed: there is no function {word}{near}; there are '
            f"{', '.join(sorted(FUNCTIONS))}"
        )
    if token["quoted"] is None and (not word or token["call"] or word in _WORDS):
        return
    name = token["name"] if token["quoted"] is None else token["quoted"][1:-1]
    if name not in columns:
        raise DownslopeError(
            f'the formula "{formula}" cannot be computed: there is no column "{name}"'
            f"{did_you_mean(name, columns)}; write names with spaces in double quotes"
        )
    if name.startswith("^") and name.endswith("$"):
        raise DownslopeError(f'a formula cannot hold "{name}", which is read as a pattern; rename the column')


def _as_sql(formula: str) -> str:
    """x^2 and x**2 as SQL writes them, where base and exponent are a name or a number each."""
    return re.sub(r'("[^"]+"|[\w.]+)\s*(?:\^|\*\*)\s*([\w.]+)', r"pow(\1, \2)", formula)
