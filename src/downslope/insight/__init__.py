"""What the gradients SAY: the chain rule written out."""

from downslope.insight._explain import Explanation, explain
from downslope.insight._place import Place

__all__ = ["Explanation", "Place", "explain"]
