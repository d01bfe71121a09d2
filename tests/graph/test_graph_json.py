"""A graph as plain data: every op comes back as it was, and what is no graph is refused."""

import json

import pytest

from downslope.errors import DownslopeError
from downslope.graph import graph_from_json, graph_to_json, input_, make
from downslope.graph._node import OPS

WITH_EXAMPLE = sorted(name for name, op in OPS.items() if op.example)


def example(name):
    """The plain data of an op on its example."""
    shown = OPS[name].example
    inputs = [input_(f"input{i}", shape) for i, shape in enumerate(shown.shapes)]
    return json.loads(json.dumps(graph_to_json([make(name, *inputs, **shown.attributes)])))


def the_node(data, name):
    return next(node for node in data["nodes"] if node["op"] == name)


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_every_op_comes_back(name):
    data = example(name)
    assert graph_to_json(graph_from_json(data)) == data


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_inputs_too_many_and_too_few_are_refused(name):
    for change in (lambda inputs: [], lambda inputs: [*inputs, 0, 0], lambda inputs: [99], lambda inputs: 3):
        data = example(name)
        node = the_node(data, name)
        if name == "concatenate" and change(node["inputs"]) == [*node["inputs"], 0, 0]:
            continue
        node["inputs"] = change(node["inputs"])
        with pytest.raises(DownslopeError):
            graph_from_json(data)


@pytest.mark.parametrize("name", [*WITH_EXAMPLE, "input", "constant"])
def test_attributes_of_other_types_are_refused(name):
    def nodes():
        if name not in ("input", "constant"):
            return example(name)
        return json.loads(json.dumps(graph_to_json([input_("x", ("n", 2)) + 3.0])))

    shown = the_node(nodes(), name).get("attributes", {})
    for attribute in [*shown, "further"]:
        for value in ("x" if attribute != "name" else 3, None, 10**400, -(10**12), [[1]], [-1], [2**40], {}):
            if attribute == "axes" and value is None:
                continue  # all of them
            data = nodes()
            the_node(data, name).setdefault("attributes", {})[attribute] = value
            with pytest.raises(DownslopeError):
                graph_from_json(data)
    for attribute in shown.keys() - OPS[name].defaults.keys():
        data = nodes()
        del the_node(data, name)["attributes"][attribute]
        with pytest.raises(DownslopeError):
            graph_from_json(data)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("columns", {"indices": [4]}),
        ("columns", {"indices": []}),
        ("columns", {"squeeze": True}),
        ("place_columns", {"indices": [2, 2]}),
        ("place_columns", {"indices": [2, 4]}),
        ("place_columns", {"indices": [2]}),
        ("sum", {"axes": [2]}),
        ("sum", {"axes": [1, 1]}),
        ("broadcast", {"axes": [0]}),
        ("broadcast", {"axes": [1, 1]}),
        ("lines", {"slopes": [1.0, 2.0]}),
        ("lines", {"offsets": []}),
        ("lines", {"slopes": [1.0, "n", 2.0]}),
        ("lines", {"offsets": [1.0, True, 2.0]}),
        ("lines", {"offsets": [1.0, [2.0], 3.0]}),
        ("keep_mask", {"rate": 1.0}),
        ("keep_mask", {"rate": -0.1}),
    ],
)
def test_places_beyond_the_shapes_are_refused(name, changes):
    data = example(name)
    the_node(data, name)["attributes"] |= changes
    with pytest.raises(DownslopeError):
        graph_from_json(data)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("concatenate", [("n", 2), (4, 2)]),
        ("concatenate", [("n", 2), ("n",)]),
        ("add_rows", [("n", 2), ("n",), (4, 3)]),
        ("one_hot", [("n", 2)]),
        ("softmax", [("n",)]),
        ("rows", [()]),
        ("keep_mask", [("n", 3), ("n",), ()]),
        ("place_columns", [(5, 2), ("n", 4)]),
        ("broadcast", [("n",), (3, 3)]),
    ],
)
def test_shapes_that_an_op_cannot_take_are_refused(name, shapes):
    inputs = [input_(f"input{i}", shape) for i, shape in enumerate(shapes)]
    with pytest.raises(DownslopeError):
        make(name, *inputs, **OPS[name].example.attributes)
