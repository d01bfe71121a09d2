"""``downslope evaluate`` as a user meets it."""

import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from test_commands import EXAMPLES, run

import downslope as ds


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with the penguins of 2009 apart, and models of the earlier ones."""
    place = tmp_path_factory.mktemp("evaluate")
    table = pl.read_csv(EXAMPLES / "penguins.csv", infer_schema=False)
    earlier = table.filter(pl.col("year") != "2009")
    earlier.write_csv(place / "earlier.csv")
    table.filter(pl.col("year") == "2009").with_columns(weight=pl.lit(2)).write_csv(place / "later.csv")
    for target in ("body_mass_g", "species"):
        done = run("fit", "earlier.csv", "-t", target, "--hidden", "", "-o", target, folder=place)
        assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize("target", ["body_mass_g", "species"])
def test_what_is_printed_is_what_python_finds(folder: Path, target: str) -> None:
    found = ds.load(folder / target).evaluate(folder / "later.csv")
    assert run("evaluate", target, "later.csv", folder=folder).stdout == f"{found}\n"
    written = run("evaluate", target, "later.csv", "--json", folder=folder).stdout
    assert json.loads(written) == json.loads(json.dumps(found.to_json()))


@pytest.mark.parametrize("metric", ["r2", "mean_absolute_error"])
def test_one_score_for_scripts(folder: Path, metric: str) -> None:
    found = ds.load(folder / "body_mass_g").evaluate(folder / "later.csv").score(metric)
    done = run("evaluate", "body_mass_g", "later.csv", "--metric", metric, folder=folder)
    assert float(done.stdout) == pytest.approx(found.value, rel=1e-14)
    assert "outside the range" in done.stderr
    done = run("evaluate", "body_mass_g", "later.csv", "--metric", metric, "--json", folder=folder)
    assert json.loads(done.stdout) == {metric: found.value, "standard_error": found.standard_error}


def test_weights_and_worst_rows(folder: Path) -> None:
    done = run(
        "evaluate", "species", "later.csv", "--row-weights", "weight", "--worst", "2", "--json", folder=folder
    )
    found = json.loads(done.stdout)
    assert len(found["worst"]) == 2
    assert sum(map(sum, found["confusion"])) == found["rows"]


def test_the_table_of_the_fit_is_recognised(folder: Path) -> None:
    assert "fitted to this file" in run("evaluate", "species", "earlier.csv", folder=folder).stdout
    assert "fitted to this file" not in run("evaluate", "species", "later.csv", folder=folder).stdout
    given = (folder / "earlier.csv").read_bytes()
    assert "evaluated on 224 rows" in run("evaluate", "species", "-", folder=folder, given=given).stdout


def test_intervals_stand_beside_the_predictions(folder: Path) -> None:
    done = run("predict", "body_mass_g", "later.csv", "--interval", "0.9", "--interval", "0.5", folder=folder)
    written, model = pl.read_csv(io.BytesIO(done.stdout.encode())), ds.load(folder / "body_mass_g")
    for level in (0.9, 0.5):
        names = [f"{side} end of {100 * level:g} % interval" for side in ("lower", "upper")]
        wanted = model.predict_interval(folder / "later.csv", level)
        np.testing.assert_allclose(written[names].to_numpy(), wanted, rtol=1e-12)
    assert written.columns[-5] == "predicted body_mass_g"


@pytest.mark.parametrize(
    ("target", "level", "message"),
    [
        ("species", "0.9", '"species" is a class and has no intervals'),
        ("body_mass_g", "90", "level needs a number above 0 and below 1, not 90.0"),
        ("body_mass_g", "most", "--interval"),
    ],
)
def test_intervals_that_there_are_not(folder: Path, target: str, level: str, message: str) -> None:
    done = run("predict", target, "later.csv", "--interval", level, folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_compare_prints_what_python_finds(folder: Path) -> None:
    few = run(
        "fit", "earlier.csv", "-t", "species", "--drop", "island", "--hidden", "", "-o", "f", folder=folder
    )
    assert few.returncode == 0
    found = ds.compare([folder / "species", folder / "f"], folder / "later.csv")
    done = run("compare", "species", "f", "--table", "later.csv", folder=folder)
    assert done.stdout == f"{found}\n"
    done = run(
        "compare", "species", "f", "--table", "later.csv", "--metric", "roc_auc", "--json", folder=folder
    )
    plain = json.loads(json.dumps(found.to_json()))
    assert json.loads(done.stdout) == {**plain, "metric": "roc_auc"}


def test_a_table_is_read_as_it_is_said_to_be(folder: Path) -> None:
    """Two lines of titles above the header, with as many marks as the rows have."""
    marks = "," * (folder / "later.csv").read_text().split("\n")[0].count(",")
    titled = f"of 2009{marks}\nby ship{marks}\n" + (folder / "later.csv").read_text()
    (folder / "titled.csv").write_text(titled)
    plain = run("evaluate", "species", "later.csv", folder=folder).stdout
    assert run("evaluate", "species", "titled.csv", "--skip-rows", "2", folder=folder).stdout == plain
    pair = ["compare", "species", "species", "--table"]
    plain = run(*pair, "later.csv", folder=folder).stdout
    assert run(*pair, "titled.csv", "--skip-rows", "2", folder=folder).stdout == plain


def test_compare_refuses(folder: Path) -> None:
    cases = [
        (["species", "--table", "later.csv"], "at least two models"),
        (["species", "body_mass_g", "--table", "later.csv"], "models of the same target"),
        (["species", "none", "--table", "later.csv"], "there is no file none"),
        (["species", "species"], "--table"),
        (["species", "species", "--table", "later.csv", "--metric", "r2"], "metric needs one of accuracy"),
    ]
    for arguments, message in cases:
        done = run("compare", *arguments, folder=folder)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_bad_input_is_refused(folder: Path) -> None:
    cases = [
        (["body_mass_g", "none.csv"], "there is no file none.csv"),
        (["none", "later.csv"], "there is no file none"),
        (
            ["body_mass_g", "later.csv", "--metric", "accuracy"],
            "metric needs one of r2, root_mean_squared_error",
        ),
        (["body_mass_g", "later.csv", "--row-weights", "weigth"], 'did you mean "weight"'),
        (
            ["body_mass_g", "later.csv", "--row-weights", "sex"],
            'row_weights: row 1 of the column "sex" holds',
        ),
        (["body_mass_g", "later.csv", "--worst", "-1"], "--worst"),
    ]
    for arguments, message in cases:
        done = run("evaluate", *arguments, folder=folder)
        assert done.returncode == 2, done
        assert message in done.stderr
        assert "Traceback" not in done.stderr
        assert not done.stdout
