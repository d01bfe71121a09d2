"""The page of a network, opened from a disk without a network: it says what the engines say."""

import re

import numpy as np
import pytest

import downslope as ds
from downslope import DownslopeError
from downslope.engines import evaluate
from downslope.interchange import PageDescent, page_source
from downslope.training import OPTIMIZERS
from random_networks import NETWORKS, data_for
from thorough import first

X = [[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]]
Y = [13.5, 15.6, 27.4, 15.6, 12.5]
NEURON = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)])
START = {"layer1.weight": np.array([[200.0, -14.0, 3456.0]])}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><rect width="2" height="1"/></svg>'
AT_A_TENTH = PageDescent(learning_rate=0.1)


def neuron_page(learning_rate=0.001, **settings):
    names = {"features": ["x1", "x2", "x3"], "target": "y", "title": "One neuron"}
    descent = PageDescent(learning_rate=learning_rate, stable=(0.0073, 0.0068))
    return page_source(NEURON, START, X, Y, descent=descent, **{**names, **settings})


def page_of(network, rows=6, classes=(), descent=AT_A_TENTH, target="t"):
    x, y, _, parameters = data_for(network, rows)
    features = ["a", "b", "c", "d"]
    text = page_source(
        network,
        parameters,
        x,
        y,
        features=features,
        target=target,
        classes=classes,
        title=" ",
        descent=descent,
    )
    return text, x, y, parameters


@pytest.fixture
def opened(opened):
    """Opens a page in a German browser whose window is as high as a telephone's."""
    return lambda text, width=1280: opened(text, (width, 844), locale="de-DE")


IN_GERMAN = str.maketrans({".": "", ",": ".", "·": "e", "\N{MINUS SIGN}": "-", "\N{SUPERSCRIPT MINUS}": "-"})
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def numbers(texts):
    """Of a page in German: a comma before the decimals, points between thousands."""
    return np.array([float(t.translate(IN_GERMAN).replace("e10", "e").translate(RAISED)) for t in texts])


def errors_shown(page):
    return numbers(page.locator("#rows .loss span").all_inner_texts())


def errors_of(weights):
    """The squared errors of the neuron, by hand."""
    return (np.array(Y) - np.array(X) @ np.array(weights)) ** 2


@pytest.mark.parametrize("kind", ["residual", "embeddings", "cross_entropy", "poisson", "levels", "gelu"])
def test_predictions_are_those_of_the_engine(opened, kind: str) -> None:
    network = NETWORKS[kind]
    text, x, y, parameters = page_of(network)
    page = opened(text)
    wanted = ds.predict(network, x, parameters=parameters)
    found = page.evaluate("rows => window.downslope.predict(rows)", x.tolist())
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    graph = network.graph()
    values = {**parameters, "x": x, "y": y, "row_weights": np.ones(len(x))}
    errors, error = evaluate([graph.errors, graph.error], values)
    judged = page.evaluate(
        "() => { const { errors, error } = window.downslope.judge(); return [[...errors], error]; }"
    )
    np.testing.assert_allclose(judged[0], errors, rtol=1e-9)
    np.testing.assert_allclose(judged[1], error, rtol=1e-9)


def test_an_ensemble_of_many_parameters(opened) -> None:
    member = ds.Network(4, [ds.Dense(20, "silu"), ds.Dense(20, "silu"), ds.Dense(1)], l2=0.01)
    pair = ds.Ensemble([member, member], (0.4, 0.6))
    text, x, _, parameters = page_of(pair)
    page = opened(text)
    found = page.evaluate("rows => window.downslope.predict(rows)", x.tolist())
    np.testing.assert_allclose(found, ds.predict(pair, x, parameters=parameters), rtol=1e-9)
    (line,) = page.locator("#layer-table tbody tr").all_inner_texts()
    assert line.split("\t") == ["2 ×", "4 inputs → 20 silu → 20 silu → 1 linear", "1.082"]
    assert "1.082 parameters" in page.locator("#lead").inner_text()
    assert page.locator("#weights").is_hidden()
    before = page.evaluate("() => window.downslope.judge().error")
    page.fill("#rate", "0,0001")
    page.click("#step")
    assert page.evaluate("() => window.downslope.judge().error") < before


