"""Mutants of files of every kind are refused in words, or read in bounded time and memory."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope._files import read_file
from sealed import sealed

SCRIPT = Path(__file__).parent / "mutants.py"
ROWS = {"a": [*range(60)], "town": ["u", "v", "w"] * 20, "y": np.sin(np.arange(60)).tolist()}


@pytest.mark.thorough
@pytest.mark.parametrize("count", [6, pytest.param(5000, marks=pytest.mark.thorough)])
def test_mutants_are_refused_or_read(count):
    command = [sys.executable, str(SCRIPT), "--count", str(count), "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"0 faults in {count:,} mutants" in done.stdout


@pytest.mark.thorough
@pytest.mark.parametrize("count", [4, pytest.param(3000, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("what", ["onnx", "checkpoints"])
def test_mutants_of_what_is_read_otherwise(what, count):
    """Files of ONNX, and folders of checkpoints, from which a training goes on with the same bits."""
    command = [sys.executable, str(SCRIPT.with_name("mutants_read.py")), "--what", what, "--seed", "7"]
    done = subprocess.run([*command, "--count", str(count)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"0 faults in {count:,} mutants" in done.stdout


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model"
    rows = ROWS | {"street": [f"street {i % 15}" for i in range(60)]}
    ds.fit(rows, target="y", epochs=1, hidden=(2,), members=2).save(path)
    return read_file(path)


def written(file, path, **sections):
    """A file with other sections and the checksum that belongs to them."""
    texts = {"kind": file.kind, **file.sections, **{n: json.dumps(data) for n, data in sections.items()}}
    path.write_bytes(sealed(file.arrays, texts))
    return path


def about(file, change):
    found = file.section("about")
    change(found)
    return found


def encoder(found, kind):
    return next(part for part in found["encoder"] if part["encoding"] == kind)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda a: encoder(a, "number").update(scale=0.0), "no column has the scale 0.0"),
        (lambda a: encoder(a, "number").update(scale=float("nan")), "no column has the scale nan"),
        (lambda a: encoder(a, "number").update(centre=float("inf")), "around inf"),
        (lambda a: encoder(a, "number").update(tails="no"), "there are the tails .* not 'no'"),
        (lambda a: encoder(a, "number").update(name="b"), 'the encoder of "b" is of no column'),
        (lambda a: encoder(a, "codes")["levels"].append("more"), "levels of the encoders are not those"),
        (lambda a: encoder(a, "codes")["levels"].insert(0, "street 1"), "a level is there twice"),
        (lambda a: encoder(a, "one-hot")["levels"].append("more"), "the encoders do not fit the network"),
        (lambda a: encoder(a, "one-hot").update(levels="uvw"), "'uvw' is no list"),
        (lambda a: a["target"].update(scale=float("nan")), "no target has the scale nan"),
        (lambda a: a["target"].update(scale=0), "no target has the scale 0.0"),
        (lambda a: a["target"].update(classes=["no", "yes"]), "is not that of 2 classes"),
        (lambda a: a["target"].update(classes=["no", "no"]), "a class is there twice"),
        (lambda a: a.update(widening=[float("nan")] * 10), "widening of intervals is damaged"),
    ],
)
def test_what_a_model_file_says_agrees(model, change, reason, tmp_path):
    path = written(model, tmp_path / "changed", about=about(model, change))
    with pytest.raises(ds.DownslopeError, match=f"is damaged: .*{reason}"):
        ds.load(path)


HOSTILE_SIZES = {
    "inputs": ds.Network(3, [ds.Embedding((2,), (4,), (2,)), ds.Dense(1)]),
    "frequencies": ds.Network(3, [ds.Periodic((0,), 2), ds.Dense(1)]),
    "inputs of cosines": ds.Network(3, [ds.Periodic((0,), 2), ds.Dense(1)]),
    "units": ds.Network(3, [ds.Dense(2, "tanh"), ds.Dense(1)]),
    "sizes": ds.Network(3, [ds.Embedding((2,), (4,), (2,)), ds.Embedding((1,), (4,), (2,)), ds.Dense(1)]),
}


@pytest.mark.parametrize("count", [10**7, (1 << 30) - 1, 10**10, 10**400])
@pytest.mark.parametrize("setting", HOSTILE_SIZES)
@pytest.mark.parametrize("kind", ["network", "checkpoint"])
def test_a_size_that_the_file_does_not_back_is_refused_at_once(kind, setting, count, tmp_path):
    """In a process that can take 100 MB more than it has, and within a second of its own time."""
    network = HOSTILE_SIZES[setting]
    network.save(tmp_path / "file", network.initial_parameters(0) if kind == "checkpoint" else None)
    file = read_file(tmp_path / "file")
    described = file.section("network")
    change_everywhere(described, setting.split()[0], count)
    content = sealed(file.arrays, {"kind": kind, **file.sections, "network": json.dumps(described)})
    (tmp_path / "file").write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pytest.raises(ds.DownslopeError):
        ds.load(tmp_path / "file")
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_maxrss - before.ru_maxrss < 100_000  # kilobytes
    assert after.ru_utime - before.ru_utime < 1


def change_everywhere(tree, setting, count):
    if isinstance(tree, dict) and setting in tree:
        tree[setting] = [count] if isinstance(tree[setting], list) else count
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        change_everywhere(part, setting, count)


class Doubled:
    """A layer whose values are twice as many, thirty times."""

    def build(self, builder, h):
        h = h * builder.parameter("scale", (int(h.shape[1]),), "ones")
        for _ in range(26):
            h = ds.ops.concatenate(h, h)
        return ds.ops.sum(h, 1, keepdims=True)


def test_values_that_grow_beyond_the_file_are_refused(tmp_path):
    network = ds.Network(2, [Doubled()])
    network.save(tmp_path / "file", network.initial_parameters(0))
    with pytest.raises(ds.DownslopeError, match=r"concatenate makes 33,554,432 numbers of a row"):
        ds.load(tmp_path / "file")


def test_wide_networks_load(tmp_path):
    """What the file itself lists or holds is no more than it backs."""
    network = ds.Network(3000, [ds.Embedding((7,), (5,), (4,)), ds.Dense(2)])
    network.save(tmp_path / "file", network.initial_parameters(0))
    assert ds.load(tmp_path / "file").network == network
    wide = ds.Network(10**6, [ds.Dense(1)])
    wide.save(tmp_path / "wide")
    assert ds.load(tmp_path / "wide") == wide
