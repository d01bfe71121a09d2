"""bfloat16: products of rounded numbers, everything else in float32."""

import numpy as np
import pytest
from test_native import NETWORKS, given

import downslope as ds
from downslope.engines import Plan
from downslope.graph import OPS
from downslope.training import OPTIMIZERS, training_program

pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")


def rounded(values):
    """The nearest bfloat16 numbers, ties to even, in float64."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    return (
        ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000)
        .astype(np.uint32)
        .view(np.float32)
        .astype(np.float64)
    )


def step(network, rows, precision, monkeypatch=None):
    """The parameters after a step of plain descent at a rate of 1: natively, or with rounded products."""
    program = training_program(network, OPTIMIZERS["sgd"])
    values = {
        **given(network, program, rows, np.float32),
        "learning_rate": np.float32(1),
        "step": np.float32(1),
    }
    parameters = {name: values[name] for name in program.graph.parameters}
    if precision is not None:
        data = values["x"], values["y"]
        run = ds.descend(
            network,
            *data,
            start=parameters,
            steps=1,
            learning_rate=1.0,
            precision=precision,
            row_weights=values["row_weights"],
            seed=3,
        )
        return run.parameters, parameters
    plain = OPS["matmul"].evaluate
    with monkeypatch.context() as patch:
        patch.setattr(OPS["matmul"], "evaluate", lambda xp, a, b: plain(xp, rounded(a), rounded(b)))
        new = Plan(list(program.updates.values())).run({**values, "draw": 1})
    return dict(zip(program.updates, new, strict=True)), parameters


@pytest.mark.parametrize("rows", [1, 7, 32, 70])
@pytest.mark.parametrize("name", [n for n in NETWORKS if n != "embedding"])
def test_a_step_is_that_of_rounded_products(name, rows, monkeypatch):
    network = NETWORKS[name]
    found, before = step(network, rows, "bfloat16")
    single, _ = step(network, rows, "float32")
    expected, _ = step(network, rows, None, monkeypatch)

    def away(new):
        """How far the gradient is from the expected one, relative to its length."""
        slopes = [(np.ravel(new[n] - v), np.ravel(expected[n] - v)) for n, v in before.items()]
        got, want = (np.concatenate(parts).astype(float) for parts in zip(*slopes, strict=True))
        return np.linalg.norm(got - want) / np.linalg.norm(want)

    # where a number lies near the middle between two of bfloat16, float32 and float64 round it apart
    assert away(found) < 1e-3
    assert away(found) < 0.5 * away(single)


def test_threads_and_repeats_give_the_same_bits(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((301, 33)), rng.standard_normal((301, 1))
    network = ds.Network(33, [ds.Dense(150, "silu"), ds.Dropout(0.1), ds.Dense(71, "tanh"), ds.Dense(1)])
    runs = []
    for threads in ("1", "2", "3", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        settings = {"batch_size": 127, "optimizer": "adam", "epochs": 4, "precision": "bfloat16"}
        runs.append(ds.descend(network, x, y, **settings))
    assert all(np.array_equal(run.losses, runs[0].losses) for run in runs)
    assert all(run.parameters["layer1.weight"].dtype == np.float32 for run in runs)


@pytest.mark.thorough
def test_it_learns_as_well_as_float32():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2000, 8))
    y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * rng.standard_normal(2000)
    network = ds.Network(8, [ds.Dense(64, "silu"), ds.Dense(64, "silu"), ds.Dense(1)])
    ends = {
        precision: [
            min(
                ds.descend(
                    network,
                    x,
                    y,
                    optimizer="adam",
                    learning_rate=3e-3,
                    batch_size=128,
                    epochs=60,
                    validation=0.3,
                    seed=seed,
                    precision=precision,
                ).validation_losses
            )
            for seed in range(5)
        ]
        for precision in ("float32", "bfloat16")
    }
    spread = np.std(ends["float32"], ddof=1)
    # the difference of two means of five seeds
    assert abs(np.mean(ends["bfloat16"]) - np.mean(ends["float32"])) < 3 * spread * np.sqrt(2 / 5)


def test_precision_is_said_in_words():
    network = ds.Network(1, [ds.Dense(1)])
    with pytest.raises(
        ds.DownslopeError, match="precision needs one of float32, bfloat16, float64, not 'half'"
    ):
        ds.descend(network, [[1.0]], [1.0], precision="half")
    run = ds.descend(network, [[1.0]], [1.0], precision="float32", steps=1)
    assert run.parameters["layer1.weight"].dtype == np.float32


def test_without_the_native_engine_it_is_refused(monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    with pytest.raises(ds.DownslopeError, match="needs the native engine"):
        ds.descend(ds.Network(1, [ds.Dense(1)]), [[1.0]], [1.0], precision="bfloat16")
