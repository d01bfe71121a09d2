"""Time per training step on one GPU, beside PyTorch and JAX on the same one.

python benchmarks/gpu.py [--workload small medium wide deep ensemble] [--library NAME ...] [--check] [--write]

Every library has a process of its own for every workload. Those of the deep one get ready at the same time,
which compiles, and are then measured one after the other, in turns; after them the others.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from peers import jax_training
from report import NOTHING, add_library_option, arguments, number, publish, ratio, table, wanted
from workloads import RATE, WORKLOADS, Workload, data, named, network, parameters

DEVICE = "cuda"
MEMBERS = 32
GPU_WORKLOADS = {
    **{name: WORKLOADS[name] for name in ("small", "medium", "wide")},
    "deep": replace(WORKLOADS["deep"], batch=8192, rows=65536),
    "ensemble": WORKLOADS["small"],
}
PRECISIONS = {"small": ["tf32"], "medium": ["tf32"], "wide": ["tf32"], "ensemble": ["tf32"]}
PRECISIONS["deep"] = ["tf32", "bfloat16"]
TUNED = ("ensemble, tf32", "deep, tf32")
"""Where PyTorch is also compiled with max-autotune, which tries kernels for more than a minute."""

Epoch = Callable[[], object]
"""Trains some epochs, and returns when the GPU is done."""


def ours(name: str, precision: str) -> tuple[Epoch, int]:
    """The steps of whole calls of ``ds.descend``, less those of shorter calls."""
    import torch

    import downslope as ds

    workload = GPU_WORKLOADS[name]
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    x, y = data(workload)
    net, start = network(workload), named(parameters(workload))
    if name == "ensemble":
        start = {f"member{m}.{k}": v for m in range(1, MEMBERS + 1) for k, v in start.items()}
        net = ds.Ensemble([net] * MEMBERS)

    def descend(epochs: int) -> float:
        begun = time.perf_counter()
        ds.descend(
            *(net, x, y),
            start=start,
            learning_rate=RATE,
            epochs=epochs,
            batch_size=workload.batch,
            optimizer=workload.optimizer,
            engine="torch",
            device=DEVICE,
            **({"precision": "bfloat16"} if precision == "bfloat16" else {}),
        )
        return time.perf_counter() - begun

    few, many = (2, 42) if name == "deep" else (10, 60)
    descend(few)
    return lambda: descend(many) - descend(few), (many - few) * workload.steps


def pytorch(name: str, precision: str, mode: str = "") -> tuple[Epoch, int]:
    """Modules and fused optimizers; compiled, the whole step is one graph with the update written out."""
    import torch

    workload = GPU_WORKLOADS[name]
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    cuda = torch.device(DEVICE)
    x, y = (torch.from_numpy(a).to(cuda) for a in data(workload))
    activation = {"relu": torch.relu, "sigmoid": torch.sigmoid}[workload.activation]
    members = MEMBERS if name == "ensemble" else 0
    weights = []
    for w, b in parameters(workload):
        for value in (w.T.copy(), b):
            stacked = np.stack([value] * members) if members else value
            weights.append(torch.from_numpy(stacked).to(cuda).requires_grad_())

    def forward(values: Any, a: Any) -> Any:
        for i in range(0, len(values), 2):
            w, b = values[i], values[i + 1]
            if not members:
                a = torch.addmm(b, a, w)
            else:
                a = torch.baddbmm(b[:, None, :], a.expand(members, *a.shape[-2:]), w)
            a = activation(a) if i < len(values) - 2 else a
        return a

    def loss(values: Any, rows: Any) -> Any:
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            out = forward(values, x[rows])
        return ((out.float() - y[rows]) ** 2).mean()

    step = (partial(_compiled, mode=mode) if mode else _eager)(workload, weights, loss)

    def epoch() -> None:
        order = torch.randperm(workload.rows, device=cuda)
        for begin in range(0, workload.rows, workload.batch):
            step(order[begin : begin + workload.batch])
        torch.accelerator.synchronize()

    for _ in range(3):
        epoch()
    return epoch, workload.steps


def _eager(workload: Workload, weights: list[Any], loss: Callable[..., Any]) -> Callable[[Any], Any]:
    import torch

    chosen = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[workload.optimizer]
    optimizer = chosen(weights, lr=RATE, fused=True)

    def step(rows: Any) -> Any:
        optimizer.zero_grad(set_to_none=True)
        error = loss(weights, rows)
        error.backward()
        optimizer.step()
        return error

    return step


def _compiled(workload: Workload, weights: list[Any], loss: Callable[..., Any], mode: str) -> Any:
    """Gather, forward, backward and update as one graph, which CUDA graphs replay."""
    import torch

    values = [w.detach() for w in weights]
    m, v = ([torch.zeros_like(w) for w in values] for _ in range(2))
    count = torch.zeros((), device=DEVICE)
    for tensor in (*values, *m, *v, count):
        torch._dynamo.mark_static_address(tensor)

    @torch.compile(fullgraph=True, mode=mode)
    def step(rows: Any) -> Any:
        slopes, error = torch.func.grad_and_value(loss)(values, rows)
        count.add_(1)
        for i, slope in enumerate(slopes):
            if workload.optimizer == "sgd":
                values[i].sub_(slope, alpha=RATE)
                continue
            m[i].lerp_(slope, 0.1)
            v[i].lerp_(slope * slope, 0.001)
            size = (v[i] / (1 - 0.999**count)).sqrt() + 1e-8
            values[i].sub_(RATE * (m[i] / (1 - 0.9**count)) / size)
        return error

    def without_record(rows: Any) -> Any:
        with torch.no_grad():
            return step(rows)

    return without_record


def jax(name: str, precision: str) -> tuple[Epoch, int]:
    """An epoch is one jitted scan over its batches, with its arguments donated."""
    import jax

    jax.config.update("jax_default_matmul_precision", "tensorfloat32" if precision == "tf32" else "highest")
    workload = GPU_WORKLOADS[name]
    epoch = jax_training(workload, precision, members=MEMBERS if name == "ensemble" else 0).epoch
    for _ in range(3):
        epoch()
    return epoch, workload.steps


LIBRARIES: dict[str, Callable[[str, str], tuple[Epoch, int]]] = {
    "Downslope": ours,
    "PyTorch": pytorch,
    "PyTorch, compiled, reduce-overhead": partial(pytorch, mode="reduce-overhead"),
    "PyTorch, compiled, max-autotune": partial(pytorch, mode="max-autotune"),
    "JAX": jax,
}

_ready: dict[str, Any] = {}  # of this process


def get_ready(library: str, workload: str, precision: str) -> float | str:
    """Seconds until a library has compiled and warmed up, or why it cannot."""
    begun = time.perf_counter()
    _ready.clear()
    try:
        _ready["epoch"], _ready["steps"] = LIBRARIES[library](workload, precision)
    except Exception as error:  # what stops a library must not stop the others
        return f"{type(error).__name__}: {str(error)[:300]}"
    return time.perf_counter() - begun


def one_round(seconds: float) -> list[float]:
    """Seconds of a step, in as many calls as begin within so many seconds."""
    found: list[float] = []
    first = time.perf_counter()
    while not found or time.perf_counter() - first < seconds:
        begun = time.perf_counter()
        told = _ready["epoch"]()
        found.append((told if isinstance(told, float) else time.perf_counter() - begun) / _ready["steps"])
    return found


def largest_differences() -> list[list[str]]:
    """How far the losses of the torch engine are from those of another engine, for the same seed."""
    import downslope as ds

    rng = np.random.default_rng(0)
    x = rng.standard_normal((1000, 20))
    y = np.sin(x[:, :1]) + 0.1 * rng.standard_normal((1000, 1))
    small = ds.Network(20, [ds.Dense(32, "silu"), ds.Dropout(0.2), ds.Dense(32, "gelu"), ds.Dense(1)])
    wide = ds.Network(20, [ds.Dense(300, "tanh"), ds.LayerNorm(), ds.Dropout(0.1), ds.Dense(1)], l2=1e-3)
    networks = {"small, dropout": small, "wide, dropout": wide, "8 members": ds.Ensemble([small] * 8)}
    rows = []
    for label, net in networks.items():
        for precision in ("float64", "float32"):
            settings = {"optimizer": "adam", "batch_size": 128, "steps": 100, "precision": precision}
            runs = [ds.descend(net, x, y, engine=e, **settings) for e in ("reference", "torch")]
            off = np.max(np.abs(runs[1].losses / runs[0].losses - 1))
            rows.append([label, precision, f"{off:.1e}"])
    return rows


def measured(group: list[str], libraries: list[str], repeats: int, seconds: float) -> dict[str, Any]:
    """By workload and precision, and by library: the seconds of a step, and those until it was ready."""
    context = multiprocessing.get_context("spawn")
    cases = [(name, precision) for name in group for precision in PRECISIONS[name]]
    keys = [(case, lib) for case in cases for lib in libraries]
    keys = [(case, lib) for case, lib in keys if "max-autotune" not in lib or ", ".join(case) in TUNED]
    workers = {key: ProcessPoolExecutor(1, mp_context=context) for key in keys}
    waiting = {key: worker.submit(get_ready, key[1], *key[0]) for key, worker in workers.items()}
    found: dict[str, Any] = {f"{name}, {precision}": {} for name, precision in cases}
    for ((name, precision), lib), future in waiting.items():
        found[f"{name}, {precision}"][lib] = {"ready": future.result(), "steps": []}
    for _ in range(repeats):
        for ((name, precision), lib), worker in workers.items():
            result = found[f"{name}, {precision}"][lib]
            if isinstance(result["ready"], float):
                result["steps"] += worker.submit(one_round, seconds).result()
    for worker in workers.values():
        worker.shutdown()
    return found


def markdown(found: dict[str, Any]) -> str:
    """A table for each workload."""
    parts = []
    for workload, libraries in found.items():
        medians = {lib: statistics.median(r["steps"]) for lib, r in libraries.items() if r["steps"]}
        rows, notes = [], []
        for lib, result in libraries.items():
            median = medians.get(lib)
            if isinstance(result["ready"], str):
                notes.append(f"{lib}: {result['ready']}")
            spread = np.quantile(result["steps"], [0.25, 0.75]) * 1e6 if result["steps"] else None
            rows.append(
                [
                    lib,
                    number(median * 1e6) if median else NOTHING,
                    f"{spread[0]:.4g} – {spread[1]:.4g}" if spread is not None else NOTHING,
                    ratio(median, medians.get("Downslope")),
                    f"{result['ready']:.0f}" if isinstance(result["ready"], float) else NOTHING,
                ]
            )
        head = ["library", "µs per step", "quartiles", "of Downslope's time", "s until ready"]
        parts += [f"### {workload}", table(head, rows), *notes]
    return "\n\n".join(parts)


def card() -> str:
    """The GPU, and the versions of what ran on it."""
    import torch

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{name}; Python {sys.version.split()[0]}, torch {torch.__version__}."


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--workload", nargs="*", choices=GPU_WORKLOADS, default=list(GPU_WORKLOADS))
    parser.add_argument("--check", action="store_true", help="compare losses with another engine's first")
    parser.add_argument("--json", type=Path, help="also write all figures to a file")
    add_library_option(parser)
    args = parser.parse_args()
    parts = [card()]
    if args.check:
        head = ["network", "precision", "largest difference of a loss"]
        parts += ["### Losses beside the reference engine's", table(head, largest_differences())]
        print(parts[-1], flush=True)
    libraries = [name for name in LIBRARIES if wanted(name, args.library)]
    found: dict[str, Any] = {}
    for group in (["deep"], ["small", "medium", "wide", "ensemble"]):
        some = measured([n for n in group if n in args.workload], libraries, args.repeats, args.seconds)
        print(markdown(some), file=sys.stderr, flush=True)
        found |= some
        if args.json:
            args.json.write_text(json.dumps(found))
    publish("gpu", [*parts, markdown(found)], args.write)


if __name__ == "__main__":
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the libraries share the GPU's memory
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "8")  # many compile at the same time
    main()
