"""Files: a model as one safetensors file."""

from downslope.interchange._graph_json import graph_from_json, graph_to_json
from downslope.interchange._model_file import ModelFile, read_model_file, write_beside, write_model_file

__all__ = [
    "ModelFile",
    "graph_from_json",
    "graph_to_json",
    "read_model_file",
    "write_beside",
    "write_model_file",
]
