"""Mutated files of every kind: each is read in bounded time and memory, or refused in words.

    python tests/interchange/mutants.py --count 100000 --seed 0

Half of the mutants have other bytes, which the checksum must find. The others have other content and the
checksum that belongs to it, as files have that somebody made on purpose: they may be another file that is
well formed, and what is read of them must then serve without an error of Python.
"""

import argparse
import copy
import json
import resource
import signal
import struct
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl

import downslope as ds

try:
    from sealed import NO_SUM, seal
except ImportError:  # as a script
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from sealed import NO_SUM, seal

OLD = Path(__file__).parent
ALLOWANCE = 400 << 20  # bytes of address space for a file of kilobytes: mostly stacks of threads and Polars
LONGEST = 5  # seconds on a busy machine
VALUES = [
    -1, 0, 1, 2, 3, 7, 2.5, -0.0, 1e-320, 1e300, float("nan"), float("inf"), -float("inf"), 1 << 30, 1 << 31,
    10**10, 1 << 63, 10**400, True, False, None, "", "x", "\ud800", "a" * 3000, [],
    [0], [1, 1], {}, [[]], {"a": 1},
    "input", "parameter", "concatenate", "take", "columns", "Dense", "Embedding", "Periodic", "Dropout",
]  # fmt: skip
X = np.column_stack([np.linspace(0, 1, 6), np.linspace(-2, 2, 6), [0, 1, 2, 3, 0, 1]])


class Own:
    """A layer of one's own: files hold what it built."""

    def build(self, builder, h):
        h = builder.layer(ds.Dropout(0.3), h)
        scaled = h * builder.parameter("scale", (int(h.shape[1]),), "ones")
        return ds.ops.concatenate(scaled, ds.ops.columns(h, (1, 0)))


def originals(folder):
    """The bytes of a file of every kind, those of older formats among them, by name."""
    net = ds.Network(
        3,
        [ds.Periodic((0,), 2), ds.Embedding((2,), (4,), (2,)), ds.Residual([ds.LayerNorm(), ds.Dense(6)]),
         ds.Dense(1)],
        loss=ds.Huber(0.7),
    )  # fmt: skip
    own = ds.Network(3, [ds.Dense(3, lambda z: z * ds.ops.sum(z, 1, keepdims=True)), Own(), ds.Dense(1)])
    pair = ds.Ensemble([ds.Network(3, [ds.PiecewiseLinear((0,), [[0.0, 0.5, 1.0]]), ds.Dense(1)])] * 2)
    y = np.linspace(0, 1, 6)
    rows = {"a": [*range(60)], "town": ["u", "v", "w"] * 20, "y": np.sin(np.arange(60)).tolist()}
    rows |= {"day": [f"2024-{1 + i % 12:02}-11" for i in range(60)], "kind": ["no", "yes"] * 30}
    rows["street"] = [f"street {i % 15}" for i in range(60)]
    small = {"epochs": 1, "hidden": (2,), "members": 2}
    saved = {
        "network": net,
        "own": own,
        "pair": pair,
        "run": ds.descend(net, X, y, optimizer="adam", steps=4, batch_size=3, validation=0.3, ema_decay=0.5),
        "linear": ds.fit({name: cells[:20] for name, cells in rows.items()}, target="y"),
        "model": ds.fit(rows, target="y", **small),
        "classes": ds.fit(rows, target="kind", **small),
        "models": ds.fit(rows, target=["y", "town"], **small),
    }
    frame = pl.DataFrame({name: cells for name, cells in rows.items() if name != "y"})
    saved["estimator"] = ds.MLPRegressor(hidden_layer_sizes=(3,), max_iter=3).fit(X, y)
    saved["classifier"] = ds.MLPClassifier(hidden_layer_sizes=(3,), max_iter=3).fit(X, ["u", "v", "w"] * 2)
    saved["table"] = ds.TableRegressor(hidden_layer_sizes=(2,), epochs=1, members=2).fit(frame, rows["y"])
    for name, thing in saved.items():
        thing.save(folder / name)
    own.save(folder / "checkpoint", own.initial_parameters(0))
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in (OLD / "old_models" / "table.downslope", *(OLD / "old_files").glob("*.downslope")):
        found[f"old {path.name}"] = path.read_bytes()
    return found, rows


