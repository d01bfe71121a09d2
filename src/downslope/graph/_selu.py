"""The two numbers of SELU, for all engines and exports; the build of the native engine reads this file."""

__all__ = ["SELU_ALPHA", "SELU_SCALE"]

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
