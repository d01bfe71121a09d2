"""Plans on the engine of the day, and evaluators: parts of the rows, threads, both engines in turn."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import downslope as ds
from downslope.engines import Evaluator, Plan, evaluate, plan
from engine_names import ENGINES
from random_networks import NETWORKS, data_for


def named(network, rows, dtype=np.float64):
    x, y, weights, parameters = data_for(network, rows, dtype=dtype)
    return {"x": x, "y": y, "row_weights": weights, **parameters}


def test_the_environment_chooses_the_engine(monkeypatch):
    monkeypatch.delenv("DOWNSLOPE_ENGINE", raising=False)
    native = pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")
    assert native is not None
    outputs = [NETWORKS["residual"].graph().prediction]
    assert not isinstance(plan(outputs), Plan)
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    assert isinstance(plan(outputs), Plan)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NETWORKS)
def test_parts_of_the_rows_make_the_whole(name, dtype):
    network = NETWORKS[name]
    graph = network.graph()
    values = named(network, 230, dtype)
    values["row_weights"][64:128] = 0.0  # a part without weight
    errors, total = evaluate([graph.errors, graph.error], values)
    by_row, mean = Evaluator([graph.errors]), Evaluator([graph.error])
    by_row.rows_at_once = mean.rows_at_once = 64
    (found,), (whole,) = by_row.rows(values), mean.mean(values)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert found.dtype == dtype
    np.testing.assert_allclose(found, errors, rtol=10 * tolerance, atol=tolerance)
    assert float(whole) == pytest.approx(float(total), rel=tolerance)


def test_both_engines_in_turn(monkeypatch):
    network = NETWORKS["gelu"]
    kept, values = Evaluator([network.graph().errors]), named(network, 40)
    (native,) = kept.rows(values)
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    (reference,) = kept.rows(values)
    assert np.array_equal(reference, evaluate([network.graph().errors], values)[0])
    np.testing.assert_allclose(native, reference, rtol=1e-12, atol=1e-14)


def test_threads_that_share_a_network_do_not_mix_their_numbers():
    network = ds.Network(30, [ds.Dense(60, "tanh"), ds.Dense(2)])
    rng = np.random.default_rng(0)
    asked = [(rng.normal(size=(50 + 10 * i, 30)), network.initial_parameters(i)) for i in range(8)]

    def predicted(case):
        return ds.predict(network, case[0], parameters=case[1])

    alone = [predicted(case) for case in asked]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(predicted, asked * 20))
    for i, found in enumerate(together):
        assert np.array_equal(found, alone[i % 8])


def test_a_validation_error_is_that_of_the_node():
    network = NETWORKS["layer norm"]
    x, y, _, parameters = data_for(network, 60)
    run = ds.descend(network, x, y, start=parameters, epochs=3, batch_size=20, validation=(x, y))
    (error,) = evaluate(
        [network.graph().data_error], {**run.parameters, "x": x, "y": y, "row_weights": np.ones(60)}
    )
    assert run.best_epoch is not None
    assert run.validation_losses[run.best_epoch - 1] == pytest.approx(float(error), rel=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
def test_lbfgs_finds_the_same_minimum_on_all_engines(engine, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 4)), rng.normal(size=80)
    network = ds.Network(4, [ds.Dense(1)], l2=0.1)
    exact = ds.solve(network, x, y).parameters
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    run = ds.descend(network, x, y, optimizer="lbfgs", steps=50)
    for name, value in exact.items():
        np.testing.assert_allclose(run.parameters[name], value, atol=1e-6)


def test_nothing_is_said_when_python_ends():
    program = (
        "import downslope as ds; net = ds.Network(1, [ds.Dense(1)]); "
        "print(ds.predict(net, [[1.0]], parameters=net.initial_parameters()).shape)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("(1, 1)\n", "")


def test_arrays_of_other_shapes_are_refused(monkeypatch):
    """The machine reads memory by the shapes of its program."""
    pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "native")
    graph = ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(1)]).graph()
    given = {name: np.ones(tuple(map(int, node.shape))) for name, node in graph.parameters.items()}
    evaluator = Evaluator([graph.output])
    assert evaluator.rows({**given, "x": np.ones((5, 3))})[0].shape == (5, 1)
    with pytest.raises(ValueError, match=r"x needs the shape \(5, 3\), not \(5, 4\)"):
        evaluator.rows({**given, "x": np.ones((5, 4))})
    with pytest.raises(ValueError, match=r"layer1\.bias needs the shape"):
        evaluator.rows({**given, "layer1.bias": np.ones(3), "x": np.ones((5, 3))})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_at_a_point_are_those_of_the_rows(name, dtype):
    graph = NETWORKS[name].graph()
    values = named(NETWORKS[name], 70, dtype)
    for outputs in ([graph.prediction, graph.stages[0].node], [graph.stages[0].node, graph.prediction]):
        evaluator = Evaluator(outputs)
        at_point = evaluator.at_point(values)
        for rows in (values["x"], values["x"][:1], values["x"][::-2]):
            for found, wanted in zip(at_point(rows), evaluator.rows({**values, "x": rows}), strict=True):
                np.testing.assert_array_equal(found, wanted)
