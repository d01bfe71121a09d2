"""One of two hosts: measures steps that both take together. Started by two_hosts.py."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import downslope as ds
from downslope.engines import Share
from downslope.engines.native._descent import NativeDescent, step_tape
from downslope.engines.native.lowering import multiplications
from downslope.training import (
    Link,
    Ranks,
    ShareOfStep,
    exchange_seconds,
    ranks_of,
    step_seconds,
    training_program,
)

_SECONDS = 0.3  # of steps that are timed at a time
_MANY = 1 << 19  # numbers


def main() -> None:
    """A line of JSON for each line "width batch repeats" of standard input."""
    ranks = ranks_of("data")
    assert ranks is not None
    for line in sys.stdin:
        width, batch, repeats = map(int, line.split())
        found = _measured(ranks, width, batch, repeats)
        if ranks.rank == 0:
            print(json.dumps(found), flush=True)


def _measured(ranks: Ranks, width: int, batch: int, repeats: int) -> dict[str, float]:
    """Steps of a network of three hidden layers: as measured, and as the arithmetic has it.

    Each repeat times steps without exchanges on both hosts at once, steps with them, and two bare sums, so
    that what else loads the machine is in all of them; medians count.
    """
    layers = [*(ds.Dense(width, "relu") for _ in range(3)), ds.Dense(1)]
    network = ds.Network(64, layers)
    program = training_program(network, ds.Adam(), relative=True, over_ranks=True)
    together = _descent(program, network, batch // 2, ranks.add_up)
    apart = _descent(program, network, batch // 2, lambda array: None)
    seen: dict[str, list[float]] = {"apart": [], "together": [], "one number": [], "many": []}
    for _ in range(repeats):
        seen["apart"].append(_step(apart, ranks))
        seen["together"].append(_step(together, ranks))
        seen["apart"].append(_step(apart, ranks))
        seen["one number"].append(_sum(ranks, 1))
        seen["many"].append(_sum(ranks, _MANY))
    middle = {name: statistics.median(seconds) for name, seconds in seen.items()}
    computing = statistics.mean(ranks.gather(middle["apart"]))
    link = Link(middle["one number"] / 2, 4 * _MANY / max(middle["many"] - middle["one number"], 1e-9))
    shares = _shares(step_tape(program.graph.error, tuple(program.assignments.items()), False), computing)
    bare = computing + sum(exchange_seconds(share.size, 2, link) for share in shares)
    return {
        "width": width,
        "batch": batch,
        "delay": link.delay,
        "bandwidth": link.bandwidth,
        "computing": computing,
        "step": middle["together"],
        "measured": computing / middle["together"],
        "predicted": computing / step_seconds(shares, 2, link),
        "without overlap": computing / bare,
    }


def _sum(ranks: Ranks, count: int) -> float:
    """Seconds of a sum over ranks of so many numbers."""
    numbers = np.zeros(count, np.float32)
    ranks.numbers(0.0)
    began = time.perf_counter()
    ranks.add_up(numbers)
    return time.perf_counter() - began


def _descent(program: Any, network: ds.Network, rows: int, add_up: Callable[[Any], None]) -> NativeDescent:
    rng = np.random.default_rng(0)
    data = {
        "x": rng.normal(size=(rows, 64)).astype(np.float32),
        "y": rng.normal(size=(rows, 1)).astype(np.float32),
        "row_weights": np.ones(rows, np.float32),
    }
    descent = NativeDescent(
        program.graph.error, program.assignments, data, rows, threads=1, share=Share(add_up)
    )
    values = network.initial_parameters(0, np.float32)
    states = {n: np.zeros(tuple(map(int, s.shape)), np.float32) for n, s in program.states.items()}
    descent.put({**values, **states})
    return descent


def _step(descent: NativeDescent, ranks: Any) -> float:
    """Seconds of a step, by the first rank; the first steps warm the caches."""

    def run(count: int) -> float:
        numbers = np.arange(1.0, count + 1)
        scalars = {"learning_rate": np.full(count, 1e-4), "step": numbers, "rows": np.full(count, 1e3)}
        began = time.perf_counter()
        descent.run(None, count, scalars, 1, 0)
        return (time.perf_counter() - began) / count

    count = int(ranks.numbers(max(2, _SECONDS / run(2)))[0])
    return run(min(count, 1000))


def _shares(tape: Any, computing: float) -> list[ShareOfStep]:
    """The parts of a step between its exchanges, by the multiplications of the levels before each."""
    whole = sum(multiplications(i, tape) for i in tape.instructions)
    shares, before = [], 0
    for exchange in tape.exchanges:
        done = sum(multiplications(i, tape) for i in tape.instructions if before <= i.level < exchange.sent)
        size = sum(tape.values[v].rows * tape.values[v].columns for v, _ in exchange.values)
        shares.append(ShareOfStep(computing * done / whole, 4 * size))
        before = exchange.sent
    return shares


main()
