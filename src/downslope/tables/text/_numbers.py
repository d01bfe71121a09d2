"""The grammar of numbers in text: sign, currency, digits in groups, decimal mark, exponent, percent, unit."""

from __future__ import annotations

from functools import lru_cache

from downslope._dataclass import dataclass
from downslope._extras import polars as pl

__all__ = ["Numbers", "Votes", "are_numbers", "decimal_votes", "numbers_by", "only_with_point"]

_MOSTLY = 0.8
_SOME = 1000
_SPACES = " \u00a0\u2009\u202f"
_APOSTROPHES = "'\u2019"
_MARKS = (",", ".", f"[{_SPACES}]", f"[{_APOSTROPHES}]", "_")
_POWER = r"(?:[eE][+-]?\d+)?"
_MINUS = "[\u2212\ufe63\uff0d]"  # the minus sign and its wide forms; a dash is none
_WIDE = dict(zip("０１２３４５６７８９．，＋％", "0123456789.,+%", strict=True))  # of East Asian keyboards
_NO_CENTS = r"(\d)[.,][-\u2013\u2014]{1,2}(\s*\D*)$"
"""A dash where the cents would be, as in ``5,-``, which is no minus sign."""

_MONEY = (
    r"(?:[A-Z]{0,3}\p{Sc}|AED|ARS|AUD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|"
    r"MYR|NOK|NZD|PEN|PHP|PLN|RON|RUB|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR|kr\.?|zł|Kč|Ft|Fr\.|Rs\.?)"
)
"""A currency by its sign or by its code (ISO 4217)."""

_UNIT = r"(?:[%‰]|[\p{L}°µ](?:(?:\d?[\p{L}°µ²³^·*/.-])*[\p{L}°µ²³\d.])?)"


@lru_cache
def _digits(decimal: str) -> str:
    """Digits with a decimal mark, and with any other mark between groups, the same one within a number."""
    escaped = [m if len(m) > 1 else f"\\{m}" for m in _MARKS if m != decimal]
    groups = [rf"[1-9]\d{{0,2}}(?:{m}\d{{3}})+" for m in escaped]
    groups += [rf"[1-9]\d?(?:{m}\d{{2}})+{m}\d{{3}}" for m in escaped if m == r"\,"]  # 12,34,567 as in India
    whole = "|".join([*groups, r"\d+"])
    return rf"(?:(?:{whole})(?:\{decimal}\d*)?|\{decimal}\d+)"


@lru_cache
def _cell(decimal: str) -> str:
    """A whole cell: what stands around the digits in named groups, for minus signs that are hyphens."""
    sign, blank, mark = r"[+-]", f"[{_SPACES}]*", f"{_MONEY}|{_UNIT}"
    return blank.join(
        [
            rf"^(?P<sign>{sign})?",
            rf"(?P<first>{_MONEY})?",
            r"(?P<open>\()?",
            rf"(?P<inner>{sign})?",
            rf"(?P<before>{_MONEY})?",
            rf"(?P<digits>{_digits(decimal)}{_POWER})",
            r"(?P<behind>-)?",
            rf"(?P<after>{mark})?",
            r"(?P<close>\))?",
            rf"(?P<last>{mark})?",
            r"(?P<end>-)?$",
        ]
    )


def _hyphened(text: pl.Series) -> pl.Series:
    """The cells with a hyphen for minus, narrow digits, and no dash for cents."""
    if text.str.contains(f"[{''.join(_WIDE)}]").any():
        text = text.str.replace_many(_WIDE)
    if text.str.contains(_NO_CENTS).any():
        text = text.str.replace(_NO_CENTS, "${1}${2}")
    return text.str.replace(_MINUS, "-") if text.str.contains(_MINUS).any() else text


def _plain(digits: pl.Series, decimal: str) -> pl.Series:
    """Digits with marks as text that any computer reads."""
    for mark in ("." if decimal == "," else ",", "_", *_SPACES, *_APOSTROPHES):
        if digits.str.contains(mark, literal=True).any():
            digits = digits.str.replace_all(mark, "", literal=True)
    return digits.str.replace(",", ".", literal=True) if decimal == "," else digits


@dataclass(frozen=True)
class Numbers:
    """The numbers of a column of text.

    Attributes:
        values: Float64, null where a cell is a gap or no number.
        unread: which cells hold something that is no number, (rows,).
        unit: the currency, ``%`` or the unit that stands with the numbers, or nothing.
        whole: whether no cell has a decimal mark, an exponent or a percent sign.
    """

    values: pl.Series
    unread: pl.Series
    unit: str = ""
    whole: bool = False

    @property
    def complete(self) -> bool:
        """Whether every cell that holds something is a number."""
        return not self.unread.any()


