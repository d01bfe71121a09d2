"""What a second thread gives, whether it changes a bit, and fits side by side.

python benchmarks/threads.py [--threads 1 2] [--workload small medium wide deep] [--write]
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec

import descents
from measure import Result, Round, Setting, Unavailable, cores, interleaved
from report import NOTHING, arguments, machine, notes, number, publish, ratio, table, threads_in_words
from workloads import WORKLOADS, Workload

MEDIUM = WORKLOADS["medium"]
ALONE, TOGETHER = "one after another", "side by side"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--threads", type=int, nargs="*", default=sorted({1, cores()}))
    parser.add_argument("--workload", nargs="*", choices=list(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--epochs", type=int, default=20, help="of each fit, and before bits are compared")
    parser.add_argument("--fits", type=int, default=cores(), help="how many run side by side")
    args = parser.parse_args()
    parts = [machine("downslope", "numpy", "joblib")]
    times, bits = [], []
    for name in args.workload:
        work = WORKLOADS[name]
        times.append(interleaved(step_settings(work, args.threads, args.seconds), args.repeats))
        bits.append(interleaved(bit_settings(work, args.threads, args.epochs), 1))
    parts += ["### Threads", thread_table(args.workload, args.threads, times, bits)]
    parts += [notes(r for results in (*times, *bits) for r in results.values())]
    fits = interleaved(fit_settings(args.fits, args.epochs), args.repeats)
    parts += [f"### {args.fits} fits of {args.epochs} epochs of the medium network", fit_table(fits)]
    publish("threads", [*parts, notes(fits.values())], args.write)


def with_threads(count: int) -> dict[str, str]:
    return {"OMP_NUM_THREADS": str(count)}


def step_settings(work: Workload, counts: Sequence[int], seconds: float) -> list[Setting]:
    options = {"workload": work, "seconds": seconds}
    return [Setting(threads_in_words(n), descents.steps, options, with_threads(n)) for n in counts]


def bit_settings(work: Workload, counts: Sequence[int], epochs: int) -> list[Setting]:
    """The deep network is trained on fewer rows, which is as good for its bits."""
    options = {"workload": replace(work, rows=min(work.rows, 4 * work.batch)), "epochs": epochs}
    return [
        Setting(f"bits of {threads_in_words(n)}", descents.digest, options, with_threads(n), fresh=True)
        for n in counts
    ]


def thread_table(
    names: Sequence[str],
    counts: Sequence[int],
    times: Sequence[Mapping[str, Result]],
    bits: Sequence[Mapping[str, Result]],
) -> str:
    rows = []
    for name, timed, hashed in zip(names, times, bits, strict=True):
        medians = [result.median for result in timed.values()]
        cells = [number(m and m * 1e6) for m in medians]
        rows.append([name, *cells, ratio(medians[0], medians[-1]), same(list(hashed.values()))])
    headings = [f"{threads_in_words(n)}, µs per step" for n in counts]
    return table(["workload", *headings, "speed-up", "same bits"], rows)


def same(results: Sequence[Result]) -> str:
    """Whether everyone has the same hash."""
    if any(result.note for result in results):
        return NOTHING
    return "yes" if len({figure for result in results for figure in result.figures}) == 1 else "NO"


def fit_settings(count: int, epochs: int) -> list[Setting]:
    """One after another with one thread and with all, and side by side as joblib divides the threads."""
    options = {"count": count, "epochs": epochs}
    alone = [
        Setting(f"{ALONE}, {threads_in_words(n)}", one_after_another, options, with_threads(n))
        for n in dict.fromkeys((1, cores()))
    ]
    return [*alone, Setting(f"{TOGETHER} in joblib", side_by_side, options)]


def one_after_another(count: int, epochs: int) -> Round:
    descents.descent(MEDIUM, 1)

    def one_round() -> list[float]:
        start = time.perf_counter()
        for _ in range(count):
            descents.descent(MEDIUM, epochs)
        return [time.perf_counter() - start]

    return one_round


def side_by_side(count: int, epochs: int) -> Round:
    """Processes of loky, started before the clock and gone after; joblib gives each its share of threads."""
    if not find_spec("joblib"):
        raise Unavailable("joblib is not installed")
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    def one_round() -> list[float]:
        pool = Parallel(n_jobs=count, backend="loky")
        pool(delayed(descents.descent)(MEDIUM, 1) for _ in range(count))
        start = time.perf_counter()
        pool(delayed(descents.descent)(MEDIUM, epochs) for _ in range(count))
        seconds = time.perf_counter() - start
        get_reusable_executor().shutdown(wait=True)
        return [seconds]

    return one_round


def fit_table(results: Mapping[str, Result]) -> str:
    first = next(iter(results.values())).median
    rows = [[label, number(r.median), ratio(first, r.median)] for label, r in results.items()]
    return table(["fits", "seconds", "speed-up"], rows)


if __name__ == "__main__":
    main()
