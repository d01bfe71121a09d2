"""Why: the chain rule on the page is that of the step that "1 step" takes, for weights, units and rows."""

import html
import itertools
import re

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, FRESH, NEURON, PENGUINS, START, number_in, send

import downslope as ds
from downslope.studio import _schema as ask
from downslope.studio.session._session import first_session
from downslope.studio.views._answers import outcome_of
from downslope.tables import read_table
from thorough import one_in

NAMES = ["x1", "x2", "x3"]
DEEP = ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(1)])


OPTIMIZERS = ["sgd", "momentum", "adam", "adamw", "rmsprop", "adagrad"]


def setting(optimizer, batch_size, penalties, dropout):
    """The settings of a case."""
    momentum = {"optimizer": "sgd", "momentum": 0.9} if optimizer == "momentum" else {"momentum": 0}
    how = {"optimizer": optimizer, **momentum, "batch_size": batch_size, "dropout": dropout}
    return {**how, "l1": penalties, "l2": penalties, "learning_rate": 0.02, "clip_norm": None}


def printed_update(explanation_html):
    """The number behind the last arrow of a derivation, as it is written."""
    told = html.unescape(re.sub(r"<[^>]*>", "", explanation_html.replace("</math>", "\n")))
    return number_in(told.split("←")[-1].split("=")[-1])


CASES = list(itertools.product(OPTIMIZERS, [None, 16], [0, 0.01], [0, 0.3]))
CLIPPED = [(*case, clip_norm) for case in CASES for clip_norm in (None, 0.05)]


@pytest.mark.parametrize(
    ("optimizer", "batch_size", "penalties", "dropout", "clip_norm"), one_in(23, CLIPPED)
)
def test_a_step_arrives_at_the_number_that_was_derived(optimizer, batch_size, penalties, dropout, clip_norm):
    """From the start, and after some steps, for weights and biases; for all rows of the step and for one."""
    session = first_session()
    session.handle(ask.OpenSample("spirals"))
    how = {**setting(optimizer, batch_size, penalties, dropout), "clip_norm": clip_norm}
    session.handle(ask.ChangeSettings(how))
    for name, index, row in [
        ("layer1.weight", [2, 1], None),
        ("layer2.weight", [0, 3], 5),
        ("layer2.bias", [4], None),
        ("layer3.weight", [0, 6], 17),
    ]:
        shown = session.gradients[name][tuple(index)]
        told = outcome_of(session, ask.Explain("weight", name, index, row)).answer
        if row is None:
            assert told["gradient"] == shown
        session.handle(ask.Step(1))
        session.work()
        arrived = session.parameters[name][tuple(index)]
        assert told["updated"] == pytest.approx(arrived, rel=1e-12)
        assert printed_update(told["html"]) == pytest.approx(arrived, rel=1e-9)


def test_a_step_on_a_table_of_numbers_in_float32():
    """Encoded tables train in float32; what is printed is what the engine computes in it."""
    session = first_session()
    lines = [f"{i % 7},{i * 31 % 11},{'abc'[i % 3]},{i % 5}" for i in range(60)]
    session.handle(ask.Paste("p,q,r,s\n" + "\n".join(lines)))
    assert session.state.descent.split.data["x"].dtype == np.float32
    for index in ([1, 2], [3, 0]):
        told = outcome_of(session, ask.Explain("weight", "layer1.weight", index)).answer
        session.handle(ask.Step(1))
        session.work()
        assert told["updated"] == pytest.approx(session.parameters["layer1.weight"][tuple(index)], rel=1e-6)


def test_the_step_after_a_saved_step_of_the_past():
    """What is derived of the past is where a branch from there goes."""
    session = first_session()
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.Step(20))
    while session.state.playing:
        session.work()
    session.handle(ask.GoTo(6))
    told = outcome_of(session, ask.Explain("weight", "layer1.weight", [0, 0])).answer
    session.handle(ask.Step(1))
    session.work()
    assert session.step == 7
    assert told["updated"] == pytest.approx(session.parameters["layer1.weight"][0, 0], rel=1e-12)


