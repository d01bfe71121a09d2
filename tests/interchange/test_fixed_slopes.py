"""Bins and peaks that stay where they start: each export computes what it computes where they could learn."""

import ctypes
import json
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest
from exported import NUMERIC, TABLES, cells_of, model_of

import downslope as ds
from downslope.engines import evaluate
from downslope.fitting._interval_nodes import interval_nodes
from downslope.graph import BATCH, gradient, input_, make, ops, parameter, topological
from downslope.interchange import javascript_source
from downslope.interchange.exports import Prediction, double, evaluated, of_network, onnx_file, single
from downslope.interchange.exports._prediction import Cells, with_fixed_arrays
from downslope.interchange.exports.columns import of_table
from random_networks import data_for
from thorough import one_in

ALONE = ds.Network(4, [NUMERIC.layers[0], NUMERIC.layers[1], NUMERIC.layers[3], *NUMERIC.layers[4:]])
PAIR = ds.Ensemble([ALONE, ds.Network(4, [ALONE.layers[0], ds.Dense(1)]), ALONE], (0.2, 0.3, 0.5))
CLASSES = ds.Network(4, [ALONE.layers[2], ds.Dense(3)], loss="cross_entropy")
LEARNED = {"alone": ALONE, "ensemble": PAIR, "classes": CLASSES}
ROLES = ("slope", "offset")


def with_learned(network, learned):
    """The network whose bins and peaks learn, or stay."""
    if isinstance(network, ds.Ensemble):
        return replace(network, networks=[with_learned(member, learned) for member in network.networks])
    kinds = (ds.PiecewiseLinear, ds.Peaks)
    layers = [replace(n, learned=learned) if isinstance(n, kinds) else n for n in network.layers]
    return replace(network, layers=layers)


def fixed(network):
    """The network whose bins and peaks stay."""
    return with_learned(network, learned=False)


def both(network, given):
    """The network whose bins and peaks learn with these parameters, but for slopes and offsets, which are at
    their start; and the one whose bins and peaks stay."""
    learned = with_learned(network, learned=True)
    start = learned.initial_parameters(0, next(iter(given.values())).dtype)
    values = {n: start[n] if n.rpartition(".")[2] in ROLES else given[n] for n in start}
    stays = fixed(network)
    assert stays != learned
    return (learned, values), (stays, {name: values[name] for name in stays.graph().parameters})


def by_python(path, x):
    defined = {}
    exec(compile(path.read_text(), path, "exec"), defined)
    return defined["predict"](x)


def by_javascript(path, x):
    if shutil.which("node") is None:
        pytest.skip("needs Node.js")
    program = (
        'const [file, rows] = JSON.parse(require("fs").readFileSync(0));'
        "process.stdout.write(JSON.stringify(require(file).predict(rows)));"
    )
    text = json.dumps([str(path), x.tolist()])
    done = subprocess.run(["node", "-e", program], input=text, capture_output=True, text=True, check=True)
    return np.array(json.loads(done.stdout))


def by_c(path, x):
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    library = path.with_suffix(".so")
    strict = ["-std=c99", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["cc", *strict, path, "-o", library, "-lm"], check=True)
    predict = getattr(ctypes.CDLL(str(library)), f"{path.stem}_predict")
    found = np.empty((len(x), 3), x.dtype)
    for row, out in zip(np.ascontiguousarray(x), found, strict=True):
        predict(row.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p))
    return found


def by_onnx(path, x):
    runtime = pytest.importorskip("onnxruntime")
    return runtime.InferenceSession(path.read_bytes()).run(["prediction"], {"x": x})[0]


COMPUTED = {".py": by_python, ".js": by_javascript, ".c": by_c, ".onnx": by_onnx}


@pytest.mark.parametrize(
    ("ending", "name", "dtype"), one_in(5, list(product(COMPUTED, LEARNED, [np.float64, np.float32])))
)
def test_a_file_computes_what_that_of_the_learned_layer_does(ending, name, dtype, tmp_path) -> None:
    network, run = LEARNED[name], COMPUTED[ending]
    x, _, _, given = data_for(network, 9, 1, dtype)
    for which, (net, parameters) in zip(("learned", "stays"), both(network, given), strict=True):
        ds.export(net, tmp_path / f"{which}{ending}", parameters)
    outputs = int(network.graph().prediction.shape[1])
    wanted, found = (run(tmp_path / f"{which}{ending}", x)[:, :outputs] for which in ("learned", "stays"))
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)
    (expected,) = evaluate([net.graph().prediction], {"x": x, **parameters})
    np.testing.assert_allclose(found, expected, 1e-5, 1e-5)


