"""The norm of every row's gradient, and the Hessian times a vector: the medium network, a batch of 128.

python benchmarks/gradients.py [--library NAME ...] [--write]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

import descents
import peers
from measure import Result, Round, Setting, Unavailable, cores, interleaved, timed
from report import (
    add_library_option,
    arguments,
    machine,
    notes,
    number,
    publish,
    ratio,
    table,
    threads_in_words,
    wanted,
)
from workloads import WORKLOADS, Floats, Workload, data, named, network, parameters

MEDIUM = WORKLOADS["medium"]
BATCH = replace(MEDIUM, rows=MEDIUM.batch)
STEP, NORMS, PRODUCT = "step", "norms of gradients", "Hessian × vector"


def main() -> None:
    parser = arguments(__doc__)
    add_library_option(parser)
    args = parser.parse_args()
    about = machine("downslope", "numpy", "torch", "jax")
    asked = {name: rows for name, rows in libraries(args.seconds).items() if wanted(name, args.library)}
    results = interleaved([setting for rows in asked.values() for setting in rows.values()], args.repeats)
    publish("gradients", [about, gradient_table(asked, results), notes(results.values())], args.write)


def libraries(seconds: float) -> dict[str, dict[str, Setting]]:
    """For each library a setting of each kind."""
    found = {"Downslope": _kinds("Downslope", descents.steps, {}, ours, {}, seconds)}
    for compiled in (False, True):
        for threads in dict.fromkeys((1, cores())):
            name = f"PyTorch{', compiled' * compiled}, {threads_in_words(threads)}"
            options = {"threads": threads, "compiled": compiled}
            found[name] = _kinds(name, peers.steps, {**options, "library": "torch"}, torch, options, seconds)
    found["JAX"] = _kinds("JAX", peers.steps, {"library": "jax"}, jax, {}, seconds)
    return found


def _kinds(
    name: str,
    step: Callable[..., Round],
    step_options: Mapping[str, Any],
    call: Callable[..., Round],
    options: Mapping[str, Any],
    seconds: float,
) -> dict[str, Setting]:
    options = {**options, "seconds": seconds}
    return {
        STEP: Setting(f"{name}, {STEP}", step, {**step_options, "workload": MEDIUM, "seconds": seconds}),
        NORMS: Setting(f"{name}, {NORMS}", call, {**options, "kind": NORMS}),
        PRODUCT: Setting(f"{name}, {PRODUCT}", call, {**options, "kind": PRODUCT}),
    }


def direction(workload: Workload) -> list[tuple[Floats, Floats]]:
    """The vector that the Hessian is multiplied by, in the shapes of ``parameters``."""
    rng = np.random.default_rng(2)
    return [
        (rng.standard_normal(w.shape, dtype=np.float32), rng.standard_normal(b.shape, dtype=np.float32))
        for w, b in parameters(workload)
    ]


def ours(kind: str, seconds: float) -> Round:
    """Seconds of a whole call."""
    return timed(ours_call(kind), seconds)


def ours_call(kind: str) -> Callable[[], Any]:
    import downslope as ds

    name = {NORMS: "gradient_norms", PRODUCT: "hessian_vector_product"}[kind]
    if not hasattr(ds, name):
        raise Unavailable(f"this version has no ds.{name}")
    given: dict[str, Any] = {"parameters": named(parameters(BATCH))}
    if kind == PRODUCT:
        given["vector"] = named(direction(BATCH))
    net, (x, y) = network(BATCH), data(BATCH)
    return lambda: getattr(ds, name)(net, x, y, **given)


def torch(kind: str, seconds: float, threads: int, compiled: bool) -> Round:
    return timed(torch_call(kind, threads, compiled), seconds)


def torch_call(kind: str, threads: int, compiled: bool = False) -> Callable[[], Any]:
    """torch.func: vmap of grad, and the forward derivative of the gradient."""
    import torch

    model = peers.torch_network(BATCH, threads)
    weights = {name: value.detach() for name, value in model.named_parameters()}
    vector = dict(
        zip(weights, (torch.from_numpy(v) for layer in direction(BATCH) for v in layer), strict=True)
    )
    x, y = map(torch.from_numpy, data(BATCH))

    def error(values: Any, x: Any, y: Any) -> Any:
        return ((torch.func.functional_call(model, values, (x,)) - y) ** 2).mean()

    def norms() -> Any:
        slopes = torch.func.vmap(torch.func.grad(error), (None, 0, 0))(weights, x, y)
        return torch.stack([g.square().flatten(1).sum(1) for g in slopes.values()]).sum(0).sqrt()

    def product() -> Any:
        return torch.func.jvp(lambda w: torch.func.grad(error)(w, x, y), (weights,), (vector,))[1]

    call = norms if kind == NORMS else product
    return torch.compile(call) if compiled else call


def jax(kind: str, seconds: float) -> Round:
    import jax

    call = jax_call(kind)
    return timed(lambda: jax.block_until_ready(call()), seconds)  # type: ignore[no-untyped-call]


def jax_call(kind: str) -> Callable[[], Any]:
    """The same two, jitted."""
    import jax
    import jax.numpy as jnp

    weights = peers.jax_layers(BATCH)
    vector = [(jnp.array(w.T), jnp.array(b)) for w, b in direction(BATCH)]
    x, y = map(jnp.asarray, data(BATCH))
    forward = peers.jax_forward(BATCH)

    def error(layers: Any, x: Any, y: Any) -> Any:
        return jnp.mean((forward(layers, x) - y) ** 2)

    @jax.jit
    def norms(layers: Any, x: Any, y: Any) -> Any:
        slopes = jax.vmap(jax.grad(error), (None, 0, 0))(layers, x, y)
        return jnp.sqrt(sum(jnp.square(g).reshape(len(x), -1).sum(1) for g in jax.tree.leaves(slopes)))

    @jax.jit
    def product(layers: Any, vector: Any, x: Any, y: Any) -> Any:
        return jax.jvp(lambda w: jax.grad(error)(w, x, y), (layers,), (vector,))[1]

    if kind == NORMS:
        return lambda: norms(weights, x, y)
    return lambda: product(weights, vector, x, y)


def gradient_table(asked: Mapping[str, Mapping[str, Setting]], results: Mapping[str, Result]) -> str:
    """Microseconds of each kind, and as steps of the same library."""
    rows = []
    for name, settings in asked.items():
        step, norms, product = (results[s.label].median for s in settings.values())
        row = [name, number(step and step * 1e6)]
        for seconds in (norms, product):
            row += [number(seconds and seconds * 1e6), ratio(seconds, step)]
        rows.append(row)
    return table(["library", "step, µs", "norms, µs", "in steps", "Hessian × vector, µs", "in steps"], rows)


if __name__ == "__main__":
    main()
