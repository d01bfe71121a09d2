"""Doctests of what needs PyTorch, which are left out where there is none."""

from importlib.util import find_spec

NEEDS_TORCH = ["src/downslope/engines/torch/*.py", "src/downslope/nets/_torch_module.py"]

collect_ignore_glob = [] if find_spec("torch") else NEEDS_TORCH