def test_a_saved_step_from_before_a_number_was_frozen():
    """The next step from there leaves the number as it is, and moves the others."""
    session = first_session()
    session.handle(ask.Step(20))
    while session.state.playing:
        session.work()
    session.handle(ask.Freeze("layer1.weight", [0, 1], True))
    session.handle(ask.GoTo(3))
    for j in range(3):
        told = outcome_of(session, ask.Explain("weight", "layer1.weight", [0, j])).answer
        before = session.parameters["layer1.weight"][0, j]
        assert ("is frozen" in told["html"]) == (told["updated"] == before) == (j == 1)


def derived_now(page, weight):
    """The last derivation, if it is of a weight and of the step that is shown."""
    told = page.answer("explanation")
    now = told["highlighted"]["weights"] == [weight] and told["step"] == page.frame["step"]
    return told if now else None


def test_the_inspector_why_and_one_step_agree(five_rows, visit):
    """Every optimizer, batch, penalty and dropout, as the page shows them."""
    send(five_rows, "open_sample", name="spirals")
    page = visit(five_rows)
    for k, case in enumerate(CASES):
        how = setting(*case)
        send(five_rows, "change_settings", settings=how)
        page.until(lambda how=how: how.items() <= page.overview["settings"].items(), "the settings")
        i, j = k % 8, k % 2
        page.page.locator(f"line[data-weight='0,{i},{j}']").dispatch_event("click")
        told = page.until(lambda i=i, j=j: derived_now(page, f"0,{i},{j}"), "the derivation")
        chosen = page.page.get_by_role("group", name="Selection")
        letter = "J" if case[2] else "E"
        label = f"W⁽¹⁾{'₁₂₃₄₅₆₇₈'[i]},{'₁₂'[j]}"
        slope = re.search(rf"∂{letter}/∂{label} = (\S+)", chosen.inner_text())[1]
        derived = page.page.locator(".derivation").text_content()
        assert number_in(slope) == pytest.approx(told["gradient"], rel=1e-5)
        assert f"∂{letter}∂W{i + 1},{j + 1}(1)" in derived
        before = page.frame["step"]
        page.button("1 step").click()
        page.at_step(before + 1)
        arrived = page.frame["parameters"]["layer1.weight"][i, j]
        assert printed_update(told["html"]) == pytest.approx(arrived, rel=1e-9)
        assert number_in(chosen.get_by_role("spinbutton").input_value()) == pytest.approx(arrived, rel=1e-6)