def with_other_bytes(whole, rng):
    """Bits, bytes and blocks changed, moved, cut off or put in; mostly in the header."""
    content = bytearray(whole)
    (length,) = struct.unpack("<Q", whole[:8])
    for _ in range(rng.integers(1, 4)):
        within = [12, min(length + 8, len(content)), len(content)][rng.integers(3)]
        at = int(rng.integers(min(within, len(content)) or 1))
        match rng.integers(6):
            case 0:
                content[at : at + 1] = bytes([int(rng.choice([0, 1, 34, 48, 57, 91, 123, 255]))])
            case 1 if at < len(content):
                content[at] ^= 1 << int(rng.integers(8))
            case 2:
                del content[at : at + int(rng.integers(1, 40))]
            case 3:
                content[at:at] = rng.bytes(int(rng.integers(1, 9)))
            case 4:
                other = int(rng.integers(len(content) or 1))
                content[at : at + 16], content[other : other + 16] = (
                    content[other : other + 16],
                    content[at : at + 16],
                )
            case 5 if rng.random() < 0.3:
                del content[at:]
    return bytes(content)


def with_other_content(whole, other, rng):
    """Sections, arrays or entries of the header changed, with the checksum that belongs to them."""
    header, body = taken_apart(whole)
    texts = header["__metadata__"]
    for _ in range(rng.integers(1, 4)):
        names = [name for name in texts if name != "sha256"]
        name = names[rng.integers(len(names))]
        match rng.integers(8):
            case 0 | 1 | 2 | 3:
                texts[name] = mutated_json(texts[name], rng)
            case 4:  # of another file
                others = taken_apart(other)[0]["__metadata__"]
                texts[name] = others.get(name, texts[name])
            case 5 if rng.random() < 0.3:
                del texts[name]
            case 6:
                mutate_tree(header, rng)
            case 7 if len(body):
                numbers = np.frombuffer(body, np.uint8).copy()
                numbers[rng.integers(len(numbers), size=4)] = rng.choice([0, 127, 255, 240], 4)
                body = numbers.tobytes()
        texts = header.get("__metadata__", {})
        if not isinstance(texts, dict) or not texts:
            break
    if isinstance(texts, dict) and "sha256" in texts:
        texts["sha256"] = NO_SUM
    packed = json.dumps(header).encode()
    content = struct.pack("<Q", len(packed)) + packed + body
    return seal(content) if NO_SUM.encode() in content else content


def taken_apart(whole):
    (length,) = struct.unpack("<Q", whole[:8])
    return json.loads(whole[8 : 8 + length]), whole[8 + length :]


def mutated_json(text, rng):
    """A section with other values, keys or order; sometimes with other letters."""
    if not isinstance(text, str) or rng.random() < 0.05:
        return text[: int(rng.integers(len(text) + 1))] if isinstance(text, str) else text
    try:
        tree = {"": json.loads(text)}
    except ValueError:
        return text
    mutate_tree(tree, rng)
    return json.dumps(tree.get(""))


def mutate_tree(tree, rng):
    """Change one value somewhere in nested lists and dicts."""
    places = list(values_in(tree))
    holder, key = places[rng.integers(len(places))]
    value = holder[key]
    match rng.integers(7):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 1:
            other, place = places[rng.integers(len(places))]
            holder[key] = copy.deepcopy(other[place])
        case 2 if isinstance(value, int | float) and not isinstance(value, bool):
            holder[key] = value * [-1, 2, 10**6, 0.5][rng.integers(4)] + int(rng.integers(2))
        case 3 if isinstance(value, list) and value:
            holder[key] = [value * 2, value[::-1], value[1:], value * 50][rng.integers(4)]
        case 4 if isinstance(value, list | dict):
            nested = value
            for _ in range(int(rng.choice([1, 3, 600]))):
                nested = [nested]
            holder[key] = nested
        case 5 if isinstance(value, str):
            holder[key] = [value + "x", value.upper(), value[1:], value.replace("1", "2")][rng.integers(4)]
        case _:
            holder[key] = copy.deepcopy(VALUES[rng.integers(len(VALUES))])


