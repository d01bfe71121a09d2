"""``downslope predict`` of many rows in files: a file of predictions for each block of them."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from downslope._writing import write_whole
from downslope.cli._screen import note
from downslope.cli._tables import How
from downslope.cli._targets import loaded
from downslope.cli.actions._predict import predict_table, predictions, rules
from downslope.errors import DownslopeError
from downslope.fitting import Model, Models
from downslope.tables import Dataset, as_dataset

__all__ = ["predict_tables"]

_ADVICE = (
    "is several files, whose predictions are written a block at a time: give a folder, such as -o predicted/"
)


def predict_tables(
    model_path: str, table: str, output: str | None, intervals: Sequence[float], how: How
) -> None:
    """As ``predict_table``; of a folder or a pattern a block at a time."""
    dataset = as_dataset(table)
    if dataset is None:
        predict_table(model_path, table, output, intervals, how)
    else:
        _predict_dataset(loaded(model_path), dataset, output, intervals, how)


def _predict_dataset(
    found: Model | Models, dataset: Dataset, output: str | None, intervals: Sequence[float], how: How
) -> None:
    """Write the rows of each block with their predictions into a file of Parquet, one after another.

    Raises:
        DownslopeError: if the output is no folder, or one that holds something.
    """
    folder = _folder(output, dataset)
    said: Counter[str] = Counter()
    digits = max(5, len(str(len(dataset.blocks))))
    for place, block in enumerate(dataset.blocks, 1):
        try:
            opened = found.read(dataset.frame(block), **how)
            columns, notes = predictions(opened, found, intervals)
        except DownslopeError as error:
            raise DownslopeError(f"{block.path}, counted from row {block.first + 1:,}: {error}") from None
        content = io.BytesIO()
        opened.written.with_columns(columns).write_parquet(content)
        write_whole(str(folder / f"part-{place:0{digits}}.parquet"), content.getvalue())
        said.update(notes)
    for line, times in list(said.items())[:10]:
        note(line if times == 1 else f"{line} (so in {times:,} blocks)")
    for line in rules(found):
        note(line)
    note(f"{len(dataset):,} predictions written to {len(dataset.blocks):,} files in {folder}")


def _folder(output: str | None, dataset: Dataset) -> Path:
    if output is None:
        raise DownslopeError(f"{dataset.name} {_ADVICE}")
    folder = Path(output)
    if folder.suffix and not output.endswith("/") and not folder.is_dir():
        raise DownslopeError(f"{output} names a file, and {dataset.name} {_ADVICE}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DownslopeError(f"{output} is no empty folder; name a new one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownslopeError(f"the folder {output} cannot be made: {error.strerror or error}") from None
    return folder
