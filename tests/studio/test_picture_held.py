"""What the picture of a fitted table holds the other columns at: a row that could be."""

from collections import Counter
from statistics import median

import numpy as np
import polars as pl
import pytest
from visits import PENGUINS

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._opening import opened
from downslope.studio.session._session import first_session
from downslope.studio.views._models import model_of
from downslope.studio.views.pictures._fitted import make
from downslope.studio.views.pictures._typical import held_row
from downslope.studio.views.pictures._units import make as units_of

COLUMNS = ["when", "town", "area", "price"]
CELLS = [
    (f"2024-0{1 + i % 9}-1{i % 8}", ["Bonn", "Kiel", "Bonn", "Celle"][i % 4], 40 + 7 * i % 60, 3 * i + i % 4)
    for i in range(40)
]


def towns():
    session = first_session()
    lines = [",".join(map(str, row)) for row in (COLUMNS, *CELLS)]
    session.handle(ask.Paste("\n".join(lines)))
    return session


def picture(session, columns, **options):
    features = list(session.state.rows.features)
    chosen = [features.index(name) for name in columns]
    return make(session, {"columns": chosen, **options}, session.parameters)


def predicted(session, **cells):
    """What the model file of the page predicts of a row."""
    rows = pl.DataFrame({**{name: [cells[name]] for name in COLUMNS[:-1]}})
    return model_of(session).predict(rows.with_columns(pl.col("when").str.to_date()))[0]


def test_the_others_are_held_at_the_most_frequent_level_and_the_median():
    session = towns()
    found = picture(session, ["area"])
    whens, names, *_ = zip(*CELLS, strict=True)
    assert found["fixed"] == {
        "when": sorted(whens)[20],
        "town": Counter(names).most_common(1)[0][0],
    }
    for k in (0, 77, 199):
        expected = predicted(session, area=float(found["x"][k]), **found["fixed"])
        np.testing.assert_allclose(found["y"][k, 0], expected, rtol=1e-4)


def test_they_can_be_held_at_a_row_of_the_table():
    session = towns()
    found = picture(session, ["area"], row=7)
    assert found["fixed"] == {"when": CELLS[7][0], "town": CELLS[7][1]}
    expected = predicted(session, area=float(found["x"][9]), **found["fixed"])
    np.testing.assert_allclose(found["y"][9, 0], expected, rtol=1e-4)
    for row in (-1, 40):
        with pytest.raises(DownslopeError, match=f"there is no row {row + 1}; the table has 40"):
            picture(session, ["area"], row=row)


def test_over_a_level_each_end_is_a_row_that_can_be():
    session = towns()
    found = picture(session, ["town is Bonn"])
    assert set(found["fixed"]) == {"when", "area"}
    assert found["fixed"]["area"] == median(row[2] for row in CELLS)
    ends = [float(np.interp(at, found["x"], found["y"][:, 0])) for at in (0, 1)]
    others = Counter(row[1] for row in CELLS if row[1] != "Bonn")
    at_least = {town for town, count in others.items() if count == max(others.values())}
    expected = [predicted(session, town=town, **found["fixed"]) for town in at_least]
    assert any(np.isclose(ends[0], one, rtol=1e-3) for one in expected)
    np.testing.assert_allclose(ends[1], predicted(session, town="Bonn", **found["fixed"]), rtol=1e-3)


def test_formulas_follow_what_they_are_of():
    session = first_session()
    session.handle(ask.ChooseColumns(formulas=["x1*x2"]))
    found = picture(session, ["x3"])
    assert found["fixed"] == {"x1": 7.0, "x2": 6.0}
    w = session.parameters["layer1.weight"][0]
    names = list(session.state.rows.features)
    row = {"x1": 7.0, "x2": 6.0, "x1*x2": 42.0, "x3": found["x"][50]}
    np.testing.assert_allclose(found["y"][50, 0], sum(w[names.index(n)] * row[n] for n in names))


def test_a_category_of_the_penguins_has_one_level_and_gaps_are_not_typical():
    session = opened(str(PENGUINS), "body_mass_g")
    x, cells = held_row(session.state.rows)
    table = pl.read_csv(PENGUINS, null_values=["NA", ""]).drop_nulls("body_mass_g")
    assert cells["species"] == table["species"].mode()[0]
    assert cells["bill_length_mm"] == pytest.approx(table["bill_length_mm"].median(), rel=1e-4)
    features = session.state.rows.features
    for column in ("species", "island"):
        assert sum(x[i] for i, name in enumerate(features) if name.startswith(f"{column} is ")) == 1
    assert all(x[i] == 0 for i, name in enumerate(features) if name.endswith("is missing"))


def test_the_pictures_in_units_are_at_that_row_too():
    session = opened(str(PENGUINS), "body_mass_g")
    found, (x, _) = units_of(session, {}, session.parameters), held_row(session.state.rows)
    row, features = x.astype(np.float64), list(session.state.rows.features)
    for name, value in zip(found["labels"], (found["x"][3], found["y"][5]), strict=True):
        row[features.index(name)] = value
    weights, biases = (session.parameters[f"layer1.{part}"] for part in ("weight", "bias"))
    expected = np.tanh(weights @ row + biases)
    shown = found["levels"][0][:, 5, 3] / 127 * found["sizes"][0]
    np.testing.assert_allclose(shown, expected, atol=1 / 127)
