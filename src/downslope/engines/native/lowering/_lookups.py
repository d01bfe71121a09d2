"""Lookups in the place of products with features of bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, Protocol

from downslope.engines.native.lowering._binned import BinnedFeatures, Bins
from downslope.engines.native.lowering._opcodes import Kind, Opcode
from downslope.engines.native.lowering._tape import Tape
from downslope.graph import Node, topological

__all__ = ["Lookups"]


class Emitter(Protocol):
    """Who puts instructions on a tape, and knows where values live."""

    tape: Tape

    def home(self, node: Node) -> int:
        """The value of a node."""

    def new_for(self, node: Node) -> int:
        """A new value, which is the home of a node."""

    def constant(self, numbers: tuple[float, ...]) -> int:
        """A matrix of one row that never changes."""

    def transposed(self, panels: int) -> int:
        """Panels with their rows as rows."""

    def side_by_side(self, homes: Sequence[int]) -> list[tuple[int, int]]:
        """The places of all features of some panels."""

    def copy_features(self, out: int, places: Sequence[tuple[int, int]]) -> None:
        """Copy features, each from panels and its place there."""

    def product(self, out: int, matrix: int, panels: int, node: Node, *, start: int) -> None:
        """The product of panels with a matrix, on top of where it starts."""

    def add(self, opcode: Opcode, out: int, args: Any = ..., **rest: Any) -> Any:
        """A new instruction."""


class Lookups:
    """The instructions that stand for products with features of bins.

    What is needed of a table of the batch (the places of values among their bins) is computed once for all.
    Who emits is not kept: the two would hold each other until garbage is collected.

    Args:
        features: which nodes are such features.
        left_out: the nodes that nobody reads for that.
    """

    def __init__(self, features: Mapping[Node, BinnedFeatures], left_out: Set[Node]) -> None:
        self.features, self._left_out = features, dict.fromkeys(left_out)
        self._dense_homes: dict[Node, int] = {}
        self._bin_places: dict[Bins, int] = {}

    def product(self, emit: Emitter, node: Node, features: Node, weights: int) -> None:
        """XWᵀ: what tables of sums of the weights say, and a product with the features that are no bins."""
        units = int(node.shape[1])
        found, args = emit.tape.new(Kind.PANELS, units), [units]
        for bins in self.features[features].bins:
            table = emit.tape.new(Kind.MATRIX, len(bins.rows), units)
            made_of = [len(bins.rows), units, weights, int(not bins.peaks), *bins.rows]
            emit.add(Opcode.BIN_TABLE, table, made_of, reads={weights})
            args += [table, self._places(emit, bins)]
        stands_for = self._taken(features)
        emit.add(Opcode.BIN_LOOKUP, found, args, nodes=stands_for, reads=set(args[1:]))
        dense = self._dense(emit, features)
        emit.product(emit.new_for(node), weights, dense, node, start=found)

    def gradient(self, emit: Emitter, node: Node, features: Node, upstream: int) -> None:
        """AᵀX: sums of the rows of A for each bin, and a product for the features that are no bins."""
        units, width = map(int, node.shape)
        dense = self._dense(emit, features)
        count, right = emit.tape.values[dense].rows, emit.transposed(dense)
        first, terms = emit.tape.new(Kind.MATRIX, units, count), emit.transposed(upstream)
        emit.add(Opcode.CONTRACT, first, [units, count, upstream, right], reads={upstream, right})
        args, read = [units, width, first], {first}
        for bins in self.features[features].bins:
            sums, places = emit.tape.new(Kind.MATRIX, len(bins.rows), units), self._places(emit, bins)
            shape = [len(bins.rows), units]
            emit.add(Opcode.BIN_SUMS, sums, [*shape, places, terms], reads={places, terms})
            args += [sums, int(not bins.peaks), *bins.rows]
            read.add(sums)
        emit.add(Opcode.BIN_GRADIENT, emit.new_for(node), args, nodes=[node], reads=read)

    def _taken(self, node: Node) -> list[Node]:
        """The nodes up to this one that are not computed: of each the first time it is asked for."""
        found = [n for n in topological([node]) if n in self._left_out]
        for each in found:
            del self._left_out[each]
        return found

    def _dense(self, emit: Emitter, features: Node) -> int:
        """The panels of the features that are no bins, side by side."""
        if features not in self._dense_homes:
            homes = [emit.home(part) for part in self.features[features].dense]
            out = homes[0]
            if len(homes) > 1:
                places = emit.side_by_side(homes)
                out = emit.tape.new(Kind.PANELS, len(places))
                emit.copy_features(out, places)
            self._dense_homes[features] = out
        return self._dense_homes[features]

    def _places(self, emit: Emitter, bins: Bins) -> int:
        """Where the values of columns lie among their bins: three features for each column."""
        if bins not in self._bin_places:
            numbers: list[float] = []
            columns: list[int] = []
            read = set()
            for column in bins.columns:
                source = emit.home(column.source)
                columns += [source, column.feature, len(column.starts), len(numbers), column.row]
                numbers += [*column.starts, *column.slopes, *column.offsets]
                read.add(source)
            constant = emit.constant(tuple(numbers))
            out = self._bin_places[bins] = emit.tape.new(Kind.PANELS, 3 * len(bins.columns))
            args, read = [constant, int(bins.peaks), *columns], {constant, *read}
            stands_for = self._taken(bins.node)
            emit.add(Opcode.BIN_PLACES, out, args, setting=bins.height, nodes=stands_for, reads=read)
        return self._bin_places[bins]