def numbers_by(text: pl.Series, decimal: str = ".") -> Numbers:
    """The cells as numbers in one notation; text without its gaps.

    A percentage is its share, as in a spreadsheet. Units count where every cell has the same one, and
    currencies where no two differ.

    >>> numbers_by(pl.Series(["$1,274.46", "(12.50)", "−3"])).values.to_list()
    [1274.46, -12.5, -3.0]
    >>> numbers_by(pl.Series(["1.234,5 €", "12,0 €"]), decimal=",").unit
    '€'
    >>> numbers_by(pl.Series(["22%", "7 %"])).values.to_list()
    [0.22, 0.07]
    """
    text = _hyphened(text)
    if decimal == ".":  # most cells need no more than this
        values = text.cast(pl.Float64, strict=False).fill_nan(None)
    else:
        values = pl.repeat(None, len(text), dtype=pl.Float64, eager=True)
    left = values.is_null() & text.is_not_null()
    unit = ""
    if left.any():
        rest = text.filter(left)
        bare = rest.str.contains(rf"^[+-]?{_digits(decimal)}{_POWER}$")
        found = _plain(rest.set(~bare, None), decimal).cast(pl.Float64, strict=False)
        if not bare.all():
            alone = not bare.any() and values.null_count() == len(values)
            dressed, unit = _dressed(rest.set(bare, None), decimal, alone=alone)
            found = found.fill_null(dressed)
        values = values.scatter(left.arg_true(), found)
    fraction = rf"\{decimal}\d|[eE][+-]?\d+$|[%‰]"
    whole = not text.head(_SOME).str.contains(fraction).any() and not text.str.contains(fraction).any()
    return Numbers(values.alias(text.name), values.is_null() & text.is_not_null(), unit, whole)


def _dressed(text: pl.Series, decimal: str, *, alone: bool) -> tuple[pl.Series, str]:
    """Numbers that stand with a currency, a percent sign, a unit or brackets, and what stands there.

    ``alone`` says that there are no other numbers, which a unit or a percent sign would contradict.
    """
    parts = text.str.extract_groups(_cell(decimal)).struct.unnest()
    present = parts["digits"].is_not_null()
    mark = parts.select(pl.concat_str("first", "before", "after", "last", ignore_nulls=True)).to_series()
    brackets = (parts["open"].is_not_null() == parts["close"].is_not_null()).fill_null(False)
    signs = parts.select(
        pl.sum_horizontal(pl.col("open", "sign", "inner", "behind", "end").is_not_null().cast(pl.Int8))
    ).to_series()
    fits = present & brackets & (signs <= 1)
    marks = set(mark.filter(fits & (mark != "")).unique().to_list())
    money = all(_is_money(m) for m in marks)
    if len(marks) > 1 or (not money and (not alone or bool((fits & (mark == "")).any()))):
        fits, marks = fits & (mark == ""), set()
    if marks and not money and bool((text.is_not_null() & ~fits).any()):
        fits, marks = fits & (mark == ""), set()  # words beside units: the whole is text
    unit = next(iter(marks), "")
    digits = _plain(parts["digits"].set((~fits).fill_null(True), None), decimal)
    shift = {"%": "e-2", "‰": "e-3"}.get(unit)
    values = (digits + shift if shift else digits).cast(pl.Float64, strict=False)
    hyphen = pl.any_horizontal((pl.col("sign", "inner", "behind", "end") == "-").fill_null(False))
    negative = parts.select(pl.col("open").is_not_null() | hyphen).to_series()
    return values.set(negative & values.is_not_null(), None).fill_null(-values), unit


@lru_cache(maxsize=256)
def _is_money(mark: str) -> bool:
    return bool(pl.Series([mark]).str.contains(f"^{_MONEY}$").any())


@dataclass(frozen=True)
class Votes:
    """What the cells of a column say about the decimal mark.

    Attributes:
        point, comma: cells that are numbers only with this decimal mark.
        either: cells with a mark that are numbers with both.
        bare: cells that are numbers without any mark.
        example: one of ``either``.
    """

    point: int = 0
    comma: int = 0
    either: int = 0
    bare: int = 0
    example: str = ""


def are_numbers(text: pl.Series) -> pl.Series:
    """Which cells are numbers, with a decimal point or with a decimal comma.

    >>> are_numbers(pl.Series(["1.234,5", "$3", "x"])).to_list()
    [True, True, False]
    """
    cells = _hyphened(text)
    return cells.str.contains(_cell(".")) | cells.str.contains(_cell(","))


def only_with_point() -> pl.Expr:
    """Which plain numbers could not be written with a decimal comma.

    >>> pl.DataFrame({"a": ["1.5", "1.299", "7"]}).select(only_with_point())["a"].to_list()
    [True, False, False]
    """
    cells = pl.all().str
    return cells.contains(".", literal=True) & ~cells.contains(_cell(","))


def decimal_votes(text: pl.Series, least: float = _MOSTLY) -> Votes:
    """The votes of a column; none where a smaller share of its cells than the least are numbers at all.

    >>> decimal_votes(pl.Series(["1.299", "0,5", "10.5"]))
    Votes(point=1, comma=1, either=1, bare=0, example='1.299')
    """
    cells = _hyphened(text.drop_nulls())
    marked = cells.str.contains("[.,]")
    with_mark = cells.filter(marked)
    point = with_mark.str.contains(_cell("."))
    comma = with_mark.str.contains(_cell(","))
    bare = int(cells.filter(~marked).str.contains(_cell(".")).sum())
    if int((point | comma).sum()) + bare < least * len(cells):
        return Votes()
    either = with_mark.filter(point & comma)
    return Votes(
        int((point & ~comma).sum()),
        int((comma & ~point).sum()),
        len(either),
        bare,
        either[0] if len(either) else "",
    )
