"""The page about a model: whole, honest about its rows, and safe whatever the table holds."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import downslope as ds

EXAMPLES = Path(__file__).parents[2] / "examples"
PENGUINS = EXAMPLES / "penguins.csv"
OLD = Path(__file__).parents[1] / "interchange" / "old_models" / "table.downslope"
QUICK = {"members": 2, "epochs": 6, "hidden": 8}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)></style>"
VOID = {"meta", "img", "br", "hr", "input", "link"}
SECTIONS = ["data", "decisions", "fit", "scores", "errors", "columns", "row", "limits"]


class Outline(HTMLParser):
    """The elements of a page; fails where one is not closed in its place."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def mass():
    return ds.fit(PENGUINS, "body_mass_g", **QUICK)


@pytest.fixture(scope="module")
def species():
    return ds.fit(PENGUINS, "species", **QUICK)


@pytest.mark.parametrize("kind", ["mass", "species"])
def test_a_page_has_every_part_and_needs_nothing(kind, request):
    text = ds.report(request.getfixturevalue(kind)).html()
    page = Outline(text)
    tags = {tag for tag, _ in page.found}
    assert [attrs["id"] for tag, attrs in page.found if tag == "section"] == SECTIONS
    assert not tags & {"script", "link", "img", "iframe", "object", "form"}
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in text
    assert "@import" not in text
    assert len(text.encode()) < 300_000
    assert [tag for tag, _ in page.found if tag == "h1"] == ["h1"]


@pytest.mark.parametrize("kind", ["mass", "species"])
def test_who_does_not_see_a_page_is_told_what_is_on_it(kind, request):
    page = Outline(ds.report(request.getfixturevalue(kind)).html())
    assert dict(page.found)["html"]["lang"] == "en"
    pictures = [attrs for tag, attrs in page.found if tag == "svg"]
    assert len(pictures) > 12
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in pictures)
    assert all(attrs["scope"] in ("col", "row") for tag, attrs in page.found if tag == "th")
    links = {attrs["href"] for tag, attrs in page.found if tag == "a"}
    assert links == {f"#{name}" for name in SECTIONS}
    headings = [int(tag[1]) for tag, _ in page.found if re.fullmatch("h[1-6]", tag)]
    assert all(later <= before + 1 for before, later in pairwise(headings))


def test_errors_are_those_of_held_out_rows(mass):
    found = ds.report(mass)
    (part,) = found.parts
    known = mass.held_out.evaluation(mass.target, 10)
    assert part.evaluation.to_json() == known.to_json()
    page = Outline(found.html())
    assert "342 held-out rows, each predicted by networks that were not trained on it" in page.text
    for score in known.compared["network"].values():
        assert str(score).split(" ")[0] in page.text
    for row in known.worst:
        assert str(row.index + 1) in page.text


def test_what_it_computes_is_what_the_model_says(mass):
    (part,) = ds.report(mass, row=3, seed=2).parts
    assert part.importance.to_json() == mass.importance(PENGUINS, seed=2).to_json()
    frame = mass.frame(PENGUINS)
    assert part.contributions.to_json() == mass.contributions(frame[3], frame, seed=2).to_json()
    names = {curve.columns[0] for curve in part.curves}
    assert names <= set(part.importance.columns)
    for curve in part.curves:
        assert curve.to_json() == mass.partial_dependence(frame, curve.columns[0]).to_json()
    assert "Row 4 of penguins.csv" in Outline(ds.report(mass, row=3).html()).text


@pytest.mark.thorough
def test_each_of_many_columns_is_shuffled_fewer_times():
    """To shuffle a column is to predict all rows: the page of a wide table would take minutes."""
    numbers = np.random.default_rng(0)
    table = {f"c{i}": numbers.normal(size=60) for i in range(150)}
    table["y"] = 3 * table["c7"] + numbers.normal(size=60) / 10
    model = ds.fit(pd.DataFrame(table), target="y", members=1, epochs=1)
    (part,) = ds.report(model, pd.DataFrame(table)).parts
    assert part.importance.repeats == 2
    assert part.importance.to_json() == model.importance(pd.DataFrame(table), repeats=2).to_json()


