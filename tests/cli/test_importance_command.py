"""``downslope importance``: the numbers of ``Model.importance`` in every form."""

import json

import pytest
from test_commands import EXAMPLES, QUICK, run

import downslope as ds

PENGUINS = EXAMPLES / "penguins.csv"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("importance")
    done = run("fit", PENGUINS, "-t", "body_mass_g", "--members", "2", *QUICK, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "penguins.downslope"


def test_the_numbers_are_those_of_the_model(model) -> None:
    done = run("importance", model, PENGUINS, "--repeats", "2", "--seed", "3", "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.pop("title") == "Importance of the columns of penguins.csv"
    assert told == ds.load(model).importance(PENGUINS, repeats=2, seed=3).to_json()


@pytest.mark.parametrize("ending", ["txt", "html", "svg", "png"])
def test_forms(model, ending, tmp_path) -> None:
    out = tmp_path / f"importance.{ending}"
    assert run("importance", model, PENGUINS, "-o", out).returncode == 0
    starts = {"txt": b"Importance of", "html": b"<!DOCTYPE html>", "svg": b"<svg", "png": b"\x89PNG"}
    assert out.read_bytes().startswith(starts[ending])


def test_help_and_refusals(model) -> None:
    assert "Examples:" in run("importance", "--help").stdout
    done = run("importance", model, EXAMPLES / "five_rows.csv")
    assert done.returncode == 2
    assert 'lacks the target "body_mass_g"' in done.stderr
    assert run("importance", model, PENGUINS, "--repeats", "0").returncode == 2
