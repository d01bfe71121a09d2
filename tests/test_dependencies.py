"""What the package imports is what installing it, or one of its extras for users, brings along."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from thorough import first

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [name for name in PROJECT["optional-dependencies"] if name not in ("all", "test", "dev")]
NAMES = {"scikit-learn": "sklearn", "mlflow-skinny": "mlflow"}  # that differ from those of the package
BROUGHT = {"joblib", "triton"}  # by scikit-learn and by PyTorch
OF_THE_USER = {"matplotlib", "pyarrow"}  # for a figure or a table that the user has of them


def declared():
    wanted = [*PROJECT["dependencies"]]
    for extra in EXTRAS:
        wanted += PROJECT["optional-dependencies"][extra]
    found = [re.match(r"[\w-]+", each).group() for each in wanted]
    return {NAMES.get(name, name.replace("-", "_")) for name in found}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize(
    "room", first(4, sorted(p.name for p in (ROOT / "src/downslope").iterdir() if p.is_dir()))
)
def test_everything_imported_is_installed(room):
    known = declared() | BROUGHT | OF_THE_USER | set(sys.stdlib_module_names) | {"downslope"}
    for path in (ROOT / "src/downslope" / room).rglob("*.py"):
        assert not set(imported(path)) - known, path


def test_what_needs_torch_is_marked_so():
    """CI runs without PyTorch, and then, where it is installed, what is marked."""
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text()
        assert text.count("mark.torch") >= text.count('importorskip("torch"'), path
