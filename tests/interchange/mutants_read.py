"""Mutated files of ONNX and folders of checkpoints: read in bounded time and memory, or refused in words.

    python tests/interchange/mutants_read.py --count 20000 --seed 0 --what onnx
    python tests/interchange/mutants_read.py --count 20000 --seed 0 --what checkpoints

As ``mutants.py``, whose means they share. A file of ONNX has no checksum: half of its mutants have other
bytes, the others other numbers, texts and messages in the right form. A training goes on from a damaged
folder with the bits of one that was never stopped; from one that somebody made on purpose it goes on, or says
why not.
"""

import argparse
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
from mutants import LONGEST, Hang, X, limit_memory, with_other_bytes, with_other_content

import downslope as ds
from downslope.interchange.exports import fields_of

Y = np.linspace(0, 1, 6)
NET = ds.Network(3, [ds.Dense(4, "tanh"), ds.Dropout(0.2), ds.Dense(1)])
HOW = {"optimizer": "adam", "epochs": 6, "batch_size": 2, "validation": 0.3, "seed": 3}


class Stop(Exception):
    """Ends a training."""


def graphs(folder):
    """The bytes of files of ONNX, of this library and of others, by name."""
    found = {path.name: path.read_bytes() for path in (Path(__file__).parent / "onnx_files").glob("*.onnx")}
    for name, layers in {
        "own": [ds.Dense(5, "gelu"), ds.Dense(2)],
        "softmax": [ds.Dense(4, ds.Elu(0.7)), ds.LayerNorm(), ds.Dense(3)],
    }.items():
        net = ds.Network(3, layers, loss="cross_entropy" if name == "softmax" else "squared_error")
        ds.export(net, folder / "net.onnx", net.initial_parameters(0))
        found[name] = (folder / "net.onnx").read_bytes()
    return found


def with_other_fields(content, rng, depth=0):
    """A message with one field changed, doubled, moved or left out, at any depth; lengths stay right."""
    fields = list(fields_of(content))
    if not fields:
        return content + rng.bytes(2)
    place = int(rng.integers(len(fields)))
    number, value = fields[place]
    if isinstance(value, bytes) and depth < 5 and rng.random() < 0.8:
        try:
            value = with_other_fields(value, rng, depth + 1)
        except Exception:  # text and arrays are no messages
            value = _other_text(value, rng)
    elif isinstance(value, bytes):
        value = _other_text(value, rng)
    else:
        value = int(rng.choice([0, 1, 2, 3, 7, 11, 255, 1 << 31, (1 << 63) - 1])) + int(rng.integers(2))
    changed = [(number, value)]
    match rng.integers(8):
        case 0:
            changed = []
        case 1:
            changed *= 2
        case 2:
            changed = [(int(rng.integers(1, 16)), value)]
    fields[place : place + 1] = changed
    if rng.random() < 0.1:
        rng.shuffle(fields)
    return b"".join(_field(*each) for each in fields)


def _other_text(value, rng):
    other = [b"", value + b"x", value * 3, value[1:], value[::-1], b"MatMul", b"Add", b"Concat", b"Reshape"]
    return other[rng.integers(len(other))]


def _field(number, value):
    if isinstance(value, bytes):
        return _whole(number << 3 | 2) + _whole(len(value)) + value
    return _whole(number << 3) + _whole(int(value))


def _whole(value):
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def read_graph(files, rng, folder):
    """What becomes of a mutant of a file of ONNX."""
    whole = files[sorted(files)[rng.integers(len(files))]]
    way = "bytes" if rng.random() < 0.5 else "fields"
    content = with_other_bytes(_headed(whole), rng)[8:] if way == "bytes" else with_other_fields(whole, rng)
    path = folder / "mutant.onnx"
    path.write_bytes(content)
    try:
        found = ds.from_onnx(path)
        if isinstance(found.network, ds.Network) and found.network.inputs < 3000:
            ds.predict(found.network, np.ones((2, found.network.inputs)), parameters=found)
    except ds.DownslopeError as error:
        return way, _refused(error)
    return way, "read"


def _refused(error):
    assert len(str(error)) < 1500, "a message of many letters"
    return "refused"


def _headed(whole):
    """With a length before it, as ``with_other_bytes`` expects."""
    return len(whole).to_bytes(8, "little") + whole


def stopped_folder(folder):
    """The files of a training that was stopped on its way, and how it would have ended."""

    def ends(progress):
        if progress.step >= 8:
            raise Stop

    path = folder / "original"
    with suppress(Stop):
        ds.descend(NET, X, Y, checkpoint=ds.Checkpoint(path, every="1 epoch", keep=3), progress=ends, **HOW)
    files = {file.name: file.read_bytes() for file in path.glob("*.downslope")}
    assert len(files) > 1
    return files, ds.descend(NET, X, Y, **HOW)


def go_on(stopped, rng, folder):
    """What becomes of a training in a folder with mutants."""
    files, wanted = stopped
    path = folder / "mutant"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    way, names = "bytes" if rng.random() < 0.5 else "content", sorted(files)
    chosen = set(rng.choice(names, int(rng.integers(1, len(names) + 1)), replace=False))
    for name, content in files.items():
        if name in chosen and way == "bytes":
            content = with_other_bytes(content, rng)
        elif name in chosen:
            content = with_other_content(content, files[names[rng.integers(len(names))]], rng)
        if name in chosen and rng.random() < 0.1:
            name = ["000.downslope", "001-000009.downslope", "000-999999.downslope"][rng.integers(3)]
        (path / name).write_bytes(content)
    try:
        found = ds.descend(NET, X, Y, checkpoint=ds.Checkpoint(path, resume=True), **HOW)
    except ds.DownslopeError as error:
        return way, _refused(error)
    same = all(np.array_equal(found.parameters[n], v) for n, v in wanted.parameters.items())
    assert same or way == "content", "a training went on from other bytes"
    return way, "the same bits" if same else "other bits"


KINDS = {"onnx": (graphs, read_graph), "checkpoints": (stopped_folder, go_on)}


def fuzz(what, count, seed, first=0, report=print):
    """How many mutants were refused and read, by way; and the faults."""

    def hangs(*_):
        raise Hang

    make, outcome = KINDS[what]
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, hangs)
    counts, faults = Counter(), 0
    with tempfile.TemporaryDirectory() as name, np.errstate(all="ignore"):
        folder = Path(name)
        given = make(folder)
        limit_memory()
        for case in range(first, first + count):
            rng = np.random.default_rng((seed, case))
            signal.setitimer(signal.ITIMER_REAL, 12 * LONGEST)
            began = time.process_time()
            try:
                counts[outcome(given, rng, folder)] += 1
                taken = time.process_time() - began
                assert taken < LONGEST, f"{taken:.1f} s"
            except RecursionError as error:
                if "json" not in "".join(traceback.format_exception(error)):  # deeper than JSON is written
                    raise
            except (Exception, Hang) as error:
                faults += 1
                report(case, "".join(traceback.format_exception(error)[-4:]))
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    return counts, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=KINDS, default="onnx")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    counts, faults = fuzz(asked.what, asked.count, asked.seed, asked.first)
    for (way, what), found in sorted(counts.items()):
        print(f"{way:8} {what:14} {found:8,}")
    print(f"{faults} faults in {asked.count:,} mutants")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
