"""The public names with their types; ``__init__.py`` imports a room when one of its names is first used."""

from downslope.errors import DownslopeError as DownslopeError
from downslope.estimators import MLPClassifier as MLPClassifier
from downslope.estimators import MLPRegressor as MLPRegressor
from downslope.estimators import TableClassifier as TableClassifier
from downslope.estimators import TableRegressor as TableRegressor
from downslope.fitting import Model as Model
from downslope.fitting import fit as fit
from downslope.fitting import load as load
from downslope.graph import ops as ops
from downslope.insight import Explanation as Explanation
from downslope.insight import Forecast as Forecast
from downslope.insight import Solution as Solution
from downslope.insight import StepTape as StepTape
from downslope.insight import explain as explain
from downslope.insight import explain_row as explain_row
from downslope.insight import explain_unit as explain_unit
from downslope.insight import forecast as forecast
from downslope.insight import gradient as gradient
from downslope.insight import gradient_norms as gradient_norms
from downslope.insight import hessian_vector_product as hessian_vector_product
from downslope.insight import solve as solve
from downslope.insight import tape as tape
from downslope.nets import Checkpoint as Checkpoint
from downslope.nets import Dense as Dense
from downslope.nets import Dropout as Dropout
from downslope.nets import Elu as Elu
from downslope.nets import Embedding as Embedding
from downslope.nets import Ensemble as Ensemble
from downslope.nets import Huber as Huber
from downslope.nets import LayerNorm as LayerNorm
from downslope.nets import LeakyRelu as LeakyRelu
from downslope.nets import Network as Network
from downslope.nets import Periodic as Periodic
from downslope.nets import PiecewiseLinear as PiecewiseLinear
from downslope.nets import Quantile as Quantile
from downslope.nets import Residual as Residual
from downslope.studio import Studio as Studio
from downslope.studio import play as play
from downslope.training import Adagrad as Adagrad
from downslope.training import Adam as Adam
from downslope.training import AdamW as AdamW
from downslope.training import Constant as Constant
from downslope.training import Cosine as Cosine
from downslope.training import FlatCosine as FlatCosine
from downslope.training import Folds as Folds
from downslope.training import OneCycle as OneCycle
from downslope.training import RMSprop as RMSprop
from downslope.training import Run as Run
from downslope.training import Sgd as Sgd
from downslope.training import StepDecay as StepDecay
from downslope.training import WarmUp as WarmUp
from downslope.training import descend as descend
from downslope.training import predict as predict

__version__: str
__all__: list[str]
