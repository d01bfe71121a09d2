"""Forks, the end of Python, Ctrl-C, time limits, memory; each in a process of its own."""

import subprocess
import sys

import pytest

from engine_names import ENGINES
from thorough import first

pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")

START = """
import faulthandler, os, signal, sys, threading, time
faulthandler.dump_traceback_later(100, exit=True)  # a process that hangs is one that fails
import numpy as np
import downslope as ds
rng = np.random.default_rng(0)
x = rng.standard_normal((2000, 20), dtype=np.float32)
y = x[:, :1] * 2
net = ds.Network(20, [ds.Dense(40, "tanh"), ds.Dense(1)])
start = net.initial_parameters(0, np.float32)
table = {"a": x[:60, 0], "b": ["u", "v", "w"] * 20, "t": y[:60, 0]}

def wide(rows):
    "A network whose step on so many rows takes seconds."
    width = 512
    deep = ds.Network(width, [*(ds.Dense(width, "sigmoid") for _ in range(4)), ds.Dense(1)])
    inputs = rng.standard_normal((rows, width), dtype=np.float32)
    return deep, inputs, inputs[:, :1] * 2, deep.initial_parameters(0, np.float32)

def interrupt(seconds):
    def send():
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=send, daemon=True).start()

def children(act, count=20):
    "How many of so many forked children end well, and how many say what to do."
    forked = []
    for _ in range(count):
        forked.append(os.fork())
        if not forked[-1]:
            try:
                act()
                os._exit(0)
            except ds.DownslopeError as error:
                os._exit(3 if '"spawn"' in str(error) else 4)
            except BaseException:
                os._exit(5)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in forked]
    return codes.count(0), codes.count(3)

def forever(act):
    def go():
        while True:
            act()
    threading.Thread(target=go, daemon=True).start()
    time.sleep(0.2)

def predict(): return ds.predict(net, x, parameters=start)
def descend(): return ds.descend(net, x, y, start=start, steps=3)
def hessian(): return ds.hessian_vector_product(net, x, y, parameters=start, vector=start)
def build(): return ds.Network(20, [ds.Dense(33, "tanh"), ds.Dense(1)]).graph()
def fit(): return ds.fit(table, target="t", epochs=2, members=1, hidden=(4,))
"""


def printed(program, timeout=120):
    """What a program prints; it ends with code 0 and says nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", START + program], capture_output=True, text=True, timeout=timeout
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


forks = pytest.mark.skipif(sys.platform != "linux", reason="a fork from several threads is safe nowhere else")


@forks
@pytest.mark.parametrize("act", first(2, ["predict", "build", "descend", "hessian"]))
def test_children_of_a_process_at_work_work(act):
    assert printed(f"{act}(); forever({act}); print(children({act}))") == "(20, 0)\n"


@pytest.mark.thorough
@forks
@pytest.mark.parametrize("threads", ["1", "2"])
def test_children_of_a_process_that_used_a_table_say_what_to_do(threads, monkeypatch):
    monkeypatch.setenv("POLARS_MAX_THREADS", threads)
    assert printed("fit(); print(children(predict), children(lambda: ds.fit(table, target='t')))") == (
        "(20, 0) (0, 20)\n"
    )


@pytest.mark.thorough
@forks
def test_children_use_tables_where_their_parent_did_not():
    assert printed("import downslope.fitting; print(children(fit, 5))") == "(5, 0)\n"


@pytest.mark.thorough
@pytest.mark.parametrize("act", first(2, ["descend", "fit", "predict", "hessian"]))
def test_a_daemon_thread_at_work_when_python_ends(act):
    assert printed(f"forever({act}); print('end')") == "end\n"


@pytest.mark.thorough
def test_a_daemon_thread_in_a_long_step_when_python_ends():
    long = "forever(lambda: ds.descend(*wide(20000)[:3], steps=100)); time.sleep(1); print('end')"
    assert printed(long) == "end\n"


@pytest.mark.thorough
def test_a_page_left_open_when_python_ends():
    assert printed(
        """
