"""Predictions of a million rows by the medium network: their rate, and the memory they take.

python benchmarks/predict.py [--rows 1000000] [--memory-rows 100000 1000000 4000000] [--write]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import descents
import peers
from measure import (
    Result,
    Round,
    Setting,
    Unavailable,
    cores,
    fresh_peak,
    interleaved,
    peak_resident,
    timed,
)
from report import (
    NOTHING,
    add_library_option,
    arguments,
    machine,
    notes,
    number,
    publish,
    ratio,
    share,
    table,
    threads_in_words,
    wanted,
)
from workloads import WORKLOADS, Workload, data, named, network, parameters

MEDIUM = WORKLOADS["medium"]
STEP = "Downslope, training step"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory-rows", type=int, nargs="*", default=[100_000, 1_000_000, 4_000_000])
    parser.add_argument("--batch", type=int, default=4096, help="rows that PyTorch and JAX take at a time")
    add_library_option(parser)
    args = parser.parse_args()
    about = machine("downslope", "numpy", "scikit-learn", "torch", "jax")
    peaks = descents.measured_peaks(args.repeats)
    work = replace(MEDIUM, rows=args.rows)
    asked = [s for s in settings(work, args.batch, args.seconds) if wanted(s.label, args.library)]
    step = Setting(STEP, descents.steps, {"workload": MEDIUM, "seconds": args.seconds})
    results = interleaved([*asked, step], args.repeats)
    memory = interleaved(memory_settings(args.memory_rows), 1) if wanted("Downslope", args.library) else {}
    parts = [about, descents.told(peaks), notes(peaks.values())]
    parts += [rate_table(work, results, peaks), notes(results.values())]
    parts += [memory_table(args.memory_rows, memory), notes(memory.values())] if memory else []
    publish("predict", parts, args.write)


def settings(work: Workload, batch: int, seconds: float) -> list[Setting]:
    """Whole calls: from an array of NumPy to an array of NumPy."""
    common = {"workload": work, "seconds": seconds}
    by_torch = [
        Setting(
            f"PyTorch{', compiled' * compiled}, {threads_in_words(threads)}",
            torch,
            {**common, "batch": batch, "compiled": compiled, "threads": threads},
        )
        for compiled in (False, True)
        for threads in dict.fromkeys((1, cores()))
    ]
    others = [Setting("Downslope", ours, common), Setting("scikit-learn", sklearn, common)]
    return [*others, *by_torch, Setting("JAX", jax, {**common, "batch": batch})]


def ours(workload: Workload, seconds: float) -> Round:
    """Seconds of a call of ``ds.predict``."""
    call, x = _predict(workload), data(workload)[0]
    return timed(lambda: call(x), seconds, warm_up=1)


def _predict(workload: Workload) -> Any:
    import downslope as ds

    if not hasattr(ds, "predict"):
        raise Unavailable("this version has no ds.predict")
    net, values = network(workload), named(parameters(workload))
    return lambda x: ds.predict(net, x, parameters=values)


def sklearn(workload: Workload, seconds: float) -> Round:
    """All rows at once, as ``predict`` does it."""
    from sklearn.neural_network import MLPRegressor

    x, y = data(workload)
    model = MLPRegressor(hidden_layer_sizes=workload.widths[1:-1], activation="relu").partial_fit(
        x[:256], y[:256].ravel()
    )
    layers = parameters(workload)
    model.coefs_, model.intercepts_ = [w.T.copy() for w, _ in layers], [b for _, b in layers]
    return timed(lambda: model.predict(x), seconds, warm_up=1)


def torch(workload: Workload, seconds: float, batch: int, threads: int, compiled: bool) -> Round:
    """Batches in inference mode."""
    import torch

    x = torch.from_numpy(data(workload)[0])
    model = peers.torch_network(workload, threads).eval()
    call = torch.compile(model) if compiled else model

    def predict() -> Any:
        out = torch.empty(len(x), 1)
        with torch.inference_mode():
            for begin in range(0, len(x), batch):
                out[begin : begin + batch] = call(x[begin : begin + batch])
        return out.numpy()

    return timed(predict, seconds)


def jax(workload: Workload, seconds: float, batch: int) -> Round:
    """One jitted map over batches."""
    import jax
    import jax.numpy as jnp

    x = data(workload)[0]
    forward, layers = peers.jax_forward(workload), peers.jax_layers(workload)
    whole = len(x) // batch * batch

    @jax.jit
    def predict(layers: Any, x: Any) -> Any:
        batches = x[:whole].reshape(-1, batch, x.shape[1])
        mapped = jax.lax.map(lambda part: forward(layers, part), batches)
        return jnp.concatenate([mapped.reshape(-1, 1), forward(layers, x[whole:])])

    return timed(lambda: np.asarray(predict(layers, x)), seconds)


def rate_table(work: Workload, results: Mapping[str, Result], peaks: dict[str, Result]) -> str:
    """The last column holds the rate of operations against that of Downslope's training steps."""
    peak, step, mine = descents.peak_of(peaks, "float32"), results[STEP].median, results.get("Downslope")
    step_rate = MEDIUM.step_flops / step if step else None
    rows = []
    for label, result in results.items():
        if label == STEP:
            continue
        rate = 2 * work.forward_adds * work.rows / result.median if result.median else None
        rows.append(
            [
                label,
                number(work.rows / result.median / 1e6) if result.median else NOTHING,
                number(rate / 1e9) if rate else NOTHING,
                share(rate, peak),
                share(rate, step_rate),
                ratio(result.median, mine.median if mine else None),
            ]
        )
    rows.append([STEP, NOTHING, number(step_rate / 1e9) if step_rate else NOTHING, share(step_rate, peak)])
    rows[-1] += [share(step_rate, step_rate), NOTHING]
    headings = [
        "library",
        "million rows/s",
        "GFLOP/s",
        "of the peak",
        "of a step's rate",
        "of Downslope's time",
    ]
    return table(headings, rows)


def memory_settings(counts: Sequence[int]) -> list[Setting]:
    """A process for each number of rows."""
    return [
        Setting(f"{rows:,} rows", growth, {"workload": replace(MEDIUM, rows=rows)}, fresh=True)
        for rows in counts
    ]


def growth(workload: Workload) -> Round:
    """MiB that a call of ``ds.predict`` takes at most, beyond its input and its output."""
    call, x = _predict(workload), data(workload)[0]
    call(x[:1000])  # whatever is made once is there before

    def one_round() -> list[float]:
        before = fresh_peak()
        out = call(x)
        return [(peak_resident() - before - out.nbytes) / 2**20]

    return one_round


def memory_table(counts: Sequence[int], results: Mapping[str, Result]) -> str:
    rows = []
    for count, result in zip(counts, results.values(), strict=True):
        given = count * 4 * (MEDIUM.widths[0] + 1) / 2**20
        rows.append([f"{count:,}", number(given), number(result.median)])
    return table(["rows", "input and output, MiB", "beyond them at the peak, MiB"], rows)


if __name__ == "__main__":
    main()