def test_typing_a_weight_moves_every_error(opened) -> None:
    page = opened(neuron_page())
    np.testing.assert_allclose(errors_shown(page), errors_of([200, -14, 3456]), rtol=1e-4)
    for text, value in (("1,5", 1.5), ("-0.25", -0.25), ("1.234,5", 1234.5), ("2e-3", 0.002)):
        page.get_by_label("Layer 1, y, x2").fill(text)
        np.testing.assert_allclose(errors_shown(page), errors_of([200, value, 3456]), rtol=1e-4)
    field = page.get_by_label("Layer 1, y, x2")
    field.fill("no number")
    assert field.get_attribute("aria-invalid") == "true"
    field.press("Escape")
    assert page.evaluate("() => window.downslope.parameters()['layer1.weight']")[1] == -14


@pytest.mark.parametrize(("field", "value", "step"), [("x3", 3456, 10), ("x1", 200, 1), ("x2", -14, 0.1)])
def test_keys_move_a_weight_by_its_size(opened, field: str, value: float, step: float) -> None:
    page = opened(neuron_page())
    place = int(field[1]) - 1
    for key, times in (("ArrowUp", 1), ("ArrowDown", -1), ("Shift+ArrowUp", 10), ("PageDown", -10)):
        page.get_by_label(f"Layer 1, y, {field}").press(key)
        value += times * step
        assert page.evaluate("() => window.downslope.parameters()['layer1.weight']")[place] == pytest.approx(
            value
        )


def test_dragging_a_weight_moves_every_error_at_once(opened) -> None:
    page = opened(neuron_page())
    box = page.get_by_label("Layer 1, y, x3").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    seen = [3456.0]
    for across in (-10, -40, -90):
        page.mouse.move(middle[0] + across, middle[1])
        weights = page.evaluate("() => window.downslope.parameters()['layer1.weight']")
        np.testing.assert_allclose(errors_shown(page), errors_of(weights), rtol=1e-4)
        seen.append(weights[2])
    page.mouse.up()
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 4
    assert (
        page.evaluate("() => document.activeElement.tagName") == "BODY"
    )  # a drag is not the start of typing
    page.mouse.click(*middle)
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "w₃: Layer 1, y, x3"


def test_steps_are_those_of_descend(opened) -> None:
    page = opened(neuron_page())
    page.click("#step")
    page.click("#steps")
    run = ds.descend(NEURON, X, Y, start=START, learning_rate=0.001, steps=11)
    found = page.evaluate("() => window.downslope.parameters()['layer1.weight']")
    np.testing.assert_allclose(found, run.parameters["layer1.weight"][0], rtol=1e-9)
    np.testing.assert_allclose(errors_shown(page), errors_of(found), rtol=1e-4)
    page.click("#reset")
    assert page.evaluate("() => window.downslope.parameters()['layer1.weight']") == [200, -14, 3456]
    np.testing.assert_allclose(errors_shown(page), errors_of([200, -14, 3456]), rtol=1e-4)


def test_play_descends_until_it_is_paused(opened) -> None:
    page = opened(neuron_page())
    page.locator("#speed").press("End")
    for _ in range(3):
        page.locator("#speed").press("ArrowLeft")
    assert page.locator("#speed-words").inner_text() == "1000/s"
    page.click("#play")
    page.wait_for_function("() => window.downslope.judge().error < 1")
    page.click("#play")
    assert page.locator("#play").inner_text() == "▶ Descend"
    assert page.locator("#curve .line").count() == 1
    assert "error is" in page.locator("#said").inner_text()


def test_a_rate_too_high_is_said(opened) -> None:
    page = opened(neuron_page(learning_rate=1e300))
    page.click("#steps")
    assert page.locator("#trouble").is_visible()
    assert all(np.isfinite(page.evaluate("() => window.downslope.parameters()['layer1.weight']")))
    page.fill("#rate", "0,001")
    page.click("#reset")
    page.click("#step")
    assert page.locator("#trouble").is_hidden()


def test_derivatives_stand_under_the_weights(opened) -> None:
    page = opened(neuron_page())
    page.check("#gradients")
    gradients = -2 * (np.array(Y) - np.array(X) @ START["layer1.weight"][0]) @ np.array(X) / 5
    np.testing.assert_allclose(
        numbers([t.removeprefix("∂ ") for t in page.locator(".gradient").all_inner_texts()]),
        gradients,
        rtol=1e-3,
    )


def test_classes_have_their_names(opened) -> None:
    network = NETWORKS["cross_entropy"]
    text, x, _, parameters = page_of(network, classes=["ash", "<b>beech</b>", "oak"])
    page = opened(text)
    chosen = np.argmax(ds.predict(network, x, parameters=parameters), axis=1)
    said = page.locator("#rows .prediction").all_inner_texts()
    names = [re.search(r"(\S+) \(", s)[1] for s in said]
    assert names == [["ash", "<b>beech</b>", "oak"][c] for c in chosen]


