"""The advice of messages about tables leads on, and commands refuse what would lose data."""

import re
from pathlib import Path

import pytest

from downslope.cli._run import run as run_command

QUICK = ["--epochs", "1", "--members", "1"]


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = run_command(arguments)
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def options_in(message: str) -> list[list[str]]:
    """The options that a message names, each with its value."""
    found = re.findall(r'(--[a-z-]+)(?: ("[^"]+"|[a-z,.-]+(?<![,.;])|,))?', message.split("; ", 1)[1])
    return [
        [option, value.strip('"')] if value not in ("", "or", "to") else [option] for option, value in found
    ]


N = 40
TABLES = {
    "dates": "d;x;y\n"
    + "".join(f"{1 + i % 12:02d}/{1 + i * 5 % 12:02d}/24;{i % 7};{i}.5\n" for i in range(N)),
    "no header": "".join(f"{i};{i % 7};{i}.5\n" for i in range(N)),
    "numbers and words": "x;y\n" + "".join(f"{i},5;{i}\n" for i in range(N)) + "lots;7\n",
    "dates and words": "d;x;y\n"
    + "".join(f"{1 + i % 28:02d}.{1 + i % 12:02d}.2024;{i % 7};{i}\n" for i in range(N))
    + "soon;1;7\n",
    "numbers and words as target": "x;y\n" + "".join(f"{i % 9};{i},5\n" for i in range(N)) + "7;lots\n",
    "too many classes": "x;y\n" + "".join(f"{i % 9};{i * 7}\n" for i in range(N)),
}
ASKED = {
    "no header": ["-t", "column3"],
    "too many classes": ["-t", "y", "--task", "classification"],
}


@pytest.mark.parametrize("name", TABLES)
def test_advice_leads_on(name: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLES[name])
    asked = ASKED.get(name, ["-t", "y"])
    code, message = run(["fit", "t.csv", *asked, *QUICK], capsys)
    assert code == 2, message
    options = options_in(message)
    assert options, message
    for option in options:
        kept = [] if option[0] == "--task" else asked[2:]
        code, said = run(["fit", "t.csv", *asked[:2], *kept, *option, *QUICK], capsys)
        assert code == 0, (option, said)


def test_cells_that_are_no_numbers_are_shown(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLES["numbers and words"])
    code, said = run(["fit", "t.csv", "-t", "y", "--number", "x", *QUICK], capsys)
    assert code == 0
    assert 'column "x": "lots" in row 41 is none of its numbers and counts as a gap' in " ".join(said.split())


def test_a_file_is_not_written_over_what_is_read(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "x;y\n" + "".join(f"{i};{i},5\n" for i in range(N))
    Path("t.csv").write_text(rows)
    code, said = run(["fit", "t.csv", "-t", "y", "-o", "./t.csv", *QUICK], capsys)
    assert (code, "would replace t.csv" in said) == (2, True)
    assert run(["fit", "t.csv", "-t", "y", *QUICK], capsys)[0] == 0
    code, said = run(["predict", "t.downslope", "t.csv", "-o", str(tmp_path / "t.csv")], capsys)
    assert (code, "would replace t.csv" in said) == (2, True)
    assert Path("t.csv").read_text() == rows
    model = Path("t.downslope").read_bytes()
    for command in (
        ["explain", "t.downslope", "--row", "1"],  # reads the table of the fit, which nobody named
        ["importance", "t.downslope", "t.csv"],
        ["dependence", "t.downslope", "t.csv", "x"],
        ["report", "t.downslope", "--json"],
    ):
        for output in ("t.csv", "t.downslope"):
            code, said = run([*command, "-o", output], capsys)
            assert (code, f"{output}, which is read" in " ".join(said.split())) == (2, True), (command, said)
    assert (Path("t.csv").read_text(), Path("t.downslope").read_bytes()) == (rows, model)
    code, said = run(["predict", "t.downslope", "t.csv", "-o", "t.docx"], capsys)
    assert (code, "does not end in a known format" in said) == (2, True)


def test_a_task_of_one_of_several_targets(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x;y;kind\n" + "".join(f"{i};{i},5;{'ab'[i % 2]}\n" for i in range(N)))
    fit = ["fit", "t.csv", "-t", "y", "-t", "kind", *QUICK]
    code, said = run([*fit, "--task", "regression"], capsys)
    assert (code, "--category and --number say it of one" in said) == (2, True)
    assert run([*fit, "--number", "y", "--category", "kind"], capsys)[0] == 0
    code, said = run(["importance", "t.downslope", "t.csv"], capsys)
    assert (code, "there are models of y, kind; name one, such as --target y" in said) == (2, True)
    assert run(["importance", "t.downslope", "t.csv", "--target", "y"], capsys)[0] == 0
    code, said = run([*fit[:2], "-t", "y", "-t", "y"], capsys)
    assert (code, 'target has "y" twice; name each column once' in said) == (2, True)


def test_predictions_are_in_the_notation_of_the_input(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x;y\n" + "".join(f"1.{100 + i},50;{i},25 €\n" for i in range(N)))
    assert run(["fit", "t.csv", "-t", "y", *QUICK], capsys)[0] == 0
    assert run(["predict", "t.downslope", "t.csv", "-o", "p.csv"], capsys)[0] == 0
    lines = Path("p.csv").read_text().splitlines()
    assert lines[0] == "x;y;predicted y"
    assert re.fullmatch(r"1\.100,50;0,25 €;-?\d+,\d+", lines[1])
