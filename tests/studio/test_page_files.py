"""What is taken away from the page says the same away from it: HTML, a model file, Python, an address."""

import ctypes
import json
import shutil
import subprocess
import sys
from urllib.parse import parse_qs, quote, unquote, urlsplit

import numpy as np
import onnxruntime
import polars as pl
import pytest
from visits import FIVE_X, FRESH, NEURON, PENGUINS, START, Visit, W, send, serving

import downslope as ds


def saved(page, kind, folder):
    """The file that an item of the menu gives."""
    page.button("Share ▾").click()
    with page.page.expect_download() as waited:
        page.page.get_by_role("button", name=kind).click()
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path


@pytest.fixture(scope="module")
def body_mass():
    with serving(PENGUINS, "--target", "body_mass_g") as address:
        yield address


def trained(visit, address, steps=30):
    page = visit(address)
    page.take(steps)
    return page


def shown_predictions(page):
    rows = page.frame["rows"]
    return rows["first"], rows["prediction"][:, 0]


def test_the_html_file_predicts_offline(page, browser, tmp_path):
    page.take(500)
    page.panel("Picture").locator("canvas").first.wait_for()
    path = saved(page, "One HTML file", tmp_path)
    assert path.name == "five_rows.html"
    context = browser.new_context(locale="en-US")
    context.set_offline(True)
    wrong, requests = [], []
    opened = context.new_page()
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: requests.append(urlsplit(request.url).scheme))
    opened.goto(path.as_uri())
    found = opened.evaluate("rows => window.downslope.predict(rows)", FIVE_X.tolist())
    expected = ds.predict(NEURON, FIVE_X, parameters={W: page.weights[None]})
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert opened.locator("img[src^='data:image/png']").count() > 0
    context.close()
    assert (wrong, set(requests) - {"file", "data"}) == ([], set())


def test_the_html_file_of_a_network_of_layers(body_mass, visit, browser, tmp_path):
    page = trained(visit, body_mass)
    path = saved(page, "One HTML file", tmp_path)
    opened = browser.new_page()
    opened.goto(path.as_uri())
    model = ds.load(saved(page, "Model file", tmp_path))
    table = pl.read_csv(PENGUINS, null_values=["NA", ""]).drop_nulls("body_mass_g")
    x = model.encoder.encode(table).x[:50]
    network, parameters = model.member(-1)
    expected = ds.predict(network, x, parameters=parameters)
    found = opened.evaluate("rows => window.downslope.predict(rows)", x.tolist())
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    opened.close()


def test_the_model_file_predicts_what_the_page_shows(body_mass, visit, tmp_path):
    page = trained(visit, body_mass)
    model = ds.load(saved(page, "Model file", tmp_path))
    table = pl.read_csv(PENGUINS, null_values=["NA", ""]).drop_nulls("body_mass_g")
    first, shown = shown_predictions(page)
    np.testing.assert_allclose(model.predict(table)[first : first + len(shown)], shown, rtol=1e-5)


def test_the_python_file_runs_with_numpy_alone(page, tmp_path):
    page.take(100)
    path = saved(page, "Python source", tmp_path)
    asks = f"import {path.stem}, json; print(json.dumps({path.stem}.predict({FIVE_X.tolist()}).tolist()))"
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'); {asks}"],
                          cwd=tmp_path, capture_output=True, text=True, check=True)  # fmt: skip
    expected = ds.predict(NEURON, FIVE_X, parameters={W: page.weights[None]})
    np.testing.assert_allclose(np.reshape(json.loads(done.stdout), (5, 1)), expected, rtol=1e-12)