def test_several_outputs_have_their_names(opened) -> None:
    text, *_ = page_of(NETWORKS["no bias"], target=("left", "right"))
    heads = opened(text).locator("#rows thead th").all_inner_texts()
    assert heads[:4] == ["left", "Prediction of left", "right", "Prediction of right"]
    text, *_ = page_of(NETWORKS["no bias"])
    assert opened(text).locator("#rows thead th").all_inner_texts()[0] == "t 1"


@pytest.mark.parametrize("kind", ["residual", "cross_entropy", "embeddings"])
def test_a_narrow_window_scrolls_in_no_direction_but_down(opened, kind: str) -> None:
    page = opened(page_of(NETWORKS[kind])[0], width=390)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_every_control_has_a_name(opened) -> None:
    page = opened(page_of(NETWORKS["tanh"])[0])
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button, svg[role=img], [role=region]")]
          .filter((e) => !(e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim()))
          .map((e) => e.outerHTML)"""
    )
    assert unnamed == []
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "play"


def test_pictures_and_hostile_names(opened) -> None:
    hostile = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>{{data}}"
    text = neuron_page(title=hostile, features=[hostile, "b", "c"], target=hostile, pictures={hostile: SVG})
    page = opened(text)
    assert page.title() == hostile
    assert page.locator("h1").inner_text() == hostile
    assert page.locator("img").count() == 1
    assert page.locator("img").evaluate("image => image.naturalWidth > 0")


def test_what_does_not_fit_a_page() -> None:
    with pytest.raises(DownslopeError, match="at most 2,000 rows, not 2,005"):
        page_source(NEURON, START, X * 401, Y * 401, features=["a", "b", "c"], target="y", title="")
    with pytest.raises(DownslopeError, match="features names 2 columns, and x has 3"):
        neuron_page(features=["a", "b"])
    with pytest.raises(DownslopeError, match="classes names 2, and the network has 0 classes"):
        neuron_page(classes=["a", "b"])
    with pytest.raises(DownslopeError, match="target names 2, and the network has 1 outputs"):
        neuron_page(target=["y", "z"])
    with pytest.raises(DownslopeError, match="'P' is neither the text of an SVG nor"):
        neuron_page(pictures={"P": "http://example.org/a.png"})
    with pytest.raises(DownslopeError, match=r"above 0, not 0\.0"):
        neuron_page(learning_rate=0.0)


SMOOTH = ds.Network(4, [ds.Dense(5, "tanh"), ds.Dropout(0.3), ds.Dense(3)], loss="cross_entropy", l2=0.01)
OF_PAGES = {name: network for name, network in NETWORKS.items() if name != "dropout"}


def check_steps(opened, network, settings, descent, rows=12):
    """After 1, 10 and 100 steps the page has the parameters of the native engine."""
    text, x, y, parameters = page_of(network, rows, descent=descent)
    page = opened(text)
    before = 0
    for steps in (1, 10, 100):
        assert page.evaluate("count => window.downslope.step(count)", steps - before)
        before = steps
        run = ds.descend(network, x, y, start=parameters, steps=steps, **settings)
        found = page.evaluate("() => window.downslope.parameters()")
        for name, wanted in run.parameters.items():
            near = 1e-12 * np.max(np.abs(wanted))
            np.testing.assert_allclose(found[name], np.ravel(wanted), 1e-12, near, err_msg=f"{name}, {steps}")
    page.close()


@pytest.mark.parametrize("kind", first(8, list(OF_PAGES)))
def test_steps_of_every_layer_activation_and_loss(opened, kind: str) -> None:
    check_steps(opened, OF_PAGES[kind], {"learning_rate": 0.01}, PageDescent(learning_rate=0.01))


@pytest.mark.parametrize(
    "optimizer",
    [*OPTIMIZERS.values(), ds.Sgd(0.9), ds.Sgd(0.9, nesterov=True)],
    ids=repr,
)
def test_steps_of_every_optimizer_with_batches_dropout_and_clipping(opened, optimizer) -> None:
    settings = {"learning_rate": 0.01, "optimizer": optimizer, "batch_size": 5, "seed": 3, "clip_norm": 0.5}
    check_steps(opened, SMOOTH, settings, PageDescent(**settings))
