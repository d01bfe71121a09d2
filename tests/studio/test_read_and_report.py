"""What the reading of a table decided, and the report on what stands on the page."""

import re
import subprocess
import threading
import urllib.error
import urllib.request
import warnings

import numpy as np
import polars as pl
import pytest
import xlsxwriter
from visits import COMMAND, PENGUINS, socket_of
from websockets.sync.client import connect

import downslope as ds
from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.server._documents import Documents
from downslope.studio.server._server import StudioServer
from downslope.studio.server._wire import unpack
from downslope.studio.session._opening import opened
from downslope.studio.session._samples import SAMPLES, opening_of
from downslope.studio.session._session import Session, first_session
from downslope.studio.views import _exports
from downslope.studio.views._answers import outcome_of
from downslope.studio.views._models import model_of
from downslope.studio.views._reading import reading_view
from thorough import first

SALES = """town;people;area;price
# 2024
Bonn;336;141;1.001,5 €
Celle;70;176;2,5 €
Kiel;250;118;4,5 €
Sum;656;;
Source: made up
"""


def shown(session, of="network", steps=None):
    found = outcome_of(session, ask.Report(of)).later(lambda step: steps is None or steps.append(step))
    assert found["message"] == "report"
    return found["content"].decode()


def words(page):
    text = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    return re.sub(r"[\s|]*\|[\s|]*", "|", re.sub("<[^>]+>", "|", text))


def test_what_was_decided_of_a_pasted_table_is_told():
    session = first_session()
    said = session.handle(ask.Paste(SALES))
    assert said["text"].endswith("Read as says 2 things about how it was read.")
    told = reading_view(session.state)
    decided = {one["what"]: (one["answer"], one["option"]) for one in told["decided"]}
    assert decided["Between cells"] == ("semicolons", "--delimiter")
    assert decided["Decimal mark"] == ("decimal comma", "--decimal")
    assert decided["Thousands"] == ("points between thousands", "--thousands")
    assert decided["Comments"] == ("lines that begin with # left out", "--comment")
    assert decided["Encoding"] == ("utf-8", "--encoding")
    assert [note[:5] for note in told["left_out"]] == ["row 6", "row 5"]
    columns = {one["name"]: one for one in told["columns"]}
    assert columns["price"]["written"] == "written with €"
    assert columns["people"]["reason"] == "3 values from 70 to 336"
    session.handle(ask.ChooseColumns(drop=["area"]))
    after = reading_view(session.state)
    assert after["decided"] == told["decided"]
    assert {one["name"]: one["kind"] for one in after["columns"]}["area"] == "dropped"


def test_the_options_that_are_named_exist():
    known = subprocess.run([*COMMAND, "play", "--help"], capture_output=True, text=True, check=True).stdout
    session = first_session()
    session.handle(ask.Paste(SALES))
    for one in reading_view(session.state)["decided"]:
        assert f"{one['option']} " in known or f"{one['option']}\n" in known


DATES = "day,mark,price\n" + "01/02/24,a,1.5\n03/04/24,b,2.5\n05/06/24,a,4\n02/07/24,b,3\n" * 5


def test_a_pasted_table_is_read_again_with_another_decision():
    session = first_session()
    session.handle(ask.Paste("a;b;y\n1,5;2.000;1\n2,5;3.000;2\n3,25;1.000;4\n"))
    assert session.state.rows.frame["a"].to_list() == [1.5, 2.5, 3.25]
    assert session.state.rows.frame["b"].to_list() == [2000, 3000, 1000]
    session.handle(ask.ReadAgain("decimal", "."))
    assert session.state.rows.frame["b"].to_list() == [2, 3, 1]
    told = {one["name"]: one for one in reading_view(session.state)["decided"]}
    assert (told["decimal"]["given"], told["delimiter"]["given"]) == (".", None)
    session.handle(ask.ReadAgain("encoding", "cp1252"))
    assert session.state.rows.frame["b"].to_list() == [2, 3, 1]  # what was given of the others stays
    session.handle(ask.ReadAgain("decimal"))
    assert session.state.rows.frame["a"].to_list() == [1.5, 2.5, 3.25]


