"""Gradients as numbers: of every parameter, of each row, and along a direction."""

from downslope.insight.gradients._gradient import gradient
from downslope.insight.gradients._hessian import hessian_vector_product
from downslope.insight.gradients._lanczos import lanczos
from downslope.insight.gradients._row_norms import gradient_norms

__all__ = ["gradient", "gradient_norms", "hessian_vector_product", "lanczos"]
