"""The engines that one contract holds for; torch where it is installed."""

from importlib.util import find_spec

import pytest

NEEDS_TORCH = [
    pytest.mark.torch,
    pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed"),
]

ENGINES = ["native", "reference", pytest.param("torch", marks=NEEDS_TORCH)]
