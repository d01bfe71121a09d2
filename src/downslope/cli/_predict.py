"""``downslope predict``: predictions beside the rows."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from downslope.cli._screen import note
from downslope.errors import DownslopeError
from downslope.fitting import Model, load
from downslope.interchange import write_beside
from downslope.tables import Encoded, listed, read_table

__all__ = ["predict_table"]

_WRITERS: Mapping[str, Any] = {
    ".csv": lambda frame, held: frame.write_csv(held),
    ".tsv": lambda frame, held: frame.write_csv(held, separator="\t"),
    ".parquet": lambda frame, held: frame.write_parquet(held),
    ".arrow": lambda frame, held: frame.write_ipc(held),
    ".feather": lambda frame, held: frame.write_ipc(held),
    ".jsonl": lambda frame, held: frame.write_ndjson(held),
    ".ndjson": lambda frame, held: frame.write_ndjson(held),
}


def predict_table(model_path: str, table: str, output: str | None, sheet: str | None) -> None:
    """Read, predict, write, and say what was out of the ordinary."""
    writer = _writer(output)
    model = load(model_path)
    frame = read_table(table, sheet=sheet)
    encoded = model.encode(frame)
    held = io.BytesIO()
    try:
        writer(_beside(frame, model, encoded), held)
    except pl.exceptions.PolarsError as error:
        raise DownslopeError(f"the rows cannot be written in that format: {error}; choose .parquet") from None
    if output is None:
        sys.stdout.buffer.write(held.getvalue())
        sys.stdout.flush()
    else:
        write_beside(output, held.getvalue())
    _tell(encoded, frame.height)
    if output is not None:
        note(f"{frame.height:,} predictions written to {output}")


def _writer(output: str | None) -> Any:
    ending = ".csv" if output is None else Path(output).suffix.lower()
    if ending not in _WRITERS:
        raise DownslopeError(f"the ending of {output} tells no format; choose one of {', '.join(_WRITERS)}")
    return _WRITERS[ending]


def _beside(frame: pl.DataFrame, model: Model, encoded: Encoded) -> pl.DataFrame:
    """The rows with a column for the prediction, and one for the probability of each class."""
    name = model.target.name
    columns = [pl.Series(_free(frame, f"predicted {name}"), list(model.decide(encoded.x)))]
    if model.target.classes:
        shares = model.outputs(encoded.x)
        columns += [
            pl.Series(_free(frame, f"probability of {level}"), shares[:, i])
            for i, level in enumerate(model.target.classes)
        ]
    return frame.with_columns(columns)


def _free(frame: pl.DataFrame, name: str) -> str:
    """The name, or the name with a number where the table has such a column already."""
    tried, count = name, 1
    while tried in frame.columns:
        count += 1
        tried = f"{name} {count}"
    return tried


def _tell(encoded: Encoded, rows: int) -> None:
    told = (
        (encoded.gaps, "without a value, filled as in training"),
        (encoded.unseen, "with a level that training never saw"),
        (encoded.out_of_range, "outside the range of training"),
    )
    for counts, what in told:
        if counts:
            cells = listed([f"{name} {count:,}" for name, count in counts.items()])
            note(f"of {rows:,} rows, {what}: {cells}")
