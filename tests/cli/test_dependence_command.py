"""``downslope dependence``: the numbers of ``Model.partial_dependence`` in every form."""

import json
from itertools import product

import pytest
from test_commands import EXAMPLES, QUICK, run

import downslope as ds
from thorough import one_in

PENGUINS = EXAMPLES / "penguins.csv"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dependence")
    done = run("fit", PENGUINS, "-t", "species", "--members", "2", *QUICK, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "penguins.downslope"


def test_the_numbers_are_those_of_the_model(model) -> None:
    columns, options = ["bill_length_mm", "island"], ["--points", "4", "--of-class", "Gentoo", "--log-odds"]
    done = run("dependence", model, PENGUINS, *columns, *options, "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.pop("title") == "Partial dependence on bill_length_mm and island, rows of penguins.csv"
    found = ds.load(model).partial_dependence(PENGUINS, columns, points=4, of_class="Gentoo", log_odds=True)
    assert told == found.to_json()


@pytest.mark.parametrize(
    ("columns", "ending"),
    one_in(
        5,
        list(
            product(
                [["flipper_length_mm"], ["island"], ["flipper_length_mm", "island"]],
                ["txt", "html", "svg", "png"],
            )
        ),
    ),
)
def test_forms(model, columns, ending, tmp_path) -> None:
    out = tmp_path / f"dependence.{ending}"
    assert run("dependence", model, PENGUINS, *columns, "-o", out).returncode == 0
    starts = {"txt": b"Partial dependence", "html": b"<!DOCTYPE html>", "svg": b"<svg", "png": b"\x89PNG"}
    assert out.read_bytes().startswith(starts[ending])


def test_help_and_refusals(model) -> None:
    assert "Examples:" in run("dependence", "--help").stdout
    cases = [
        (["bill"], 'uses no column "bill"'),
        (["island", "sex", "year"], "one name or two different ones"),
        ([], "Missing argument"),
        (["island", "--of-class", "Gento"], "did you mean 'Gentoo'"),
    ]
    for arguments, message in cases:
        done = run("dependence", model, PENGUINS, *arguments)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
