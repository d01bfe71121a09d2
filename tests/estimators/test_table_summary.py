"""What the estimators tell of themselves: the summary as text, and as a drawing for notebooks."""

import re
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import sklearn

import downslope as ds
from downslope.fitting import summary_html

NAME = '<script>alert("&")</script>'


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            NAME: draw.normal(size=200),
            "town": draw.choice(["Aachen", "Bonn", "Celle"], 200),
            "street": draw.choice([f"s{i}" for i in range(20)], 200),
            "garden": draw.choice(["yes", "no"], 200),
            "sold": pd.date_range("2024-01-01", periods=200),
            "id": range(200),
        }
    )


@pytest.fixture(scope="module")
def fitted(frame) -> ds.TableRegressor:
    return ds.TableRegressor(epochs=40, members=3, hidden_layer_sizes=(9, 8), random_state=0).fit(
        frame, np.sin(3 * frame[NAME])
    )


def test_the_summary_tells_what_was_used(fitted) -> None:
    summary = fitted.summary_
    encoders = {column.name: column.encoder for column in summary.columns}
    assert encoders == {
        NAME: "number",
        "town": "one-hot",
        "street": "embedding",
        "garden": "two levels",
        "sold": "date",
        "id": "left out",
    }
    assert summary.layers == (sum(column.inputs for column in summary.columns), 9, 8, 1)
    assert (summary.task, summary.rows, summary.activation) == ("regression", 200, "silu")
    assert summary.members == len(fitted.model_.network.networks) >= 5
    main = summary.main
    assert main.epochs == len(main.train_errors) == len(main.validation_errors) <= 40
    assert 1 <= main.best_epoch <= main.epochs
    assert summary.linear == fitted.model_.record.linear


def test_the_summary_reads_as_text(fitted, frame) -> None:
    text = str(fitted.summary_)
    for part in (
        "regression, 200 rows",
        "- 9 - 8 - 1 units, silu",
        "validated on 200 rows, each by networks that were not trained on it",
        "% of the prediction",
        "baseline (mean)",
    ):
        assert part in text
    assert re.search(r"id +identifier +left out +0 inputs +a different whole number", text)
    few = ds.TableClassifier().fit(frame[:40], ["a", "b"] * 20).summary_
    assert "measured on the 40 training rows, too few to hold any out" in str(few)
    assert "log loss" in str(few)


def svgs(page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(found) for found in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def words(page: str) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", page))


def test_a_notebook_draws_the_layers_and_the_curves(fitted) -> None:
    page = fitted._repr_html_()
    layers, curve = svgs(page)
    assert "9 to 8 to 1 units" in layers.attrib["aria-label"]
    lines = [e.attrib["points"].split() for e in curve.iter() if e.attrib.get("stroke-width") == "2"]
    assert [len(line) for line in lines] == [fitted.summary_.main.epochs] * 2
    heights = [float(point.split(",")[1]) for point in lines[0]]
    drawn = np.log10(fitted.summary_.main.train_errors)  # equal ratios of errors are equal heights
    assert np.corrcoef(heights, drawn)[0, 1] == pytest.approx(-1, abs=1e-4)
    for part in (
        "TableRegressor",
        f"best epoch {fitted.summary_.main.best_epoch}",
        "embedding",
        "linear model",
    ):
        assert part in words(page)
    assert fitted._repr_mimebundle_()["text/html"] == page


def test_a_drawing_runs_nothing_fetches_nothing_and_escapes_names(fitted) -> None:
    page = fitted._repr_html_()
    assert NAME in words(page)
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|src=|href=|\son\w+=", page)
    assert re.findall(r"https?://[^\"]*", page) == ["http://www.w3.org/2000/svg"] * 2
    ElementTree.fromstring(re.sub(r"<details open>", "<details>", page))  # every element is closed


def test_without_epochs_there_is_no_curve(frame) -> None:
    few = ds.TableClassifier().fit(frame[:40], ["a", "b"] * 20)
    assert len(svgs(few._repr_html_())) == 1


def test_scikit_learn_decides_whether_there_is_a_drawing(fitted) -> None:
    assert "sk-top-container" in ds.TableRegressor()._repr_html_()
    with sklearn.config_context(display="text"):
        assert not hasattr(fitted, "_repr_html_")


def test_errors_of_0_and_equal_errors_can_be_drawn(fitted) -> None:
    from dataclasses import replace

    for errors in ((1.0, 0.0, 0.5), (0.5, 0.5, 0.5), (0.0, 0.0, 0.0)):
        main = replace(fitted.summary_.main, train_errors=errors, validation_errors=(), best_epoch=3)
        summary = replace(fitted.summary_, main=main)
        page = summary_html(summary, "x", "of nothing")
        assert len(svgs(page)) == 2
        assert "nan" not in page
