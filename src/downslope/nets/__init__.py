"""Layers, losses and initialisers: from the description of a network to its graph."""

from downslope.nets._activations import ACTIVATIONS, ActivationFunction, Elu, LeakyRelu
from downslope.nets._builder import LAYERS, Layer, LayerBuilder, described
from downslope.nets._built import NetworkGraph
from downslope.nets._ensemble import AnyNetwork, Ensemble, checked_network, checked_one
from downslope.nets._initializers import INITIALIZERS, initialize
from downslope.nets._layers import Dense, Dropout, Embedding, LayerNorm, Residual
from downslope.nets._losses import LOSSES, Huber, LossFunction, Quantile
from downslope.nets._network import Network
from downslope.nets._numeric import Periodic, PiecewiseLinear
from downslope.nets._outline import LayerOutline, layer_line
from downslope.nets._point import Fitted, Point, parameter_values, starting_values
from downslope.nets._reading import (
    Checkpoint,
    checked_parameters,
    network_from_json,
    network_of,
    read_checkpoint,
    read_network,
)
from downslope.nets._stages import ACTIVATION, Stage, Symbols

__all__ = [
    "ACTIVATION",
    "ACTIVATIONS",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "ActivationFunction",
    "AnyNetwork",
    "Checkpoint",
    "Dense",
    "Dropout",
    "Elu",
    "Embedding",
    "Ensemble",
    "Fitted",
    "Huber",
    "Layer",
    "LayerBuilder",
    "LayerNorm",
    "LayerOutline",
    "LeakyRelu",
    "LossFunction",
    "Network",
    "NetworkGraph",
    "Periodic",
    "PiecewiseLinear",
    "Point",
    "Quantile",
    "Residual",
    "Stage",
    "Symbols",
    "checked_network",
    "checked_one",
    "checked_parameters",
    "described",
    "initialize",
    "layer_line",
    "network_from_json",
    "network_of",
    "parameter_values",
    "read_checkpoint",
    "read_network",
    "starting_values",
]
