"""``downslope show`` as a user meets it."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from test_commands import EXAMPLES, run

import downslope as ds
from downslope.nets import Network


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("show")
    options = ["--epochs", "2", "--members", "2", "--seed", "3"]
    table = EXAMPLES / "penguins.csv"
    for target in ("body_mass_g", "species"):
        done = run("fit", table, "-t", target, *options, "-o", target, folder=place)
        assert done.returncode == 0, done.stderr
        (place / f"{target}.txt").write_text(done.stdout)
    return place


@pytest.mark.parametrize("target", ["body_mass_g", "species"])
def test_show_repeats_what_fit_said(folder: Path, target: str) -> None:
    """The columns, the networks, the scores and the conclusion."""
    shown = run("show", target, folder=folder).stdout
    said = (folder / f"{target}.txt").read_text().split("Saved to")[0].rstrip("\n").split("\n")
    for line in said[3:]:
        assert line in shown.split("\n")


def test_show_says_where_a_model_comes_from(folder: Path) -> None:
    shown = run("show", "body_mass_g", folder=folder).stdout
    size = (folder / "body_mass_g").stat().st_size
    model = ds.load(folder / "body_mass_g")
    for told in (
        "body_mass_g: a model of body_mass_g",
        f"{size / 1000:.3g} kB",
        f"Fitted to {(EXAMPLES / 'penguins.csv').resolve()}: 344 rows\n",
        "94 different whole numbers (rows without a value, left out: 2)\n",
        "Read as: commas, decimal point",
        "Asked for: members=2, epochs=2, seed=3",
        "from 2700 to 6300, mean 4202, median 4050",
        f"{sum(v.size for v in model.parameters.values()):,} parameters",
    ):
        assert told in shown
    assert "Adelie 44.2 %, Chinstrap 19.8 %, Gentoo 36 %" in run("show", "species", folder=folder).stdout


def test_all_columns_on_request(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(60, 12))
    frame = pl.DataFrame({f"x{i}": x[:, i] for i in range(12)} | {"y": x.sum(axis=1)})
    ds.fit(frame, "y", hidden=()).save(tmp_path / "m")
    cut = run("show", "m", folder=tmp_path).stdout
    assert "and 4 more" in cut
    assert "x11" not in cut
    whole = run("show", "m", "--columns", folder=tmp_path).stdout
    assert "more" not in whole
    assert all(f"x{i} " in whole for i in range(12))


def test_json(folder: Path) -> None:
    plain = json.loads(run("show", "species", "--json", folder=folder).stdout)
    model = ds.load(folder / "species")
    assert (plain["kind"], plain["bytes"]) == ("model", (folder / "species").stat().st_size)
    assert plain["target"]["classes"] == ["Adelie", "Chinstrap", "Gentoo"]
    assert plain["network"]["log_loss"] == model.record.network.log_loss
    assert [c["name"] for c in plain["columns"]] == [c.name for c in model.record.columns]
    assert sum(c["inputs"] for c in plain["columns"]) == len(model.encoder.features)


def test_other_files(tmp_path: Path) -> None:
    net = Network(3, [ds.Dense(4, "tanh"), ds.Dense(1)])
    x = np.random.default_rng(0).normal(size=(5, 3))
    net.save(tmp_path / "n")
    net.save(tmp_path / "c", net.initial_parameters())
    ds.descend(net, x, x[:, 0], steps=3).save(tmp_path / "r")
    for name, kind in (("n", "Network"), ("c", "TrainedNetwork"), ("r", "Run")):
        done = run("show", name, folder=tmp_path)
        assert done.stdout.startswith(f"{name}: {kind} "), done
        assert json.loads(run("show", name, "--json", folder=tmp_path).stdout)["kind"] == kind.lower()


def test_what_is_no_file_of_ours(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    for name, message in (("none", "there is no file none"), ("t.csv", "is no file of Downslope")):
        done = run("show", name, folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
        assert "Traceback" not in done.stderr