def test_the_table_of_the_fit_given_as_data_does_not_flatter(mass):
    """It is known by its targets, and errors stay those of held-out rows."""
    (part,) = ds.report(mass, pd.read_csv(PENGUINS)).parts
    assert part.predicted is mass.held_out
    assert part.importance is not None


def test_some_rows_of_the_fit_are_known_too(mass, species):
    table = pd.read_csv(PENGUINS)
    for model in (mass, species):
        for some, known in ((table[:150], True), (table[::-1][:150], False)):
            found = Outline(ds.report(model, some).html())
            assert ("look like rows that the model was fitted to" in found.text) == known


def test_errors_of_other_rows_are_those_of_evaluate(mass):
    some = pd.read_csv(PENGUINS).sample(frac=0.5, random_state=1)
    found = ds.report(mass, some)
    (part,) = found.parts
    assert part.evaluation.to_json()["compared"] == mass.evaluate(some).to_json()["compared"]
    assert "held-out rows" not in Outline(found.html()).text.split("The data")[0]


def test_without_its_table_a_page_says_what_is_missing(tmp_path):
    table = pd.read_csv(PENGUINS)
    model = ds.fit(table, "body_mass_g", **QUICK)
    page = Outline(ds.report(model).html())
    assert page.text.count("is not at hand") == 3
    assert "downslope report MODEL --table TABLE" in page.text
    assert "held-out rows" in page.text


def test_rows_that_were_left_out_are_said():
    table = pd.read_csv(PENGUINS)
    table.loc[:9, "year"] = np.nan
    table["weight"] = np.where(np.arange(len(table)) < 15, 0, 1)
    found = ds.report(ds.fit(table, "body_mass_g", time="year", row_weights="weight", **QUICK))
    text = Outline(found.html()).text
    assert "rows of weight 0, left out: 15" in text
    assert "left out: 10" not in text  # rows without a year, which had no weight
    timed = ds.fit(table.drop(columns="weight"), "body_mass_g", time="year", **QUICK)
    assert 'rows without a value of "year", left out: 10' in Outline(ds.report(timed).html()).text


def test_a_table_that_lost_a_column_does_not_serve(tmp_path):
    path = tmp_path / "t.csv"
    table = pd.read_csv(PENGUINS)
    table.to_csv(path, index=False)
    model = ds.fit(path, "body_mass_g", **QUICK)
    table.drop(columns="island").to_csv(path, index=False)
    found = ds.report(model)
    text = Outline(found.html()).text
    assert "t.csv, does not serve any more: the table lacks the column island" in text
    assert found.parts[0].evaluation is not None
    with pytest.raises(ds.DownslopeError, match="lacks the column island"):
        ds.report(model, path)


def test_a_table_that_has_changed_is_said(tmp_path):
    path = tmp_path / "t.csv"
    table = pd.read_csv(PENGUINS)
    table.to_csv(path, index=False)
    model = ds.fit(path, "body_mass_g", **QUICK)
    assert ds.report(model).parts[0].notices == ()
    table[50:].to_csv(path, index=False)
    found = ds.report(model)
    assert "is not as it was when the model was fitted" in Outline(found.html()).text
    assert found.parts[0].predicted is model.held_out


def test_rows_count_as_in_the_file_where_some_are_left_out(tmp_path):
    path = tmp_path / "t.csv"
    lines = [f"r{i};{50 + i};{100.5 + 2 * i}" for i in range(80)]
    path.write_text("\n".join(["name;size;price", *lines[:40], "name;size;price", *lines[40:], ""]))
    model = ds.fit(path, "price", **QUICK)
    assert model.held_out.rows.index.tolist() == [i for i in range(81) if i != 40]
    with pytest.warns(UserWarning, match="row 41 repeats the header"):
        assert ds.report(model).parts[0].notices == ()


