"""The reader's table as numbers: raw and scaled, with formulas, edited; what is wrong is said."""

import re
from contextlib import suppress

import numpy as np
import polars as pl
import pytest
from visits import FIVE_X, FIVE_Y, PENGUINS, START

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._samples import FIVE_ROWS, SAMPLES, opening_of
from downslope.studio.session._session import Session, first_session
from downslope.studio.table._choices import Choices
from downslope.studio.table._edits import with_cell
from downslope.studio.table._formulas import FUNCTIONS, with_formulas
from downslope.studio.table._rows import frame_of_arrays, rows_of
from downslope.studio.views._frames import frame_of
from downslope.studio.views._rows import challenge_of
from downslope.studio.views._viewer import Viewer
from downslope.tables import read_table

TABLE = pl.DataFrame(
    {
        "size": np.linspace(10, 40, 31),
        "two words": np.linspace(-1, 1, 31),
        "town": ["Rome", "Oslo", None, *["Bonn"] * 28],
        "price": np.linspace(1, 2, 31) ** 2 * 1000,
    }
)


def small(**columns):
    return pl.DataFrame({"a": [1.0, 2.0, 4.0, 5.0], "b": [2, 0, 3, 1], "y": [1.0, 3.0, 2.0, 7.0], **columns})


def check_scaled(found, cells):
    """Each column is a line in its cells, about 0 and of a size near 1."""
    for k in range(cells.shape[1]):
        assert np.corrcoef(found[:, k], cells[:, k])[0, 1] == pytest.approx(1, abs=1e-6)
        assert 0.3 < found[:, k].std() < 3
        assert abs(np.median(found[:, k])) < 0.7


def test_few_rows_of_numbers_are_taken_as_they_are():
    rows, *_ = opening_of(FIVE_ROWS)
    assert rows.x.tolist() == FIVE_X.tolist()
    assert rows.y.tolist() == FIVE_Y[:, None].tolist()
    assert (rows.features, rows.choices.scaling, rows.outputs) == (("x1", "x2", "x3"), "raw", 1)
    assert rows_of(small(), Choices(("y",), "regression"), "t").choices.scaling == "raw"


def test_more_rows_are_centred_and_scaled():
    rows = rows_of(TABLE.drop("town"), Choices(("price",)), "t")
    assert rows.choices.scaling == "standard"
    check_scaled(rows.x, TABLE.select("size", "two words").to_numpy())
    price = TABLE["price"].to_numpy()
    np.testing.assert_allclose(rows.y[:, 0] * rows.target.scale + rows.target.mean, price, rtol=1e-5)
    raw = rows_of(TABLE.drop("town"), Choices(("price",), scaling="raw"), "t")
    assert raw.x.tolist() == TABLE.select("size", "two words").to_numpy().tolist()
    assert raw.y[:, 0].tolist() == price.tolist()


def test_scaling_on_the_page_and_back_gives_the_same_rows():
    session = first_session()
    session.handle(ask.ChooseColumns(scaling="standard"))
    assert session.state.rows.x.dtype == np.float32
    check_scaled(session.state.rows.x, FIVE_X)
    session.handle(ask.ChooseColumns(scaling="raw"))
    assert session.state.rows.x.tolist() == FIVE_X.tolist()


def test_columns_of_words_and_gaps():
    rows = rows_of(TABLE, Choices(("price",)), "t")
    kinds = {column.name: column.kind for column in rows.columns}
    assert kinds["size"] == kinds["two words"] == "number"
    assert kinds["town"] in ("category", "yes-no")
    with pytest.raises(DownslopeError, match="without gaps"):
        rows_of(TABLE, Choices(("price",), scaling="raw"), "t")
    known = rows_of(TABLE.with_columns(price=pl.col("price").replace(1000.0, None)), Choices(("price",)), "t")
    assert (known.left_out, known.frame.height) == (1, 30)


def test_more_than_one_target():
    rows = rows_of(small(), Choices(("y", "a")), "t")
    assert rows.features == ("b",)
    assert rows.y.tolist() == small().select("y", "a").to_numpy().tolist()
    assert rows.outputs == 2
    with pytest.raises(DownslopeError, match='"town" holds no numbers'):
        rows_of(TABLE, Choices(("price", "town")), "t")


