"""``ds.export`` and ``downslope export``: what may be given, what is said, what is refused."""

import pandas as pd
import pytest
from click.testing import CliRunner

import downslope as ds
from downslope.cli.commands import downslope
from downslope.fitting._export import _FORMATS

NET = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])
TABLE = {"a": [1.0, 2.0, 3.0, 4.0, 6.0], "y": [2.0, 4.0, 6.5, 8.0, 12.0], "z": [1.0, 0.5, 0.2, 0.1, 0.7]}


@pytest.fixture(scope="module")
def model():
    return ds.fit(TABLE, target="y")


@pytest.mark.parametrize("ending", [ending for ending in _FORMATS if ending != ".html"])
def test_what_has_parameters_is_exported_alike(ending: str, tmp_path) -> None:
    run = ds.descend(NET, [[1.0, 2.0], [0.5, 0.1]], [1.0, 2.0], steps=2)
    NET.save(tmp_path / "saved.downslope", run)
    sources = [(NET, run.parameters), (NET, run), (run, None), (ds.load(tmp_path / "saved.downslope"), None)]
    contents = set()
    for source, parameters in sources:
        exported = ds.export(source, tmp_path / f"net{ending}", parameters)
        contents.add((tmp_path / f"net{ending}").read_bytes())
        assert exported.size == (tmp_path / f"net{ending}").stat().st_size
        assert str(exported).startswith(f"{exported.path}, {exported.size / 1000:,.1f} kB")
    assert len(contents) == 1


def test_a_page_is_the_report(tmp_path) -> None:
    model = ds.fit("examples/five_rows.csv", target="y")
    ds.export(model, tmp_path / "model.html")
    assert (tmp_path / "model.html").read_text() == ds.report(model).html()
    with pytest.raises(ds.DownslopeError, match="downslope play --export"):
        ds.export(NET, tmp_path / "net.html", NET.initial_parameters())


def test_what_is_refused(model, tmp_path) -> None:
    for path in ("net", "net.txt", ".onnx"):
        with pytest.raises(ds.DownslopeError, match=r"end it in \.onnx or \.c or"):
            ds.export(model, tmp_path / path)
    with pytest.raises(ds.DownslopeError, match=r"give them too: parameters=…"):
        ds.export(NET, tmp_path / "net.c")
    with pytest.raises(ds.DownslopeError, match="has its own; leave them out"):
        ds.export(model, tmp_path / "net.c", [1.0])
    with pytest.raises(ds.DownslopeError, match=r"give source\['y'\]"):
        ds.export(ds.fit(TABLE, target=["y", "z"]), tmp_path / "net.c")
    with pytest.raises(ds.DownslopeError, match="source needs a model, a network"):
        ds.export("model.downslope", tmp_path / "net.c")
    with pytest.raises(ds.DownslopeError, match="pass its model_"):
        ds.export(ds.TableRegressor(epochs=2).fit(pd.DataFrame(TABLE)[["a"]], TABLE["y"]), tmp_path / "net.c")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_held_is_named(tmp_path, monkeypatch) -> None:
    from downslope.interchange.exports import _onnx

    monkeypatch.delitem(_onnx._SPELLINGS, "tanh")
    with pytest.raises(ds.DownslopeError, match=r"cannot hold the op 'tanh' of layer1 \(activation\)"):
        ds.export(NET, tmp_path / "net.onnx", NET.initial_parameters())


def called(*arguments):
    return CliRunner().invoke(downslope, ["export", *map(str, arguments)])


def test_the_command(model, tmp_path) -> None:
    model.save(tmp_path / "m.downslope")
    done = called(tmp_path / "m.downslope", tmp_path / "m.c", "--int8")
    assert done.exit_code == 0
    assert done.output.splitlines()[0].startswith(f"Written to {tmp_path / 'm.c'}, ")
    assert "8-bit numbers take the prediction up to" in done.output
    ds.fit(TABLE, target=["y", "z"]).save(tmp_path / "two.downslope")
    assert called(tmp_path / "two.downslope", tmp_path / "z.onnx", "-t", "z").exit_code == 0
    with pytest.raises(ds.DownslopeError, match="name one, such as --target y"):
        raise called(tmp_path / "two.downslope", tmp_path / "y.onnx").exception
    none = called(tmp_path / "m.downslope", tmp_path / "m.py", "--interval", "0.8").exception
    assert "intervals are learned from held-out rows" in str(none)
    NET.save(tmp_path / "net.downslope", NET.initial_parameters())
    assert called(tmp_path / "net.downslope", tmp_path / "net.onnx").exit_code == 0
    refused = called(tmp_path / "net.downslope", tmp_path / "net.onnx", "-t", "y").exception
    assert "--target is of a model" in str(refused)
    same = called(tmp_path / "m.downslope", tmp_path / "m.downslope").exception
    assert "would replace" in str(same)


def test_a_page_to_play_with(model, tmp_path) -> None:
    """The session reads the table that the model was fitted to, so that there has to be one."""
    table, saved = tmp_path / "t.csv", tmp_path / "m.downslope"
    pd.DataFrame(TABLE).to_csv(table, index=False)
    ds.fit(table, target="y").save(saved)
    assert called(saved, tmp_path / "m.html", "--play").exit_code == 0
    assert called(saved, tmp_path / "r.html").exit_code == 0
    pages = [(tmp_path / name).read_text() for name in ("m.html", "r.html")]
    assert ["<script" in page for page in pages] == [True, False]  # a report has none
    both = called(saved, tmp_path / "m.html", "--play", "--int8").exception
    assert "--int8 is of a file that computes, and --play of a page" in str(both)
    assert "a page ends in .html" in str(called(saved, tmp_path / "m.js", "--play").exception)
