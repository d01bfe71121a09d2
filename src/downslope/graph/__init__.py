"""WHAT is computed: nodes, ops, the chain rule, and how they are written."""

from downslope.graph import _activations, _arithmetic, _indexing, _linear, _losses, _ranks, ops  # noqa: F401 (they register ops)
from downslope.graph._chain_rule import gradient, hessian_vector_product
from downslope.graph._elementwise import Elementwise
from downslope.graph._indexing import computed_column, source_column
from downslope.graph._json import graph_from_json, graph_to_json
from downslope.graph._leaves import constant, input_, parameter, state
from downslope.graph._node import BATCH, OPS, Node, Op, Operand, Shape, make, topological
from downslope.graph._numbers import NORMAL_SERIES, SELU_ALPHA, SELU_SCALE
from downslope.graph._row_gradients import joined_rows, row_gradient_norms
from downslope.graph._substitute import substitute

__all__ = [
    "BATCH",
    "NORMAL_SERIES",
    "OPS",
    "SELU_ALPHA",
    "SELU_SCALE",
    "Elementwise",
    "Node",
    "Op",
    "Operand",
    "Shape",
    "computed_column",
    "constant",
    "gradient",
    "graph_from_json",
    "graph_to_json",
    "hessian_vector_product",
    "input_",
    "joined_rows",
    "make",
    "parameter",
    "row_gradient_norms",
    "source_column",
    "state",
    "substitute",
    "topological",
]
