"""The public names with their types; ``__init__.py`` imports a module when one of its names is first used."""

from downslope.interchange.exports._c import CSource as CSource
from downslope.interchange.exports._c import c_source as c_source
from downslope.interchange.exports._column_ops import double as double
from downslope.interchange.exports._column_ops import single as single
from downslope.interchange.exports._equations import equations as equations
from downslope.interchange.exports._fixed_point import evaluated as evaluated
from downslope.interchange.exports._fixed_point import rounding_error as rounding_error
from downslope.interchange.exports._javascript import javascript_helpers as javascript_helpers
from downslope.interchange.exports._javascript import javascript_source as javascript_source
from downslope.interchange.exports._javascript_module import javascript_module as javascript_module
from downslope.interchange.exports._onnx import DESCRIBED as DESCRIBED
from downslope.interchange.exports._onnx import onnx_file as onnx_file
from downslope.interchange.exports._prediction import TRANSPOSED as TRANSPOSED
from downslope.interchange.exports._prediction import Cells as Cells
from downslope.interchange.exports._prediction import Prediction as Prediction
from downslope.interchange.exports._prediction import of_network as of_network
from downslope.interchange.exports._protobuf import fields_of as fields_of
from downslope.interchange.exports._python_source import python_script as python_script
from downslope.interchange.exports._python_source import python_source as python_source
from downslope.interchange.exports._weights import torch_names as torch_names
from downslope.interchange.exports._weights import weights_file as weights_file
