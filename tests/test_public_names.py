"""The public names: one list, typed, documented, and nothing else in sight."""

import ast
import re
from pathlib import Path

import pytest

import downslope as ds

ROOT = Path(__file__).parents[1]
DOCS = "\n".join(page.read_text() for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])


def test_types_are_given_for_just_the_public_names():
    stub = ast.parse((ROOT / "src" / "downslope" / "__init__.pyi").read_text())
    imported = {
        alias.asname
        for statement in stub.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert imported == set(ds.__all__)


def test_dir_shows_the_public_names():
    assert set(dir(ds)) == {*ds.__all__, "__version__"}


@pytest.mark.parametrize("name", ds.__all__)
def test_every_public_name_can_be_imported_has_a_docstring_and_a_place_in_the_docs(name):
    assert getattr(ds, name).__doc__
    assert re.search(rf"\b{name}\b", DOCS), f"no page of the documentation mentions ds.{name}"


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="no attribute 'TYPE_CHECKING'"):
        ds.TYPE_CHECKING  # noqa: B018 (reading it is the test)
