"""``downslope explain``: contributions first, derivatives, and the chain rule where it is asked for."""

import json

import numpy as np
import polars as pl
import pytest
from test_commands import EXAMPLES, QUICK, run

import downslope as ds

PENGUINS = EXAMPLES / "penguins.csv"


@pytest.fixture(scope="module")
def mass(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mass")
    done = run("fit", PENGUINS, "-t", "body_mass_g", "--members", "2", *QUICK, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "penguins.downslope"


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_the_columns_come_first_and_the_chain_rule_on_request(mass, form, tmp_path) -> None:
    out = tmp_path / "out"
    plain = run("explain", mass, "--row", "3", "--format", form, "-o", out)
    assert plain.returncode == 0, plain.stderr
    content = out.read_text()
    assert "Row 3 of penguins.csv" in content
    assert "flipper_length_mm" in content
    assert "chain" not in content
    done = run("explain", mass, "--row", "3", "--of", "W1[2,3]", "--format", form, "-o", out)
    assert done.returncode == 0, done.stderr
    both = out.read_text()
    assert "row 3" in both
    assert both.index("flipper_length_mm") < both.index("changes the error")
    assert form == "json" or "in units of" in both  # the target, in the network's units and in its own


def test_the_numbers_are_those_of_the_model(mass) -> None:
    told = json.loads(run("explain", mass, "--row", "3", "--of", "largest", "--format", "json").stdout)
    model, frame = ds.load(mass), pl.read_csv(PENGUINS, null_values="NA")
    found = model.contributions(frame[2], frame)
    (row,) = told["rows"]
    assert (told["row"], told["chain_rule"]["row"]) == (2, 2)
    assert row["prediction"] == model.predict(frame)[2]
    values = [column["contribution"] for column in row["columns"]]
    np.testing.assert_allclose(values, found.values[0])
    np.testing.assert_allclose(sum(values), row["prediction"] - row["average"])


def test_rows_count_as_in_the_file(mass) -> None:
    """Row 4 has no body mass: it is explained all the same, and row 5 stays row 5."""
    frame = pl.read_csv(PENGUINS, null_values="NA")
    assert frame["body_mass_g"][3] is None
    for row in (4, 5):
        told = json.loads(run("explain", mass, "--row", str(row), "--format", "json").stdout)
        assert told["rows"][0]["prediction"] == ds.load(mass).predict(frame)[row - 1]
    shown = run("explain", mass, "--row", "5", "--of", "W1[1,1]").stdout
    assert f"body_mass_g {frame['body_mass_g'][4]:.0f}: y = " in shown
    assert "row 5" in shown
    done = run("explain", mass, "--row", "4", "--of", "largest")
    assert (done.returncode, "row 4 has no value" in done.stderr) == (2, True)


@pytest.mark.parametrize("ending", ["svg", "png", "json", "md", "html"])
def test_the_ending_of_the_file_chooses_the_format(mass, ending, tmp_path) -> None:
    out = tmp_path / f"why.{ending}"
    assert run("explain", mass, "--row", "1", "-o", out).returncode == 0
    starts = {"svg": b"<svg", "png": b"\x89PNG", "json": b"{", "md": b"# Row 1", "html": b"<!DOCTYPE html>"}
    assert out.read_bytes().startswith(starts[ending])


def test_another_background_and_another_class(tmp_path) -> None:
    fitted = run("fit", PENGUINS, "-t", "species", "--members", "2", "--epochs", "10", folder=tmp_path)
    assert fitted.returncode == 0
    path, few = tmp_path / "penguins.downslope", tmp_path / "few.csv"
    frame = pl.read_csv(PENGUINS, null_values="NA")
    frame[200:240].write_csv(few)
    options = ["--row", "1", "--background", few, "--of-class", "Gentoo", "--log-odds", "--samples", "2"]
    told = json.loads(run("explain", path, PENGUINS, *options, "--format", "json").stdout)
    assert told["rows"][0]["of"] == "log-odds of species = Gentoo"
    assert (told["background_rows"], told["exact"]) == (40, False)
    p = ds.load(path).predict_proba(frame[:1])[0, 2]
    np.testing.assert_allclose(told["rows"][0]["prediction"], np.log(p / (1 - p)), rtol=1e-5)


def test_the_mean_over_all_rows(mass) -> None:
    done = run("explain", mass, "--of", "W1[2,3]")
    assert "W⁽¹⁾₂,₃ changes the error: the mean over the rows" in done.stdout


def test_a_table_of_one_row_needs_a_background(mass, tmp_path) -> None:
    one = tmp_path / "one.csv"
    pl.read_csv(PENGUINS, null_values="NA")[7:8].write_csv(one)
    done = run("explain", mass, one, "--row", "1")
    assert done.returncode == 2
    advice = done.stderr.split("such as ")[1].split()
    assert advice == ["--background", str(PENGUINS)]
    told = run("explain", mass, one, "--row", "1", *advice)  # the advice leads on
    assert told.stdout.startswith("Row 1 of one.csv, beside the rows of penguins.csv")
    assert "of 1 rows, without a value" in run("explain", mass, "--row", "4").stderr


REFUSED = {
    "no such row": (["--row", "999"], "there is no row 999: the table has 344 rows"),
    "row 0": (["--row", "0"], "--row"),
    "nothing asked": ([], "name the row to explain, such as --row 1"),
    "no such parameter": (["--of", "W9[1,1]"], "no parameter 'layer9.weight'"),
    "a number has no class": (["--row", "1", "--of-class", "Gentoo"], "leave out of_class"),
    "picture of no row": (["--of", "largest", "--format", "svg"], "name a row: --row 1"),
    "picture on screen": (["--row", "1", "--format", "png"], "-o picture.png"),
    "one sample": (["--row", "1", "--samples", "1"], "samples needs a whole number of at least 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(mass, case, tmp_path) -> None:
    options, message = REFUSED[case]
    done = run("explain", mass, *options, folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
