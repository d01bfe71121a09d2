"""Training written by hand in NumPy: the steps of networks of dense layers, and of the one neuron."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from workloads import (
    NEURON_START,
    NEURON_STEPS,
    NEURON_X,
    NEURON_Y,
    RATE,
    Floats,
    Workload,
    data,
    parameters,
)

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class NumpyNetwork:
    """A step as one writes it by hand: parameters in one vector, every result into a place kept for it."""

    def __init__(self, workload: Workload) -> None:
        self.work = workload
        self.x, self.y = data(workload)
        start = parameters(workload)
        self.flat = np.concatenate([part.ravel() for layer in start for part in layer])
        self.gradient, self.m, self.v, self.spare = (np.zeros_like(self.flat) for _ in range(4))
        self.layers, self.slopes = self._views(self.flat), self._views(self.gradient)
        self.values = [np.empty((workload.batch, width), np.float32) for width in workload.widths]
        self.deltas = [np.empty_like(value) for value in self.values]
        self.masks = [np.empty(value.shape, bool) for value in self.values]
        self.target = np.empty((workload.batch, 1), np.float32)
        self.rng, self.step_number = np.random.default_rng(), 0
        self.losses: list[float] = []

    def _views(self, flat: Floats) -> list[tuple[Floats, Floats]]:
        views, begin = [], 0
        for a, b in pairwise(self.work.widths):
            views.append((flat[begin : begin + a * b].reshape(b, a), flat[begin + a * b : begin + a * b + b]))
            begin += a * b + b
        return views

    def epoch(self) -> None:
        order = self.rng.permutation(self.work.rows)
        for begin in range(0, self.work.rows, self.work.batch):
            rows = order[begin : begin + self.work.batch]
            # "clip" leaves out a buffer that "raise" needs; the rows are in range
            np.take(self.x, rows, 0, self.values[0], "clip")
            np.take(self.y, rows, 0, self.target, "clip")
            self._forward()
            self._backward()
            (self._adam if self.work.optimizer == "adam" else self._sgd)()

    def _forward(self) -> None:
        for (weight, bias), a, z in zip(self.layers, self.values[:-1], self.values[1:], strict=True):
            np.matmul(a, weight.T, out=z)
            z += bias
            if z is self.values[-1]:
                return
            if self.work.activation == "relu":
                np.maximum(z, 0, out=z)
            else:
                np.negative(z, out=z)
                np.exp(z, out=z)
                z += 1
                np.reciprocal(z, out=z)

    def _backward(self) -> None:
        delta = self.deltas[-1]
        np.subtract(self.values[-1], self.target, out=delta)
        self.losses.append(float(np.vdot(delta, delta)) / len(delta))
        delta *= 2 / len(delta)
        for i in reversed(range(len(self.layers))):
            np.matmul(self.deltas[i + 1].T, self.values[i], out=self.slopes[i][0])
            np.sum(self.deltas[i + 1], axis=0, out=self.slopes[i][1])
            if i:
                self._through(i)

    def _through(self, i: int) -> None:
        """δ of the layer before: (Wᵀδ) ⊙ φ′(z), φ′ from the value a."""
        a, delta = self.values[i], self.deltas[i]
        np.matmul(self.deltas[i + 1], self.layers[i][0], out=delta)
        if self.work.activation == "relu":
            np.greater(a, 0, out=self.masks[i])
            delta *= self.masks[i]
        else:
            delta *= a
            np.subtract(1, a, out=a)
            delta *= a

    def _sgd(self) -> None:
        self.gradient *= RATE
        self.flat -= self.gradient

    def _adam(self) -> None:
        self.step_number += 1
        g, m, v, spare = self.gradient, self.m, self.v, self.spare
        np.subtract(g, m, out=spare)
        spare *= 1 - BETA1
        m += spare
        g *= g
        g -= v
        g *= 1 - BETA2
        v += g
        np.sqrt(v, out=spare)
        spare *= (1 - BETA2**self.step_number) ** -0.5
        spare += EPSILON
        np.divide(m, spare, out=spare)
        spare *= RATE / (1 - BETA1**self.step_number)
        self.flat -= spare


def neuron_textbook() -> Floats:
    """1000 updates by the average of the rows' gradients, as one first writes it."""
    w = np.array(NEURON_START)
    for _ in range(NEURON_STEPS):
        slopes = [-2 * (NEURON_Y[i] - np.dot(w, NEURON_X[i])) * NEURON_X[i] for i in range(len(NEURON_Y))]
        w -= RATE * np.average(slopes, 0)
    return w


def neuron_numpy() -> Floats:
    """The same in two products a step, the constants taken into the table."""
    w = np.array(NEURON_START)
    scaled = np.ascontiguousarray(NEURON_X.T) * (2 / len(NEURON_Y) * RATE)
    for _ in range(NEURON_STEPS):
        w -= scaled @ (NEURON_X @ w - NEURON_Y)
    return w
