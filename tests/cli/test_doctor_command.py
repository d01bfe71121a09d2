"""``downslope doctor``: tables and models are examined, and what is wrong is named."""

import json
import re

import pytest
from test_commands import EXAMPLES, QUICK, run

PENGUINS = EXAMPLES / "penguins.csv"
MASS = ["doctor", PENGUINS, "--target", "body_mass_g", "--epochs", "10", "--hidden", "16"]


@pytest.mark.thorough
def test_a_table_whose_learning_rate_is_too_high(tmp_path) -> None:
    done = run(*MASS, "--learning-rate", "30", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    first = told["findings"][0]
    assert (first["code"], first["changes"]) == ("learning-rate-too-high", ["learning_rate"])
    page = tmp_path / "why.html"
    assert run(*MASS, "--learning-rate", "30", "-o", page).returncode == 1
    assert "<svg" in page.read_text()


def test_a_table_that_is_learned_well() -> None:
    done = run("doctor", PENGUINS, "--target", "species", "--seconds", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Healthy" in done.stdout


def test_a_model_is_examined_on_its_table(tmp_path) -> None:
    assert run("fit", PENGUINS, "-t", "species", "--members", "1", *QUICK, folder=tmp_path).returncode == 0
    done = run("doctor", tmp_path / "penguins.downslope", "--no-proof", "--json")
    assert done.returncode in (0, 1), done.stderr
    assert all(finding["proof"] is None for finding in json.loads(done.stdout)["findings"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([PENGUINS], "name the column of .* to predict, such as --target price"),
        ([PENGUINS, PENGUINS, "-t", "species"], "is a table too many"),
        ([PENGUINS, "-t", "nothing"], "nothing"),
        ([PENGUINS, "-t", "species", "--seconds", "0"], "seconds"),
        ([PENGUINS, "-t", "species", "--learning-rate", "-1"], "learning_rate"),
        (["nothing.csv", "-t", "y"], "there is no file nothing.csv"),
        (["nothing.downslope"], "there is no file nothing.downslope"),
        (["x.downslope", "--epochs", "3"], "leave out --epochs"),
        ([PENGUINS, "-t", "species", "-o", PENGUINS], "would replace"),
    ],
)
def test_what_cannot_be_examined_is_refused(words, message) -> None:
    done = run("doctor", *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert re.search(message, done.stderr), done.stderr
