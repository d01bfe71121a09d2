"""Time per training step of five workloads, beside the libraries one would use instead.

python benchmarks/steps.py [--workload neuron small medium wide deep] [--library NAME ...] [--write]
"""

from __future__ import annotations

from collections.abc import Mapping

import descents
import peers
from measure import Result, Setting, cores, interleaved
from report import (
    NOTHING,
    add_library_option,
    arguments,
    machine,
    notes,
    number,
    processor_has,
    publish,
    ratio,
    share,
    table,
    threads_in_words,
    wanted,
)
from workloads import NEURON_STEPS, WORKLOADS, Workload

PACKAGES = ("downslope", "numpy", "scikit-learn", "torch", "jax")
# NumPy's OpenBLAS takes its AVX2 kernels on processors that it does not know
AVX512 = {"OPENBLAS_CORETYPE": "SkylakeX"}
AVX512_SUFFIX = ", AVX-512 forced"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument(
        "--workload", nargs="*", choices=["neuron", *WORKLOADS], default=["neuron", *WORKLOADS]
    )
    add_library_option(parser)
    args = parser.parse_args()
    parts = [machine(*PACKAGES)]
    if any(name != "neuron" for name in args.workload):
        peaks = descents.measured_peaks(args.repeats)
        parts += [descents.told(peaks), notes(peaks.values())]
    for name in args.workload:
        settings = neuron_settings(args.seconds) if name == "neuron" else layer_settings(name, args.seconds)
        results = interleaved([s for s in settings if wanted(s.label, args.library)], args.repeats)
        if name == "neuron":
            parts += ["### neuron", neuron_table(results), notes(results.values())]
        else:
            parts += [f"### {name}", layer_table(WORKLOADS[name], results, peaks), notes(results.values())]
    publish("steps", parts, args.write)


def neuron_settings(seconds: float) -> list[Setting]:
    """Whole calls of 1000 steps on five rows."""
    by_hand = [
        Setting(label, peers.neuron_calls, {"library": library, "seconds": seconds})
        for label, library in (("NumPy", "numpy"), ("NumPy, textbook loop", "textbook"), ("JAX", "jax"))
    ]
    again = Setting("Downslope", descents.neuron_again, {"seconds": seconds})
    first = Setting("Downslope, first call", descents.neuron_first, fresh=True)
    options = {"library": "jax", "seconds": 0, "warm_up": 0}
    jax_first = Setting("JAX, first call", peers.neuron_calls, options, fresh=True)
    return [again, first, *by_hand, jax_first]


def layer_settings(name: str, seconds: float) -> list[Setting]:
    """Everyone at every setting that may be their best."""
    common = {"workload": WORKLOADS[name], "seconds": seconds}
    ours = [
        Setting(f"Downslope{suffix(p)}", descents.steps, {**common, "precision": p}, precision=p)
        for p in descents.PRECISIONS
    ]
    blas = [
        Setting(f"{label}{forced}", peers.steps, {**common, "library": library}, environment)
        for label, library in (("NumPy by hand", "numpy"), ("scikit-learn", "sklearn"))
        for forced, environment in openblas_kernels().items()
    ]
    jax = [
        Setting(f"JAX{suffix(p)}", peers.steps, {**common, "library": "jax", "precision": p}, precision=p)
        for p in descents.PRECISIONS
    ]
    return [*ours, *blas, *torch_settings(common), *jax]


def openblas_kernels() -> dict[str, dict[str, str]]:
    """As OpenBLAS chooses them, and where the processor has AVX-512 also told to use it."""
    return {"": {}, AVX512_SUFFIX: AVX512} if processor_has("avx512f") else {"": {}}


def torch_settings(common: Mapping[str, object]) -> list[Setting]:
    """float32 and bfloat16 autocast, eager and compiled, on one thread and on all."""
    return [
        Setting(
            f"PyTorch{suffix(precision)}{', compiled' * compiled}, {threads_in_words(threads)}",
            peers.steps,
            {
                **common,
                "library": "torch",
                "threads": threads,
                "compiled": compiled,
                "autocast": precision == "bfloat16",
            },
            precision=precision,
        )
        for precision in descents.PRECISIONS
        for compiled in (False, True)
        for threads in dict.fromkeys((1, cores()))
    ]


def suffix(precision: str) -> str:
    return "" if precision == "float32" else f" {precision}"


def neuron_table(results: Mapping[str, Result]) -> str:
    ours = results.get("Downslope")
    rows = [
        [label, number(micros(r.median)), ratio(r.median, ours.median if ours else None)]
        for label, r in results.items()
    ]
    return table(["library", f"µs per {NEURON_STEPS} steps", "of Downslope's time"], rows)


def layer_table(workload: Workload, results: Mapping[str, Result], peaks: dict[str, Result]) -> str:
    """Bfloat16 is held against the peak and Downslope's time of bfloat16."""
    rows = []
    for label, result in results.items():
        precision = result.setting.precision
        ours = results.get(f"Downslope{suffix(precision)}")
        rate = workload.step_flops / result.median if result.median else None
        rows.append(
            [
                label,
                number(micros(result.median)),
                number(rate / 1e9) if rate else NOTHING,
                share(rate, descents.peak_of(peaks, precision)),
                ratio(result.median, ours.median if ours else None),
            ]
        )
    return table(["library", "µs per step", "GFLOP/s", "of the peak", "of Downslope's time"], rows)


def micros(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e6


if __name__ == "__main__":
    main()
