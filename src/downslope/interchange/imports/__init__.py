"""Networks of other libraries as steps, and the network of some steps."""

from downslope.interchange.imports._columns import encoded
from downslope.interchange.imports._onnx import network_of_onnx
from downslope.interchange.imports._sklearn import fitted_of_sklearn
from downslope.interchange.imports._steps import Behind, network_of_steps
from downslope.interchange.imports._torch import steps_of_torch

__all__ = ["Behind", "encoded", "fitted_of_sklearn", "network_of_onnx", "network_of_steps", "steps_of_torch"]
