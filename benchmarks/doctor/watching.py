"""What it costs to look at each epoch for what goes wrong, beside the epoch.

python benchmarks/doctor/watching.py
"""

from __future__ import annotations

import argparse
from statistics import median
from time import process_time

import numpy as np

import downslope as ds
from downslope.training import troubles

SIZES = ((1_000, (32,)), (10_000, (64, 64)), (50_000, (128, 128)), (100_000, (64,)))
"""Rows, and units of the hidden layers; of 20 columns, in batches of 128."""


def seconds(rows: int, hidden: tuple[int, ...], epochs: int) -> tuple[float, float]:
    """Of the processor: those of a descent, and those of looks at its epochs."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, 20)).astype(np.float32)
    network = ds.Network(20, [*(ds.Dense(units, "relu") for units in hidden), ds.Dense(1)])
    begin = process_time()
    run = ds.descend(network, x, x[:, 0], epochs=epochs, batch_size=128, optimizer="adam", threads=1)
    descended = process_time() - begin
    see, parts = troubles(), [(part, float(part.mean())) for part in np.array_split(run.losses, epochs)]
    begin = process_time()
    for part, mean in parts:
        see(part, mean)
    return descended, process_time() - begin


def main() -> None:
    """Print the table, in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repeats", type=int, default=15, help="of each")
    given = parser.parse_args()
    print("| rows | hidden units | an epoch, ms | a look at it, ms | share |")
    print("| ---: | --- | ---: | ---: | ---: |")
    for rows, hidden in SIZES:
        epochs = max(5, 400_000 // rows)
        taken = np.array([seconds(rows, hidden, epochs) for _ in range(given.repeats + 1)][1:]) / epochs
        epoch, look = (1000 * median(column) for column in taken.T)
        units = "×".join(map(str, hidden))
        print(f"| {rows:,} | {units} | {epoch:.2f} | {look:.3f} | {look / epoch:.2%} |")


if __name__ == "__main__":
    main()
