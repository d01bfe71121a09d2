"""Every command with every kind of file where it takes a model: its answer, or what to do instead."""

import pickle
import re
from itertools import product

import numpy as np
import polars as pl
import pytest
from test_commands import run

import downslope as ds
from thorough import one_in

COMMANDS = {
    "predict": ("predict", "FILE", "rows.csv", "-o", "out.csv"),
    "show": ("show", "FILE"),
    "evaluate": ("evaluate", "FILE", "rows.csv"),
    "compare": ("compare", "network", "FILE", "--table", "rows.csv"),
    "compare first": ("compare", "FILE", "network", "--table", "rows.csv"),
    "explain": ("explain", "FILE", "rows.csv", "--row", "1"),
    "importance": ("importance", "FILE", "rows.csv"),
    "dependence": ("dependence", "FILE", "rows.csv", "b"),
    "doctor": ("doctor", "FILE", "rows.csv", "--no-proof"),
    "report": ("report", "FILE", "--table", "rows.csv", "-o", "out.html"),
    "export": ("export", "FILE", "out.js"),
    "play": ("play", "FILE", "--table", "rows.csv", "--export", "out.html"),
}
TRAINED = ("model", "estimator", "network", "run")
REFUSED = {
    "network without parameters": "holds a Network without parameters.*train it with ds.descend",
    "two": "has 2 outputs, and a model predicts one target|takes 2 columns and learns 2; the table has 3",
    "descent": "is a folder of checkpoints.*--resume",
    "lesson.md": "is no file of Downslope but text; .*downslope play opens a lesson",
    "rows.csv": "is no file of Downslope but text; downslope fit makes a model of a table",
    "rows.parquet": "is no file of Downslope but a table; downslope fit makes a model of it",
    "net.onnx": "is no file of Downslope but a file of ONNX; save what ds.from_onnx",
    "net.pt": "is no file of Downslope but a zip archive.*ds.from_torch",
    "sklearn.pkl": "is no file of Downslope but a pickle.*ds.from_sklearn",
    "noise.bin": "is no file of Downslope, or it is damaged",
    "empty": "is no file of Downslope, or it is damaged",
    "nothing": "there is no file nothing",
    "folder": "folder is a folder; name a file",
}
TAKEN = {
    ("network without parameters", "show"),
    ("network without parameters", "play"),
    ("two", "show"),
    ("two", "export"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("files")
    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(40, 2))
    y = x @ [1.0, 2.0] + numbers.normal(size=40) / 10
    rows = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y})
    rows.write_csv(made / "rows.csv")
    rows.write_parquet(made / "rows.parquet")
    rows.select("a", "b").write_csv(made / "inputs.csv")
    net = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])
    net.save(made / "network without parameters")
    net.save(made / "network", net.initial_parameters())
    two = ds.Network(2, [ds.Dense(2)])
    two.save(made / "two", two.initial_parameters())
    ds.descend(net, x, y, steps=9, checkpoint=ds.Checkpoint(made / "descent")).save(made / "run")
    quick = {"members": 1, "epochs": 2}
    ds.fit(made / "rows.csv", target="y", hidden=3, **quick).save(made / "model")
    ds.TableRegressor(**quick).fit(rows.select("a", "b"), rows["y"]).save(made / "estimator")
    ds.export(net, made / "net.onnx", net.initial_parameters())
    (made / "net.pt").write_bytes(b"PK\x03\x04" + bytes(80))
    (made / "sklearn.pkl").write_bytes(pickle.dumps({"a": 1}))
    (made / "lesson.md").write_text("---\ntitle: A lesson\n---\n")
    (made / "noise.bin").write_bytes(numbers.bytes(300))
    (made / "empty").write_bytes(b"")
    (made / "folder").mkdir()
    return made


def _words(command, file):
    return [file if word == "FILE" else word for word in COMMANDS[command]]


@pytest.mark.parametrize(("file", "command"), one_in(4, list(product(TRAINED, COMMANDS))))
def test_what_is_trained_is_taken(folder, file, command):
    done = run(*_words(command, file), folder=folder)
    assert done.returncode in ((0, 1) if command == "doctor" else (0,)), done.stderr


@pytest.mark.parametrize(("file", "command"), one_in(5, list(product(REFUSED, COMMANDS))))
def test_what_is_not_is_refused_with_what_to_do(folder, file, command):
    done = run(*_words(command, file), folder=folder)
    if (file, command) in TAKEN or (command == "play" and file.startswith("rows.")):
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    expected = REFUSED[file]
    if command == "doctor" and ("no file of Downslope" in expected or file == "nothing"):
        expected = "holds no model, and rows.csv is a table too many"
    if command == "play" and "no file of Downslope" in expected:
        expected = "is not a table|is an archive|cannot be read as|is empty|brings its own table"
    assert re.search(expected, done.stderr), done.stderr


@pytest.mark.parametrize("command", ["fit", "predict"])
def test_what_is_saved_is_no_table(folder, command):
    words = {
        "fit": ["fit", "network", "-t", "y"],
        "predict": ["predict", "model", "network"],
    }[command]
    done = run(*words, folder=folder)
    assert done.returncode == 2
    assert "network is a file of Downslope, not a table" in done.stderr


def test_a_network_predicts_what_it_predicts(folder):
    """With and without a target in the table, whose columns are its inputs in their order."""
    trained = ds.load(folder / "network")
    x = pl.read_csv(folder / "inputs.csv").to_numpy()
    expected = ds.predict(trained.network, x, parameters=trained)[:, 0]
    for table in ("rows.csv", "inputs.csv"):
        done = run("predict", "network", table, folder=folder)
        assert done.returncode == 0, done.stderr
        found = pl.read_csv(done.stdout.encode())["predicted y"].to_numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_networks_are_compared_by_the_names_of_their_files(folder):
    done = run("compare", "network", "run", "--table", "rows.csv", "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    assert '"network"' in done.stdout
    assert '"run"' in done.stdout
