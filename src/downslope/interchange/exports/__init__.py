"""A prediction in other formats: each is the one walk over its graph, with a table of spellings."""

from downslope.interchange.exports._onnx import onnx_file
from downslope.interchange.exports._prediction import Cells, Prediction, of_network, of_table

__all__ = ["Cells", "Prediction", "of_network", "of_table", "onnx_file"]
