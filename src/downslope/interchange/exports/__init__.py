"""A prediction in other formats: each is the one walk over its graph, with a table of spellings.

``columns`` has what needs the room of tables: the columns of a model as nodes."""

from downslope._on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "_c": (
            "CSource",
            "c_source",
        ),
        "_column_ops": (
            "double",
            "single",
        ),
        "_equations": ("equations",),
        "_fixed_point": (
            "evaluated",
            "rounding_error",
        ),
        "_javascript": (
            "javascript_helpers",
            "javascript_source",
        ),
        "_javascript_module": ("javascript_module",),
        "_onnx": (
            "DESCRIBED",
            "onnx_file",
        ),
        "_prediction": (
            "TRANSPOSED",
            "Cells",
            "Prediction",
            "of_network",
        ),
        "_protobuf": ("fields_of",),
        "_python_source": (
            "python_script",
            "python_source",
        ),
        "_weights": (
            "torch_names",
            "weights_file",
        ),
    },
)