def test_the_file_of_onnx_runs(page, tmp_path):
    page.take(100)
    session = onnxruntime.InferenceSession(saved(page, "ONNX", tmp_path))
    (found,) = session.run(None, {"x": FIVE_X.astype(np.float64)})
    expected = ds.predict(NEURON, FIVE_X, parameters={W: page.weights[None]})
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_the_c_file_compiles(page, tmp_path):
    page.take(100)
    path = saved(page, "C source", tmp_path)
    library = tmp_path / "network.so"
    subprocess.run(["cc", "-std=c99", "-Werror", "-shared", "-fPIC", path, "-o", library, "-lm"], check=True)
    predict, found = ctypes.CDLL(str(library)).network_predict, np.empty((5, 1))
    for row, out in zip(FIVE_X.astype(np.float64), found, strict=True):
        predict(row.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p))
    expected = ds.predict(NEURON, FIVE_X, parameters={W: page.weights[None]})
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def copied_address(page):
    """What "Copy the address" put into the clipboard."""
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.button("Share ▾").click()
    page.page.get_by_role("button", name="Copy the address").click()
    page.page.wait_for_function("location.hash.length > 2")
    address = page.page.evaluate("navigator.clipboard.readText()")
    assert address == page.page.evaluate("location.href")
    return address


def test_an_address_holds_settings_and_weights(page, five_rows, visit):
    page.set(1, "0.75")
    page.until(lambda: page.weights[0] == 0.75, "the weight")
    page.panel("Settings").get_by_label("Optimizer").select_option("adam")
    page.until(lambda: page.overview["settings"]["optimizer"] == "adam", "the optimizer")
    address = copied_address(page)
    kept = json.loads(unquote(urlsplit(address).fragment))
    assert kept["weights"]["layer1.weight"] == [[0.75, -14, 3456]]
    assert kept["table"] == {"name": "five rows", "inputs": ["x1", "x2", "x3"], "targets": ["y"]}
    token = parse_qs(urlsplit(five_rows).query)["token"][0]
    assert token not in address
    assert "token" not in address
    weights = page.weights
    send(five_rows, **FRESH)
    other = visit(f"{five_rows}#{urlsplit(address).fragment}")
    other.until(lambda: other.overview["settings"]["optimizer"] == "adam", "the settings")
    other.until(lambda: other.weights.tolist() == weights.tolist(), "the weights")


def test_an_address_in_a_tab_beside_and_in_the_bar_of_an_open_page(page, five_rows):
    """A tab beside gets the token from the one that is open; no address has it."""
    page.set(1, "0.75")
    page.until(lambda: page.weights[0] == 0.75, "the weight")
    address = copied_address(page)
    send(five_rows, **FRESH)
    page.until(lambda: page.weights[0] == START[0], "the first weights")
    beside = Visit(page.page.context.new_page(), wrong := [])
    beside.page.goto(address)
    beside.until(lambda: beside.overview and beside.weights[0] == 0.75, "the weight in another tab")
    send(five_rows, **FRESH)
    page.until(lambda: page.weights[0] == START[0], "the first weights")
    page.page.evaluate("location.hash = ''")
    page.page.evaluate("(to) => { location.href = to; }", address)
    page.until(lambda: page.weights[0] == 0.75, "the weight from the bar")
    assert wrong == []


def test_an_address_of_another_table_is_refused_and_one_of_the_page_s_tables_opens_it(
    page, penguins, five_rows, visit
):
    send(five_rows, "open_sample", name="moons")
    moons = visit(five_rows)
    address = copied_address(moons)
    send(five_rows, **FRESH)
    opened = visit(f"{five_rows}#{urlsplit(address).fragment}")
    opened.until(lambda: opened.overview["table"]["name"] == "moons", "its table")
    other = visit(penguins)
    own = copied_address(other)
    before = opened.overview["settings"]
    refused = visit(f"{five_rows}#{urlsplit(own).fragment}")
    alert = refused.page.get_by_role("alert")
    alert.wait_for()
    assert "This address is of the table 'penguins.csv'" in alert.inner_text()
    assert "this page is on 'moons' (x1, x2 → y)" in alert.inner_text()
    assert refused.overview["settings"] == before


def test_an_address_that_does_not_say_what_it_is_of_is_refused(five_rows, visit):
    page = visit(f"{five_rows}#{quote(json.dumps({'settings': {'learning_rate': 0.5}}))}")
    page.page.get_by_text("does not describe a network").wait_for()
    assert page.overview["settings"]["learning_rate"] != 0.5
