"""``downslope demo``: one neuron, five rows, and what a thousand updates reach."""

from __future__ import annotations

import numpy as np
from rich.table import Table

from downslope._writing import write_whole
from downslope.cli._screen import console, rounded
from downslope.insight import explain, forecast, solve
from downslope.nets import Dense, Network
from downslope.training import descend

__all__ = ["show_demo"]

X = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]], np.float64)
Y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])
START = (200.0, -14.0, 3456.0)
RATE = 0.001
UPDATES = 1000
TOLERANCE = 5e-4


def _weights(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{v:.3f}" for v in values.ravel()) + ")"


def show_demo(html: str | None) -> None:
    """Run it and print it; write the derivation as a page too where asked for."""
    screen = console()
    network = Network(inputs=3, layers=[Dense(1, bias=False)], loss="squared_error")
    screen.print("[bold]One neuron, five rows[/]: z = w₁x₁ + w₂x₂ + w₃x₃ is to approximate y.")
    run = descend(network, X, Y, start=START, learning_rate=RATE, steps=UPDATES)
    reached = run.parameters["layer1.weight"]
    screen.print(_rows(reached))
    screen.print(f"\n[bold]{UPDATES} updates[/] w ← w − η·(average of −2(y − z)x), η = {RATE}")
    screen.print(f"  from w = {_weights(np.array(START))}   error {rounded(run.losses[0])}")
    for step in (1, 10, 100):
        early = descend(network, X, Y, start=START, learning_rate=RATE, steps=step).parameters
        error = forecast(network, X, Y, start=early).error_after(0)
        screen.print(f"  after {step:<4} {_weights(early['layer1.weight'])}   error {rounded(error)}")
    ahead = forecast(network, X, Y, start=START, learning_rate=RATE, tolerance=TOLERANCE)
    screen.print(f"  after {UPDATES} {_weights(reached)}   error {rounded(ahead.error_after(UPDATES))}")

    solution = solve(network, X, Y)
    exact = solution.parameters["layer1.weight"]
    screen.print(f"\n[bold]Not there yet.[/] The exact solution is {_weights(exact)}. Why so slow?")
    spectrum, bound, *_, best, pair = str(ahead).split("\n")
    screen.print(f"  {spectrum}\n  {bound}")
    left = f"1 − η·{ahead.eigenvalues[0]:.3f} = {ahead.slowest:.6f}"
    screen.print(f"  In the slowest direction a step leaves {left} of the distance.")
    needed = ahead.steps or 0
    screen.print(
        f"  So {needed - UPDATES:,} more updates, {needed:,} in all, are needed to come within {TOLERANCE:g} "
        "of the solution."
    )
    final = descend(network, X, Y, start=reached.ravel(), learning_rate=RATE, steps=needed - UPDATES)
    arrived = final.parameters["layer1.weight"]
    distance = float(np.linalg.norm(arrived - exact))
    screen.print(f"  after {needed:,} {_weights(arrived)}   {distance:.2g} from the solution")
    screen.print(f"  From the same start, w = {_weights(np.array(START))}:")
    screen.print(f"    {best}\n    {pair}")

    derivation = explain(network, X, Y, parameters=run, of="w1", row=0, learning_rate=RATE)
    average = explain(network, X, Y, parameters=run, of="w1", learning_rate=RATE)
    screen.print(
        f"\n[bold]The chain rule[/] for w₁ after {UPDATES} updates, first for one row, then for all:\n"
    )
    screen.print(str(derivation), markup=False)
    screen.print()
    screen.print(str(average), markup=False)
    screen.print(f"\n[bold]The exact solution[/] of (XᵀX)w = Xᵀy, by least squares: {_weights(exact)}")
    screen.print(f"  {solution.message}")
    if html is not None:
        write_whole(html, derivation.html().encode())
        screen.print(f"\nThe derivation as a page: {html}", markup=False)


def _rows(weights: np.ndarray) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 2), header_style="")
    for title in ("x₁", "x₂", "x₃", "y", f"z after {UPDATES} updates", "y − z"):
        grid.add_column(title, justify="right")
    for x, y in zip(X, Y, strict=True):
        z = float(x @ weights.ravel())
        grid.add_row(*(f"{v:g}" for v in x), f"{y:g}", f"{z:.3f}", f"{y - z:.3f}")
    return grid
