"""The grammar of dates and of clock times in text."""

from __future__ import annotations

from downslope._extras import polars as pl
from downslope.errors import DownslopeError

__all__ = [
    "DAY_FIRST",
    "MONTH_FIRST",
    "are_ambiguous",
    "are_clock_times",
    "are_dates",
    "as_moments",
    "clock_seconds",
    "common_order",
    "day_or_month_first",
    "day_order",
    "in_format",
    "moments",
    "worded",
]

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
"""The two orders of a date of three numbers that ends with the year, as formats."""

_MONTHS = (
    ("jan", "ene", "gen"),
    ("feb", "fév", "fev"),
    ("mar", "mär", "mrz", "maa"),
    ("apr", "abr", "avr"),
    ("may", "mai", "mag", "mei"),
    ("jun", "juin", "giu"),
    ("jul", "juil", "lug"),
    ("aug", "aoû", "aou", "ago"),
    ("sep", "set"),
    ("oct", "okt", "ott", "out"),
    ("nov",),
    ("dec", "dez", "déc", "dic"),
)
"""How the names of the months begin: English, German, French, Spanish, Italian, Dutch, Portuguese."""

_NAME = "(?i:" + "|".join(start for starts in _MONTHS for start in starts) + r")\p{L}*"
_WEEKDAY = r"(?:\p{L}{2,10}\.?,? )?"
_OF = "[- /](?:del? )?"  # Spanish and Portuguese: 7 de febrero de 2024
_CLOCK = (
    r"(?P<H>\d{1,2}):(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d)(?:[.,](?P<f>\d{1,9}))?)?\s?(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_ZONE = r"(?:\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
_DAYS = (
    r"(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})(?:[-/.](?P<d1>\d{1,2}))?",
    r"(?P<y6>\d{4})[年년]\s?(?P<m6>\d{1,2})[月월](?:\s?(?P<d6>\d{1,2})[日일])?",
    r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y2>\d{4}|\d{2})",
    rf"{_WEEKDAY}(?P<d3>\d{{1,2}})(?:st|nd|rd|th|er|\.)?{_OF}(?P<n3>{_NAME})\.?,?{_OF}(?P<y3>\d{{4}}|\d{{2}})",
    rf"{_WEEKDAY}(?P<n4>{_NAME})\.? (?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y4>\d{{4}})",
    rf"(?P<n5>{_NAME})\.?[- /](?P<y5>\d{{4}})",
)
_DATE = rf"^(?:{'|'.join(_DAYS)})(?:(?:[T ]|, ){_CLOCK}{_ZONE})?$"
_TIME = rf"^{_CLOCK}$"
_PIVOT = 69  # of two digits: 1969 to 2068, as POSIX has it


def _first(parts: pl.DataFrame, *names: str) -> pl.Expr:
    return pl.coalesce(name for name in names if name in parts.columns)


def _month_number(name: pl.Expr) -> pl.Expr:
    """The number of a month by its name, null where there is no name."""
    lower, found = name.str.to_lowercase(), pl.lit(None, pl.String)
    for number, starts in enumerate(_MONTHS, 1):
        matches = lower.str.contains("^(?:" + "|".join(starts) + ")")
        found = pl.when(matches).then(pl.lit(str(number))).otherwise(found)
    return found


def _hour(parts: pl.DataFrame) -> pl.Expr:
    hour = pl.col("H").cast(pl.Int32)
    half = pl.col("half").str.to_lowercase().str.slice(0, 1)
    twelve = hour % 12
    afternoon = pl.when(half == "p").then(twelve + 12).when(half == "a").then(twelve).otherwise(hour)
    return pl.when(half.is_not_null() & ((hour > 12) | (hour == 0))).then(99).otherwise(afternoon)


def moments(text: pl.Series, form: str | None = None) -> pl.Series:
    """The cells that are dates, in universal time, (rows,) Datetime in microseconds; null for others.

    Args:
        text: in any of the forms that spreadsheets and systems write.
        form: the order of dates such as 01/12/24, ``DAY_FIRST`` or ``MONTH_FIRST``, or any format of
            ``strptime``, which is then tried first. Where it says nothing, the day is first.

    >>> cells = pl.Series(["31.12.2024", "7 Feb 2024", "2024-01", "1/2/24", "x"])
    >>> moments(cells).dt.to_string("%Y-%m-%d").to_list()
    ['2024-12-31', '2024-02-07', '2024-01-01', '2024-02-01', None]
    >>> moments(pl.Series(["2024-02-07T10:30:00+02:00"])).dt.hour().to_list()
    [8]
    """
    distinct = text.drop_nulls().unique().alias("cell")
    read = _moments(distinct, form or DAY_FIRST)
    if len(distinct) == len(text):  # in another order
        read = _moments(text, form or DAY_FIRST)
        return read.alias(text.name)
    table = pl.DataFrame({"cell": distinct, "moment": read})
    joined = text.alias("cell").to_frame().join(table, on="cell", how="left", maintain_order="left")
    return joined["moment"].alias(text.name)


def _moments(text: pl.Series, form: str) -> pl.Series:
    parts = text.str.extract_groups(_DATE).struct.unnest()
    numeric = ("b", "a") if month_first(form) else ("a", "b")
    year = _first(parts, "y1", "y2", "y3", "y4", "y5", "y6")
    short = year.cast(pl.Int32) + pl.when(year.cast(pl.Int32) < _PIVOT).then(2000).otherwise(1900)
    built = parts.select(
        pl.concat_str(
            pl.when(year.str.len_bytes() == 2).then(short.cast(pl.String)).otherwise(year),
            pl.coalesce("m1", "m6", numeric[1], _month_number(_first(parts, "n3", "n4", "n5"))),
            pl.coalesce("d1", "d6", numeric[0], "d3", "d4", pl.when(year.is_not_null()).then(pl.lit("1"))),
            pl.when(pl.col("H").is_null()).then(pl.lit("0")).otherwise(_hour(parts).cast(pl.String)),
            pl.col("M").fill_null("0"),
            pl.col("S").fill_null("0") + "." + pl.col("f").fill_null("0"),
            separator="-",
        ).alias("built"),
        _minutes(pl.col("zone")).alias("offset"),
    )
    read = built["built"].str.to_datetime("%Y-%m-%d-%H-%M-%S%.f", strict=False, time_unit="us")
    read = read - pl.Series(built["offset"].fill_null(0).cast(pl.Int64) * 60_000_000).cast(pl.Duration("us"))
    if form not in (DAY_FIRST, MONTH_FIRST):
        read = in_format(text, form).fill_null(read)
    return read.dt.cast_time_unit("us")


def in_format(text: pl.Series, form: str) -> pl.Series:
    """The cells that are dates in one format of ``strptime``, in universal time; null for others.

    Raises:
        DownslopeError: if the format is none.
    """
    day = any(mark in form for mark in ("%d", "%e", "%j", "%D", "%F"))
    padded, wanted = (text, form) if day else (text + " 1", f"{form} %d")  # a month begins with its first day
    try:
        read = padded.str.to_datetime(wanted, strict=False, time_unit="us")
    except pl.exceptions.PolarsError as error:
        raise DownslopeError(f"{form!r} is no format of dates: {error}; give one such as %d.%m.%Y") from None
    return read.dt.replace_time_zone(None) if getattr(read.dtype, "time_zone", None) else read


def _minutes(zone: pl.Expr) -> pl.Expr:
    digits = zone.str.replace(":", "")
    minutes = digits.str.slice(1, 2).cast(pl.Int32, strict=False) * 60 + digits.str.slice(3, 2).cast(
        pl.Int32, strict=False
    ).fill_null(0)
    return pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)


