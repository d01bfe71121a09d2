"""Layers, losses and initialisers: from the description of a network to its graph."""

from downslope.nets._builder import LAYERS, Layer, LayerBuilder
from downslope.nets._description import network_from_json, network_to_json
from downslope.nets._ensemble import AnyNetwork, Ensemble
from downslope.nets._initializers import INITIALIZERS, initialize
from downslope.nets._layers import Dense, Dropout, Embedding, LayerNorm, Residual
from downslope.nets._network import Network, NetworkGraph
from downslope.nets._numeric import Periodic, PiecewiseLinear
from downslope.nets._outline import LayerOutline, layer_line
from downslope.nets._stages import ACTIVATION, Stage, Symbols

__all__ = [
    "ACTIVATION",
    "INITIALIZERS",
    "LAYERS",
    "AnyNetwork",
    "Dense",
    "Dropout",
    "Embedding",
    "Ensemble",
    "Layer",
    "LayerBuilder",
    "LayerNorm",
    "LayerOutline",
    "Network",
    "NetworkGraph",
    "Periodic",
    "PiecewiseLinear",
    "Residual",
    "Stage",
    "Symbols",
    "initialize",
    "layer_line",
    "network_from_json",
    "network_to_json",
]
