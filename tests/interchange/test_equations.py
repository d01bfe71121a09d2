"""Equations in LaTeX, read by a reader that knows nothing of them and computed, say what the engine says."""

import re
from dataclasses import replace

import numpy as np
import pytest
from exported import NETWORKS, model_of
from formulas import Abs, Call, Neg, Num, Op, Pow, Sym, Total, Transposed, chain_of, lex_latex
from scipy.special import erf, expit, log_softmax

import downslope as ds
from downslope.graph import topological
from random_networks import data_for


def above(z, value, other):
    return np.where(z > 0, value, other)


FUNCTIONS = {
    "columns": lambda h, *places: h[:, [int(i) - 1 for i in places]],
    "concatenate": lambda *parts: np.concatenate(parts, axis=1),
    "take": lambda table, index: table[index[:, 0].astype(int)],
    "cos": np.cos,
    "sin": np.sin,
    "ln": np.log,
    "exp": np.exp,
    "expm1": np.expm1,
    "sign": np.sign,
    "tanh": np.tanh,
    "√": np.sqrt,
    "max": np.maximum,
    "min": np.minimum,
    "σ": expit,
    "softmax": lambda z: np.exp(log_softmax(z, axis=1)),
    "softplus": lambda z: np.logaddexp(0, z),
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z, s: above(z, z, s * z),
    "elu": lambda z, a: above(z, z, a * np.expm1(z)),
    "selu": lambda z, scale, a: scale * above(z, z, a * np.expm1(z)),
    "silu": lambda z: z * expit(z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
    "gelu": lambda z: z * (1 + erf(z / np.sqrt(2))) / 2,
}


def computed(tree, values):
    match tree:
        case Num():
            return tree.value
        case Sym():
            return values[tree]
        case Neg(term):
            return -computed(term, values)
        case Abs(term):
            return abs(computed(term, values))
        case Transposed(matrix):
            return computed(matrix, values).T
        case Pow(Sym("e"), exponent):
            return np.exp(computed(exponent, values))
        case Pow(base, exponent):
            return computed(base, values) ** computed(exponent, values)
        case Total(_, body):
            return computed(body, values).sum(axis=1, keepdims=True)
        case Call(function, arguments):
            return FUNCTIONS[function.letter](*(computed(a, values) for a in arguments))
        case Op(operator, left, right):
            a, b = computed(left, values), computed(right, values)
            if operator == "·" and isinstance(right, Transposed):
                return a @ b
            return {"+": np.add, "−": np.subtract, "/": np.divide}.get(operator, np.multiply)(a, b)
    raise AssertionError(tree)


def parts_of(document):
    """The lines of each block of equations: left and right sides."""
    blocks = re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", document, re.DOTALL)
    return [[line.split(" &= ", 1) for line in block.split(" \\\\\n")] for block in blocks]


def number(text):
    return float(re.sub(r" ?\\cdot 10\^\{(-?\d+)\}", r"e\1", text))


def matrix(text):
    inside = re.fullmatch(r"\\begin\{pmatrix\} (.*) \\end\{pmatrix\}", text)[1]
    return np.array([[number(cell) for cell in row.split(" & ")] for row in inside.split(" \\\\ ")])


def read(text):
    (part,) = chain_of(lex_latex(text)).parts
    return part


IN_WORDS = {"custom"}  # powers and conditions of a Python function, which this reader does not know


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in IN_WORDS])
def test_every_layer_activation_and_loss(name: str, tmp_path) -> None:
    network = NETWORKS[name]
    x, _, _, parameters = data_for(network, 7, 1)
    ds.export(network, tmp_path / "net.tex", parameters)
    blocks = parts_of((tmp_path / "net.tex").read_text())
    values = {read(left): matrix(right) for left, right in blocks[-1]}
    fixed = [node for node in topological([network.graph().prediction]) if node.op.name == "lines"]
    assert len(values) == len(blocks[-1]) == len(parameters) + 2 * len(fixed)
    values[Sym("x")] = x
    for left, right in blocks[0]:
        values[read(left)] = computed(read(right), values)
    found = values[Sym("ŷ")]
    np.testing.assert_allclose(found, ds.predict(network, x, parameters=parameters), 1e-6, 1e-6)


def test_every_function_that_has_a_name_is_defined(tmp_path) -> None:
    for network in NETWORKS.values():
        ds.export(network, tmp_path / "net.tex", network.initial_parameters())
        first, *rest = parts_of((tmp_path / "net.tex").read_text())
        called = {word for _, right in first for word in re.findall(r"\\text\{([a-z\\_]+)\}\\left\(", right)}
        known = {"tanh", "cos", "sin", "exp", "expm1", "min", "max", "ln", "sign"}
        defined = {re.search(r"\\text\{([a-z\\_]+)\}", left)[1] for left, _ in rest[0] if "text" in left}
        assert called <= known | defined, called - known - defined


def test_the_inputs_of_a_model_and_many_parameters(tmp_path) -> None:
    model = model_of("sales")
    network = ds.Network(model.network.inputs, [ds.Dense(200), ds.Dense(1)])
    model = replace(model, network=network, parameters=network.initial_parameters(0, np.float32))
    ds.export(model, tmp_path / "model.tex")
    document = (tmp_path / "model.tex").read_text()
    assert "$x_{1}$: date; $x_{2}$: date, year sine" in document
    assert r"\times" in document
    assert "pmatrix" not in document
    assert document.count("{") == document.count("}")