def test_a_file_that_was_dropped_or_named_is_read_again(tmp_path):
    path = tmp_path / "dates.csv"
    path.write_text(DATES)
    dropped = first_session()
    dropped.handle(ask.Upload("dates.csv", DATES.encode()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = opened(str(path), None)
    for session in (dropped, named):
        for form, months in (("%d/%m/%Y", [2, 4, 6, 7]), ("%m/%d/%Y", [1, 3, 5, 2])):
            said = session.handle(ask.ReadAgain("dates", form))
            assert session.state.rows.frame["day"].dt.month().to_list() == months * 5
            assert said["text"] == "dates.csv was read again: 20 rows, 3 columns."
    path.write_text(DATES.replace("a,4", "a,9"))
    named.handle(ask.ReadAgain("dates"))  # as the file is now
    assert named.state.rows.frame["price"].to_list() == [1.5, 2.5, 9, 3] * 5


def test_choices_stay_as_far_as_the_columns_are_there():
    session = first_session()
    session.handle(ask.Upload("dates.csv", DATES.encode()))
    session.handle(ask.ChooseColumns(targets=["mark"], drop=["day"]))
    session.handle(ask.ChangeSettings({"layers": [{"units": 3, "activation": "tanh"}, {"units": 1}]}))
    session.handle(ask.Step(5))
    session.handle(ask.ReadAgain("encoding", "cp1252"))
    choices = session.state.rows.choices
    assert (choices.targets, choices.drop) == (("mark",), ("day",))
    assert session.state.settings.network.layers[0].units == 3
    assert (session.step, session.state.run.number) == (0, 2)
    said = session.handle(ask.ReadAgain("header", "no"))
    assert session.state.rows.frame.columns == ["column1", "column2", "column3"]
    assert session.state.rows.choices.targets == ("column3",)
    assert said["text"].endswith("It is to predict 'column3' now; another target is set under Columns.")


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("encoding", "klingon", "klingon"),
        ("skip_rows", "many", "skip_rows is a whole number of at least 0, not 'many'"),
        ("skip_rows", "400", "is empty"),
        ("decimal", ";", 'decimal is "." or ","'),
        ("dates", "yesterday", "a date format is day-first"),
        ("delimiter", "ab", "delimiter is a single character"),
        ("sheet", "Sales", "sheet"),
        ("reading", "x", "'reading' is no option of reading; choose among delimiter, decimal"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_and_nothing_changes(option, value, why):
    session = first_session()
    session.handle(ask.Upload("dates.csv", DATES.encode()))
    before = session.state
    with pytest.raises(DownslopeError, match=why):
        session.handle(ask.ReadAgain(option, value))
    assert session.state is before


def test_rows_that_were_left_out_are_kept_on_demand():
    session = first_session()
    session.handle(ask.Paste(SALES))
    assert session.state.rows.frame["town"].to_list() == ["Bonn", "Celle", "Kiel"]
    session.handle(ask.ReadAgain("keep_rows", "yes"))
    told = reading_view(session.state)
    assert told["keep_rows"]
    assert not any("Sum" in text for text in told["left_out"])


def test_another_sheet_of_a_workbook_is_read(tmp_path):
    path = tmp_path / "two.xlsx"
    book = xlsxwriter.Workbook(path)
    for name, numbers in (("first", [1, 2, 3]), ("second", [7, 8, 10])):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["a", "y"])
        for i, number in enumerate(numbers):
            sheet.write_row(i + 1, 0, [i, number])
    book.close()
    session = first_session()
    session.handle(ask.Upload("two.xlsx", path.read_bytes()))
    assert reading_view(session.state)["decided"][0]["name"] == "sheet"
    session.handle(ask.ReadAgain("sheet", "second"))
    assert session.state.rows.frame["y"].to_list() == [7, 8, 10]
    with pytest.raises(DownslopeError, match='has no sheet "third"; it has first, second'):
        session.handle(ask.ReadAgain("sheet", "third"))


@pytest.mark.parametrize("name", ["five rows", *SAMPLES])
def test_what_was_not_read_cannot_be_read_again(name):
    session = first_session()
    session.handle(ask.OpenSample(name))
    assert not reading_view(session.state)["again"]
    with pytest.raises(DownslopeError, match="only a table that was opened from a file"):
        session.handle(ask.ReadAgain("decimal", ","))


@pytest.mark.parametrize("name", ["five rows", *SAMPLES])
def test_a_table_of_the_page_was_not_read(name):
    session = first_session()
    session.handle(ask.OpenSample(name))
    told = reading_view(session.state)
    assert (told["read"], told["decided"], told["left_out"], told["notes"]) == (False, [], [], [])


def test_a_table_that_is_opened_by_its_path_says_what_the_terminal_says(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(SALES)
    with pytest.warns(UserWarning, match="row 6"), pytest.warns(UserWarning, match="row 5"):
        session = opened(str(path), None)
    told = reading_view(session.state)
    assert (told["path"], len(told["left_out"])) == (str(path), 2)


def test_the_report_is_of_validation_rows_and_says_so():
    session = opened(str(PENGUINS), "body_mass_g")
    session.handle(ask.Step(300))
    steps = []
    text = words(shown(session, steps=steps))
    assert steps[0] == "body_mass_g: table"
    assert "importance of the columns" in steps
    rows, split = session.state.rows, session.state.descent.split
    targets = rows.shown["body_mass_g"].to_numpy()[split.validation_rows]
    model = model_of(session)
    predicted = model.predict(rows.shown)[split.validation_rows]
    off = np.abs(targets - predicted).mean()
    assert f"On {len(targets)} held-out rows" in text
    assert f"are off by {off:,.4g} on average" in text
    mean = rows.shown["body_mass_g"].to_numpy()[split.training_rows].mean()
    assert f"Always predicting the mean is off by {np.abs(targets - mean).mean():,.4g}" in text
    assert "trained on the page, up to step 300 of run 1" in text
    assert "optimizer=&#x27;adam&#x27;, learning_rate=0.01, batch_size=32, seed=0, validation=0.2" in text
    assert "predictions are never below" not in text


def test_the_report_of_the_five_rows_is_of_the_rows_it_was_trained_on_and_warns():
    session = first_session()
    session.handle(ask.Step(1000))
    text = words(shown(session))
    off = np.abs(
        session.state.rows.y[:, 0] - session.state.rows.x @ session.parameters["layer1.weight"][0]
    ).mean()
    assert f"predictions of y are off by {off:.4g} on average" in text
    assert "These look like rows that the model was fitted to" in text
    assert "x1, x2, x3: as they are" in text


@pytest.mark.parametrize("name", first(2, ["species", "formulas", *SAMPLES]))
def test_there_is_a_report_on_every_kind_of_network(name):
    session = first_session()
    if name in SAMPLES:
        session.handle(ask.OpenSample(name))
    elif name == "species":
        session = opened(str(PENGUINS), "species")
    else:
        session.handle(ask.ChooseColumns(formulas=["x1*x2"], drop=["x3"]))
        session.handle(ask.ChangeSettings({"learning_rate": 1e-5}))
    session.handle(ask.Step(200))
    assert shown(session).startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("steps", [200, 2000])
def test_a_network_that_diverged_has_no_report(steps):
    session = first_session()
    session.handle(ask.ChangeSettings({"learning_rate": 0.1}))
    session.handle(ask.Step(steps))
    with pytest.raises(DownslopeError, match="has diverged"):
        outcome_of(session, ask.Report())


def test_a_session_on_a_model_has_the_report_of_the_model_file(tmp_path):
    rng = np.random.default_rng(0)
    table = tmp_path / "rows.csv"
    x = rng.normal(size=(120, 2))
    pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] * x[:, 1]}).write_csv(table)
    model = ds.fit(str(table), "y", members=2, epochs=5)
    model.save(tmp_path / "m.downslope")
    session = opened(str(tmp_path / "m.downslope"), None, str(table))
    assert shown(session, "model") == ds.report(str(tmp_path / "m.downslope"), str(table)).html()
    session.handle(ask.Step(5))
    assert "by 1 network" in shown(session, "network")
    assert reading_view(session.state)["model"]