def told_by(explanation):
    """The words and formulas of a derivation, without marks and spaces."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", explanation.fragment())).split())


def shown_on(page):
    page.page.locator(".derivation > *").first.wait_for()
    return "".join(page.page.locator(".derivation").text_content().split())


def test_a_weight_of_the_neuron_for_all_rows_and_for_one(page):
    page.take(3)
    given = {"parameters": page.weights, "learning_rate": 0.001, "features": NAMES}
    page.page.get_by_role("button", name="Chain rule for w₂").click()
    page.answer("explanation", 1)
    told = told_by(ds.explain(NEURON, FIVE_X, FIVE_Y, of="w2", **given))
    told = told.replace("themeanovertherows", "themeanoverall5rows").replace(
        "Theupdate,", "Theupdateofstep4,"
    )
    assert shown_on(page) == told
    page.page.locator(".derivation-panel select").select_option(label="Row 4")
    told = page.answer("explanation", 2)
    assert told["gradient"] == pytest.approx(-2 * (FIVE_Y[3] - FIVE_X[3] @ page.weights) * FIVE_X[3, 1])
    mean = np.mean(-2 * (FIVE_Y - FIVE_X @ page.weights) * FIVE_X[:, 1])
    assert told["updated"] == pytest.approx(page.weights[1] - 0.001 * mean)
    page.button("1 step").click()
    page.at_step(4)
    assert page.weights[1] == pytest.approx(told["updated"], rel=1e-14)
    page.until(lambda: page.answer("explanation", 3)["step"] == 4)  # it follows by itself
    assert "Step 5 takes all 5 rows, this one among them" in page.page.locator(".derivation").text_content()


def test_a_row_alone(page):
    page.page.locator("section.rows tbody tr").nth(2).get_by_role("button").click()
    told = ds.explain_row(NEURON, FIVE_X, FIVE_Y, parameters=START, row=2)
    page.answer("explanation")
    assert shown_on(page).replace("∂E3∂", "∂E∂").replace("E3=", "E=") == told_by(told)
    hint = (
        page.page.locator("section.rows tbody tr").nth(2).locator("td.computed").last.get_attribute("title")
    )
    formula, _, error = hint.split(" = ")
    assert f"E = {formula} = " in str(told)
    assert number_in(error) == pytest.approx((FIVE_Y[2] - FIVE_X[2] @ START) ** 2)
    pulls = page.answer("explanation")["row_gradients"]["layer1.weight"]
    np.testing.assert_allclose(pulls[0], -2 * (FIVE_Y[2] - FIVE_X[2] @ START) * FIVE_X[2], rtol=1e-14)
    stages = page.frame["stages"]
    np.testing.assert_allclose(stages["x"], FIVE_X[2])
    np.testing.assert_allclose(stages["layer1.z"], FIVE_X[2] @ START)


def test_units_and_lines_of_layers(five_rows, visit):
    layers = [{"units": 4, "activation": "tanh"}, {"units": 1, "activation": "identity"}]
    send(five_rows, **FRESH)
    send(five_rows, "change_settings", settings={"layers": layers})
    page = visit(five_rows)
    given = {"parameters": page.frame["parameters"]}
    page.page.get_by_label("layer1, unit 2").click()
    told = told_by(ds.explain_unit(DEEP, FIVE_X, FIVE_Y, layer="layer1", unit=2, **given))
    page.answer("explanation", 1)
    assert shown_on(page) == told.replace("allrows", "all5rows")
    page.page.locator("section.rows tbody tr").nth(4).get_by_role("button").click()
    told = told_by(ds.explain_unit(DEEP, FIVE_X, FIVE_Y, layer="layer1", unit=2, row=4, **given))
    page.answer("explanation", 2)
    assert shown_on(page).replace("∂E5∂", "∂E∂") == told
    line = page.page.locator("line[data-weight='0,3,2']")
    line.evaluate("line => line.dispatchEvent(new MouseEvent('click', { bubbles: true }))")
    place = ("layer1.weight", 4, 3)
    told = ds.explain(DEEP, FIVE_X, FIVE_Y, of=place, row=4, learning_rate=0.001, features=NAMES, **given)
    page.answer("explanation", 3)
    own, _ = shown_on(page).replace("∂E5∂", "∂E∂").replace("E5=", "E=").split("Thegradientofthenextstep")
    assert own == told_by(told).split("Theupdate")[0]
    assert "selected" in line.get_attribute("class")
    chosen = page.page.get_by_role("group", name="Selection")
    assert "W⁽¹⁾₄,₃" in chosen.inner_text()
    field = chosen.get_by_role("spinbutton")
    field.fill("0.25")
    field.press("Enter")
    page.until(lambda: page.frame["parameters"]["layer1.weight"][3, 2] == 0.25, "the weight")


def test_a_table_of_words_and_numbers(penguins, visit):
    page = visit(penguins)
    assert read_table(PENGUINS).height == page.overview["table"]["rows"]
    page.page.get_by_label("layer1, unit 1 ", exact=False).click()
    page.answer("explanation")
    assert "layer1" in shown_on(page)
    page.page.locator("section.rows tbody tr").nth(3).get_by_role("button").click()
    page.answer("explanation", 2)
    assert "row4" in shown_on(page).lower()


def test_answers_go_to_whoever_asked_and_none_where_it_is_refused(page):
    """Several numbers of a matrix are asked for before the first is there, as under a moving pointer."""
    told = page.page.evaluate("""async () => {
      const { ask } = (await import("/first.js")).$use("core/session.js");
      const indices = [[0, 0], [0, 1], [0, 7], [0, 2]];
      const read = indices.map((index) => ask("read_value", { layer: "layer1", kind: "weight", index }));
      return (await Promise.all(read)).map((answer) => answer && answer.value);
    }""")
    assert told == [START[0], START[1], None, START[2]]
