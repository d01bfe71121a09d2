"""The doctor on planted faults and on healthy runs: found, first named right, mended, false alarms.

python benchmarks/doctor/bench.py [--half scored] [--share 0.1] [--code CODE ...] [--list]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from statistics import median

from planted import HALVES, Case, cases

from downslope import DownslopeError
from downslope.insight.diagnosis import Call, Yardstick, examine
from peers import MEANS, PEERS, history

_HARMLESS = 1.1  # times the error of the healthy twin: a fault that does no more harm is none
_SLACK = 0.01  # of the error of the best constant
_ROBUST = ("huber", "absolute_error")


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes:
        named: the codes of its faults, the first to mend in front.
        twin, faulty, mended: scores: the error as a share of that of the best constant.
        seconds: that the examination took.
        failure: the error, where it raised one.
        peers: what the rules of other tools say.
    """

    case: Case
    named: Sequence[str]
    twin: float
    faulty: float
    mended: float
    seconds: float
    failure: str = ""
    peers: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def harmless(self) -> bool:
        """Whether the planted fault does no harm."""
        return self.faulty <= _HARMLESS * self.twin + _SLACK

    @property
    def found(self) -> bool:
        """Whether the planted fault is among those that are named."""
        return self.case.code in self.named

    @property
    def first(self) -> bool:
        """Whether it is named first."""
        return self.named[:1] == [self.case.code]

    @property
    def verified(self) -> bool:
        """Whether the run with all remedies is as good as the healthy twin's."""
        return self.mended <= _HARMLESS * self.twin + _SLACK


def outcome(case: Case) -> Outcome | None:
    """Examine a case; None where the table cannot have it."""
    os.environ["OMP_NUM_THREADS"] = "1"
    call = case.call
    if call is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _outcome(case, call)
    except (DownslopeError, ArithmeticError, ValueError, AssertionError, IndexError) as error:
        return Outcome(case, [], 0, 1, 1, 0, f"{type(error).__name__}: {error}")


def _outcome(case: Case, call: Call) -> Outcome:
    run = call.run()
    found = examine(call, run, prove=True, seconds=None)
    faults = [finding for finding in found.findings if finding.severity == "fault"]
    mended, past = found.score, history(call)
    proven = [finding for finding in faults if finding.stated != "suspected"]
    if proven:
        given = dict(proven[-1].remedied)
        last = Call(*(given.pop(name) for name in ("network", "x", "y")), given)
        mended = _score(last, call.network.loss)
    return Outcome(
        case,
        [finding.code for finding in faults],
        _score(_twin(case, call)) if case.code else found.score,
        found.score,
        mended,
        found.seconds,
        peers={name: rules(call, past) for name, rules in PEERS.items()},
    )


def _twin(case: Case, call: Call) -> Call:
    """The healthy call, judged as the case is: where that has no validation, by its last epoch."""
    return case.twin if call.has_validation else case.twin.with_settings(validation=None)


def _score(call: Call, asked: object = None) -> float:
    """That of a call; where a remedy made the loss a robust one, by the loss that was asked for."""
    if not call.has_validation:
        call = call.with_rows_apart()
    run, network = call.run(), call.network
    if network.loss_function.name in _ROBUST:
        call = call.with_network(replace(network, loss=asked or network.loss))
    return 1e6 if run.stopped == "not finite" else Yardstick(call).score(call, run)


