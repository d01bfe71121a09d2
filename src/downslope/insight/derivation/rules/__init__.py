"""What each kind of layer computes and passes back, written out: one class for a kind.

A kind that is not known here has a derivation all the same: its values and derivatives, without formulas.
"""

from downslope.insight.derivation.rules._activation import (
    ActivationRule,
    activation,
    definition,
    derivative,
    elementwise,
    prime,
    slopes,
)
from downslope.insight.derivation.rules._dense import DenseRule, ResidualRule
from downslope.insight.derivation.rules._dropout import DropoutRule
from downslope.insight.derivation.rules._embedding import EmbeddingRule
from downslope.insight.derivation.rules._layer_norm import LayerNormRule
from downslope.insight.derivation.rules._numeric import (
    PeaksRule,
    PeriodicRule,
    PiecewiseLinearRule,
    ProductsRule,
    SinhRule,
)
from downslope.insight.derivation.rules._rule import Factors, Rule, Shares, scalar
from downslope.nets import ACTIVATION, Stage

__all__ = [
    "Factors",
    "Rule",
    "Shares",
    "activation",
    "definition",
    "derivative",
    "elementwise",
    "prime",
    "rule_of",
    "scalar",
    "slopes",
]

_RULES: dict[str, Rule] = {
    ACTIVATION: ActivationRule(),
    "Dense": DenseRule(),
    "Dropout": DropoutRule(),
    "Embedding": EmbeddingRule(),
    "LayerNorm": LayerNormRule(),
    "Periodic": PeriodicRule(),
    "Peaks": PeaksRule(),
    "PiecewiseLinear": PiecewiseLinearRule(),
    "Products": ProductsRule(),
    "Residual": ResidualRule(),
    "Sinh": SinhRule(),
}


def rule_of(stage: Stage) -> Rule:
    """How the kind of a stage is written out."""
    return _RULES.get(stage.kind, Rule())
