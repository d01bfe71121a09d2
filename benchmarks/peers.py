"""The same training in other libraries, each at its best settings: an epoch is one call.

Every peer starts from the same parameters, draws its own order of the rows, gathers each batch from the
table, and computes the error of each step. ``tests/test_benchmarks.py`` holds that all arrive at one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from by_hand import BETA1, BETA2, EPSILON, NumpyNetwork, neuron_numpy, neuron_textbook
from measure import Round, timed
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


@dataclass(frozen=True)
class Training:
    """An epoch to call, and W (outputs, inputs), b (outputs,) of every layer as they are now."""

    epoch: Callable[[], object]
    layers: Callable[[], list[tuple[Floats, Floats]]]


def steps(library: str, workload: Workload, seconds: float, **options: Any) -> Round:
    """Seconds of a step, the mean over an epoch."""
    return timed(TRAININGS[library](workload, **options).epoch, seconds, workload.steps)


def numpy_training(workload: Workload) -> Training:
    network = NumpyNetwork(workload)
    return Training(network.epoch, lambda: network.layers)


def sklearn_training(workload: Workload) -> Training:
    """``partial_fit`` is one epoch. It starts from values of its own."""
    from sklearn.neural_network import MLPRegressor

    x, y = data(workload)
    model = MLPRegressor(
        hidden_layer_sizes=workload.widths[1:-1],
        activation={"relu": "relu", "sigmoid": "logistic"}[workload.activation],
        solver=workload.optimizer,
        learning_rate_init=RATE,
        momentum=0,
        batch_size=workload.batch,
        alpha=0,
    )
    layers = lambda: [(w.T, b) for w, b in zip(model.coefs_, model.intercepts_, strict=True)]  # noqa: E731
    return Training(lambda: model.partial_fit(x, y.ravel()), layers)


def torch_network(workload: Workload, threads: int | None = None) -> Any:
    """The network as modules, at the shared starting values."""
    import torch

    if threads:
        torch.set_num_threads(threads)
    activation = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}[workload.activation]
    modules: list[Any] = []
    for weight, bias in parameters(workload):
        linear = torch.nn.Linear(*reversed(weight.shape))
        linear.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
        modules += [linear, activation()]
    return torch.nn.Sequential(*modules[:-1])


def torch_training(
    workload: Workload, threads: int | None = None, compiled: bool = False, autocast: bool = False
) -> Training:
    """Modules and a fused optimizer; compiled, the whole step is one graph with the update written out."""
    import torch

    model = torch_network(workload, threads)
    x, y = map(torch.from_numpy, data(workload))

    def loss(call: Callable[[Any], Any], rows: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            out = call(x[rows])
        return ((out.float() - y[rows]) ** 2).mean()

    step = (_torch_compiled if compiled else _torch_eager)(workload, model, loss)

    def epoch() -> None:
        order = torch.randperm(workload.rows)
        for begin in range(0, workload.rows, workload.batch):
            step(order[begin : begin + workload.batch])

    linear = [module for module in model if isinstance(module, torch.nn.Linear)]
    return Training(epoch, lambda: [(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in linear])


def _torch_eager(workload: Workload, model: Any, loss: Callable[..., Any]) -> Callable[[Any], None]:
    import torch

    chosen = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[workload.optimizer]
    optimizer = chosen(model.parameters(), lr=RATE, fused=True)

    def step(rows: Any) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss(model, rows).backward()
        optimizer.step()

    return step


def _torch_compiled(workload: Workload, model: Any, loss: Callable[..., Any]) -> Callable[[Any], Any]:
    """Gather, forward, backward and update without a break between them.

    The optimizers of ``torch.optim`` would break the graph in three.
    """
    import torch

    weights = dict(model.named_parameters())
    m, v = ({name: torch.zeros_like(w) for name, w in weights.items()} for _ in range(2))
    count = torch.zeros(())

    def of_weights(values: Any, rows: Any) -> Any:
        return loss(lambda batch: torch.func.functional_call(model, values, (batch,)), rows)

    def update(name: str, g: Any) -> None:
        if workload.optimizer == "sgd":
            weights[name].sub_(g, alpha=RATE)
            return
        m[name].lerp_(g, 1 - BETA1)
        v[name].lerp_(g * g, 1 - BETA2)
        size = (v[name] / (1 - BETA2**count)).sqrt() + EPSILON
        weights[name].sub_(RATE * (m[name] / (1 - BETA1**count)) / size)

    @torch.compile(fullgraph=True)
    def step(rows: Any) -> Any:
        slopes, error = torch.func.grad_and_value(of_weights)(weights, rows)
        count.add_(1)
        for name, slope in slopes.items():
            update(name, slope)
        return error

    def without_record(rows: Any) -> Any:
        with torch.no_grad():
            return step(rows)

    return without_record


def jax_layers(workload: Workload) -> Any:
    """The shared starting values, W as (inputs, outputs), which XLA multiplies fastest."""
    import jax.numpy as jnp

    return [(jnp.array(weight.T), jnp.array(bias)) for weight, bias in parameters(workload)]


def jax_forward(workload: Workload, precision: str = "float32") -> Callable[[Any, Any], Any]:
    """The outputs of some rows; in bfloat16 the operands of products are rounded, sums stay float32."""
    import jax
    import jax.numpy as jnp

    activation = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[workload.activation]

    def product(a: Any, weight: Any) -> Any:
        if precision == "bfloat16":
            a, weight = a.astype(jnp.bfloat16), weight.astype(jnp.bfloat16)
        return jnp.dot(a, weight, preferred_element_type=jnp.float32)

    def forward(layers: Any, a: Any) -> Any:
        *hidden, (weight, bias) = layers
        for w, b in hidden:
            a = activation(product(a, w) + b)
        return product(a, weight) + bias

    return forward


def jax_training(workload: Workload, precision: str = "float32", *, members: int = 0) -> Training:
    """An epoch is one jitted scan over its batches, float32 weights and states in place.

    With members these are so many networks by vmap, which begin alike.
    """
    import jax
    import jax.numpy as jnp

    x, y = map(jnp.asarray, data(workload))
    start = jax_layers(workload)
    forward = jax_forward(workload, precision)
    if members:
        start = jax.tree.map(lambda a: jnp.stack([a] * members), start)
        forward = jax.vmap(forward, (0, None))

    def loss(layers: Any, rows: Any) -> Any:
        return jnp.mean((forward(layers, x[rows]) - y[rows]) ** 2)

    def step(carried: Any, rows: Any) -> Any:
        layers, m, v, count = carried
        error, slopes = jax.value_and_grad(loss)(layers, rows)
        if workload.optimizer == "sgd":
            return (jax.tree.map(lambda w, g: w - RATE * g, layers, slopes), m, v, count), error
        count += 1
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, slopes)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, slopes)
        scale, left = RATE / (1 - BETA1**count), 1 - BETA2**count
        layers = jax.tree.map(lambda w, m, v: w - scale * m / (jnp.sqrt(v / left) + EPSILON), layers, m, v)
        return (layers, m, v, count), error

    @partial(jax.jit, donate_argnums=0)
    def run(carried: Any, key: Any) -> Any:
        order = jax.random.permutation(key, workload.rows).reshape(workload.steps, workload.batch)
        return jax.lax.scan(step, carried, order)

    m, v = (jax.tree.map(jnp.zeros_like, start) for _ in range(2))
    now = SimpleNamespace(carried=(start, m, v, jnp.float32(0)), key=jax.random.key(0))

    def epoch() -> None:
        key, now.key = jax.random.split(now.key)
        now.carried, errors = run(now.carried, key)
        errors.block_until_ready()

    return Training(epoch, lambda: [(np.asarray(w).T, np.asarray(b)) for w, b in now.carried[0]])


TRAININGS: dict[str, Callable[..., Training]] = {
    "numpy": numpy_training,
    "sklearn": sklearn_training,
    "torch": torch_training,
    "jax": jax_training,
}


def neuron_jax() -> Callable[[], Floats]:
    """The same in one jitted loop, float64."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def run(w: Any, x: Any, y: Any) -> Any:
        rate = RATE * 2 / len(NEURON_Y)
        return jax.lax.fori_loop(0, NEURON_STEPS, lambda _, w: w - rate * (x.T @ (x @ w - y)), w)

    start = np.array(NEURON_START)
    return lambda: np.asarray(run(*map(jnp.asarray, (start, NEURON_X, NEURON_Y))))


def neuron_calls(library: str, seconds: float, warm_up: int = 2) -> Round:
    """Seconds of a whole call of 1000 steps."""
    calls = {"textbook": lambda: neuron_textbook, "numpy": lambda: neuron_numpy, "jax": neuron_jax}
    return timed(calls[library](), seconds, warm_up=warm_up)
