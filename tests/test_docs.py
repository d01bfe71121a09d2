"""The tutorials: notebooks as they are kept, without outputs; ``make docs`` runs them."""

import json
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOKS = sorted((DOCS / "tutorials").glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestANotebook:
    def test_is_kept_without_outputs(self, path: Path) -> None:
        assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells(path, "code"))

    def test_has_a_title_and_says_what_is_next(self, path: Path) -> None:
        first, *_, last = ("".join(cell["source"]) for cell in cells(path, "markdown"))
        assert first.startswith("# ")
        assert last.startswith("## What next\n")

    def test_is_python(self, path: Path) -> None:
        for cell in cells(path, "code"):
            compile("".join(cell["source"]), path.name, "exec")


def test_every_notebook_is_on_the_start_page() -> None:
    listed = (DOCS / "index.md").read_text("utf-8")
    assert NOTEBOOKS
    assert all(f"<tutorials/{path.stem}>" in listed for path in NOTEBOOKS)
