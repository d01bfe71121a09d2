"""The program of a training step: error, gradients and updates as one graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, reduce
from operator import add

from downslope._checks import show
from downslope._collector import uncollected
from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.graph import Node, gradient, input_, make, substitute
from downslope.nets import AnyNetwork, NetworkGraph
from downslope.training.optimizers import Optimizer, Rules

__all__ = ["Means", "Program", "program_of", "training_program"]


@dataclass(frozen=True)
class Program:
    """What one step computes.

    Attributes:
        graph: the network with dropout at work.
        gradients: ∂error/∂parameter before clipping, by parameter.
        clipped: what the rule of the optimizer takes of them, by parameter.
        norm: that of all gradients together where it is clipped, or None.
        states: what the optimizer remembers, by name; all start at 0.
        updates: the new value of every parameter and state, by name.
        slots: of each state, the parameter it belongs to and what it is to the optimizer, by name.
        letters: what states and parts of the rule are called in formulas.
        rows: the inputs that hold how many rows of the batch have a weight, as of ``Means``.
    """

    graph: NetworkGraph
    gradients: Mapping[str, Node]
    clipped: Mapping[str, Node]
    norm: Node | None
    states: Mapping[str, Node]
    updates: Mapping[str, Node]
    slots: Mapping[str, tuple[str, str]]
    letters: Mapping[Node, str]
    rows: Sequence[Node] = ()

    @cached_property
    def assignments(self) -> Mapping[Node, Node]:
        """The new value of every parameter and state, by its leaf: what an engine is given to run."""
        leaves = {**self.graph.parameters, **self.states}
        return {leaves[name]: new for name, new in self.updates.items()}


@lru_cache(maxsize=64)
@uncollected
def training_program(
    network: AnyNetwork,
    optimizer: Optimizer,
    *,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    relative: bool = False,
    skip_empty: bool = False,
    over_ranks: bool = False,
) -> Program:
    """The program that descends the error of a network by the rules of an optimizer.

    It is made once for each network and each choice of the rest.

    Args:
        network: what to train.
        optimizer: the update rule.
        clip_norm: the largest norm of all gradients together; larger ones are shrunk (Pascanu, Mikolov and
            Bengio 2013).
        clip_value: the largest absolute value of an element of a gradient, before the norm is taken.
        relative: whether row weights are relative and batches divide by their numbers of rows (``Means``);
            of all rows at a time, and of rows that all count alike, it comes to the same.
        skip_empty: whether a batch in which no row has a weight changes nothing, neither parameters, by
            penalties or momentum, nor states.
        over_ranks: whether ranks compute each step together, each from its own rows of the batch. The numbers
            of rows are then those of the whole batch, so ``relative`` has to be true.

    >>> from downslope.nets import Dense, Network
    >>> from downslope.training import Sgd
    >>> program = training_program(Network(inputs=3, layers=[Dense(1, bias=False)]), Sgd())
    >>> program.updates
    {'layer1.weight': <subtract (1, 3)>}
    """
    graph = network.graph(training=True)
    means = Means(graph, relative, skip_empty)
    data_error, error = means.of([graph.data_error, graph.error])
    graph = replace(graph, data_error=data_error, error=error)
    slopes = None
    if over_ranks:
        graph, slopes = _over_ranks(graph)
    return program_of(
        graph,
        graph.error,
        optimizer,
        clip_norm=clip_norm,
        clip_value=clip_value,
        means=means,
        slopes=slopes,
    )


def _over_ranks(graph: NetworkGraph) -> tuple[NetworkGraph, list[Node]]:
    """The graph of an error that is a sum over ranks, and its gradient by each parameter.

    Each rank has a copy of the parameters, and adds the errors of its rows to those of the others. What flows
    back to a copy on every rank is summed: the chain rule says where the ranks have to exchange gradients.
    Penalties are of the parameters, not of rows: every rank computes them alike. For an engine a copy is the
    parameter itself.
    """
    parameters = list(graph.parameters.values())
    copies = {parameter: make("copy_to_ranks", parameter) for parameter in parameters}
    (own,) = substitute([graph.data_error], copies)
    summed = make("sum_over_ranks", own)
    (error,) = substitute([graph.error], {graph.data_error: summed})
    slopes = gradient(error, parameters)
    summed, error, *slopes = substitute([summed, error, *slopes], {c: p for p, c in copies.items()})
    return replace(graph, data_error=summed, error=error), slopes


class Means:
    """How weighted means over rows, Σ wE/Σ w, are taken of a batch.

    Args:
        graph: of a network.
        relative: whether the weights have a mean of 1 over the training rows that have any
            (``relative_weights``), so that Σ w gives way to the number of such rows in the batch. Divided by
            its own Σ w, the gradients of the batches would not average to that of all rows: large weights
            would count for less than they are, the more so the smaller the batches.
        skip_empty: whether a batch can have no such row; its error is 0 then, and not 0/0.

    Attributes:
        rows: the inputs that hold the numbers of rows, one for each member where the members of an ensemble
            have weights of their own; none where nothing is relative.
        skip_empty: as given.
    """

    def __init__(self, graph: NetworkGraph, relative: bool = False, skip_empty: bool = False) -> None:
        sums = list(dict.fromkeys(graph.weight_sums.values()))
        names = ["rows"] if len(sums) == 1 else [f"rows{i + 1}" for i in range(len(sums))]
        self.rows: Sequence[Node] = [input_(name, ()) for name in names] if relative else ()
        self.skip_empty = skip_empty
        self._sizes = dict(zip(sums, self.rows or sums, strict=True))
        self._size_of = {name: self._sizes[total] for name, total in graph.weight_sums.items()}

    def of(self, nodes: Sequence[Node]) -> list[Node]:
        """Nodes that hold weighted means over all rows, over those of a batch."""
        if not self.rows and not self.skip_empty:
            return list(nodes)
        safe = {
            total: make("where", size, size, 1.0) if self.skip_empty else size
            for total, size in self._sizes.items()
        }
        return substitute(nodes, safe)

    def unless_empty(self, parameter: str, new: Node, old: Node) -> Node:
        """A new value, or the old one where the batch has no row with a weight for a parameter."""
        return make("where", self._size_of[parameter], new, old) if self.skip_empty else new


def program_of(
    graph: NetworkGraph,
    descended: Node,
    optimizer: Optimizer,
    *,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    means: Means | None = None,
    slopes: Sequence[Node] | None = None,
) -> Program:
    """The program that descends any number of a graph, whatever error it reports.

    Args:
        graph: its parameters, and the error that each step reports.
        descended: the number.
        optimizer, clip_norm, clip_value: as of ``training_program``.
        means: how the means in ``descended`` were taken of a batch.
        slopes: its gradient by each parameter, where it is known.
    """
    rate, step = input_("learning_rate", ()), input_("step", ())
    rules, means = Rules(), means or Means(graph)
    if slopes is None:
        slopes = gradient(descended, list(graph.parameters.values()))
    clipped, norm = _clipped(slopes, clip_norm, clip_value)
    for w, g in zip(graph.parameters.values(), clipped, strict=True):
        optimizer.rule(rules, w, g, rate, step)
    leaves = {**graph.parameters, **rules.states}
    _check_updates(optimizer, leaves, rules.updates)
    for name in leaves:
        owner = rules.slots[name][0] if name in rules.slots else name
        rules.updates[name] = means.unless_empty(owner, rules.updates[name], leaves[name])
    return Program(
        graph,
        dict(zip(graph.parameters, slopes, strict=True)),
        dict(zip(graph.parameters, clipped, strict=True)),
        norm,
        rules.states,
        rules.updates,
        rules.slots,
        rules.letters,
        means.rows,
    )


def _check_updates(optimizer: Optimizer, leaves: Mapping[str, Node], updates: Mapping[str, object]) -> None:
    """That a rule gives a new value for each parameter and state, of its shape, and for nothing else."""
    rule = f"the rule of {type(optimizer).__name__}"
    for name, leaf in leaves.items():
        new = updates.get(name)
        if not isinstance(new, Node):
            given = "no new value" if new is None else f"{show(new)}, which is no node,"
            raise DownslopeError(f"{rule} gives {given} for {name}; set rules.updates[{name!r}]")
        if new.shape != leaf.shape:
            raise DownslopeError(f"{rule} gives {name} the shape {new.shape}; it has the shape {leaf.shape}")
    unknown = next((name for name in updates if name not in leaves), None)
    if unknown is not None:
        raise DownslopeError(
            f"{rule} gives a new value for {unknown!r}, which is no parameter and no state; make a state "
            "with rules.remember"
        )


def _clipped(
    slopes: Sequence[Node], norm: float | None, value: float | None
) -> tuple[Sequence[Node], Node | None]:
    """Gradients within limits, and the norm that is limited."""
    total = None
    for limit in (norm, value):
        if limit is not None and not limit > 0:
            raise DownslopeError(f"gradients are clipped to a number above 0, not {limit!r}")
    if value is not None:
        slopes = [make("maximum", make("minimum", g, value), -value) for g in slopes]
    if norm is not None:
        squares = [make("sum", make("square", g), axes=None, keepdims=False) for g in slopes]
        total = make("sqrt", reduce(add, squares))
        # a norm of 0 must not divide; below the limit the scale is exactly 1
        scale = norm / make("maximum", total, norm)
        slopes = [g * scale for g in slopes]
    return slopes, total