def test_classes_are_numbered():
    penguins = rows_of(read_table(PENGUINS), Choices(("species",)), "penguins")
    names = read_table(PENGUINS)["species"].to_list()
    assert penguins.outputs == 3
    assert [penguins.target.classes[int(k)] for k in penguins.y] == names
    two = rows_of(read_table(PENGUINS), Choices(("sex",)), "penguins")
    assert (two.y.shape[1], two.outputs, two.left_out) == (1, 1, read_table(PENGUINS)["sex"].null_count())


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("x1*x2", FIVE_X[:, 0] * FIVE_X[:, 1]),
        ("x1^2", FIVE_X[:, 0] ** 2),
        ("x1**2 - x3", FIVE_X[:, 0] ** 2 - FIVE_X[:, 2]),
        ("pow(x1, 3)", FIVE_X[:, 0] ** 3),
        ("sin(x1) + 1", np.sin(FIVE_X[:, 0]) + 1),
        ("(x1 + x2) / x3", (FIVE_X[:, 0] + FIVE_X[:, 1]) / FIVE_X[:, 2]),
        ('"x1" * 2', FIVE_X[:, 0] * 2),
        ("x1 > 5", (FIVE_X[:, 0] > 5).astype(float)),
        ("case when x1 > 5 and not x2 = 0 then 1 else -1.5e0 end", np.where(FIVE_X[:, 0] > 5, 1, -1.5)),
        ("GREATEST(x1, x2) + Sqrt( abs(x3) )", np.maximum(FIVE_X[:, 0], FIVE_X[:, 1]) + FIVE_X[:, 2] ** 0.5),
        ("x1 in (1, 3)", np.isin(FIVE_X[:, 0], [1, 3]).astype(float)),
    ],
)
def test_formulas(formula, value):
    given, *_ = opening_of(FIVE_ROWS)
    frame, choices = given.frame, given.choices
    rows = rows_of(frame, Choices(choices.targets, "regression", "raw", formulas=(formula,)), "five rows")
    assert rows.features == ("x1", "x2", "x3", formula)
    np.testing.assert_allclose(rows.x[:, 3], value, rtol=1e-14)
    assert rows.frame.columns == ["x1", "x2", "x3", "y"]
    assert rows.shown.columns[-1] == formula


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("x1*x9", 'the formula "x1*x9" cannot be computed'),
        ("x1*", "cannot be computed"),
        ("", "cannot be computed"),
        ("1 + 1", "gives no number for each row"),
        ("'word'", "gives no number for each row"),
        ("x1 / (x1 - 3)", "is not finite in row 1"),
        ("ln(x1 - 100)", "is not finite in row 1"),
        ("sum(x1)", "there is no function sum"),
        ("sine(x1)", 'there is no function sine; did you mean "sin"?'),
        ("length(rpad('a', 1000000000, 'b')) + x1", "there is no function length"),
        ("range(1e9) + x1", "there is no function range"),
        ("x1 + rpad('a', 1000000000, 'b')", "there is no function rpad"),
        ("replace(replace('aaaa', 'a', 'aaaaaaaa'), 'a', 'aaaaaaaa') = x1", "there is no function replace"),
        ('"^y$" * 2', 'there is no column "^y$"'),
        ('"^x.*$" * 2', 'there is no column "^x.*$"'),
        ('"*" * 2', 'there is no column "*"'),
        ("columns('y') * 2", "there is no function columns"),
        ("x1; y", '";" has no meaning there'),
        ("x1::text", '":" has no meaning there'),
        ("drop table x", '"table" begins a query'),
        ("(select 1)", "begins a query"),
    ],
)
def test_formulas_that_fail(formula, message):
    given, *_ = opening_of(FIVE_ROWS)
    frame, choices = given.frame, given.choices
    with pytest.raises(DownslopeError, match=re.escape(message)):
        rows_of(frame, Choices(choices.targets, "regression", "raw", formulas=(formula,)), "five rows")


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_every_function_that_is_allowed_is_one(function):
    """With one argument, two or three, whatever it takes."""
    frame = pl.DataFrame({"x": [0.25, 0.5], "z": [0.5, 0.75]})
    calls = [f"{function}({arguments})" for arguments in ("x", "x, z", "x > z, x, z", "")]
    known = []
    for call in calls:
        with suppress(DownslopeError):
            known.append(with_formulas(frame, (f"{call} + 0*x",), ())[:, -1])
    assert known
    assert all(len(values) == 2 for values in known)


def test_a_pattern_that_is_a_name_stands_for_nothing_else():
    frame = pl.DataFrame({"^y$": [1.0, 2.0], "y": [3.0, 4.0]})
    with pytest.raises(DownslopeError, match="is read as a pattern; rename the column"):
        with_formulas(frame, ('"^y$" * 2',), ("y",))


