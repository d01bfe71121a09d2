"""A prediction in other formats: each is the one walk over its graph, with a table of spellings.

``columns`` has what needs the room of tables: the columns of a model as nodes.
"""

from downslope.interchange.exports._c import CSource, c_source
from downslope.interchange.exports._column_ops import double, single
from downslope.interchange.exports._equations import equations
from downslope.interchange.exports._fixed_point import evaluated, rounding_error
from downslope.interchange.exports._javascript import javascript_helpers, javascript_source
from downslope.interchange.exports._javascript_module import javascript_module
from downslope.interchange.exports._onnx import DESCRIBED, onnx_file
from downslope.interchange.exports._prediction import TRANSPOSED, Cells, Prediction, of_network
from downslope.interchange.exports._protobuf import fields_of
from downslope.interchange.exports._python_source import python_script, python_source
from downslope.interchange.exports._weights import torch_names, weights_file

__all__ = [
    "DESCRIBED",
    "TRANSPOSED",
    "CSource",
    "Cells",
    "Prediction",
    "c_source",
    "double",
    "equations",
    "evaluated",
    "fields_of",
    "javascript_helpers",
    "javascript_module",
    "javascript_source",
    "of_network",
    "onnx_file",
    "python_script",
    "python_source",
    "rounding_error",
    "single",
    "torch_names",
    "weights_file",
]