def month_first(form: str | None) -> bool:
    """Whether a format has the month before the day, and the year behind them."""
    return form is not None and -1 < form.find("%m") < form.find("%d") and form.find("%Y") != 0


def day_order(text: pl.Series) -> tuple[int, int, int]:
    """How many cells are dates only with the day first, only with the month first, and with either.

    >>> day_order(pl.Series(["25/04/2024", "03/04/2024"]))
    (1, 0, 1)
    """
    parts = text.filter(are_ambiguous(text)).str.extract_groups(_DATE).struct.unnest()
    first, second = (parts[name].drop_nulls().cast(pl.Int32) for name in ("a", "b"))
    day = (first > 12) & (second <= 12)
    month = (second > 12) & (first <= 12)
    either = (first <= 12) & (second <= 12) & (first != second)
    return int(day.sum()), int(month.sum()), int(either.sum())


def day_or_month_first(text: pl.Series) -> str:
    """The order in which more cells are dates, that with the day first if neither is."""
    day, month, _ = day_order(text)
    return MONTH_FIRST if month > day else DAY_FIRST


def are_ambiguous(text: pl.Series) -> pl.Series:
    """Which cells have the form of a date that ends with the year, and begins with day or month."""
    return text.str.contains(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d")


def are_dates(text: pl.Series) -> pl.Series:
    """Which cells have the form of a date, whether or not there is such a day."""
    return text.str.contains(_DATE)


def common_order(text: pl.Series) -> str | None:
    """The order in which every cell is a date, or None where they are no dates.

    Where day and month could be exchanged in every cell, the order that leaves the column sorted is taken,
    else the day is first between points and the month elsewhere.

    >>> common_order(pl.Series(["03/04/2024", "25/04/2024"]))
    '%d/%m/%Y'
    """
    cells = text.drop_nulls()
    if not len(cells) or not are_dates(cells.head(100)).all() or not are_dates(cells).all():
        return None
    day, month, either = day_order(cells)
    orders = [DAY_FIRST] if day else [MONTH_FIRST] if month else [DAY_FIRST, MONTH_FIRST]
    read = {order: moments(cells, order) for order in orders}
    orders = [order for order in orders if not read[order].null_count()]
    if len(orders) < 2 or not either:
        return next(iter(orders), None)
    pointed = DAY_FIRST if cells[0].count(".") > 1 else MONTH_FIRST
    return next((order for order in orders if read[order].is_sorted()), pointed)


def as_moments(column: pl.Series, form: str | None) -> pl.Series:
    """A column of dates, of times or of text, as microseconds of universal time; null where it is none."""
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us"))
    if column.dtype == pl.Datetime:
        zoned = getattr(column.dtype, "time_zone", None)
        plain = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zoned else column
        return plain.cast(pl.Datetime("us"))
    if column.dtype != pl.String:
        return pl.Series(column.name, [None] * len(column), pl.Datetime("us"))
    return moments(column.str.strip_chars(), form or common_order(column))


def are_clock_times(text: pl.Series) -> pl.Series:
    """Which cells have the form of a clock time."""
    return text.str.contains(_TIME)


def worded(form: str | None) -> str:
    """The order of a date in words.

    >>> worded(DAY_FIRST), worded("%Y%m%d")
    ('day/month/year', 'dates as %Y%m%d')
    """
    if form in (DAY_FIRST, MONTH_FIRST):
        return form.replace("%Y", "year").replace("%m", "month").replace("%d", "day")
    return f"dates as {form}"


def clock_seconds(text: pl.Series) -> pl.Series:
    """Clock times and durations in hours and minutes, as seconds, (rows,) Float64; null for others.

    >>> clock_seconds(pl.Series(["10:30", "3:05 PM", "12:00:01.5 am", "10"])).to_list()
    [37800.0, 54300.0, 1.5, None]
    """
    parts = text.str.extract_groups(_TIME).struct.unnest()
    seconds = parts.select(
        _hour(parts) * 3600
        + pl.col("M").cast(pl.Int32) * 60
        + (pl.col("S").fill_null("0") + "." + pl.col("f").fill_null("0")).cast(pl.Float64)
    ).to_series()
    return seconds.set((seconds >= 99 * 3600).fill_null(False), None).alias(text.name)
