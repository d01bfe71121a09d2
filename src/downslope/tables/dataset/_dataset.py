"""Many rows in files, described and read a block at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from downslope._checks import items, show
from downslope._extras import polars as pl
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.tables._names import listed, no_such_column
from downslope.tables._plain import plain_column
from downslope.tables._polars import check_polars
from downslope.tables._table import open_table
from downslope.tables.dataset._budget import budget_of
from downslope.tables.dataset._files import Block, BlockFile, binary_file
from downslope.tables.dataset._listing import is_several_files, kind_of, listed_files
from downslope.tables.dataset._text import text_file
from downslope.tables.dataset._typed import kinds_in, typed_block, with_block_types
from downslope.tables.text import Reading

__all__ = ["Dataset", "as_dataset"]

_EXACT = float(2**53)
_TIMES = 4  # by so much the memory exceeds the bytes of a table that is read whole
_WORDS = {"number": "numbers", "date": "dates", "time": "clock times", "level": "text"}


@suggests_keywords
class Dataset:
    """The rows of files of Parquet, Arrow or CSV, which need not fit into memory.

    Only the columns and the sizes of the parts are read at once. Small row groups of a Parquet file are read
    together and large ones in parts: such a part is a *block*. All files have the same columns.

    Args:
        source: a folder, a file, a pattern such as ``"data/*.parquet"``, or a list of them. Files are in the
            order of their names, those of a list in its order; names that begin with ``.`` or ``_`` are left
            out of a folder.
        columns: the names of those that are read; None for all.
        memory: bytes that rows may take while they are trained on, as a number or such as ``"2 GB"``; None
            for 1 GiB, or a quarter of the memory of a small machine. The more, the more rows are shuffled at
            a time.

    Attributes:
        files: in their order.
        blocks: the parts of the files, in their order.
        schema: the columns and their types.
        budget: bytes that rows may take.

    Raises:
        DownslopeError: if there is no such file, one is damaged, or the files have different columns; it
            names the file and the column.

    >>> import os, tempfile
    >>> import polars as pl
    >>> folder = tempfile.mkdtemp()
    >>> for part in (0, 1):
    ...     rows = pl.DataFrame({"size": [part + 0.0, part + 0.5], "town": ["Bonn", "Ulm"]})
    ...     rows.write_parquet(os.path.join(folder, f"{part}.parquet"))
    >>> dataset = Dataset(folder)
    >>> dataset, len(dataset)
    (<Dataset: 2 files, 4 rows, 2 columns>, 4)
    >>> [frame["size"].to_list() for frame in dataset.frames()]
    [[0.0, 0.5], [1.0, 1.5]]
    """

    files: tuple[BlockFile, ...]
    blocks: tuple[Block, ...]
    schema: Mapping[str, pl.DataType]
    budget: int

    def __init__(
        self, source: Any, columns: Sequence[str] | None = None, *, memory: int | str | None = None
    ) -> None:
        check_polars()
        self.source, self.budget = source, budget_of(memory)
        self._asked_columns = (
            None if columns is None else tuple(items("columns", columns, "names of columns"))
        )
        try:
            paths = listed_files(source)
        except DownslopeError as error:
            raise DownslopeError(f"source: {error}") from None
        self._open(paths, Reading(), {})

    def _open(self, paths: Sequence[str], reading: Reading, asked: Mapping[str, str]) -> None:
        """Look at the files, whose text is read in a notation, and some columns of it as what they are."""
        self._reading, self._asked = reading, asked
        self.files = tuple(_opened(paths, reading, asked))
        self._by_path = {file.path: file for file in self.files}
        self.blocks = tuple(block for file in self.files for block in file.blocks)
        if not self.blocks:
            raise DownslopeError(
                f"{self.name} has {len(self.files)} files without rows; give at least one row"
            )
        types = _common_types(self.files)
        self._types = {name: types[name] for name in self._chosen(list(types))}
        self._text = self._kinds_of_text()
        self.schema = dict(with_block_types(pl.DataFrame(schema=self._types), self._text[1]).schema)

    def _chosen(self, known: Sequence[str]) -> Sequence[str]:
        """The columns that are asked for."""
        names = known if self._asked_columns is None else self._asked_columns
        for name in names:
            if not isinstance(name, str):
                raise DownslopeError(f"columns holds {show(name)}, which is the name of no column")
            if name not in known:
                raise no_such_column(name, known)
        if len(set(names)) < len(names) or not names:
            raise DownslopeError(f"columns needs the names of one column or more, each once, not {names}")
        return names

    def __len__(self) -> int:
        return sum(block.rows for block in self.blocks)

    def __repr__(self) -> str:
        files = f"{len(self.files)} file{'s' * (len(self.files) > 1)}"
        return f"<Dataset: {files}, {len(self):,} rows, {len(self.schema)} columns>"

    @property
    def name(self) -> str:
        """What messages call it."""
        if isinstance(self.source, str | os.PathLike):
            return os.fsdecode(self.source)
        return listed([file.path for file in self.files])

    @property
    def bytes(self) -> int:
        """About what its rows take in memory."""
        wide = sum(_width(kind) for kind in self.schema.values())
        return len(self) * wide

    @property
    def stamp(self) -> str:
        """What says that the files are the same as before."""
        return ", ".join(f"{file.path} {file.stamp[0]} {file.stamp[1]}" for file in self.files)

    def frame(self, block: Block) -> pl.DataFrame:
        """The rows of a block; text that holds numbers or dates throughout is typed.

        Raises:
            DownslopeError: if the file changed, is gone or is damaged; the message says which.
        """
        check_polars()
        raw = self._raw(block)
        reading, kinds = self._text
        return typed_block(raw, block, reading, kinds, self._asked) if kinds else raw

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows of one block after another."""
        return map(self.frame, self.blocks)

    def whole(self) -> pl.DataFrame:
        """All rows at once, text of binary files as it is written."""
        frame = pl.concat([self._raw(block) for block in self.blocks], rechunk=True)
        return frame.with_columns(_whole_numbers(frame[name]) for name in self._numbers_of_text)

    def reading(self, reading: Reading, wanted: Mapping[str, str]) -> Dataset:
        """The same files read otherwise: in a notation, and some columns as what they are."""
        found = copy(self)
        found._open([file.path for file in self.files], reading, wanted)
        return found

    def select(self, columns: Sequence[str]) -> Dataset:
        """The same files, of which only some of the columns are read; text in them means what it meant.

        Raises:
            DownslopeError: if there is no such column.
        """
        found = copy(self)
        found._asked_columns = tuple(columns)
        names = found._chosen(list(self._types))
        found._types = {name: self._types[name] for name in names}
        reading, kinds = self._text
        found._text = reading, {name: kind for name, kind in kinds.items() if name in names}
        found.schema = {name: self.schema[name] for name in names}
        return found

    @property
    def fits(self) -> bool:
        """Whether all rows can be read at once and copied within the memory."""
        return self.bytes * _TIMES <= self.budget

    def _raw(self, block: Block) -> pl.DataFrame:
        frame = self._by_path[block.path].read(block, list(self._types))
        frame = frame.with_columns([plain_column(column) for column in frame])
        return frame.cast({name: kind for name, kind in self._types.items() if frame[name].dtype != kind})

    @property
    def _numbers_of_text(self) -> list[str]:
        """The columns of numbers, where the files are text."""
        return [n for n, kind in self._types.items() if self.is_text and kind == pl.Float64]

    @property
    def is_text(self) -> bool:
        """Whether the files are text."""
        return any(kind_of(file.path) == "CSV" for file in self.files)

    def _kinds_of_text(self) -> tuple[Reading, Mapping[str, str]]:
        """How text of a binary file is read, by its first block, and what its columns hold."""
        text = [name for name, kind in self._types.items() if kind == pl.String]
        if not text or self.is_text:
            return self._reading, {}
        table = open_table(self._raw(self.blocks[0]), reading=self._reading, wanted=self._asked)
        if table.questions:
            raise DownslopeError(f"{self.blocks[0].path}: {table.questions[0]}")
        kinds = {name: kind for name, kind in kinds_in(table.frame).items() if name in text}
        return table.reading, {**kinds, **{n: k for n, k in self._asked.items() if n in text}}