def test_a_formula_on_the_page_keeps_the_other_columns():
    session = first_session()
    session.handle(ask.ChooseColumns(formulas=["x1*x2"]))
    assert session.state.rows.features == ("x1", "x2", "x3", "x1*x2")
    assert session.state.descent.network.inputs == 4
    session.handle(ask.Step(3))
    with pytest.raises(DownslopeError, match="nothing"):
        session.handle(ask.ChooseColumns(formulas=["x1*nothing"]))
    assert (session.state.position.step, session.state.rows.choices.formulas) == (3, ("x1*x2",))


@pytest.mark.parametrize(
    ("row", "column", "text", "expected"),
    [(0, "a", "9.5", 9.5), (3, "b", "2.5", 2.5), (1, "y", " 4 ", 4.0), (2, "a", "1e2", 100.0)],
)
def test_a_cell_is_changed(row, column, text, expected):
    rows = rows_of(small(), Choices(("y",)), "t")
    frame = with_cell(rows, row, column, text)
    assert frame[column].to_list()[row] == expected
    others = [name for name in frame.columns if name != column]
    assert frame.select(others).equals(small().select(others))
    assert (
        np.delete(frame[column].to_numpy(), row).tolist()
        == np.delete(small()[column].to_numpy(), row).tolist()
    )


@pytest.mark.parametrize(
    ("row", "column", "text", "message"),
    [
        (0, "a", "much", "holds numbers, and 'much' is not a number"),
        (0, "a", "inf", "finite"),
        (0, "a", "nan", "finite"),
        (4, "a", "1", "no cell in row 5"),
        (-1, "a", "1", "no cell"),
        (0, "z", "1", 'no cell in row 1 of "z"'),
    ],
)
def test_a_cell_that_cannot_be_changed(row, column, text, message):
    rows = rows_of(small(), Choices(("y",)), "t")
    with pytest.raises(DownslopeError, match=re.escape(message)):
        with_cell(rows, row, column, text)


def test_rows_are_added_and_taken_away():
    session = first_session()
    session.handle(ask.EditRows())
    assert session.state.rows.x.tolist() == [*FIVE_X.tolist(), FIVE_X[4].tolist()]
    session.handle(ask.EditRows(0))
    assert session.state.rows.x.tolist() == [*FIVE_X[1:].tolist(), FIVE_X[4].tolist()]


def test_the_last_two_rows_stay():
    session = first_session()
    for _ in range(3):
        session.handle(ask.EditRows(0))
    with pytest.raises(DownslopeError, match="a network needs at least 2 rows"):
        session.handle(ask.EditRows(0))
    assert session.state.rows.x.tolist() == FIVE_X[3:].tolist()
    session.handle(ask.Step(2))
    assert session.state.position.step == 2


@pytest.mark.parametrize(
    ("target", "message"),
    [("nothing", 'no column "nothing"'), ("empty", "no row with a value"), ("same", "nothing to learn")],
)
def test_targets_that_cannot_be_learned(target, message):
    frame = small(empty=pl.Series([None] * 4, dtype=pl.Float64), same=[1.0] * 4)
    with pytest.raises(DownslopeError, match=message):
        rows_of(frame, Choices((target,)), "t")


def test_arrays_are_a_table():
    frame, choices = frame_of_arrays(FIVE_X, np.column_stack([FIVE_Y, -FIVE_Y]))
    rows = rows_of(frame, choices, "x and y")
    assert frame.columns == ["x1", "x2", "x3", "y1", "y2"]
    assert rows.x.tolist() == FIVE_X.tolist()
    assert rows.y.tolist() == np.column_stack([FIVE_Y, -FIVE_Y]).tolist()


def test_columns_at_a_glance():
    values = np.random.default_rng(0).normal(size=500)
    frame = pl.DataFrame(
        {
            "number": [*values, None],
            "words": [*["b", "a"] * 250, None],
            "empty": pl.Series([None] * 501, dtype=pl.Float64),
            "y": np.arange(501.0),
        }
    )
    told = rows_of(frame, Choices(("y",)), "three").histograms
    assert sum(told["number"]["counts"]) == 500
    assert (told["number"]["low"], told["number"]["high"]) == (values.min(), values.max())
    assert sorted(zip(told["words"]["labels"], told["words"]["counts"], strict=True)) == [
        ("a", 250),
        ("b", 250),
    ]
    assert told["empty"] == {"counts": [], "labels": []}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_can_be_learned(name):
    session = Session(*opening_of(name))
    before = session.measured.error
    session.handle(ask.Step(50))
    assert session.measured.error < before
    assert np.all(np.isfinite(session.state.rows.x))