def values_in(tree):
    """The holder and the key of every value in nested lists and dicts; nothing below a deep one."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        for key, value in list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder)):
            yield holder, key
            if isinstance(value, dict | list):
                waiting.append(value)


def use(found, rows):
    """What a file gave is shown, predicts and trains on; or says in our words why it cannot."""
    assert isinstance(found._repr_html_() + repr(found), str)
    if hasattr(found, "get_params"):  # an estimator
        found.predict(pl.DataFrame(rows) if hasattr(found, "model_") else X)
        return
    if isinstance(found, ds.Model | ds.Models):
        found.predict(rows)
        if isinstance(found, ds.Model):
            str(found.summary)
            found.predict_proba(rows) if found.target.classes else found.predict_interval(rows)
        return
    network = found if isinstance(found, ds.Network | ds.Ensemble) else found.network
    x = X[:, : network.inputs] if network.inputs <= 3 else np.ones((6, min(network.inputs, 2000)))
    start = None if network is found else found
    if start is None and sum(map(np.prod, network.graph().shapes.values())) > 1e6:
        return
    ds.predict(network, x, parameters=start or network.initial_parameters(0))


class Hang(BaseException):
    """A file that takes too long."""


def outcome(content, path, rows, *, whole=None):
    """``"refused"``, ``"read"`` or ``"served"``; raises what is a fault.

    Args:
        content: of the file.
        path: where it is written.
        rows: for models.
        whole: the bytes of the file before, where other bytes must be refused.
    """
    path.write_bytes(content)
    signal.setitimer(signal.ITIMER_REAL, 12 * LONGEST)
    began = time.process_time()
    try:
        what = kept(path, content, rows, whole)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    taken = time.process_time() - began
    assert taken < LONGEST, f"{taken:.1f} s"
    return what


def kept(path, content, rows, whole):
    try:
        found = ds.load(path)
        assert whole is None or content == whole, "other bytes were read"
    except ds.DownslopeError as error:
        if len(str(error)) > 1000:
            raise AssertionError("a message of many letters") from error
        return "refused"
    try:
        use(found, rows)
    except ds.DownslopeError:
        return "read"
    return "served"


def limit_memory():
    """Address space for little more than is in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ALLOWANCE
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def fuzz(count, seed, first=0, only=None, report=None):
    """How many mutants were refused, read, and served, by kind; and the faults with their tracebacks."""

    def hangs(*_):
        raise Hang

    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, hangs)
    counts, faults = Counter(), []
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        files, rows = originals(Path(folder))
        path = Path(folder) / "mutant"
        for name, whole in files.items():
            assert outcome(whole, path, rows) != "refused", name
        limit_memory()
        names = sorted(only or files)
        weights = np.array([1 / len(files[name]) ** 0.5 for name in names])
        for case in range(first, first + count):
            rng = np.random.default_rng((seed, case))
            name, other = rng.choice(names, 2, p=weights / weights.sum())
            way = "bytes" if rng.random() < 0.5 else "content"
            if way == "bytes":
                content = with_other_bytes(files[name], rng)
            else:
                try:
                    content = with_other_content(files[name], files[other], rng)
                except RecursionError:  # deeper than JSON is written
                    continue
            checked = files[name] if way == "bytes" and not name.startswith("old") else None
            try:
                counts[way, outcome(content, path, rows, whole=checked)] += 1
            except (Exception, Hang) as error:
                counts[way, "fault"] += 1
                faults.append((case, name, way, "".join(traceback.format_exception(error)[-4:])))
                if report:
                    report(faults[-1])
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return counts, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="kinds of files, such as model")
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    began = time.monotonic()
    counts, faults = fuzz(
        asked.count, asked.seed, asked.first, asked.only, report=lambda fault: print(*fault, flush=True)
    )
    for (way, what), found in sorted(counts.items()):
        print(f"{way:8} {what:8} {found:8,}")
    print(f"{len(faults)} faults in {asked.count:,} mutants, {time.monotonic() - began:.0f} s")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
