"""``downslope predict``: predictions beside the rows."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from downslope._files import write_whole
from downslope.cli._screen import note
from downslope.cli._tables import refuse_same
from downslope.errors import DownslopeError
from downslope.fitting import Model, load
from downslope.tables import Encoded, Reading, write_excel

__all__ = ["predict_table"]

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
    sheet: str | None,
    reading: Mapping[str, Any],
) -> None:
    """Read, predict, write, and print counts of gaps, unseen levels and numbers out of range."""
    writer = _writer(output)
    for path in (table, model_path):
        refuse_same("the predictions", output, path)
    model = load(model_path, Model)
    opened = model.read(table, sheet=sheet, reading=Reading(**reading))
    encoded, frame = model.encoder.encode(opened.frame), opened.written
    content = io.BytesIO()
    try:
        writer(_with_predictions(frame, model, encoded, intervals), content, opened.reading)
    except pl.exceptions.PolarsError as error:
        raise DownslopeError(f"the rows cannot be written in that format: {error}; choose .parquet") from None
    if output is None:
        sys.stdout.buffer.write(content.getvalue())
        sys.stdout.flush()
    else:
        write_whole(output, content.getvalue())
    for line in encoded.notes:
        note(line)
    if output is not None:
        note(f"{frame.height:,} predictions written to {output}")


def _writer(output: str | None) -> Any:
    ending = ".csv" if output is None else Path(output).suffix.lower()
    if ending not in _WRITERS:
        raise DownslopeError(
            f"{output} does not end in a known format; end it in one of {', '.join(_WRITERS)}"
        )
    return _WRITERS[ending]


def _with_predictions(
    frame: pl.DataFrame, model: Model, encoded: Encoded, intervals: Sequence[float]
) -> pl.DataFrame:
    """The rows with a column for the prediction, the ends of intervals, and the probability of each class."""
    name = model.target.name
    columns = [pl.Series(_free_name(frame, f"predicted {name}"), list(model.predict_encoded(encoded.x)))]
    levels = list(dict.fromkeys(intervals))
    found = model.intervals_encoded(encoded.x, levels) if levels else []
    for level, ends in zip(levels, found, strict=True):
        columns += [
            pl.Series(_free_name(frame, f"{side} end of {100 * level:.10g} % interval"), ends[:, i])
            for i, side in enumerate(("lower", "upper"))
        ]
    if model.target.classes:
        probabilities = model.outputs(encoded.x)
        columns += [
            pl.Series(_free_name(frame, f"probability of {level}"), probabilities[:, i])
            for i, level in enumerate(model.target.classes)
        ]
    return frame.with_columns(columns)


def _free_name(frame: pl.DataFrame, name: str) -> str:
    """The name, or the name with a number where the table has such a column already."""
    tried, count = name, 1
    while tried in frame.columns:
        count += 1
        tried = f"{name} {count}"
    return tried