def test_rows_held_out_by_time_are_said_to_be_later():
    table = {"year": np.repeat(np.arange(1980, 2020), 5), "x": np.random.default_rng(0).normal(size=200)}
    table["y"] = table["year"] + table["x"]
    model = ds.fit(table, "y", time="year", **QUICK)
    text = Outline(ds.report(model, table).html()).text
    assert (
        "On 40 held-out rows, the last 20 % of the rows by year, from 2012 on, predicted by networks" in text
    )
    assert "one stretch of time. Rows still later may be predicted worse." in text
    assert "at random" not in text


def test_few_rows_and_older_files_do_not_pretend():
    few = {"x": np.arange(20.0), "y": np.arange(20.0) + 0.5}
    model = ds.fit(few, "y")
    assert "look like rows that the model was fitted to" in Outline(ds.report(model, few).html()).text
    others = {"x": few["x"], "y": few["y"] + 1}
    assert "look like rows" not in Outline(ds.report(model, others).html()).text
    page = Outline(ds.report(model).html())
    assert "No row was held out" in page.text
    assert "These rows trained the network" in page.text
    assert "No row was held out" in Outline(ds.report(OLD).html()).text


def test_nothing_of_a_table_gets_into_the_page_as_code(tmp_path):
    rng = np.random.default_rng(0)
    rows = 120
    table = pd.DataFrame(
        {
            EVIL + "number": rng.normal(size=rows),
            EVIL + "kind": rng.choice([EVIL + "a", EVIL + "b", EVIL + "c"], rows),
            EVIL + "id": np.arange(rows),
            EVIL: rng.choice([EVIL + "yes", EVIL + "no", EVIL + "may be"], rows),
        }
    )
    path = tmp_path / "<script>alert(3)<script>.csv"
    table.to_csv(path, index=False)
    for target in (EVIL, EVIL + "number"):
        found = ds.report(ds.fit(path, target, category=[EVIL + "kind"], **QUICK))
        for text in (found.html(), found._repr_html_()):
            page = Outline(text)
            assert not {tag for tag, _ in page.found} & {"script", "img"}
            assert not any(name.startswith("on") for _, attrs in page.found for name in attrs)
        assert EVIL in Outline(found.html()).text
        styles = [attrs["style"] for _, attrs in Outline(found.html()).found if "style" in attrs]
        assert {re.sub(r"[\d.]+", "0", style) for style in styles} <= {
            "--share:0",
            "max-width:0%;height:auto",
        }


@pytest.mark.thorough
def test_many_columns_levels_and_classes_stay_small():
    rng = np.random.default_rng(1)
    table = {f"c{i}": rng.normal(size=300) for i in range(120)}
    table["town"] = rng.integers(0, 60, 300).astype(str)
    table["kind"] = rng.integers(0, 14, 300).astype(str)
    model = ds.fit(table, "kind", task="classification", category=["town"], members=2, epochs=1, hidden=4)
    text = ds.report(model, table).html()
    Outline(text)
    assert len(text.encode()) < 300_000


def test_the_same_model_gives_the_same_page(mass, tmp_path):
    ds.report(mass).save(tmp_path / "a.html")
    mass.save(tmp_path / "m.downslope")
    ds.report(tmp_path / "m.downslope").save(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_bad_rows_and_models_are_refused(mass):
    with pytest.raises(ds.DownslopeError, match=r"no row 345: the table has 344 rows"):
        ds.report(mass, row=344)
    with pytest.raises(ds.DownslopeError, match="model needs a model or the path of its file"):
        ds.report(3)
    with pytest.raises(ds.DownslopeError, match="has no classes"):
        ds.report(mass, of_class="Adelie")
