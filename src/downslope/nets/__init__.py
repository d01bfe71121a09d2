"""Layers, losses and initialisers: from the description of a network to its graph."""

from downslope.nets._description import network_from_json, network_to_json
from downslope.nets._ensemble import AnyNetwork, Ensemble
from downslope.nets._initializers import INITIALIZERS, initialize
from downslope.nets._layers import Dense, Dropout, Embedding, Layer, LayerNorm, Residual, Stage
from downslope.nets._network import Network, NetworkGraph
from downslope.nets._numeric import Periodic, PiecewiseLinear

__all__ = [
    "INITIALIZERS",
    "AnyNetwork",
    "Dense",
    "Dropout",
    "Embedding",
    "Ensemble",
    "Layer",
    "LayerNorm",
    "Network",
    "NetworkGraph",
    "Periodic",
    "PiecewiseLinear",
    "Residual",
    "Stage",
    "initialize",
    "network_from_json",
    "network_to_json",
]
