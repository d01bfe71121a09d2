"""The rows of a table in blocks as those of a descent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from downslope._checks import array, items, show
from downslope._row_keys import row_keys
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork
from downslope.training.arguments import checked_data
from downslope.training.rows._source import Arrays, StreamedRows
from downslope.training.rows._windows import Readers, dealt

__all__ = ["BlockTable", "held_out_of", "rows_of_table"]

_VALIDATION = 8
"""Of the memory, rows that validate take this part at most, one of so many."""


@runtime_checkable
class BlockTable(Protocol):
    """A table that is read a block at a time, as ``ds.Dataset`` is; its frames are of Polars."""

    @property
    def blocks(self) -> Sequence[Any]:
        """The blocks, each with its ``path``, the place of its ``first`` row and how many ``rows`` it has."""

    @property
    def schema(self) -> Mapping[str, Any]:
        """The types of the columns by their names."""

    @property
    def budget(self) -> int:
        """Bytes that rows may take at a time."""

    @property
    def stamp(self) -> str:
        """What says that the rows are the same as before."""

    def frame(self, block: Any) -> Any:
        """The rows of a block."""


def rows_of_table(
    network: AnyNetwork,
    table: BlockTable,
    target: Any,
    dtype: DTypeLike | None,
    weights: str | None = None,
) -> StreamedRows:
    """The rows of a table of numbers.

    Args:
        network: whose inputs are the columns but the target, in their order.
        table: what is read.
        target: the name of the column of the targets, or the names of several.
        dtype: of the numbers; None for float32 where all columns are, else float64.
        weights: the name of the column that says how much each row counts; None for all alike. They are as
            the column has them: ``weighed`` says what they add up to.

    Raises:
        DownslopeError: if there is no such column, one holds no numbers, or there are other than the inputs
            of the network.
    """
    targets = [target] if isinstance(target, str) else _names(target)
    own = [] if weights is None else [weights]
    for name in (*targets, *own):
        if name not in table.schema:
            raise DownslopeError(f'the dataset has no column "{name}"; it has {", ".join(table.schema)}')
    if weights in targets:
        raise DownslopeError(f'the column "{weights}" is the target and row_weights; name another column')
    inputs = [name for name in table.schema if name not in (*targets, *own)]
    for name in (*inputs, *targets, *own):
        kind = table.schema[name]
        if not kind.is_numeric() and str(kind) != "Boolean":
            raise DownslopeError(
                f'the column "{name}" holds {kind}, and descend takes numbers: leave it out by columns=, or '
                "use ds.fit, which encodes columns of any kind"
            )
    if len(inputs) != network.inputs:
        raise DownslopeError(
            f"the network has {network.inputs} inputs and the dataset {len(inputs)} columns besides the "
            f"target{' and row_weights' * len(own)} ({', '.join(inputs)}); choose them by columns="
        )
    floats = all(str(kind) == "Float32" for kind in table.schema.values())
    of = np.dtype(dtype or (np.float32 if floats else np.float64))
    members = [int(d) for d in network.graph().row_weights.shape[1:]]

    def read(part: int) -> Arrays:
        block = table.blocks[part]
        frame = table.frame(block)
        x, y = (np.asarray(frame.select(names).to_numpy(), of) for names in (inputs, targets))
        try:
            arrays = checked_data(network, x, y[:, 0] if y.shape[1] == 1 else y, None, of)
            if weights is None:
                return arrays
            counts = _counts(frame[weights].to_numpy(), of)
            return {**arrays, "row_weights": arrays["row_weights"] * counts.reshape(-1, *[1] * len(members))}
        except DownslopeError as error:
            raise DownslopeError(f"{block.path}, counted from row {block.first}: {error}") from None

    return StreamedRows(
        [block.rows for block in table.blocks],
        read,
        of,
        of.itemsize * (len(inputs) + len(targets) + int(np.prod(members))),
        np.zeros(int(np.prod(members))),
        table.budget,
        f"the columns {', '.join(inputs)} and {', '.join([*targets, *own])} of {table.stamp}",
    )


def _counts(weights: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """How much each row of a part counts; all of them can be 0."""
    found = array("row_weights", weights, dtype)
    negative = np.flatnonzero(found < 0)
    if len(negative):
        raise DownslopeError(
            f"row_weights[{negative[0]}] is {found[negative[0]]:g}, and a weight is at least 0"
        )
    return found


def _names(target: Any) -> list[str]:
    found = items("y", target, "names of columns")
    if not found or not all(isinstance(name, str) for name in found):
        raise DownslopeError(
            f"y needs the name of the column of the targets where x is a dataset, not {show(target)}"
        )
    return found


def held_out_of(
    rows: StreamedRows, share: float, seed: int, readers: Readers | None = None
) -> tuple[StreamedRows, dict[str, NDArray[Any]]]:
    """The rows to train on, and a share of all that only measures; the latter are read.

    Each of several readers reads some of the parts, and all get all of them.

    Which rows those are depends on the seed and on their places alone. They are fewer than the share where so
    many would take more than an eighth of the memory.

    Raises:
        DownslopeError: if none would be left to train on, or to measure with.
    """
    share = min(share, rows.memory / (_VALIDATION * rows.row_bytes * rows.rows))
    limit, firsts = np.uint64(share * 2.0**64), np.cumsum([0, *rows.counts])

    def held(part: int) -> NDArray[np.bool_]:
        return row_keys(int(firsts[part]), rows.counts[part], seed) < limit

    counts = [count - int(held(part).sum()) for part, count in enumerate(rows.counts)]
    if not 0 < sum(counts) < rows.rows:
        raise DownslopeError(
            f"a validation share of {share:.3g} of {rows.rows} rows leaves {sum(counts)} to train on; take "
            "another share or seed"
        )
    holding = [part for part in range(len(rows.counts)) if held(part).any()]
    rank, count = (0, 1) if readers is None else (readers.rank, readers.count)
    reads = dealt([rows.counts[part] for part in holding], count)
    read = {p: _some(rows.read(p), held(p)) for p, own in zip(holding, reads, strict=True) if own == rank}
    for other in () if readers is None else readers.gather(read):
        read |= other
    parts = [read[part] for part in holding]
    measured = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return rows.with_rows(counts, lambda part, arrays: _some(arrays, ~held(part))), measured


def _some(arrays: Arrays, chosen: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    return {name: array[chosen] for name, array in arrays.items()}