def as_dataset(source: Any) -> Dataset | None:
    """The dataset that a folder or a pattern names; None of a single file, and of what is no path."""
    if isinstance(source, Dataset):
        return source
    return Dataset(source) if is_several_files(source) else None


def _opened(paths: Sequence[str], reading: Reading, asked: Mapping[str, str]) -> Iterator[BlockFile]:
    """Each file; text is read as that of the first one is.

    Raises:
        DownslopeError: if some are text and others are not.
    """
    kinds: Mapping[str, str] = {}
    formats = {kind_of(path): path for path in reversed(paths)}
    if len(formats) > 1 and "CSV" in formats:
        others = next(path for kind, path in formats.items() if kind != "CSV")
        raise DownslopeError(f"{formats['CSV']} is text and {others} is not; give files of one format")
    for path in paths:
        if "CSV" in formats:
            found = text_file(path, reading, kinds, asked)
            reading, kinds = reading.known(found.reading), found.kinds
            yield found.file
        else:
            yield binary_file(path, kind_of(path))


def _whole_numbers(column: pl.Series) -> pl.Series:
    """A column of text that holds whole numbers as such."""
    values = column.drop_nulls()
    whole = bool((values == values.round()).all() and (values.abs() < _EXACT).all())
    return column.cast(pl.Int64) if whole else column


