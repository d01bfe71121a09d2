"""Options of ``fit``: what is checked, refused or suggested, and the tables that ``predict`` takes."""

import numpy as np
import pytest

import downslope as ds
from downslope.fitting.ensemble import FitSettings

ROWS = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed needs a whole number of at least 0, not -1"),
        ({"members": 0}, "members needs a whole number of at least 1"),
        ({"members": 2.5}, "members needs a whole number"),
        ({"hidden": "64"}, "hidden needs a whole number of at least 1, not '64'; write it without quotes"),
        ({"hidden": [64, -1]}, r"hidden\[1\] needs a whole number of at least 1, not -1"),
        ({"time_limit": -1}, "time_limit needs a number above 0, not -1"),
        ({"learning_rate": "0.1"}, "write it without quotes"),
        ({"learning_rate": None}, "learning_rate needs a number above 0, not None"),
        ({"dropout": 1}, "dropout needs a number of at least 0 and below 1"),
        ({"threads": 0}, "threads needs a whole number of at least 1"),
        ({"epoch": 3}, r"fit\(\) has no parameter 'epoch'; did you mean 'epochs'"),
        ({"hidden": (), "epochs": 3}, "epochs does nothing for a linear model"),
        ({"drop": ["size"], "category": ["size"]}, 'the column "size" is in drop and in category'),
        ({"task": "classification", "number": "price"}, "is in number, which means regression, and task is"),
        ({"drop": 3}, "drop needs a list of names of columns, not 3"),
        ({"row_weights": ["a"] * 5}, "row_weights holds text"),
        ({"row_weights": [1, 1, -1, 1, 1]}, r"row_weights\[2\] is -1; a weight is a number of at least 0"),
        ({"row_weights": [0] * 5}, "row_weights is 0 for every row"),
    ],
)
def test_what_does_not_serve_is_named(options, message: str) -> None:
    with pytest.raises(ds.DownslopeError, match=message):
        ds.fit(ROWS, "price", **options)


def test_one_number_of_hidden_units_is_one_layer() -> None:
    model = ds.fit(ROWS, "price", hidden=8, epochs=2, members=2)
    assert model.summary.layers == (1, 8, 1)


def test_every_way_of_giving_rows_predicts_the_same() -> None:
    model = ds.fit(ROWS, "price")
    want = model.predict({"size": [90, 70]})
    for rows in ([{"size": 90}, {"size": 70}], np.array([[90], [70]]), ({"size": 90}, {"size": 70, "x": 1})):
        np.testing.assert_allclose(model.predict(rows), want)
    np.testing.assert_allclose(model.predict({"size": 90}), want[:1])
    assert len(repr(model)) < 120
    assert "\n" not in repr(model)


def test_training_ends_after_a_fifth_of_its_epochs_without_a_smaller_error() -> None:
    assert [FitSettings().descent(100, epochs)["patience"] for epochs in (1, 8, 20, 40)] == [1, 3, 4, 8]
    x = np.random.default_rng(0).normal(size=(60, 2))
    rows = {"a": x[:, 0], "b": x[:, 1], "y": x.sum(axis=1) + np.random.default_rng(1).normal(size=60)}
    groups = ds.fit(rows, "y", members=2, hidden=4, learning_rate=0.3, epochs=20).record.groups[1:]
    assert all(group.epochs == min(20, group.best_epoch + 4) for group in groups)
    assert any(group.epochs < 20 for group in groups)