def test_arrays_are_named_as_those_of_the_layer_and_written_once(tmp_path) -> None:
    network = fixed(PAIR)
    values = network.initial_parameters(1)
    count = network.graph().size
    for ending in (".py", ".c", ".js", ".tex"):
        ds.export(network, tmp_path / f"net{ending}", values)
        text = (tmp_path / f"net{ending}").read_text()
        assert f"{count:,} parameters" in text, "what nothing learns is no parameter"
    script = (tmp_path / "net.py").read_text()
    written = [line.split(" = ")[0] for line in script.splitlines() if line.startswith("member")]
    assert [name for name in written if name.endswith(ROLES)] == [
        *("member1_numeric1_slope", "member1_numeric1_offset"),
        *("member1_numeric3_slope", "member1_numeric3_offset"),
    ]
    single_one = of_network(fixed(ALONE), fixed(ALONE).initial_parameters())
    names = {f"numeric{i}.{role}" for i in (1, 3) for role in ROLES}
    assert single_one.fixed == names == single_one.values.keys() - fixed(ALONE).graph().parameters.keys()
    assert not of_network(ALONE, ALONE.initial_parameters()).fixed


def test_names_that_are_taken_get_a_number() -> None:
    class Twice:
        """A layer with a parameter and two different lines."""

        def build(self, builder, h):
            slope = builder.parameter("slope", (2,), "ones")
            return ops.lines(ops.lines(h * slope, (1.0, 2.0), (0.0, 1.0)), (3.0, 4.0), (0.0, 1.0))

    network = ds.Network(2, [Twice(), ds.Dense(1)])
    values = network.initial_parameters(0)
    prediction = of_network(network, values)
    assert prediction.fixed == {"layer1.slope2", "layer1.slope3", "layer1.offset"}
    assert not [node for node in topological([prediction.result]) if node.op.name == "lines"]
    x = np.array([[0.5, -2.0], [1.0, 3.0]])
    found, expected = evaluated(prediction, {"x": x}), ds.predict(network, x, parameters=values)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_a_network_in_onnx_is_read_again_as_it_was(tmp_path) -> None:
    for network in (fixed(ALONE), fixed(PAIR)):
        values = network.initial_parameters(2)
        ds.export(network, tmp_path / "net.onnx", values)
        again = ds.from_onnx(tmp_path / "net.onnx")
        assert again.network == network
        assert list(again.parameters) == list(values)
        for name, value in values.items():
            np.testing.assert_array_equal(again.parameters[name], value)


def test_slopes_have_the_dtype_in_which_their_column_is_computed() -> None:
    x = input_("x", (BATCH, 2))
    near, far = ((ops.lines(h, (0.1, 2.0), (0.3, -1.0))) for h in (x, single(x)))
    result = make("concatenate", near * parameter("w", (2,)), double(far * parameter("v", (2,))))
    values = {"w": np.array([1.0, 2.0]), "v": np.array([1.0, 2.0], np.float32)}
    found = with_fixed_arrays(Prediction([Cells("x", x, "numbers")], result, values, "A sum"))
    dtypes = {name: found.values[name].dtype.name for name in found.fixed}
    assert dtypes == {
        "lines.slope": "float64",
        "lines.offset": "float64",
        "lines.slope2": "float32",
        "lines.offset2": "float32",
    }
    rows = np.array([[0.7, 1.3], [-0.2, 5.0]])
    wanted = rows * [0.1, 2.0] + [0.3, -1.0]
    short = rows.astype(np.float32) * np.float32([0.1, 2.0]) + np.float32([0.3, -1.0])
    computed = evaluated(found, {"x": rows})
    np.testing.assert_array_equal(computed, np.concatenate([wanted * [1, 2], short * [1, 2]], axis=1))


LEVEL = 0.9


