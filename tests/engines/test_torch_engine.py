"""The torch engine against the reference engine: every op, layer, loss and optimizer, alone and in stacks.

Without a GPU it computes on the processor. ``TORCH_COMPILE_DISABLE=1`` makes these tests fast on one.
"""

import subprocess
import sys

import numpy as np
import pytest
from test_native import far, given
from test_ops import WITH_INPUTS, example

import downslope as ds
from downslope.cli.commands._fit import fit as fit_command
from downslope.engines import DEVICES, ENGINES, Plan, descent_engine, plan
from downslope.graph import OPS, gradient, input_, make
from downslope.training import OPTIMIZERS, training_program
from networks import NETWORKS
from thorough import first

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from downslope.engines.torch._descent import TorchDescent
from downslope.engines.torch._program import torch_program
from downslope.engines.torch._recording import Recording
from downslope.engines.torch._resident import fits
from downslope.engines.torch._terms import Unsuited
from downslope.engines.torch._tiles import kernel_source

pytestmark = pytest.mark.torch

MEMBER = ds.Network(5, [ds.Dense(8, "silu"), ds.Dropout(0.3), ds.Dense(7, "relu"), ds.Dense(1)], l2=0.01)


@pytest.fixture(autouse=True)
def on_torch(monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "torch")


def program_of(network, optimizer="adam", **settings):
    program = training_program(network, OPTIMIZERS[optimizer], **settings)
    return torch_program((program.graph.error,), tuple(program.assignments.items()))


