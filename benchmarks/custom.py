"""Training with custom activations, losses, layers and optimizers beside the same parts built in.

python benchmarks/custom.py [--repeats 15]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

import downslope as ds
from downslope import ops
from report import arguments, machine, number, publish, table

INPUTS, BATCH = 16, 256
ROUNDS = {32: 200, 256: 40}
"""The steps of a round by the width of the layers."""


@dataclass(frozen=True)
class Norm:
    """A layer normalisation."""

    def build(self, builder, h):
        centred = h - ops.mean(h, axis=1, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=1, keepdims=True)
        scale = builder.parameter("scale", (h.shape[1],), "ones")
        return centred / ops.sqrt(variance + 1e-5) * scale + builder.parameter("shift", (h.shape[1],))


@dataclass(frozen=True)
class Adam:
    """The same rule as ``ds.Adam``."""

    def rule(self, rules, w, g, rate, step):
        m, v = rules.remember("mean", w), rules.remember("square", w)
        mean, square = 0.9 * m + (1 - 0.9) * g, 0.999 * v + (1 - 0.999) * ops.square(g)
        rules.updates[m.name], rules.updates[v.name] = mean, square
        deviation = ops.sqrt(square / -ops.expm1(float(np.log(0.999)) * step)) + 1e-8
        rules.updates[w.name] = w - rate * (mean / -ops.expm1(float(np.log(0.9)) * step) / deviation)


def huber(output, target):
    size = abs(target - output)
    inner = ops.minimum(size, 1.0)
    return inner * (size - 0.5 * inner)


def main() -> None:
    parser = arguments(__doc__, repeats=15)
    args = parser.parse_args()
    rows = [
        [part, f"{width}", number(compared(*pair, steps, args.repeats), "×")]
        for width, steps in ROUNDS.items()
        for part, pair in pairs(width).items()
    ]
    parts = [machine("downslope", "numpy"), table(["part", "units", "time of the built-in one"], rows)]
    publish("custom", parts, args.write)


def pairs(width: int) -> Mapping[str, tuple[tuple[ds.Network, object], tuple[ds.Network, object]]]:
    """Network and optimizer, built in and custom, by part."""

    def activated(activation):
        dense = ds.Dense(width, activation, initializer="he_uniform")
        return ds.Network(INPUTS, [dense, dense, ds.Dense(1)]), "adam"

    def ending(*layers, loss="squared_error", optimizer="adam"):
        return ds.Network(INPUTS, [ds.Dense(width, "tanh"), *layers, ds.Dense(1)], loss), optimizer

    return {
        "activation silu": (activated("silu"), activated(lambda z: z * ops.sigmoid(z))),
        "activation mish": (activated("mish"), activated(lambda z: z * ops.tanh(ops.softplus(z)))),
        "activation leaky_relu": (
            activated("leaky_relu"),
            activated(lambda z: ops.where(z > 0, z, 0.01 * z)),
        ),
        "loss squared_error": (ending(), ending(loss=lambda output, target: (target - output) ** 2)),
        "loss huber": (ending(loss="huber"), ending(loss=huber)),
        "layer LayerNorm": (ending(ds.LayerNorm()), ending(Norm())),
        "optimizer Adam": (ending(), ending(optimizer=Adam())),
    }


def compared(built_in, custom, steps: int, repeats: int) -> float:
    """The median ratio of times of rounds that take turns."""
    random = np.random.default_rng(0)
    x = random.normal(size=(4096, INPUTS)).astype(np.float32)
    y = x[:, :1] * x[:, 1:2]

    def timed(network, optimizer) -> Callable[[], float]:
        def once() -> float:
            begin = time.process_time()
            ds.descend(network, x, y, optimizer=optimizer, batch_size=BATCH, steps=steps, threads=1)
            return time.process_time() - begin

        return once

    first, second = timed(*built_in), timed(*custom)
    first(), second()  # the programs are made
    return median([second() / first() for _ in range(repeats)])


if __name__ == "__main__":
    main()