import warnings
from urllib.parse import parse_qs, urlsplit
from websockets.sync.client import connect
page = ds.play(net, x, y, open_browser=False)
place = urlsplit(page.address)
warnings.simplefilter("ignore")  # the client is to be left open too
token = parse_qs(place.query)["token"][0]
socket = connect(f"ws://{place.netloc}/socket?token={token}", origin=f"http://{place.netloc}", max_size=None)
socket.send('{"command": "play"}')
time.sleep(0.5)
print("end")
"""
    ) == ("end\n")


INTERRUPTED = """
deep, inputs, targets, values = wide(30000)
interrupt(1.0)
before = time.monotonic()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted")
assert time.monotonic() - before < 20, "the whole step was waited for"
"""


@pytest.mark.thorough
@pytest.mark.parametrize(
    "call",
    first(
        1,
        [
            "ds.hessian_vector_product(deep, inputs, targets, parameters=values, vector=values)",
            "[ds.predict(deep, inputs, parameters=values) for _ in range(1000)]",
            "[ds.gradient_norms(deep, inputs, targets, parameters=values) for _ in range(1000)]",
        ],
    ),
)
def test_ctrl_c_interrupts_an_evaluation(call):
    assert printed(INTERRUPTED.format(call=call)) == "interrupted\n"


@pytest.mark.thorough
@pytest.mark.parametrize("wait", [1.0, 2.0, 3.0])
def test_a_step_that_is_interrupted_changes_nothing(wait):
    program = f"""
deep, inputs, targets, values = wide(30000)
interrupt({wait})
run = ds.descend(deep, inputs, targets, start=values, steps=1000, learning_rate=0.1)
assert run.stopped == "interrupted", run
again = ds.descend(deep, inputs, targets, start=values, steps=len(run.losses), learning_rate=0.1)
for name, value in again.parameters.items():
    assert np.array_equal(run.parameters[name], value), name
print("the same")
"""
    assert printed(program) == "the same\n"


@pytest.mark.thorough
def test_a_time_limit_ends_a_step_in_its_middle():
    program = """
deep, inputs, targets, values = wide(30000)
for optimizer in ("sgd", "lbfgs"):
    run = ds.descend(deep, inputs, targets, start=values, steps=1000, time_limit=0.5, optimizer=optimizer)
    print(run.stopped)
"""
    assert printed(program) == "time\ntime\n"


@pytest.mark.parametrize("times", [3, pytest.param(15, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_was_interrupted_goes_on_with_the_same_bits(engine, times):
    """Whenever the signal comes: between two instructions of Python, or in the engine."""
    program = f"""
import random
os.environ["DOWNSLOPE_ENGINE"] = "{engine}"
os.environ["OMP_NUM_THREADS"] = "1"  # else each small product of PyTorch can wait for a busy processor
steps = {{"native": 20000, "reference": 500, "torch": 200}}["{engine}"]
how = dict(optimizer="adam", batch_size=50, seed=2)
x, y = x[:500], y[:500]
whole = ds.descend(net, x, y, steps=steps, **how)
found = 0
while found < {times}:
    try:
        interrupt(random.random() * 0.3)  # the signal can come while its thread is being started
        run = ds.descend(net, x, y, steps=steps, **how)
        if run.stopped == "finished":
            time.sleep(1)
    except KeyboardInterrupt:
        continue
    found += run.stopped == "interrupted"
    rest = ds.descend(net, x, y, start=run, steps=steps - len(run.losses), **how)
    assert np.array_equal(rest.losses, whole.losses), len(run.losses)
    for name, value in whole.parameters.items():
        assert np.array_equal(rest.parameters[name], value), name
print("the same")
"""
    assert printed(program) == "the same\n"


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_goes_with_the_call():
    program = """
def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024

deep, inputs, targets, values = wide(10000)
calls = (
    lambda x, y: ds.hessian_vector_product(deep, x, y, parameters=values, vector=values),
    lambda x, y: ds.gradient_norms(deep, x, y, parameters=values),
    lambda x, y: ds.predict(deep, x, parameters=values),
    lambda x, y: ds.descend(deep, x, y, start=values, steps=1),
    lambda x, y: ds.descend(deep, x, y, start=values, steps=1, optimizer="lbfgs"),
)
for call in calls:
    call(inputs[:64], targets[:64])
    before = resident()
    call(inputs, targets)
    assert resident() < before + 40, (resident(), before)  # Hessian products kept 600
"""
    assert printed(program) == ""
