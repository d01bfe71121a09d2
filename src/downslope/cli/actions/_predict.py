"""``downslope predict``: predictions beside the rows."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope._writing import write_whole
from downslope.cli._screen import note
from downslope.cli._tables import How, refuse_same
from downslope.cli._targets import columns_of, loaded
from downslope.errors import DownslopeError
from downslope.fitting import Model, Models, models_in
from downslope.tables import Table, write_excel

__all__ = ["predict_table", "predictions", "rules"]

_WRITERS: Mapping[str, Any] = {
    ".csv": lambda frame, file, reading: frame.write_csv(
        file, separator=reading.delimiter or ",", decimal_comma=reading.decimal == ","
    ),
    ".tsv": lambda frame, file, reading: frame.write_csv(
        file, separator="\t", decimal_comma=reading.decimal == ","
    ),
    ".xlsx": lambda frame, file, _: write_excel(frame, file),
    ".parquet": lambda frame, file, _: frame.write_parquet(file),
    ".arrow": lambda frame, file, _: frame.write_ipc(file),
    ".feather": lambda frame, file, _: frame.write_ipc(file),
    ".jsonl": lambda frame, file, _: frame.write_ndjson(file),
    ".ndjson": lambda frame, file, _: frame.write_ndjson(file),
}


def predict_table(
    model_path: str,
    table: str,
    output: str | None,
    intervals: Sequence[float],
    how: How,
) -> None:
    """Read, predict, write, and print counts of gaps, unseen levels and numbers out of range.

    All rows are written; those that are left out of the table have no prediction.
    """
    writer = _writer(output)
    refuse_same("the predictions", output, table, model_path)
    found = loaded(model_path, columns=columns_of(model_path, table, how))
    opened = found.read(table, **how)
    columns, notes = predictions(opened, found, intervals)
    content = io.BytesIO()
    try:
        writer(opened.written.with_columns(columns), content, opened.reading)
    except pl.exceptions.PolarsError as error:
        raise DownslopeError(f"the rows cannot be written in that format: {error}; choose .parquet") from None
    if output is None:
        sys.stdout.buffer.write(content.getvalue())
        sys.stdout.flush()
    else:
        write_whole(output, content.getvalue())
    for line in (*notes, *rules(found)):
        note(line)
    if output is not None:
        note(f"{len(opened.kept):,} predictions written to {output}")


def _writer(output: str | None) -> Any:
    ending = ".csv" if output is None else Path(output).suffix.lower()
    if ending not in _WRITERS:
        raise DownslopeError(
            f"{output} does not end in a known format; end it in one of {', '.join(_WRITERS)}"
        )
    return _WRITERS[ending]


def predictions(
    table: Table, found: Model | Models, intervals: Sequence[float]
) -> tuple[list[pl.Series], list[str]]:
    """The columns that are written beside the rows, of all targets, and what there is to say of the cells.

    Rows that are left out of the table have gaps.
    """
    models = models_in(found)
    numbers = [name for name, model in models.items() if not model.target.classes]
    columns, notes, taken = [], dict[str, None](), set(table.written.columns)
    own = pl.repeat(None, table.written.height, dtype=pl.UInt32, eager=True)
    own = own.scatter(table.kept, range(len(table.kept)))
    for name, model in models.items():
        encoded = model.encode(table)
        notes |= dict.fromkeys(encoded.notes)
        levels = intervals if name in numbers or not numbers else ()  # with no number, the model says so
        before = f"{name}: " if isinstance(found, Models) else ""
        for title, values in _answers(model, encoded.x, levels, before):
            free = _free_name(taken, title)
            taken.add(free)
            columns.append(pl.Series(free, values).gather(own))
    return columns, list(notes)


def rules(found: Model | Models) -> list[str]:
    """Which class is said, for each target of which that is not always the most probable one."""
    named = {name: model.target.rule for name, model in models_in(found).items() if model.target.rule}
    return [f"{name}: {rule}" if isinstance(found, Models) else rule for name, rule in named.items()]


def _answers(
    model: Model, x: NDArray[Any], intervals: Sequence[float], before: str
) -> Iterator[tuple[str, Any]]:
    """The prediction, the ends of intervals and the probability of each class: names and values."""
    yield f"predicted {model.target.name}", list(model.predict_encoded(x))
    levels = list(dict.fromkeys(intervals))
    found = model.intervals_encoded(x, levels) if levels else []
    for level, ends in zip(levels, found, strict=True):
        for i, side in enumerate(("lower", "upper")):
            yield f"{before}{side} end of {100 * level:.10g} % interval", ends[:, i]
    if model.target.classes:
        probabilities = model.outputs(x)
        for i, of in enumerate(model.target.classes):
            yield f"{before}probability of {of}", probabilities[:, i]


def _free_name(taken: Collection[str], name: str) -> str:
    """The name, or the name with a number where there is such a column already."""
    tried, count = name, 1
    while tried in taken:
        count += 1
        tried = f"{name} {count}"
    return tried
