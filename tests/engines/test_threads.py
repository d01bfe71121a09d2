"""Threads, forked processes and the workers of joblib: the same bits, and no more threads than processors."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

import downslope as ds
from downslope.engines import descent_engine
from downslope.engines.native import _threads
from downslope.training import OPTIMIZERS, training_program

pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")

NETWORK = ds.Network(20, [ds.Dense(150, "silu"), ds.Dropout(0.1), ds.Dense(70, "tanh"), ds.Dense(1)])


def descent(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((300, 20)).astype(np.float32), rng.standard_normal((300, 1)).astype(np.float32)
    return x, ds.descend(NETWORK, x, y, batch_size=128, optimizer="adam", epochs=5, seed=seed)


def trained(seed):
    """The bits of what a training run learns, and of what it predicts."""
    x, run = descent(seed)
    predicted = ds.predict(NETWORK, x, parameters=run.parameters)
    return b"".join(a.tobytes() for a in (run.losses, predicted, *run.parameters.values()))


@pytest.fixture(autouse=True)
def three_threads(monkeypatch):
    """Every run on three threads, if they are free, however little there is to do."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 1)


def test_python_threads_at_once_give_the_same_bits_as_one_after_another():
    alone = [trained(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(trained, [0, 1, 2, 3] * 5))
    assert together == alone * 5


def test_a_run_after_one_that_stopped_has_the_same_bits():
    network = ds.Network(64, [ds.Dense(320, "relu"), ds.Dense(320, "relu"), ds.Dense(1)])
    program = training_program(network, OPTIMIZERS["sgd"])
    updates = {leaf: program.updates[name] for name, leaf in program.graph.parameters.items()}
    rng = np.random.default_rng(0)
    data = {"x": rng.standard_normal((64, 64)), "y": rng.standard_normal((64, 1)), "row_weights": np.ones(64)}
    native = descent_engine(program.graph.error, updates, data, 64)

    def run(rate, steps):
        native.put(network.initial_parameters(1))
        errors = native.run(
            None, steps, {"learning_rate": np.full(steps, rate), "rows": np.full(steps, 64.0)}, 1, 0
        )
        return errors.tobytes() + b"".join(a.tobytes() for a in native.values().values())

    expected = run(1e-3, 3)
    for _ in range(20):
        run(1e100, 9)
        assert run(1e-3, 3) == expected


FORKS = """
import faulthandler, multiprocessing, threading
faulthandler.dump_traceback_later(100, exit=True)  # a process that hangs is one that fails
from downslope.engines.native import _threads
_threads._WORTH_A_THREAD = 1
from test_threads import descent, trained

before, expected = trained(0), trained(1)
context = multiprocessing.get_context("fork")
{forked}
assert trained(0) == before
print("the same")
"""

ASLEEP = """
with context.Pool(2) as pool:
    assert pool.map(trained, [0, 1, 0, 1]) == [before, expected] * 2
"""

AT_WORK = """
busy = threading.Thread(target=lambda: [descent(0) for _ in range(20)])
busy.start()
with context.Pool(2) as pool:
    assert pool.map(trained, [1, 1]) == [expected] * 2
busy.join()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a fork from several threads is safe nowhere else")
@pytest.mark.parametrize(
    "forked",
    [
        pytest.param(ASLEEP, id="asleep", marks=pytest.mark.thorough),
        pytest.param(
            AT_WORK,
            id="at_work",
            marks=pytest.mark.skipif(
                "libasan" in os.environ.get("LD_PRELOAD", ""),
                reason="AddressSanitizer's own locks stay locked in a process forked while they are held",
            ),
        ),
    ],
)
def test_a_process_forked_off_one_whose_threads_are(forked):
    done = subprocess.run(
        [sys.executable, "-c", FORKS.format(forked=forked)],
        cwd=os.path.dirname(__file__),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (done.stdout, done.returncode) == ("the same\n", 0), done.stderr


def test_workers_of_joblib_share_the_processors(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    workers = 2
    allowed = joblib.Parallel(workers)(joblib.delayed(_threads.threads_allowed)() for _ in range(4))
    assert max(allowed) <= max(1, joblib.cpu_count() // workers)
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        inside = joblib.Parallel(workers)(joblib.delayed(_threads.threads_allowed)() for _ in range(2))
    assert inside == [1, 1]


@pytest.mark.thorough
def test_workers_of_joblib_give_the_same_bits():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((200, 20)), rng.standard_normal((200, 1))
    descend = joblib.delayed(ds.descend)
    runs = joblib.Parallel(2)(descend(NETWORK, x, y, batch_size=64, epochs=3, seed=seed) for seed in (0, 1))
    for seed, run in enumerate(runs):
        here = ds.descend(NETWORK, x, y, batch_size=64, epochs=3, seed=seed)
        assert np.array_equal(run.losses, here.losses)
        for name, value in here.parameters.items():
            assert np.array_equal(run.parameters[name], value)


@pytest.mark.parametrize(
    ("said", "threads"),
    [("3", 3), ("2,1", 2), (" 5 ", 5), ("0", None), ("-1", None), ("many", None), ("", None)],
)
def test_the_environment_limits_the_threads(said, threads, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    of_the_machine = _threads.threads_allowed()
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert _threads.threads_allowed() == (threads or of_the_machine)
