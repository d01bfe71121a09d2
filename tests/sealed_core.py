"""Python code run where the packages of extras are not installed: an import of one finds nothing."""

import subprocess
import sys
import textwrap

EXTRAS = (
    "charset_normalizer", "fastexcel", "joblib", "matplotlib", "mlflow", "narwhals", "pandas", "polars",
    "pyarrow", "scipy", "sklearn", "tensorboard", "torch", "wandb", "xlsxwriter", "zstandard",
)  # fmt: skip
_SEAL = f"""
import sys
class Seal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Seal())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {EXTRAS} else found(name, package)
"""


def run_in_core(code, *arguments, folder=None):
    """The process that ran some code, where only the core is installed."""
    return subprocess.run(
        [sys.executable, "-c", _SEAL + textwrap.dedent(code), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
