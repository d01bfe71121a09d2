"""``downslope tune``: its log, its model, and the command that gives the same one."""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.cli._run import run
from thorough import one_in

EXAMPLES = Path(__file__).parents[2] / "examples"
QUICK = ["--trials", "2", "--time", "1h", "--epochs", "2", "--members", "2"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copy(EXAMPLES / "penguins.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


WEIGHED = ["--class-weight", "Adelie=2.5", "--class-weight", "Chinstrap=3"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("target", "rows", "more"),
    one_in(2, [("body_mass_g", 274, []), ("species", 276, WEIGHED)]),
    ids=["numbers", "classes"],
)
def test_the_printed_command_gives_the_same_model(folder, capsys, target, rows, more):
    asked = ["--drop", "year", "--drop", "island", "--seed", "3", *more]
    table = ["penguins.csv", "--target", target]
    assert run(["tune", *table, *asked, *QUICK, "--log", "log.jsonl", "-o", "found.downslope"]) == 0
    printed = capsys.readouterr().out
    assert f"Settings searched: 2 trials on {rows} rows" in printed
    command = next(line for line in printed.splitlines() if line.startswith("The same model: "))
    words = shlex.split(command.removeprefix("The same model: "))
    assert words[:3] == ["downslope", "fit", "penguins.csv"]
    words[words.index("--output") + 1] = "again.downslope"
    assert run(words[1:]) == 0
    found, again = ds.load("found.downslope"), ds.load("again.downslope")
    for name, value in found.parameters.items():
        assert np.array_equal(again.parameters[name], value)
    trials = [json.loads(line) for line in Path("log.jsonl").read_text().splitlines()]
    assert trials[0]["settings"] == {}
    assert len({json.dumps(trial["settings"]) for trial in trials}) == 2


@pytest.mark.thorough
def test_a_search_that_is_over_goes_on_with_more_trials(folder, capsys):
    words = ["tune", "penguins.csv", "-t", "body_mass_g", *QUICK, "--hidden", "8", "--checkpoint", "kept"]
    assert run(words) == 0
    first = capsys.readouterr().out
    assert "restored" not in first
    assert run([*words, "--resume", "--trials", "3"]) == 0
    second = capsys.readouterr().out
    assert re.search(r"[2-8] of \d+ trials were restored from kept\.", second)
    command = next(line for line in second.splitlines() if line.startswith("The same model: "))
    assert "kept" not in command
    assert run(words) == 2
    assert "go on from them with resume=True (--resume)" in capsys.readouterr().err


def test_show_tells_of_the_search(folder, capsys):
    assert run(["tune", "penguins.csv", "-t", "species", *QUICK, "--hidden", "8"]) == 0
    capsys.readouterr()
    assert run(["show", "penguins.downslope"]) == 0
    assert (
        "Log loss on 69 other rows, which no training and no choice of settings knew"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--time", "soon"], "time needs seconds or a text such as '90s'"),
        (["--hidden", ""], "no settings to search"),
        (["-o", "penguins.csv"], "penguins.csv"),
        (["--resume"], "--resume needs the folder of --checkpoint"),
    ],
)
def test_what_does_not_serve_is_refused(folder, capsys, words, message):
    assert run(["tune", "penguins.csv", "-t", "species", *words]) == 2
    assert message in capsys.readouterr().err