def _common_types(files: Sequence[BlockFile]) -> dict[str, pl.DataType]:
    """The type of each column in all files: numbers with fractions where one file has them.

    Raises:
        DownslopeError: where a file has other columns, or a column of another kind.
    """
    first = files[0]
    types = {name: _plain_type(name, kind) for name, kind in first.schema.items()}
    for file in files[1:]:
        lacking = [name for name in first.schema if name not in file.schema]
        more = [name for name in file.schema if name not in first.schema]
        if lacking or more:
            said = f"lacks the column {listed(lacking)}" if lacking else f"has the column {listed(more)}"
            other = "has" if lacking else "lacks"
            raise DownslopeError(
                f"{file.path} {said}, which {first.path} {other}; write the files with the same columns, or "
                "name those that all have"
            )
        for name, kind in file.schema.items():
            own = _plain_type(name, kind)
            both = _common(types[name], own)
            if both is None:
                raise DownslopeError(
                    f'the column "{name}" holds {_worded(own)} in {file.path} and {_worded(types[name])} in '
                    f"{first.path}; write the files alike, or leave the column out"
                )
            types[name] = both
    return types


def _plain_type(name: str, kind: pl.DataType) -> pl.DataType:
    return plain_column(pl.Series(name, [], dtype=kind)).dtype


def _common(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    if one == other:
        return one
    words = (pl.String, pl.Categorical, pl.Enum)
    if one in words and other in words:
        return pl.String()
    if pl.Null in (one, other):  # a file in which no row has a value
        return other if one == pl.Null else one
    if one.is_numeric() and other.is_numeric():
        return pl.Int64() if one.is_integer() and other.is_integer() else pl.Float64()
    if one in (pl.Date, pl.Datetime) and other in (pl.Date, pl.Datetime):
        return pl.Datetime("us")
    return None


def _worded(kind: pl.DataType) -> str:
    if kind == pl.Boolean:
        return "yes and no"
    if kind in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    return _WORDS[next(iter(kinds_in(pl.DataFrame({"it": pl.Series([], dtype=kind)})).values()))]


def _width(kind: pl.DataType) -> int:
    """About how many bytes a cell takes."""
    if kind.is_numeric() or kind in (pl.Date, pl.Boolean):
        return int(pl.Series([0], dtype=pl.Int64).cast(kind).estimated_size()) or 1
    return 24 if kind in (pl.String, pl.Categorical, pl.Enum) else 8