@pytest.mark.parametrize("name", [n for n in WITH_INPUTS if n != "keep_mask"])
def test_every_op_and_its_gradient(name):
    node, leaves, values = example(name)
    smooth = [leaf for i, leaf in enumerate(leaves) if i not in OPS[name].example.whole]
    total = make("sum", make("square", node), axes=None, keepdims=False)
    outputs = [node, total, *gradient(total, smooth)]
    for found, expected in zip(plan(outputs).run(values), Plan(outputs).run(values), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("columns", [1, 3, 4, 33])
def test_dropout_masks_are_the_same_bits(columns):
    like = input_("like", ("n", columns))
    mask = make("keep_mask", like, input_("seed", ()), input_("draw", ()), rate=0.4, stream=2)
    for seed, draw in ((2**40 + 7, 2**33 + 1), (2**64 - 1, 5)):
        values = {"like": np.zeros((70, columns)), "seed": seed, "draw": draw}
        assert np.array_equal(plan([mask]).run(values)[0], Plan([mask]).run(values)[0])


@pytest.mark.parametrize("clip", [None, 0.01])
@pytest.mark.parametrize("rows", [1, 7, 70])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_training_step_of_every_kind_of_network(name, rows, clip):
    network = NETWORKS[name]
    program = training_program(network, OPTIMIZERS["adamw"], clip_norm=clip, clip_value=clip)
    graph = program.graph
    outputs = [graph.error, graph.prediction, *program.gradients.values(), *program.updates.values()]
    expected = Plan(outputs).run(given(network, program, rows))
    found = plan(outputs).run(given(network, program, rows))
    single = plan(outputs).run(given(network, program, rows, np.float32))
    assert max(map(far, found, expected)) < 1e-12
    assert max(map(far, single, expected)) < 1e-5


ROWS = np.random.default_rng(0).standard_normal((50, 5))
TARGETS = np.random.default_rng(1).standard_normal((50, 1))


def agree(network, *, device=None, **settings):
    """The losses and the parameters are those of the reference engine."""
    engines = (("torch", device), ("reference", None))
    runs = [ds.descend(network, ROWS, TARGETS, engine=e, device=d, **settings) for e, d in engines]
    np.testing.assert_allclose(runs[0].losses, runs[1].losses, rtol=1e-11)
    for name, value in runs[1].parameters.items():
        np.testing.assert_allclose(runs[0].parameters[name], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [None, 16])
def test_descents_agree(optimizer, batch_size):
    network = ds.Network(5, [ds.Dense(20, "tanh"), ds.Dropout(0.2), ds.Dense(1)])
    agree(network, optimizer=optimizer, batch_size=batch_size, steps=30, learning_rate=0.01, seed=7)


ENSEMBLES = {
    "alike": [MEMBER] * 4,
    "two kinds": [MEMBER, ds.Network(5, [ds.Dense(3, "relu"), ds.Dense(1)])] * 2,
    "each another": [ds.Network(5, [ds.Dense(n, "tanh"), ds.Dense(1)]) for n in (2, 3, 4)],
    "embeddings": [ds.Network(5, [ds.PiecewiseLinear((0, 2), ((-1.0, 0.0, 1.0), (0.0, 1.0))), ds.Dense(1)])]
    * 3,
    "fixed bins": [
        ds.Network(
            5,
            [
                ds.Dense(3, "tanh"),
                ds.PiecewiseLinear((0, 2), ((-1.0, 0.0, 1.0), (0.0, 1.0)), learned=False),
                ds.Dense(1),
            ],
        )
    ]
    * 3,
}


@pytest.mark.parametrize("settings", [{}, {"clip_norm": 0.1}, {"validation": ds.Folds(np.arange(50) % 2)}])
@pytest.mark.parametrize("name", ENSEMBLES)
def test_ensembles_agree(name, settings):
    members = ENSEMBLES[name]
    if "validation" in settings:
        settings = {"validation": ds.Folds(np.arange(50) % len(members))}
    agree(ds.Ensemble(members), optimizer="adam", batch_size=16, epochs=4, learning_rate=0.01, **settings)


def test_members_of_one_structure_are_stacked():
    alike, kinds = (program_of(ds.Ensemble(ENSEMBLES[n])) for n in ("alike", "two kinds"))
    assert {len(stack) for stack in alike.kept} == {4}
    assert {len(stack) for stack in kinds.kept} == {2}
    clipped = program_of(ds.Ensemble(ENSEMBLES["alike"]), clip_norm=1.0)
    assert {len(stack) for stack in clipped.kept} == {4}
    heavy = [stack for stack in alike.stacks if stack[0].op.name == "matmul"]
    assert {len(stack) for stack in heavy} == {4}
    alone = [s for s in program_of(MEMBER).stacks if s[0].op.name == "matmul"]
    assert len(heavy) == len(alone)


class OnProcessor(Recording):
    """The steps as a GPU would record them, begun one by one."""

    def __init__(self, program, batch, share):
        assert share is None
        super().__init__(program, batch)

    def _recorded(self, step, tensors, steps):
        class Graph:
            def replay(self):
                for _ in range(steps):
                    step(*tensors)

        return Graph()


@pytest.mark.parametrize("batch", first(2, [12, 16, None, 3]))
@pytest.mark.parametrize("network", [MEMBER, ds.Ensemble([MEMBER] * 3)], ids=["one", "several"])
def test_steps_that_are_recorded_are_those_of_the_reference(network, batch, monkeypatch):
    monkeypatch.setattr("downslope.engines.torch._descent._OneByOne", OnProcessor)
    agree(network, device="cpu", optimizer="adamw", batch_size=batch, epochs=4)


def test_a_state_that_takes_the_old_parameter_gets_the_old_one(monkeypatch):
    """Recorded steps write in place."""
    monkeypatch.setattr("downslope.engines.torch._descent._OneByOne", OnProcessor)

    class Remembers:
        def __hash__(self):
            return 1

        def rule(self, rules, w, g, rate, step):
            before = rules.remember("before", w)
            rules.updates[w.name] = w - rate * g + 0.1 * (w - before)
            rules.updates[before.name] = w

    optimizer = Remembers()
    agree(ds.Network(5, [ds.Dense(1)]), device="cpu", optimizer=optimizer, batch_size=16, epochs=3)


def test_recorded_steps_end_before_an_update_that_is_not_wanted(monkeypatch):
    monkeypatch.setattr("downslope.engines.torch._descent._OneByOne", OnProcessor)
    net = ds.Network(5, [ds.Dense(1)])
    settings = {"learning_rate": 1e6, "batch_size": 16, "steps": 500}
    runs = [
        ds.descend(net, ROWS, TARGETS, engine=e, device=d, **settings)
        for e, d in (("torch", "cpu"), ("reference", None))
    ]
    assert runs[0].stopped == runs[1].stopped == "not finite"
    assert len(runs[0].losses) == len(runs[1].losses) > 2
    np.testing.assert_allclose(
        runs[0].parameters["layer1.bias"], runs[1].parameters["layer1.bias"], rtol=1e-6
    )


@pytest.mark.parametrize("name", ["plain", "residual", "dropout", "neuron", "leaky"])
def test_small_networks_have_a_kernel_of_their_own(name):
    source, reported = kernel_source(program_of(NETWORKS[name]), 64, True)
    compile(source, "kernel", "exec")
    assert [node.shape for node in reported] == [()]
    assert source.count("tl.store(kept_") == len(program_of(NETWORKS[name]).kept)


def test_that_kernel_runs_where_products_of_tf32_are_wanted():
    program, data = program_of(MEMBER), {"x": ROWS.astype(np.float32)}
    before = torch.get_float32_matmul_precision()
    try:
        for precision, runs in (("highest", False), ("high", True)):
            torch.set_float32_matmul_precision(precision)
            assert fits(program, 16, data) == runs
            assert not fits(program, 16, {"x": ROWS})
    finally:
        torch.set_float32_matmul_precision(before)


def test_the_kernel_of_an_ensemble_is_that_of_a_member():
    program = program_of(ds.Ensemble([MEMBER] * 32))
    source, reported = kernel_source(program, 64, True)
    assert source.count("tl.dot") == kernel_source(program_of(MEMBER), 64, True)[0].count("tl.dot")
    assert all(node.shape == () for node in reported)


@pytest.mark.parametrize(
    ("network", "settings", "rows"),
    [
        (ds.Network(5, [ds.Dense(200, "relu"), ds.Dense(200, "relu"), ds.Dense(1)]), {}, 64),
        (MEMBER, {}, 5000),
        (NETWORKS["embedding"], {}, 64),
        (NETWORKS["fixed"], {}, 64),
        (ds.Ensemble([MEMBER] * 2), {"clip_norm": 1.0}, 64),
        (ds.Ensemble(ENSEMBLES["two kinds"]), {}, 64),
    ],
)
def test_others_have_none(network, settings, rows):
    with pytest.raises(Unsuited):
        kernel_source(program_of(network, **settings), rows, True)


def test_bfloat16_rounds_the_factors_of_products():
    x, y = ROWS.astype(np.float32), TARGETS.astype(np.float32)
    network = ds.Network(5, [ds.Dense(20, "tanh"), ds.Dense(1)])
    settings = {"learning_rate": 0.1, "steps": 20, "batch_size": 16}
    found = ds.descend(network, x, y, engine="torch", precision="bfloat16", **settings).losses
    single = ds.descend(network, x, y, engine="torch", precision="float32", **settings).losses
    pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")
    native = ds.descend(network, x, y, engine="native", precision="bfloat16", **settings).losses
    assert np.abs(found / native - 1).max() < 0.1 * np.abs(single / native - 1).max()


def test_values_come_back_by_name_and_shape():
    program = training_program(ds.Ensemble([MEMBER] * 3), OPTIMIZERS["sgd"])
    data = {"x": ROWS, "y": TARGETS, "row_weights": np.ones((50, 3))}
    engine = descent_engine(program.graph.error, program.assignments, data, 10)
    assert isinstance(engine, TorchDescent)
    start = {
        n: np.random.default_rng(2).standard_normal(p.shape) for n, p in program.graph.parameters.items()
    }
    engine.put(start)
    engine.save()
    for name, value in engine.values().items():
        assert np.array_equal(value, start[name])
    engine.run(None, 5, {"learning_rate": np.full(5, 0.1), "step": np.arange(5.0)}, 1, 0)
    assert not np.array_equal(engine.values()["member1.layer1.weight"], start["member1.layer1.weight"])
    engine.restore()
    assert np.array_equal(engine.values()["member1.layer1.weight"], start["member1.layer1.weight"])
    with pytest.raises(ds.DownslopeError, match="there is no value for"):
        engine.put({})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"engine": "gpu"}, "engine needs one of native, reference, torch, not 'gpu'"),
        ({"engine": "torch", "device": "tpu"}, "device needs one of cpu, cuda, not 'tpu'"),
        ({"device": "cpu"}, 'device is for engine="torch"; the engine is not given'),
        ({"engine": "native", "device": "cpu"}, 'device is for engine="torch"; the engine is native'),
    ],
)
def test_what_is_no_engine_or_device_is_refused(asked, message):
    with pytest.raises(ds.DownslopeError, match=message):
        ds.descend(ds.Network(1, [ds.Dense(1)]), [[1.0]], [1.0], **asked)
    with pytest.raises(ds.DownslopeError, match=message):
        ds.fit({"a": [1.0, 2.0, 3.0], "b": [2.0, 4.0, 6.0]}, target="b", **asked)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(ds.DownslopeError, match='device="cuda" needs a GPU'):
        ds.descend(ds.Network(1, [ds.Dense(1)]), [[1.0]], [1.0], engine="torch", device="cuda")


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ds.DownslopeError, match=r"pip install 'downslope\[torch\]'"):
        ds.descend(ds.Network(1, [ds.Dense(1)]), [[1.0]], [1.0], engine="torch")


