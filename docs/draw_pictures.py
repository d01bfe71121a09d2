"""Draw the pictures of the README from runs of Downslope: python docs/draw_pictures.py"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import downslope as ds

X = [[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]]
Y = [13.5, 15.6, 27.4, 15.6, 12.5]
START = [200.0, -14.0, 3456.0]


def neuron() -> None:
    """The error of the introductory neuron, run and foreprediction, and the distance of its weights."""
    net = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)])
    plain = ds.forecast(net, X, Y, start=START, learning_rate=0.001)
    best = ds.forecast(net, X, Y, start=START, learning_rate=plain.best_rate)
    momentum = ds.forecast(
        net, X, Y, start=START, learning_rate=plain.momentum_rate, momentum=plain.best_momentum
    )
    run = ds.descend(net, X, Y, start=START, learning_rate=0.001, steps=3001)
    steps = np.unique(np.round(np.geomspace(1, 3000, 200)).astype(int))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    left.loglog(np.arange(1, 3001), run.losses[1:], color="#4477aa", lw=5, alpha=0.35, label="run, η = 0.001")
    left.loglog(steps, [plain.error_after(int(k)) for k in steps], color="#225588", lw=1.2, label="forecast")
    left.set(xlabel="updates", ylabel="mean squared error", title="What descent does, and what was foreprediction")
    left.axvline(1000, color="#888888", lw=0.8, ls=":")
    left.annotate(
        "1000 updates:\nw = (1.590, −0.325, 1.239)",
        (1000, plain.error_after(1000)),
        (20, 1e-6),
        fontsize=9,
        arrowprops={"arrowstyle": "->", "color": "#888888"},
    )
    left.legend(frameon=False)
    for prediction, name, colour in (
        (plain, "η = 0.001", "#225588"),
        (best, f"best rate, η = {plain.best_rate:.5f}", "#cc6644"),
        (momentum, f"momentum {plain.best_momentum:.3f}", "#228833"),
    ):
        gaps = [
            float(np.linalg.norm(prediction.parameters_after(int(k))["layer1.weight"] - [[0.5, 0.9, 1.2]]))
            for k in steps
        ]
        right.loglog(steps, gaps, color=colour, label=name)
    right.set(
        xlabel="updates", ylabel="distance to (0.5, 0.9, 1.2)", title="How the rate decides", ylim=(1e-6, 1e5)
    )
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).parent / "images" / "neuron.png", dpi=110)


if __name__ == "__main__":
    neuron()
