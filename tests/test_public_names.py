"""The public names: one list, typed, documented, and nothing else in sight."""

import ast
import re
import sys
from importlib import import_module
from pathlib import Path
from subprocess import run

import pytest

import downslope as ds

ROOT = Path(__file__).parents[1]
DOCS = "\n".join(page.read_text() for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])


SOURCE = ROOT / "src"
ON_DEMAND = [".".join(stub.parent.relative_to(SOURCE).parts) for stub in SOURCE.rglob("__init__.pyi")]


@pytest.mark.parametrize("room", ON_DEMAND)
def test_types_are_given_for_just_the_names_that_a_room_imports_on_demand(room):
    stub = ast.parse((SOURCE.joinpath(*room.split(".")) / "__init__.pyi").read_text())
    typed = {
        alias.asname: statement.module
        for statement in stub.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    loaded = import_module(room)
    assert set(typed) == set(loaded.__all__)
    for name, module in typed.items():
        assert getattr(loaded, name) is getattr(import_module(module), name)


def test_what_a_command_has_no_use_for_is_not_imported():
    """A room on demand that another file imports as a whole is one no more, and nobody would notice."""
    said = run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True).stdout.split()
    for part in ("insight.derivation", "insight.diagnosis.findings", "fitting.search", "fitting.reports"):
        assert not [name for name in said if name.startswith(f"downslope.{part}")]


IMPORTED = "import sys; from downslope.fitting import fit, load; print(*sys.modules)"


def test_dir_shows_the_public_names():
    assert set(dir(ds)) == {*ds.__all__, "__version__"}


@pytest.mark.parametrize("name", ds.__all__)
def test_every_public_name_can_be_imported_has_a_docstring_and_a_place_in_the_docs(name):
    assert getattr(ds, name).__doc__
    assert re.search(rf"\b{name}\b", DOCS), f"no page of the documentation mentions ds.{name}"


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="no attribute 'TYPE_CHECKING'"):
        ds.TYPE_CHECKING  # noqa: B018 (reading it is the test)