@pytest.mark.parametrize("name", ["sales", "penguins", "every encoder"])
def test_a_model_of_a_table(name, tmp_path) -> None:
    model, (frame, _) = model_of(name), TABLES[name]
    inputs, outputs = model.network.inputs, max(1, len(model.target.classes))
    edges = ((-1.0, -0.25, 0.5, 2.0), (0.0, 1.0))
    layers = [ds.PiecewiseLinear((0, inputs - 1), edges), ds.Peaks((1,), ((-0.5, 0.0, 0.7),))]
    member = ds.Network(inputs, [*layers, ds.Dense(4, "tanh"), ds.Dense(outputs)], model.network.loss)
    network = ds.Ensemble([member, member])
    pairs = both(network, network.initial_parameters(3, np.float32))
    models = [replace(model, network=net, parameters=parameters) for net, parameters in pairs]
    kinds = model.needed_columns
    given = {
        column: np.array(cells, object if kinds[column] == "level" else np.float64)[:, None]
        for column, cells in cells_of(model, frame).items()
    }
    results = []
    for place, each in enumerate(models):
        ds.export(each, tmp_path / f"model{place}.onnx")
        runtime = pytest.importorskip("onnxruntime")
        session = runtime.InferenceSession((tmp_path / f"model{place}.onnx").read_bytes())
        results.append(np.asarray(session.run(None, given)[-1], float))
    np.testing.assert_array_equal(*results)
    exact = models[1].predict_proba(frame) if model.target.classes else models[1].predict(frame)[:, None]
    np.testing.assert_allclose(results[1], exact, 1e-5, 1e-5 * (model.target.scale or 1))


def test_intervals_of_a_model() -> None:
    runtime = pytest.importorskip("onnxruntime")
    model, (frame, _) = model_of("sales"), TABLES["sales"]
    networks, ends = model._interval_networks(), []
    for net, values in both(networks.network, networks.parameters):
        each = replace(networks, network=net, parameters=values)
        parts = model.network, model.parameters, model.encoder, model.target
        prediction = of_table(*parts, LEVEL, partial(interval_nodes, each, LEVEL))
        session = runtime.InferenceSession(onnx_file(prediction))
        cells = {name: np.array(column)[:, None] for name, column in cells_of(model, frame).items()}
        kinds = model.needed_columns
        cells = {n: c.astype(object if kinds[n] == "level" else np.float64) for n, c in cells.items()}
        ends.append(session.run(["interval"], cells)[0])
    np.testing.assert_array_equal(*ends)
    members = len(networks.network.networks)
    assert members > 1
    assert {name.rstrip("0123456789") for name in prediction.fixed} == {"lines.slope", "lines.offset"}
    assert len(prediction.fixed) == 2, "all members have the same bins"


def test_weights_alone_have_no_fixed_slopes(tmp_path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    network = fixed(ALONE)
    ds.export(network, tmp_path / "net.safetensors", network.initial_parameters(1))
    held = numpy.load((tmp_path / "net.safetensors").read_bytes())
    assert len(held) == len(network.graph().parameters)
    assert not [name for name in held if name.endswith(ROLES)]


def test_training_in_javascript() -> None:
    if shutil.which("node") is None:
        pytest.skip("needs Node.js")
    network = fixed(ALONE)
    graph = network.graph()
    x, y, row_weights, parameters = data_for(network, 7, 3)
    total = make("sum", graph.prediction, axes=None, keepdims=False)
    slopes = dict(zip(graph.parameters, gradient(graph.error, list(graph.parameters.values())), strict=True))
    outputs = {"by x": gradient(total, [graph.x])[0], "error": graph.error, **slopes}
    values = {"x": x, "y": y, "row_weights": row_weights, **parameters}
    source = javascript_source(outputs)
    program = (
        'const given = JSON.parse(require("fs").readFileSync(0));'
        "const arrays = Object.entries(given).map(([k, v]) => [k, Float64Array.from(v)]);"
        "const found = compute({ ...Object.fromEntries(arrays), rows: 7 });"
        'const plain = (v) => (typeof v === "number" ? v : [...v]);'
        "const all = Object.fromEntries(Object.entries(found).map(([k, v]) => [k, plain(v)]));"
        "process.stdout.write(JSON.stringify(all));"
    )
    text = json.dumps({name: np.ravel(value).tolist() for name, value in values.items()})
    done = subprocess.run(
        ["node", "-e", source + program], input=text, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    for name, wanted in zip(outputs, evaluate(list(outputs.values()), values), strict=True):
        np.testing.assert_allclose(found[name], np.ravel(wanted), 1e-10, 1e-12, err_msg=name)
