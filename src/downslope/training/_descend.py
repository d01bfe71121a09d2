"""Descent: apply the program of a step again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.engines import Plan
from downslope.errors import DownslopeError
from downslope.nets import Network
from downslope.training._optimizers import OPTIMIZERS, Optimizer
from downslope.training._program import Program, training_program
from downslope.training._schedules import Constant, Schedule

__all__ = ["Run", "descend"]

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Run:
    """What a descent did.

    Attributes:
        parameters: the values after the last finite update, by name.
        losses: the error of each step's batch before its update, (steps,).
        stopped: ``"finished"`` or ``"not finite"``.
        message: in words, where and why it stopped.
    """

    network: Network
    parameters: Mapping[str, NDArray[Any]]
    losses: NDArray[np.float64]
    stopped: str
    message: str


def descend(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    start: ArrayLike | Mapping[str, ArrayLike] | None = None,
    learning_rate: float | Schedule = 0.01,
    steps: int = 1000,
    batch_size: int | None = None,
    optimizer: str | Optimizer = "sgd",
    row_weights: ArrayLike | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    seed: int = 0,
) -> Run:
    """Descend the error of a network on some rows.

    Args:
        network: what is fitted.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64.
        y: targets, (rows, outputs), (rows,) for one output, or class numbers (rows,).
        start: starting parameters by name, or all of them in one flat list; None draws them from the seed.
        learning_rate: η, above 0, or a schedule of it.
        steps: number of updates.
        batch_size: rows in a step, drawn without repetition until all were used; None takes all rows.
        optimizer: by name, or with its settings.
        row_weights: how much each row counts, (rows,).
        clip_norm: the largest norm of all gradients together; larger ones are shrunk.
        clip_value: the largest size of an element of a gradient.
        seed: fixes the starting values, the batches and dropout.

    Raises:
        DownslopeError: where shapes do not fit or a setting is out of range.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=1, layers=[Dense(1, bias=False)])
    >>> run = descend(net, [[1.0], [2.0]], [3.0, 6.0], start=[0.0], learning_rate=0.1, steps=50)
    >>> run.parameters["layer1.weight"].round(6)
    array([[3.]])
    """
    data = _data(network, x, y, row_weights)
    rows, dtype = len(data["x"]), data["x"].dtype
    schedule = Constant(learning_rate) if isinstance(learning_rate, int | float) else learning_rate
    if steps < 0 or (batch_size is not None and batch_size < 1):
        raise DownslopeError("steps is at least 0 and batch_size at least 1")
    program = training_program(network, _optimizer(optimizer), clip_norm=clip_norm, clip_value=clip_value)
    values = _start(network, start, seed, dtype)
    values |= {n: np.zeros(tuple(map(int, s.shape)), dtype) for n, s in program.states.items()}
    batches = _batches(rows, min(batch_size or rows, rows), seed)
    return _steps(network, program, data, values, schedule, seed, batches, steps)


def _steps(
    network: Network,
    program: Program,
    data: Arrays,
    values: Arrays,
    schedule: Schedule,
    seed: int,
    batches: Iterator[NDArray[np.int64] | slice],
    steps: int,
) -> Run:
    plan = Plan([program.graph.error, *program.updates.values()])
    dtype = data["x"].dtype
    losses: list[float] = []
    stopped, message = "finished", f"{steps} updates done"
    with np.errstate(all="ignore"):  # overflow is looked for below, and said
        for step in range(1, steps + 1):
            rows = next(batches)
            batch = {name: column[rows] for name, column in data.items()}
            rate = np.asarray(schedule.rate(step, steps), dtype)
            scalars = {"learning_rate": rate, "step": np.asarray(step, dtype), "seed": seed}
            given = {**scalars, **batch, **values}
            error, *new = plan.run(given)
            losses.append(float(error))
            updated = dict(zip(program.updates, new, strict=True))
            fault = _fault(program, float(error), updated, given)
            if fault:
                stopped = "not finite"
                message = (
                    f"step {step}: {fault}; the parameters before this step are kept. "
                    "Try a smaller learning rate, or scale the inputs."
                )
                break
            values = updated
    parameters = {name: values[name] for name in program.graph.parameters}
    return Run(network, parameters, np.array(losses), stopped, message)


def _fault(program: Program, error: float, updated: Arrays, values: Mapping[str, Any]) -> str | None:
    """What is no longer finite and where it began, or None."""
    if not np.isfinite(error):
        stages = program.graph.stages
        reached = Plan([s.node for s in stages]).run(values)
        lost = f"the error is no longer finite ({error})"
        for stage, value in zip(stages, reached, strict=True):
            if not np.all(np.isfinite(value)):
                return f"{lost}, first in the values {stage.symbol} of {stage.layer}"
        return f"{lost}: the loss of the values up to {np.max(np.abs(reached[-1])):.3g} of {stages[-1].layer}"
    bad = [name for name, value in updated.items() if not np.all(np.isfinite(value))]
    return f"the update of {bad[0]} is not finite" if bad else None


def _data(network: Network, x: ArrayLike, y: ArrayLike, row_weights: ArrayLike | None) -> Arrays:
    """x, y and row weights in the shapes and the dtype of the program."""
    inputs = np.asarray(x)
    dtype = inputs.dtype if inputs.dtype == np.float32 else np.dtype(np.float64)
    try:
        inputs, targets = inputs.astype(dtype), np.asarray(y).astype(dtype)
        weights = (
            np.ones(len(inputs), dtype) if row_weights is None else np.asarray(row_weights).astype(dtype)
        )
    except (TypeError, ValueError) as error:
        raise DownslopeError(f"x, y and row_weights hold numbers only: {error}") from None
    if inputs.ndim != 2 or inputs.shape[1] != network.inputs or not len(inputs):
        raise DownslopeError(
            f"x needs the shape (rows, {network.inputs}) with at least one row, not {inputs.shape}"
        )
    shape = tuple(len(inputs) if d == "n" else int(d) for d in network.graph().y.shape)
    if targets.shape != shape and not (len(shape) == 2 and shape[1] == 1 and targets.shape == shape[:1]):
        raise DownslopeError(f"y needs the shape {shape}, not {targets.shape}")
    if weights.shape != (len(inputs),) or np.any(weights < 0) or not np.any(weights > 0):
        raise DownslopeError(f"row_weights needs {len(inputs)} numbers of at least 0, not all of them 0")
    for name, array in (("x", inputs), ("y", targets), ("row_weights", weights)):
        if not np.all(np.isfinite(array)):
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise DownslopeError(
                f"{name}[{', '.join(map(str, place))}] is not a finite number; mend or leave it out"
            )
    if network.loss == "cross_entropy":
        classes = int(network.graph().output.shape[1])
        if np.any((targets != np.floor(targets)) | (targets < 0) | (targets >= classes)):
            raise DownslopeError(f"y holds class numbers from 0 to {classes - 1} for this network")
    return {"x": inputs, "y": targets.reshape(shape), "row_weights": weights}


def _start(
    network: Network, start: ArrayLike | Mapping[str, ArrayLike] | None, seed: int, dtype: np.dtype[Any]
) -> Arrays:
    values = network.initial_parameters(seed, dtype)
    if start is None:
        return values
    if isinstance(start, Mapping):
        unknown = [name for name in start if name not in values]
        if unknown:
            raise DownslopeError(f"there is no parameter {unknown[0]!r}; the network has {', '.join(values)}")
        given = {name: np.asarray(value, dtype) for name, value in start.items()}
        for name, value in given.items():
            if value.shape != values[name].shape:
                raise DownslopeError(f"{name} needs the shape {values[name].shape}, not {value.shape}")
        return {**values, **{name: value.copy() for name, value in given.items()}}
    flat = np.asarray(start, dtype).ravel()
    size = sum(v.size for v in values.values())
    if flat.size != size:
        raise DownslopeError(f"start needs {size} numbers, one for each parameter, not {flat.size}")
    ends = np.cumsum([v.size for v in values.values()])
    parts = np.split(flat, ends[:-1])
    return {name: part.reshape(v.shape).copy() for (name, v), part in zip(values.items(), parts, strict=True)}


def _optimizer(given: str | Optimizer) -> Optimizer:
    if not isinstance(given, str):
        return given
    if given not in OPTIMIZERS:
        raise DownslopeError(f"there is no optimizer {given!r}; choose one of {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[given]


def _batches(rows: int, size: int, seed: int) -> Iterator[NDArray[np.int64] | slice]:
    """Row numbers of batch after batch; each epoch has its own order, keyed by (seed, epoch)."""
    epoch = 0
    while True:
        if size == rows:
            yield slice(None)
            continue
        key: Any = np.array([seed, 2**63 + epoch], np.uint64)  # apart from the keys of starting values
        order = np.random.Generator(np.random.Philox(key=key)).permutation(rows)
        for first in range(0, rows, size):
            yield order[first : first + size]
        epoch += 1
