"""A run that is saved and goes on in a new process has the bits of one that never stopped."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.training import OPTIMIZERS

RNG = np.random.default_rng(8)
X = RNG.normal(size=(60, 4))
X[:, 3] = RNG.integers(0, 3, 60)
Y = np.sin(2 * X[:, 0]) + 0.3 * X[:, 3]

NET = ds.Network(
    4,
    [
        ds.Embedding((3,), (3,), (2,)),
        ds.Periodic((0,), 3),
        ds.Dense(6, lambda z: z * ds.ops.sigmoid(z)),
        ds.Dropout(0.2),
        ds.Residual([ds.LayerNorm(), ds.Dense(6, ds.Elu(0.5))]),
        ds.Dense(1),
    ],
    loss=ds.Huber(0.7),
    l2=0.001,
)
PAIR = ds.Ensemble([NET, NET])


@dataclasses.dataclass(frozen=True)
class Noisy:
    """A layer of one's own with parameters and dropout."""

    def build(self, builder, h):
        h = builder.layer(ds.Dropout(0.3), h)
        return h * builder.parameter("scale", (int(h.shape[1]),), "ones", penalised=True)


OWN = ds.Network(4, [ds.Dense(5, "tanh"), Noisy(), ds.Dropout(0.1), ds.Dense(1)], l1=0.01)

ALL = {
    "batch_size": 16,
    "validation": 0.25,
    "patience": 1000,
    "ema_decay": 0.5,
    "learning_rate": ds.WarmUp(ds.Cosine(0.02), over=20),
    "frozen": {"layer2.bias": [1, 0, 0, 1, 0, 0]},
    "clip_norm": 1.0,
    "row_weights": np.linspace(0, 2, 60),
    "seed": 5,
}
CASES = {name: (NET, {**ALL, "optimizer": name}) for name in OPTIMIZERS} | {
    "momentum": (NET, {**ALL, "optimizer": ds.Sgd(0.9, nesterov=True)}),
    "full batch": (NET, {"optimizer": "adam"}),
    "ensemble": (PAIR, {"optimizer": "adam", "validation": ds.Folds(np.arange(60) % 2), "batch_size": 10}),
    "own layer": (OWN, {"optimizer": "adamw", "batch_size": 16, "learning_rate": lambda step: 0.1 / step}),
    "float32": (NET, {**ALL, "optimizer": "adam", "precision": "float32"}),
}
NATIVE_ALONE = {"bfloat16": (NET, {**ALL, "optimizer": "adam", "precision": "bfloat16"})}


def cases():
    return CASES | (NATIVE_ALONE if os.environ["DOWNSLOPE_ENGINE"] == "native" else {})


def descent(name, network=None, **further):
    own, settings = cases()[name]
    return ds.descend(network or own, X, Y, **settings, **further)


def go_on(folder):
    """What the new process does: from each run that stands in a folder to the run after 200 steps."""
    for path in Path(folder).glob("*.half"):
        half = ds.load(path, ds.Run)
        run = descent(path.stem, half.network, start=half, steps=200 - len(half.losses))
        run.save(path.with_suffix(".whole"))


def assert_same(one, two):
    """All that two runs say, bit by bit."""
    for field in dataclasses.fields(ds.Run):
        found, expected = getattr(one, field.name), getattr(two, field.name)
        if field.name == "settings":  # a file does not hold them
            continue
        if field.name == "network":
            assert found.graph(training=True).error is expected.graph(training=True).error
        elif field.name == "average" and expected is not None:
            assert found.epochs == expected.epochs
            assert_same_arrays(found.values, expected.values)
        elif field.name in ("parameters", "state"):
            assert_same_arrays(found, expected)
        else:
            np.testing.assert_array_equal(found, expected)


def assert_same_arrays(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


@pytest.mark.thorough
@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_saved_run_goes_on_in_a_new_process(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    for name in cases():
        half = descent(name, steps=200, progress=lambda progress: progress.step >= 100)
        assert 100 <= len(half.losses) < 110
        half.save(tmp_path / f"{name}.half")
        assert_same(ds.load(tmp_path / f"{name}.half"), half)
    script = f"from test_saved_runs import go_on; go_on({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parent, check=True)
    for name in cases():
        assert_same(ds.load(tmp_path / f"{name}.whole"), descent(name, steps=200))


def test_runs_that_ended_in_any_way_come_back(tmp_path):
    def press(progress):
        raise KeyboardInterrupt

    line = ds.Network(1, [ds.Dense(1, bias=False)])
    x, y = [[1.0], [2.0]], [1.0, 2.0]
    runs = {
        "finished": ds.descend(line, x, y, steps=3),
        "no steps": ds.descend(line, x, y, steps=0),
        "interrupted": ds.descend(line, x, y, steps=3, progress=press),
        "time": ds.descend(line, x, y, steps=10**9, time_limit=0.0),
        "not finite": ds.descend(line, x, y, steps=2000, learning_rate=1e3),
        "patience": ds.descend(line, x, y, validation=(x, y), patience=1, learning_rate=1.0),
        "lbfgs": ds.descend(line, x, y, optimizer="lbfgs"),
    }
    for name, run in runs.items():
        assert run.stopped in (name, "finished")
        run.save(tmp_path / "run")
        again = ds.load(tmp_path / "run")
        assert_same(again, run)
        assert again.network == run.network
        assert (repr(again), again._repr_html_()) == (repr(run), run._repr_html_())
    assert not np.isfinite(runs["not finite"].losses[-1])


def test_lbfgs_begins_anew_at_a_loaded_run(tmp_path):
    still = ds.Network(4, [ds.Dense(5, "tanh"), ds.Dense(1)])
    run = ds.descend(still, X, Y, optimizer="lbfgs", steps=5)
    run.save(tmp_path / "run")
    assert_same(
        ds.descend(still, X, Y, optimizer="lbfgs", steps=5, start=ds.load(tmp_path / "run")),
        ds.descend(still, X, Y, optimizer="lbfgs", steps=5, start=run),
    )