@pytest.mark.parametrize(("of", "why"), [("model", "was not opened on a model"), ("cat", "not of 'cat'")])
def test_a_report_of_nothing_is_refused(of, why):
    with pytest.raises(DownslopeError, match=why):
        outcome_of(first_session(), ask.Report(of))


def test_a_report_on_several_targets_is_refused():
    session = first_session()
    session.handle(ask.ChooseColumns(targets=["x1", "y"]))
    with pytest.raises(DownslopeError, match="predicts one column"):
        outcome_of(session, ask.Report())


def test_a_report_is_made_beside_the_session_and_opened_by_an_address_that_cannot_be_guessed():
    server = StudioServer(first_session)
    server.start()
    try:
        with connect(socket_of(server.address), origin=f"http://127.0.0.1:{server.port}") as socket:
            socket.send('{"command": "report"}')
            told = [unpack(socket.recv(timeout=20))]
            while told[-1]["message"] == "progress":
                told.append(unpack(socket.recv(timeout=20)))
        assert len(told) > 3
        assert told[-1]["message"] == "report"
        where = f"http://127.0.0.1:{server.port}/"
        with urllib.request.urlopen(where + told[-1]["address"]) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["Cache-Control"] == "no-store"
            assert "report on a model" in answer.read().decode()
        assert server.token not in told[-1]["address"]
        for other in ("documents/", "documents/x", told[-1]["address"][:-1]):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(where + other)
    finally:
        server.close()


