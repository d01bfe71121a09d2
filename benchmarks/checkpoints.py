"""What checkpoints cost: the share of the time of training that saving takes, each minute and each second.

    python benchmarks/checkpoints.py [--seconds 6]

Trainings with and without checkpoints in turn would differ by the noise of the machine. So each is saved many
times as it goes, the seconds of the saves are added up, and divided by their number: that over a minute, or
over a second, is the share; saving by the clock stops at a tenth. The file system is that of the temporary
folder.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

import downslope as ds
from downslope.training import Part

SIZES = {
    "small": (8, (32,)),
    "table": (32, (128, 128)),
    "wide": (256, (1024, 1024)),
    "large": (1024, (2048, 2048)),
}


def measure(
    inputs: int, units: tuple[int, ...], seconds: float, members: int = 1
) -> tuple[int, float, float, int]:
    """Parameters, seconds of a save (median and worst), and bytes of a file."""
    layers = [*(ds.Dense(n, "relu") for n in units), ds.Dense(1)]
    network = ds.Network(inputs, layers)
    trained = network if members == 1 else ds.Ensemble([network] * members)
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2000, inputs)).astype(np.float32)
    y = x[:, :1]
    took: list[float] = []
    save = Part.save

    def timed(*given: object, **how: object) -> None:
        began = time.perf_counter()
        save(*given, **how)  # type: ignore[arg-type]
        took.append(time.perf_counter() - began)

    with tempfile.TemporaryDirectory() as folder, patch.object(Part, "save", timed):
        checkpoint = ds.Checkpoint(folder, every="1 epoch")
        ds.descend(
            *(trained, x, y),
            optimizer="adam",
            batch_size=256,
            epochs=10**6,
            time_limit=seconds,
            checkpoint=checkpoint,
        )
        size = max(path.stat().st_size for path in Path(folder).iterdir())
    parameters = sum(int(np.prod(shape)) for shape in trained.graph().shapes.values())
    return parameters, float(np.median(took)), max(took), size


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each training")
    args = parser.parse_args()
    print("| network | parameters | file | a save | each minute | each second |")
    print("| --- | --- | --- | --- | --- | --- |")
    cases = [(name, *size, 1) for name, size in SIZES.items()] + [("8 of table", *SIZES["table"], 8)]
    for name, inputs, units, members in cases:
        parameters, usual, worst, size = measure(inputs, units, args.seconds, members)
        print(
            f"| {name} | {parameters:,} | {size / 1e6:,.1f} MB "
            f"| {1000 * usual:,.1f} ms (worst {1000 * worst:,.0f}) | "
            f"{usual / 60:.3%} | {min(usual, 0.1):.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
