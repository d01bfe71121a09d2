"""Files: a model as one safetensors file, as source code, as one page."""

from downslope.interchange._model_file import ModelFile, model_of, read_model_file, write_model_file
from downslope.interchange._page import page_source
from downslope.interchange._page_data import PAGE_ROWS, has_picture
from downslope.interchange._page_program import PageDescent
from downslope.interchange.exports import javascript_source, python_source

__all__ = [
    "PAGE_ROWS",
    "ModelFile",
    "PageDescent",
    "has_picture",
    "javascript_source",
    "model_of",
    "page_source",
    "python_source",
    "read_model_file",
    "write_model_file",
]