def test_the_oldest_documents_go():
    documents = Documents()
    addresses = [documents.put(bytes([k])) for k in range(12)]
    kept = [documents.answer(f"/{address}").status_code for address in addresses]
    assert kept == [404] * 4 + [200] * 8


def test_a_file_stands_at_its_address_once():
    documents = Documents()
    address = documents.put(b"print()", media_type="text/x-python", file="größe.py")
    first, second = (documents.answer(f"/{address}") for _ in range(2))
    assert (first.status_code, first.body, second.status_code) == (200, b"print()", 404)
    assert first.headers["Content-Type"] == "text/x-python"
    assert first.headers["Content-Disposition"] == "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe.py"


def test_commands_are_answered_while_a_file_is_written(monkeypatch):
    written, may_go_on = threading.Event(), threading.Event()

    def slowly(*_, **__):
        written.set()
        assert may_go_on.wait(20)
        return "print()"

    monkeypatch.setattr(_exports, "python_source", slowly)
    server = StudioServer(first_session)
    server.start()
    try:
        with connect(socket_of(server.address), origin=f"http://127.0.0.1:{server.port}") as socket:
            socket.send('{"command": "export", "format": "python"}')
            assert written.wait(20)
            socket.send('{"command": "read_value", "layer": "layer1", "kind": "weight", "index": [0, 0]}')
            told = [unpack(socket.recv(timeout=20)) for _ in range(2)]
            assert [one["message"] for one in told] == ["progress", "value"]
            assert told[0]["text"] == "Writing five_rows.py …"
            may_go_on.set()
            file = unpack(socket.recv(timeout=20))
        assert (file["message"], file["name"], "content" in file) == ("file", "five_rows.py", False)
    finally:
        server.close()


def test_a_file_holds_what_was_when_it_was_asked_for():
    session = Session(*opening_of("moons"))
    session.handle(ask.Step(500))
    later = outcome_of(session, ask.Export("python")).later
    expected = outcome_of(session, ask.Export("python")).later(str)["content"]
    session.handle(ask.Step(50))
    session.handle(ask.SetParameter("layer1.weight", [0, 0], 7.0))
    assert later(str)["content"] == expected
    assert outcome_of(session, ask.Export("python")).later(str)["content"] != expected
