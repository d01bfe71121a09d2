"""Pictures from plain data, as SVG for notebooks and with matplotlib where it is installed."""

from downslope.drawing._bars import Bar, bars_picture
from downslope.drawing._curves import Curve, Mark, curves_picture, plot_curves
from downslope.drawing._dependence import Axis, line_picture, map_picture
from downslope.drawing._drawn import Drawn
from downslope.drawing._histogram import histogram_picture, small_histogram
from downslope.drawing._layers import LayerDrawing, layers_picture
from downslope.drawing._panel import page, panel, table
from downslope.drawing._shapes import BLUE, ORANGE, Picture
from downslope.drawing._square import Agreement, agreement_picture, scatter_picture

__all__ = [
    "BLUE",
    "ORANGE",
    "Agreement",
    "Axis",
    "Bar",
    "Curve",
    "Drawn",
    "LayerDrawing",
    "Mark",
    "Picture",
    "agreement_picture",
    "bars_picture",
    "curves_picture",
    "histogram_picture",
    "layers_picture",
    "line_picture",
    "map_picture",
    "page",
    "panel",
    "plot_curves",
    "scatter_picture",
    "small_histogram",
    "table",
]