def test_levels_of_a_column_of_many_have_vectors_and_are_no_sizes():
    rng = np.random.default_rng(0)
    who = [f"p{k}" for k in [*range(60), *rng.integers(0, 60, 500)]]
    table = pl.DataFrame({"who": who, "a": rng.normal(size=560), "y": rng.normal(size=560)})
    session = first_session()
    session.handle(ask.Upload("who.csv", table.write_csv().encode()))

    def vectors():
        first = session.state.settings.network.layers[0]
        return type(first).__name__, getattr(first, "levels", None)

    kind, levels = vectors()
    assert (kind, levels[0] >= 60) == ("Embedding", True)
    assert session.state.rows.x[:, session.state.rows.features.index("who")].max() >= 59
    session.handle(ask.ChooseColumns(targets=["a"]))
    assert vectors() == ("Embedding", levels)
    session.handle(ask.EditCell(0, "who", "somebody else"))
    assert vectors() == ("Embedding", (levels[0],))  # p0 may have gone, another came
    session.handle(ask.EditRows())
    session.handle(ask.Step(2))
    session.handle(ask.ChooseColumns(drop=["who"]))
    assert vectors()[0] == "Dense"
    session.handle(ask.OpenSample("five rows"))
    session.handle(ask.ChooseColumns(formulas=["x1*x2"]))
    assert vectors()[0] == "Dense"


def shown_rows(session, first=1, count=2):
    viewer = Viewer()
    viewer.asks(ask.Look([first, count]))
    return frame_of(session, viewer)["rows"]


def full_of(session):
    """The loss at which a bar is full."""
    rows = shown_rows(session)
    return rows["loss"][0] / rows["bar"][0]


def test_a_bar_is_full_at_the_largest_error_of_all_rows_also_of_those_out_of_view():
    session = Session(*opening_of("wave"))
    rows = shown_rows(session, 0, 200)
    assert full_of(session) == pytest.approx(rows["loss"].max(), rel=1e-6)
    assert rows["bar"].max() == 1


def test_bars_with_a_goal_are_logarithmic_from_a_hundredth_of_it():
    """Of the five rows the goal is 0.1, the largest error at first 42,905: eight decades from 0.001 on."""
    session = first_session()
    rows = shown_rows(session, 0, 5)
    sizes = np.abs(FIVE_Y - FIVE_X @ START)
    assert rows["goal"] == 2 / 8
    np.testing.assert_allclose(rows["bar"], (np.log10(sizes) + 3) / 8, rtol=1e-12)
    for k, value in enumerate([0.5, 0.9, 1.2005]):
        session.handle(ask.SetParameter("layer1.weight", [0, k], value))
    rows = shown_rows(session, 0, 5)
    assert rows["goal"] == 2 / 8  # the scale stays: bars get shorter
    sizes = np.abs(FIVE_Y - FIVE_X @ [0.5, 0.9, 1.2005])
    np.testing.assert_allclose(rows["bar"], (np.log10(sizes) + 3) / 8, atol=1e-9)
    session.handle(ask.Solve())
    assert shown_rows(session, 0, 5)["bar"].max() == 0


@pytest.mark.parametrize(("sample", "loss"), [("moons", np.log(2))])
def test_a_bar_is_short_where_all_errors_are(sample, loss):
    """Of weights that fit it is full at 1 % of the error of the best guess without inputs."""
    session = Session(*opening_of(sample))
    session.handle(ask.ChangeSettings({"validation": 0.0}))
    session.handle(ask.ChangeSettings({"learning_rate": 0.03}))
    session.handle(ask.Step(9000))
    while session.state.playing:
        session.work()
    assert full_of(session) == pytest.approx(0.01 * loss, rel=1e-6)


def test_the_challenge_is_there_where_it_can_be_met():
    session = first_session()
    assert challenge_of(session, session.parameters)["rows"] == 5
    session.handle(ask.EditCell(0, "y", "100"))  # five rows that no three weights fit
    assert challenge_of(session, session.parameters) is None
    session.handle(ask.EditRows(remove=0))
    assert challenge_of(session, session.parameters)["rows"] == 4
    layers = [{"units": 3, "activation": "tanh"}, {"units": 1}]
    session.handle(ask.ChangeSettings({"layers": layers}))
    assert challenge_of(session, session.parameters) is None
