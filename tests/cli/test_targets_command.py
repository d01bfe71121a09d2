"""The commands with models of several targets, beside the same commands with a model of each."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from test_commands import EXAMPLES, interrupted, run

import downslope as ds

TABLE = EXAMPLES / "penguins.csv"
TARGETS = ("body_mass_g", "species")
QUICK = ["--epochs", "3", "--members", "2", "--hidden", "8"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """``both`` holds the models of both targets, and each file named as a target one of that alone."""
    place = tmp_path_factory.mktemp("targets")
    done = run("fit", TABLE, "-t", TARGETS[0], "-t", TARGETS[1], *QUICK, "-o", "both", folder=place)
    assert done.returncode == 0, done.stderr
    (place / "both.txt").write_text(done.stdout)
    for target, other in (TARGETS, TARGETS[::-1]):
        done = run("fit", TABLE, "-t", target, "--drop", other, *QUICK, "-o", target, folder=place)
        assert done.returncode == 0, done.stderr
        (place / f"{target}.txt").write_text(done.stdout)
    return place


def ok(folder: Path, *arguments: str | Path) -> str:
    done = run(*arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(folder: Path, *arguments: str | Path) -> str:
    done = run(*arguments, folder=folder)
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.thorough
def test_fit_says_of_both_what_it_says_of_each(folder: Path) -> None:
    said = (folder / "both.txt").read_text()
    assert "penguins.csv: 344 rows, 8 columns\n" in said
    assert said.count("bill_depth_mm") == 1, "the columns are listed once"
    for target in TARGETS:
        alone = (folder / f"{target}.txt").read_text()
        assert next(line for line in alone.split("\n") if line.startswith("Target")) in said
        scores = alone[alone.index("Network:") : alone.index("Saved to")].strip()
        assert f"Model of {target}\n{scores}" in said
    assert "explain both --row 1 --target species" in said


def test_the_columns_are_listed_again_where_their_kinds_differ(tmp_path: Path) -> None:
    code = [f"B{i % 2}" if i % 9 == 0 else str(i % 7) for i in range(90)]
    kind = [None if i % 9 == 0 else "uv"[i % 2] for i in range(90)]
    frame = pl.DataFrame({"code": code, "kind": kind, "y": [i / 2 + 0.25 for i in range(90)]})
    frame.write_csv(tmp_path / "t.csv")
    said = ok(tmp_path, "fit", "t.csv", "-t", "y", "-t", "kind", *QUICK)
    lines = said.split("\n")
    first, second = (
        next(i for i, x in enumerate(lines) if x.startswith(f"Target {n}")) for n in ("y", "kind")
    )
    assert lines[first + 1].startswith("category  code")
    assert lines[second + 1].startswith("number  code")


def test_predict_writes_the_columns_of_each(folder: Path) -> None:
    both = pl.read_csv(io.BytesIO(ok(folder, "predict", "both", TABLE, "--interval", "0.9").encode()))
    added = both.columns[8:]
    assert added == [
        "predicted body_mass_g",
        "body_mass_g: lower end of 90 % interval",
        "body_mass_g: upper end of 90 % interval",
        "predicted species",
        "species: probability of Adelie",
        "species: probability of Chinstrap",
        "species: probability of Gentoo",
    ]
    for target, options in ((TARGETS[0], ["--interval", "0.9"]), (TARGETS[1], [])):
        alone = pl.read_csv(io.BytesIO(ok(folder, "predict", target, TABLE, *options).encode()))
        for name in alone.columns[8:]:
            column = name if name in both.columns else f"{target}: {name}"
            assert both[column].to_list() == alone[name].to_list()


def test_predict_finds_free_names_among_all(tmp_path: Path) -> None:
    """A column of the table, and the column of another target, are in the way."""
    frame = pl.DataFrame({"x": range(9), "a": range(9), "a 2": range(9, 18), "predicted a": range(9)})
    frame.write_csv(tmp_path / "t.csv")
    ok(tmp_path, "fit", "t.csv", "-t", "a", "-t", "a 2")
    header = ok(tmp_path, "predict", "t.downslope", "t.csv").split("\n")[0]
    assert header == "x,a,a 2,predicted a,predicted a 2,predicted a 2 2"


def test_predict_without_the_targets(folder: Path, tmp_path: Path) -> None:
    frame = pl.read_csv(TABLE, null_values="NA").drop(TARGETS)
    frame.write_csv(tmp_path / "new.csv")
    with_them = ok(folder, "predict", "both", TABLE).split("\n")
    without = ok(folder, "predict", "both", tmp_path / "new.csv").split("\n")
    assert [line.split(",")[-5:] for line in without] == [line.split(",")[-5:] for line in with_them]


def test_predict_of_classes_has_no_intervals(folder: Path, tmp_path: Path) -> None:
    ok(tmp_path, "fit", TABLE, "-t", "sex", "-t", "species", *QUICK, "-o", "m")
    assert '"sex" is a class and has no intervals' in refused(
        tmp_path, "predict", "m", TABLE, "--interval", "0.9"
    )


@pytest.mark.thorough
def test_evaluate_is_that_of_each(folder: Path) -> None:
    parts = ok(folder, "evaluate", "both", TABLE)
    alone = [ok(folder, "evaluate", target, TABLE) for target in TARGETS]
    assert parts == "\n".join(alone)
    for target, text in zip(TARGETS, alone, strict=True):
        assert ok(folder, "evaluate", "both", TABLE, "--target", target) == text
    found = json.loads(ok(folder, "evaluate", "both", TABLE, "--json"))
    assert found == {
        target: json.loads(ok(folder, "evaluate", target, TABLE, "--json")) for target in TARGETS
    }


def test_a_table_with_one_of_the_targets(folder: Path, tmp_path: Path) -> None:
    pl.read_csv(TABLE, null_values="NA").drop("body_mass_g").write_csv(tmp_path / "t.csv")
    for command in (
        ["evaluate", "both", tmp_path / "t.csv"],
        ["compare", "both", "both", "--table", tmp_path / "t.csv"],
    ):
        said = refused(folder, *command)
        assert 'lacks the target "body_mass_g"' in said
        assert "such as --target species" in said
        assert ok(folder, *command, "--target", "species").startswith("species: classification")
    pl.read_csv(TABLE, null_values="NA").drop(TARGETS).write_csv(tmp_path / "none.csv")
    assert "compared; add the column\n" in refused(folder, "evaluate", "both", tmp_path / "none.csv")


def test_a_metric_is_of_the_targets_that_have_it(folder: Path) -> None:
    r2 = ok(folder, "evaluate", "body_mass_g", TABLE, "--metric", "r2")
    assert ok(folder, "evaluate", "both", TABLE, "--metric", "r2") == f"body_mass_g: {r2}"
    assert ok(folder, "evaluate", "both", TABLE, "--metric", "r2", "-t", "body_mass_g") == r2
    found = json.loads(ok(folder, "evaluate", "both", TABLE, "--metric", "accuracy", "--json"))
    one = json.loads(ok(folder, "evaluate", "species", TABLE, "--metric", "accuracy", "--json"))
    assert found == {"species": one}
    assert "metric needs one of" in refused(folder, "evaluate", "both", TABLE, "--metric", "r3")
    assert "metric needs one of" in refused(
        folder, "evaluate", "both", TABLE, "--metric", "r2", "-t", "species"
    )


@pytest.mark.parametrize(
    "command",
    [
        ["explain", "MODEL", TABLE, "--row", "7"],
        ["importance", "MODEL", TABLE, "--repeats", "1"],
        ["dependence", "MODEL", TABLE, "bill_length_mm", "--json"],
    ],
    ids=lambda command: command[0],
)
def test_answers_of_one_target(folder: Path, command: list[str | Path]) -> None:
    def of(model: str) -> list[str | Path]:
        return [model if part == "MODEL" else part for part in command]

    for target in TARGETS:
        assert ok(folder, *of("both"), "--target", target) == ok(folder, *of(target))
    assert ok(folder, *of("species"), "-t", "species") == ok(folder, *of("species"))
    for model, options, message in (
        ("both", [], "there are models of body_mass_g, species; name one, such as --target body_mass_g"),
        ("both", ["-t", "mass"], 'no model of the target "mass"; the models are of body_mass_g, species'),
        (
            "species",
            ["-t", "specis"],
            'no model of the target "specis"; did you mean "species"?; the model is of species',
        ),
    ):
        assert message in refused(folder, *of(model), *options)


@pytest.mark.parametrize(
    "command",
    [
        ["explain", "both", TABLE, "--row", "7"],
        ["importance", "both", TABLE],
        ["dependence", "both", TABLE, "year"],
        ["evaluate", "both", TABLE],
        ["compare", "both", "both", "--table", TABLE],
        ["report", "both"],
    ],
    ids=lambda command: command[0],
)
def test_a_second_target_is_not_taken_for_the_first(folder: Path, command: list[str | Path]) -> None:
    message = refused(folder, *command, "-t", TARGETS[0], "-t", TARGETS[1])
    assert "it is given 2 times; name one of them" in message


def test_play_asks_which(folder: Path) -> None:
    assert "name one, such as --target" in refused(folder, "play", "both", "--no-open")
    assert 'no model of the target "sex"; the model is of species' in refused(
        folder, "play", "species", "-t", "sex", "--no-open"
    )


def test_show_lists_all(folder: Path) -> None:
    shown = ok(folder, "show", "both")
    assert shown.startswith("both: models of body_mass_g, species, ")
    assert shown.count("Fitted to ") == 1
    for target in TARGETS:
        alone = ok(folder, "show", target)
        assert alone[alone.index("Network:") :] in shown
    found = json.loads(ok(folder, "show", "both", "--json"))
    assert (found["kind"], found["unfitted"]) == ("models", [])
    for target in TARGETS:
        alone = json.loads(ok(folder, "show", target, "--json"))
        for key in ("kind", "target", "network", "groups", "rows", "parameters"):
            assert found["models"][target][key] == alone[key]


@pytest.mark.thorough
def test_compare_pairs_the_same_target(folder: Path) -> None:
    seed = ["--seed", "2", *QUICK, "-o", "other"]
    ok(folder, "fit", TABLE, "-t", "species", "-t", "body_mass_g", *seed)
    found = json.loads(ok(folder, "compare", "both", "other", "--table", TABLE, "--json"))
    assert list(found) == list(TARGETS)
    one = ok(folder, "compare", "both", "other", "--table", TABLE, "--target", "species", "--json")
    assert found["species"] == json.loads(one)
    with_single = ok(folder, "compare", "both", "species", "--table", TABLE)
    assert "both and species" in with_single or "than both" in with_single or "have the same" in with_single
    assert with_single.startswith("species: classification, 2 models on the same 344 rows")
    assert ok(folder, "compare", "both", "other", "--table", TABLE).count("± is one standard error") == 2
    assert "compare those that predict the same" in refused(
        folder, "compare", "species", "body_mass_g", "--table", TABLE
    )


def test_models_are_taken_where_a_file_of_anything_is(folder: Path) -> None:
    assert list(ds.load(folder / "both")) == list(TARGETS)
    np.testing.assert_array_equal(
        ds.load(folder / "both")["species"].predict(TABLE), ds.load(folder / "species").predict(TABLE)
    )


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_keeps_the_models_that_there_are(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4000, 6))
    frame = pl.DataFrame(
        {f"x{i}": x[:, i] for i in range(6)} | {"y": np.sin(x).sum(axis=1), "z": x[:, 0] ** 2}
    )
    frame.write_csv(tmp_path / "t.csv")
    words = ["fit", "t.csv", "-t", "x0", "-t", "y", "-t", "z", "--epochs", "5000", "--hidden", "256"]
    told = interrupted(*words, folder=tmp_path)
    if not (tmp_path / "t.downslope").exists():  # too early for a first epoch
        assert b"nothing was saved" in told
        return
    models = ds.load(tmp_path / "t.downslope", ds.Models)
    assert [*models, *models.unfitted] == ["x0", "y", "z"]
    assert models.unfitted
    assert f"there is no model of {', '.join(models.unfitted)}".encode() in told
    assert f"interrupted: {', '.join(models.unfitted)}" in ok(tmp_path, "show", "t.downslope")
