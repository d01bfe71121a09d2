"""What the commands do with rows of a file that are no rows of its table, and how they count the others."""

import json
import random
from pathlib import Path

import polars as pl
import pytest

from downslope.cli._run import run

pytestmark = pytest.mark.filterwarnings("always::UserWarning")  # which the command line prints

TITLE = ["Report", ""]
ROWS = [f"{i % 9};{(i * 7) % 13};{2 * (i % 9) + 3 * ((i * 7) % 13) + 1}" for i in range(30)]
SUM = f";;{sum(int(row.split(';')[2]) for row in ROWS)}"
LINES = [*TITLE, "a;b;y", "cm;kg;EUR", *ROWS[:10], "", "# pause", *ROWS[10:], f"Sum{SUM}", "Source: office"]
"""Row 1 holds units, rows 12 and 13 are empty and a comment, row 34 sums up."""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("\n".join(LINES))
    assert run(["fit", "t.csv", "-t", "y"]) == 0
    said = capsys.readouterr().out
    assert 'Note: row 34 ("Sum") sums up the rows above it and is left out' in said
    assert "Note: row 1 holds units (cm, kg, EUR) and is left out" in said
    assert "30 rows, 3 columns" in said
    assert run(["show", "t.downslope"]) == 0
    assert 'Note: row 34 ("Sum")' in capsys.readouterr().out
    return "t.downslope"


def _answer(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[str, str]:
    assert run(command) == 0
    return tuple(capsys.readouterr())  # type: ignore[return-value]


def test_evaluate_scores_what_fit_learned_from(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    said, beside = _answer(capsys, "evaluate", model, "t.csv", "--json")
    found = json.loads(said)
    assert found["rows"] == 30
    assert found["compared"]["network"]["r2"]["value"] > 0.99
    assert 'row 34 ("Sum") sums up' in beside
    kept = json.loads(_answer(capsys, "evaluate", model, "t.csv", "--json", "--keep-rows")[0])
    assert kept["rows"] == 31


def test_the_worst_rows_are_those_of_the_file(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Path("t.csv").read_text().split("\n")
    for number in random.Random(0).sample([2, 11, 14, 20, 33], 3):
        place = number + len(TITLE)  # the header stands on the line after the title
        a, b, _ = lines[place].split(";")
        Path("worse.csv").write_text("\n".join([*lines[:place], f"{a};{b};999", *lines[place + 1 :]]))
        found = json.loads(_answer(capsys, "evaluate", model, "worse.csv", "--json")[0])
        assert found["worst"][0]["index"] == number - 1
        assert found["worst"][0]["true"] == 999


def test_explain_names_rows_as_the_file_does(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    a, b, y = (float(cell) for cell in LINES[len(TITLE) + 14].split(";"))
    found = json.loads(_answer(capsys, "explain", model, "--row", "14", "--json")[0])
    assert found["row"] == 13
    cells = {c["column"]: float(c["cell"]) for c in found["rows"][0]["columns"]}
    assert cells == {"a": a, "b": b}
    text = _answer(capsys, "explain", model, "--row", "14", "--of", "largest")[0]
    assert "row 14" in text
    assert f"y {y:g}: y =" in text


@pytest.mark.parametrize(
    ("row", "message"),
    [("13", "row 13 is empty, a comment or left out"), ("34", "row 34"), ("99", "there is no row 99")],
)
def test_rows_that_cannot_be_explained(model: str, row: str, message: str, capsys) -> None:
    assert run(["explain", model, "--row", row]) == 2
    assert message in capsys.readouterr().err


def test_predict_writes_every_row_and_predicts_those_that_count(model: str, capsys) -> None:
    beside = _answer(capsys, "predict", model, "t.csv", "-o", "out.csv", "--keep-rows")[1]
    assert "32 predictions" in beside
    beside = _answer(capsys, "predict", model, "t.csv", "-o", "out.csv")[1]
    assert 'row 34 ("Sum") sums up' in beside
    assert "30 predictions" in beside
    written = pl.read_csv("out.csv", separator=";", infer_schema=False)
    assert written.height == 32  # with the units and the sum
    assert written["predicted y"].is_null().arg_true().to_list() == [0, 31]
    near = written["predicted y"][1:31].str.replace(",", ".").cast(float) - written["y"][1:31].cast(float)
    assert near.abs().max() < 0.01


@pytest.mark.parametrize(
    "command",
    [("importance", "t.csv"), ("dependence", "t.csv", "a"), ("compare", "t.downslope", "--table", "t.csv")],
)
def test_the_others_leave_out_the_same(model: str, command: tuple[str, ...], capsys) -> None:
    said, beside = _answer(capsys, command[0], model, *command[1:])
    assert "30 rows" in said
    assert 'row 34 ("Sum") sums up' in beside
