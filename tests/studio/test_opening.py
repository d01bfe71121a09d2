"""The page opens on files of networks and runs, with rows from a table."""

import stat
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pytest

import downslope as ds
from downslope.studio import _schema as ask
from downslope.studio.session._opening import opened

X = np.random.default_rng(2).normal(size=(30, 2))
NETS = {
    "numbers": ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)]),
    "two outputs": ds.Network(2, [ds.LayerNorm(), ds.Dense(2)]),
    "classes": ds.Network(2, [ds.Dense(3)], loss="cross_entropy"),
}
TARGETS = {
    "numbers": {"price": X[:, 0] * 2},
    "two outputs": {"price": X[:, 0], "rent": X[:, 1]},
    "classes": {"kind": np.arange(30) % 3},
}


def table(tmp_path, targets):
    columns = {"size": X[:, 0], "age": X[:, 1], **targets}
    lines = [
        ",".join(columns),
        *(",".join(repr(float(v)) for v in row) for row in zip(*columns.values(), strict=True)),
    ]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines))
    return str(path)


@pytest.mark.parametrize("kind", NETS)
def test_a_network_opens_on_the_columns_of_a_table_as_they_are(kind, tmp_path):
    net, targets = NETS[kind], TARGETS[kind]
    y = np.stack(list(targets.values()), axis=1)
    run = ds.descend(net, X, y[:, 0] if kind == "classes" else y, steps=3)
    rows = table(tmp_path, targets)
    for save in (net.save, lambda path: net.save(path, run), run.save):
        path = str(tmp_path / "saved")
        save(path)
        state = opened(path, None, rows).state
        assert state.settings.network == net
        assert state.rows.features == ("size", "age")
        assert state.rows.choices.targets == tuple(targets)
        assert np.array_equal(state.rows.x, X)
        assert np.array_equal(np.ravel(state.rows.y), np.ravel(y))
        if save != net.save:
            for name, value in run.parameters.items():
                assert np.array_equal(state.position.values[name], value)


def test_what_does_not_fit_is_refused(tmp_path):
    net = NETS["numbers"]
    path = str(tmp_path / "net")
    net.save(path)
    rows = table(tmp_path, TARGETS["numbers"])
    with pytest.raises(ds.DownslopeError, match="holds a Network, which has no table; name one"):
        opened(path, None)
    with pytest.raises(ds.DownslopeError, match='no column "none"'):
        opened(path, "none", rows)
    with pytest.raises(ds.DownslopeError, match="2"):
        opened(path, None, table(tmp_path, TARGETS["two outputs"]))
    (tmp_path / "words.csv").write_text("a,b,y\n1,x,2\n2,y,3\n")
    with pytest.raises(ds.DownslopeError, match='"b" is no column of numbers'):
        opened(path, None, str(tmp_path / "words.csv"))
    ds.Ensemble([net, net]).save(path)
    with pytest.raises(ds.DownslopeError, match="not an ensemble of 2"):
        opened(path, None, rows)


def test_python_opens_a_lesson_by_its_number_or_its_file(tmp_path):
    path = tmp_path / "mine.md"
    path.write_text("# Mine\n## S\nText.\n", "utf-8")
    for given in (6, 6.0, np.int64(6), path, str(path)):
        ds.play(lesson=given, open_browser=False).close()
    for given in (0, 7, 1.5, "one", b"1", [1], True):
        with pytest.raises(ds.DownslopeError, match="lesson needs the number of a lesson, 1 to 6, or a file"):
            ds.play(lesson=given, open_browser=False)
    with pytest.raises(ds.DownslopeError, match="a lesson brings its own network; leave out network, x"):
        ds.play(NETS["numbers"], X, lesson=1, open_browser=False)
    with pytest.raises(ds.DownslopeError, match="a lesson brings its own network; leave out learning_rate"):
        ds.play(lesson=1, learning_rate=0.1, open_browser=False)


def test_a_lesson_of_ones_own_can_be_chosen_again(tmp_path):
    path = tmp_path / "mine.md"
    path.write_text("# Mine\n## S\nText.\n", "utf-8")
    session = opened(str(path), None)
    assert (session.state.lesson.lesson.title, session.state.rows.name) == ("Mine", "five rows")
    session.handle(ask.LeaveLesson())
    session.handle(ask.OpenLesson("mine"))
    assert session.state.lesson.lesson.title == "Mine"
    session.handle(ask.OpenLesson("bias"))
    assert [lesson.title for lesson in session.state.lessons] == ["Mine"]


def test_the_token_is_in_no_arguments_of_a_process(monkeypatch):
    """The browser is given a file that its owner alone can read, and that leads to the page."""
    given = []
    monkeypatch.setattr("webbrowser.open", given.append)
    studio = ds.play(open_browser=True)
    studio.close()
    (opened,) = given
    token = studio.address.rpartition("token=")[2]
    assert opened.startswith("file://")
    assert token not in opened
    path = Path(url2pathname(urlsplit(opened).path))
    assert token in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The bytes of a model of price by size and town, and a table that it fits."""
    rows = {"size": X[:, 0].tolist(), "town": ["a", "b", "c"] * 10, "price": (X[:, 0] * 2).tolist()}
    path = tmp_path_factory.mktemp("model") / "model"
    fitted = ds.fit(rows, target="price", epochs=1, hidden=(2,), members=2)
    fitted.save(path)
    lines = [",".join(rows), *(",".join(map(str, cells)) for cells in zip(*rows.values(), strict=True))]
    return path.read_bytes(), "\n".join(lines).encode(), fitted


def test_a_model_that_is_dropped_takes_the_rows_that_are_open(model):
    content, rows, fitted = model
    session = opened(None, None)
    before = session.state
    with pytest.raises(
        ds.DownslopeError, match=r'no column "price", .*open a table that the model fits'
    ) as no:
        session.handle(ask.Upload("m.downslope", content))
    assert "/" not in str(no.value)
    assert session.state is before
    session.handle(ask.Upload("rows.csv", rows))
    session.handle(ask.Upload("m.downslope", content))
    network, parameters = fitted.member(-1)
    assert session.state.settings.network.layers == network.layers
    assert all(np.array_equal(session.parameters[name], value) for name, value in parameters.items())
    assert session.state.rows.features == fitted.encoder.features
    session.handle(ask.Step())


def test_a_network_and_a_damaged_file_that_are_dropped(model, tmp_path):
    session = opened(None, None)
    network = ds.Network(3, [ds.Dense(2, "tanh"), ds.Dense(1)])
    parameters = network.initial_parameters(5)
    network.save(tmp_path / "n", parameters)
    session.handle(ask.Upload("n.downslope", (tmp_path / "n").read_bytes()))
    assert all(np.array_equal(session.parameters[name], value) for name, value in parameters.items())
    NETS["numbers"].save(tmp_path / "two")
    with pytest.raises(ds.DownslopeError, match=r"takes 2 inputs and gives 1, and the rows have 3 and 1"):
        session.handle(ask.Upload("two", (tmp_path / "two").read_bytes()))
    damaged = bytearray(model[0])
    damaged[-1] ^= 1
    with pytest.raises(ds.DownslopeError, match=r"^m\.downslope is damaged: its checksum is that of other"):
        session.handle(ask.Upload("m.downslope", bytes(damaged)))
