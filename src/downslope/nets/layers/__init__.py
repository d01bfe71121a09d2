"""Layers: what they declare, the kinds there are, their starting values, and layers as plain data."""

from downslope.nets.layers._builder import (
    LAYERS,
    Layer,
    LayerBuilder,
    NetworkBuilder,
    checked_layers,
    described,
    listing_at_most,
)
from downslope.nets.layers._description import layers_from_json, layers_to_json
from downslope.nets.layers._initializers import INITIALIZERS, Start, generator, initialize
from downslope.nets.layers._layers import Activation, Dense, Dropout, Embedding, LayerNorm, Residual
from downslope.nets.layers._numeric import Peaks, Periodic, PiecewiseLinear, Products, Sinh
from downslope.nets.layers._stages import ACTIVATION, Stage, Symbols, symbols_of

__all__ = [
    "ACTIVATION",
    "INITIALIZERS",
    "LAYERS",
    "Activation",
    "Dense",
    "Dropout",
    "Embedding",
    "Layer",
    "LayerBuilder",
    "LayerNorm",
    "NetworkBuilder",
    "Peaks",
    "Periodic",
    "PiecewiseLinear",
    "Products",
    "Residual",
    "Sinh",
    "Stage",
    "Start",
    "Symbols",
    "checked_layers",
    "described",
    "generator",
    "initialize",
    "layers_from_json",
    "layers_to_json",
    "listing_at_most",
    "symbols_of",
]