def test_the_engine_of_a_call_holds_for_that_call_alone(monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    net = ds.Network(5, [ds.Dense(4, "tanh"), ds.Dense(1)])
    settings = {"optimizer": "adam", "batch_size": 16, "epochs": 5, "validation": 0.2}
    before = ds.descend(net, ROWS, TARGETS, **settings)
    run = ds.descend(net, ROWS, TARGETS, engine="torch", device="cpu", **settings)
    after = ds.descend(net, ROWS, TARGETS, **settings)
    assert np.array_equal(before.losses, after.losses)
    np.testing.assert_allclose(run.losses, before.losses, rtol=1e-11)
    np.testing.assert_allclose(run.validation_losses, before.validation_losses, rtol=1e-11)
    assert (run.settings["engine"], run.settings["device"]) == ("torch", "cpu")


def test_estimators_and_tables_train_on_it():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((120, 3))
    y = np.sin(x[:, 0])
    asked = {"engine": "torch", "device": "cpu", "random_state": 0}
    mlp = {"hidden_layer_sizes": (6,), "max_iter": 5, "tol": 10.0, "n_iter_no_change": 2, "random_state": 0}
    one, two = (ds.MLPRegressor(**mlp, engine=e).fit(x, y) for e in ("torch", "reference"))
    np.testing.assert_allclose(one.loss_curve_, two.loss_curve_, rtol=1e-11)
    small = {"members": 2, "hidden_layer_sizes": (4,), "epochs": 2}
    table = ds.TableRegressor(**small, **asked).fit(x, y)
    plain = ds.TableRegressor(**small, engine="native", random_state=0).fit(x, y)
    np.testing.assert_allclose(table.predict(x), plain.predict(x), rtol=1e-3, atol=1e-3)
    assert any(line.startswith("engine='torch'") for line in table.model_.record.asked)


def test_nothing_of_torch_is_imported_unless_it_is_asked_for():
    program = (
        "import sys, downslope as ds; ds.descend(ds.Network(1, [ds.Dense(1)]), [[1.0]], [1.0], steps=2); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={})
    assert done.stdout == "False\n"


def test_the_command_line_names_every_engine_and_device():
    options = {option.name: option.type for option in fit_command.params}
    assert set(options["engine"].choices) == set(ENGINES)
    assert set(options["device"].choices) == set(DEVICES)