def report(outcomes: Sequence[Outcome]) -> str:
    """The tables, in Markdown."""
    planted = [o for o in outcomes if o.case.severity and not o.harmless]
    healthy = [o for o in outcomes if not o.case.severity]
    lines = [
        "| fault | runs | found | named first | first and mended |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    by_code: dict[str, list[Outcome]] = defaultdict(list)
    for each in planted:
        by_code[each.case.code].append(each)
    for code in sorted(by_code):
        lines.append(_row(code, by_code[code]))
    lines.append(_row("all", planted))
    harmless = sum(1 for o in outcomes if o.case.severity) - len(planted)
    alarms = [o for o in healthy if o.named]
    alarmed = f"{len(alarms)} of {len(healthy)} healthy runs{_counted(o.named[0] for o in alarms)}"
    took = [o.seconds for o in outcomes]
    lines += ["", f"Planted without harm, not counted: {harmless}. False alarms: {alarmed}."]
    lines += ["", "| rules of | found | named first | false alarms |", "| --- | ---: | ---: | ---: |"]
    lines.append(_peer("Downslope", planted, healthy, lambda outcome: outcome.named, _same))
    for name in PEERS:
        lines.append(
            _peer(name, planted, healthy, lambda outcome, name=name: outcome.peers.get(name, ()), _means)
        )
    lines += ["", f"Seconds of an examination: median {median(took):.2f}, largest {max(took):.2f}."]
    return "\n".join(lines)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    count = len(outcomes)
    if not count:
        return f"| {name} | 0 | – | – | – |"
    right = sum(o.first and o.verified for o in outcomes)
    shares = (sum(o.found for o in outcomes), sum(o.first for o in outcomes), right)
    return f"| {name} | {count} | " + " | ".join(f"{100 * share / count:.0f} %" for share in shares) + " |"


def _peer(
    name: str,
    planted: Sequence[Outcome],
    healthy: Sequence[Outcome],
    said: Callable[[Outcome], Sequence[str]],
    right: Callable[[str, str], bool],
) -> str:
    """The row of a tool: whether it says anything of a fault, and whether what it says first can mean it."""
    found = sum(bool(said(o)) for o in planted)
    first = sum(bool(said(o)) and right(said(o)[0], o.case.code) for o in planted)
    alarms = sum(bool(said(o)) for o in healthy)
    shares = [f"{100 * part / max(len(of), 1):.0f} %" for part, of in ((found, planted), (first, planted))]
    return f"| {name} | {shares[0]} | {shares[1]} | {alarms} of {len(healthy)} |"


def _same(said: str, code: str) -> bool:
    return said == code


def _means(said: str, code: str) -> bool:
    return code in MEANS[said]


def _counted(codes: Iterable[str]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for code in codes:
        counts[code] += 1
    return f" ({', '.join(f'{code} {count}' for code, count in sorted(counts.items()))})" if counts else ""


def _kept(path: str | None) -> Iterator[Outcome]:
    """The outcomes in a file of an earlier call."""
    if path and os.path.exists(path):
        with open(path) as file:
            for line in file:
                read = json.loads(line)
                yield Outcome(**{**read, "case": Case(**read["case"])})


def main() -> None:
    """Examine the cases of a half, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--half", choices=HALVES, default="development")
    parser.add_argument("--share", type=float, default=1.0, help="of the cases, drawn")
    parser.add_argument("--code", nargs="*", default=None, help="only these faults, and the healthy runs")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--list", action="store_true", help="print what was missed")
    parser.add_argument("--json", help="keep the outcomes in this file, a line each, and go on from it")
    asked = parser.parse_args()
    wanted = [c for c in cases(asked.half) if asked.code is None or not c.severity or c.code in asked.code]
    drawn = random.Random(0).sample(wanted, max(1, round(asked.share * len(wanted))))
    outcomes = list(_kept(asked.json))
    known = {each.case for each in outcomes}
    left = [case for case in drawn if case not in known]
    with ProcessPoolExecutor(asked.workers) as pool, open(asked.json or os.devnull, "a") as file:
        for done, each in enumerate(pool.map(outcome, left, chunksize=4), 1):
            if each is not None:
                outcomes.append(each)
                print(json.dumps(asdict(each)), file=file, flush=True)
            print(f"\r{done:,} of {len(left):,}", end="", file=sys.stderr)
    print(file=sys.stderr)
    print(report(outcomes))
    if asked.list:
        for each in outcomes:
            missed = each.case.severity and not each.harmless and not (each.first and each.verified)
            if missed or each.failure or (not each.case.severity and each.named):
                scores = f"twin {each.twin:.3g}, faulty {each.faulty:.3g}, mended {each.mended:.3g}"
                print(each.case, "->", ", ".join(each.named) or "healthy", f"({scores})", each.failure)


if __name__ == "__main__":
    main()
