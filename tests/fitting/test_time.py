"""Rows held out by time: the future never trains the past, and fit says where random rows flatter."""

import datetime
import json
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.fitting.ensemble import _again, _ensemble, _intervals
from downslope.fitting.ensemble._folds import forward_folds, later_folds
from downslope.fitting.rows import first_later
from downslope.tables import TableEncoder
from thorough import one_in

QUICK = {"epochs": 3, "hidden": 8, "members": 4}
FIRST = datetime.date(2021, 1, 1)


def dates(rows):
    return [FIRST + datetime.timedelta(days=day) for day in range(rows)]


def sales(rows=1100, seed=0, trend=1.0):
    """Daily sales that grow ever faster, with a season; without a trend they depend on the price alone."""
    draw, day = np.random.default_rng(seed), np.arange(rows)
    price, promo = draw.normal(10, 1, rows), draw.integers(0, 2, rows)
    growth = 0.4 * day + 150 * np.exp(day / 400) + 60 * np.sin(2 * np.pi * day / 365.25)
    sold = 200 + trend * growth - 8 * (price - 10) + 20 * promo + draw.normal(0, 15, rows)
    return pl.DataFrame({"date": dates(rows), "price": price, "promo": promo, "sales": sold})


def shuffled(table, seed=5):
    return table.sample(fraction=1, shuffle=True, seed=seed)


class Spy:
    """What every descent of a fit learned from and was measured on, by the days of the rows."""

    def __init__(self, monkeypatch):
        self.seen, self.encoders = [], []
        train, fit = _ensemble.train_group, TableEncoder.fit

        def recorded(name, network, rows, **options):
            self.seen.append((name, rows))
            return train(name, network, rows, **options)

        def encoder(frame, description, whole):
            self.encoders.append(frame)
            return fit(frame, description, whole)

        for module in (_ensemble, _again, _intervals):
            monkeypatch.setattr(module, "train_group", recorded)
        monkeypatch.setattr(TableEncoder, "fit", encoder)

    def pairs(self, name, times):
        """For each member of each such descent the times that it learned from, and those that measured it."""
        for found, rows in self.seen:
            if (found == "intervals") == (name == "intervals"):
                weights = np.broadcast_to(rows.known_weights.T, (rows.members, len(rows.y)))
                for member in range(rows.members):
                    own = rows.folds.of == member
                    yield times[(weights[member] > 0) & ~own], times[own & (weights[member] > 0)]


@pytest.mark.parametrize(("members", "weights"), one_in(3, [*product([8, 1, 2], [None, "promo"])][::-1]))
def test_whatever_measures_a_network_is_later_than_whatever_trained_it(monkeypatch, members, weights) -> None:
    table = shuffled(sales(300))
    spy = Spy(monkeypatch)
    model = ds.fit(table, "sales", time="date", row_weights=weights, **{**QUICK, "members": members})
    used = table if weights is None else table.filter(pl.col("promo") > 0)
    times = used["date"].to_numpy()
    networks = list(spy.pairs("networks", times))
    held = times[times >= np.datetime64(model.record.later.start)]
    assert len(held) == model.record.validation_rows
    intervals = list(spy.pairs("intervals", held))
    assert networks
    assert intervals
    for learned, measured in networks + intervals:
        assert len(learned)
        assert len(measured)
        assert learned.max() < measured.min()
    # nor do later rows scale the inputs of those networks
    assert min(frame["date"].max() for frame in spy.encoders) < held.min()


@given(
    counts=st.lists(st.integers(1, 20), min_size=1, max_size=30),
    share=st.sampled_from([0.1, 0.2, 0.5]),
)
@settings(deadline=None)
def test_rows_of_one_time_stay_on_one_side_as_near_to_the_share_as_they_allow(counts, share) -> None:
    places = np.repeat(np.arange(1, len(counts) + 1), counts)
    first = first_later(places, share)
    if len(counts) == 1:
        assert first is None
        return
    off = {place: abs((places >= place).mean() - share) for place in range(2, len(counts) + 1)}
    assert off[first] == pytest.approx(min(off.values()))


@given(
    rows=st.integers(6, 80),
    times=st.integers(2, 40),
    groups=st.one_of(st.none(), st.integers(2, 12)),
    members=st.integers(1, 8),
    seed=st.integers(0, 20),
)
@settings(deadline=None)
def test_folds_by_time_never_look_ahead_or_into_their_groups(rows, times, groups, members, seed) -> None:
    draw = np.random.default_rng(seed)
    place = draw.integers(1, times + 1, rows)
    of_group = None if groups is None else draw.integers(0, groups, rows)
    found = [forward_folds(place, members, of_group)]
    first = first_later(place, 0.2)
    if first is not None:
        found.append(later_folds(draw.normal(size=rows), place >= first, members, seed, of_group))
    for folds, unknown in filter(None, found):
        for member in range(folds.of.max() + 1):
            own = folds.of == member
            learned = ~own & ~unknown[:, member]
            assert own.any()
            assert not unknown[own, member].any()
            if learned.any():
                assert place[learned].max() < place[own].min()
            if of_group is not None:
                assert not set(of_group[learned]) & set(of_group[own])


@pytest.mark.thorough
def test_the_score_by_time_foretells_later_rows_and_the_random_one_does_not() -> None:
    table = sales()
    old, new = shuffled(table[:1000]), table[1000:]
    by_time, at_random = ds.fit(old, "sales", time="date"), ds.fit(old, "sales")
    later = {name: found.evaluate(new) for name, found in (("time", by_time), ("random", at_random))}
    errors = {name: found.score("root_mean_squared_error").value for name, found in later.items()}
    assert at_random.record.network.r2 > 0.95
    assert later["random"].score("r2").value < 0
    assert by_time.record.network.r2 < 0
    assert 0.5 < errors["time"] / by_time.record.network.root_mean_squared_error < 2
    assert errors["random"] / at_random.record.network.root_mean_squared_error > 10
    (check,) = at_random.record.time_checks
    assert check.flattered
    assert check.among_others.r2 > 0.9 > 0 > check.of_the_future.r2
    (note,) = at_random.summary.notes
    assert "by date, from 2023-03-12 on" in note
    assert "--time date (in Python time='date')" in note
    assert note in str(at_random.summary)
    assert note in at_random._repr_html_().replace("&#x27;", "'")
    assert by_time.record.time_checks == ()
    assert by_time.summary.notes == ()


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(3))
def test_no_alarm_where_dates_carry_no_trend(seed: int) -> None:
    record = ds.fit(shuffled(sales(600, seed, trend=0.0)), "sales").record
    assert [check.flattered for check in record.time_checks] == [False]
    classes = sales(600, seed, trend=0.0).with_columns(much=pl.col("sales") > 210).drop("sales")
    assert [check.flattered for check in ds.fit(classes, "much").record.time_checks] == [False]


@pytest.mark.thorough
def test_years_are_looked_at_and_columns_without_an_order_are_not() -> None:
    table = sales(600).with_columns(year=pl.int_range(pl.len()) // 60 + 2001)
    found = ds.fit(table.drop("date"), "sales", **QUICK).record.time_checks
    assert [check.later.column for check in found] == ["year"]
    assert found[0].later.start == "2009"
    assert found[0].later.rows == 120
    assert not ds.fit(table.drop("date", "year"), "sales", **QUICK).record.time_checks
    assert not ds.fit(table.drop("date").rename({"year": "size"}), "sales", **QUICK).record.time_checks


def test_the_model_knows_all_rows_in_the_end() -> None:
    table = sales(400)
    model = ds.fit(table, "sales", time="date", **QUICK)
    (dates_,) = (part for part in model.encoder.encodings if part.name == "date")
    assert dates_.high == (table["date"].max() - datetime.date(1970, 1, 1)).days
    changed = table.with_columns(
        sales=pl.when(pl.int_range(pl.len()) >= 390).then(pl.col("sales") + 500).otherwise("sales")
    )
    other = ds.fit(changed, "sales", time="date", **QUICK)
    assert np.abs(other.predict(table[390:]) - model.predict(table[390:])).mean() > 1


def test_the_target_of_later_rows_moves_no_network_that_is_measured_on_them(monkeypatch) -> None:
    """Another last fifth: the same networks before it, bit for bit, up to the epoch that is chosen by it."""
    table, runs = sales(300), []
    for further in (0.0, 1e4):
        changed = table.with_columns(
            sales=pl.when(pl.int_range(pl.len()) >= 240).then(pl.col("sales") + further).otherwise("sales"),
            price=pl.when(pl.int_range(pl.len()) >= 240).then(pl.col("price") - further).otherwise("price"),
        )
        seen = []
        with monkeypatch.context() as patch:
            train = _ensemble.train_group

            def recorded(*given, train=train, seen=seen, **options):
                found = train(*given, **options)
                seen.append(found)
                return found

            patch.setattr(_ensemble, "train_group", recorded)
            ds.fit(changed, "sales", time="date", **QUICK)
        runs.append([group.run.losses for group in seen])
    assert len(runs[0]) > 1
    for before, after in zip(*runs, strict=True):
        shared = min(len(before), len(after))
        assert shared
        np.testing.assert_array_equal(before[:shared], after[:shared])


def test_the_same_seed_gives_the_same_bits_and_the_file_has_the_record(tmp_path) -> None:
    table = sales(300)
    first, again = (ds.fit(table, "sales", time="date", **QUICK) for _ in range(2))
    assert all(np.array_equal(first.parameters[n], again.parameters[n]) for n in first.parameters)
    assert first.record == again.record
    first.save(tmp_path / "m")
    loaded = ds.load(tmp_path / "m")
    assert loaded.record == first.record
    assert json.loads(json.dumps(loaded.record.to_json()))["later"]["start"] == "2021-08-29"
    assert "time='date'" in loaded.record.asked
    assert "the last 20 % of the rows by date, from 2021-08-29 on, by networks" in loaded.summary.validation
    assert loaded.summary.validation.endswith("; then all rows trained the model")


@pytest.mark.parametrize("hidden", [(), 8])
@pytest.mark.parametrize("rows", [20, 49, 50])
def test_few_rows(rows: int, hidden) -> None:
    model = ds.fit(sales(rows), "sales", time="date", hidden=hidden, epochs=3 if hidden else None)
    assert model.record.held_out == (rows >= 50)
    assert (model.record.later is None) == (rows < 50)
    if rows < 50:
        assert model.summary.validation.endswith("training rows, too few to hold any out")


@pytest.mark.parametrize(
    ("column", "start"),
    one_in(
        3,
        [
            (pl.col("date"), "2021-10-28"),
            (pl.col("date").cast(pl.String), "2021-10-28"),
            (pl.col("date").dt.strftime("%d.%m.%Y"), "2021-10-28"),
            (pl.col("date").cast(pl.Datetime).dt.offset_by("90m"), "2021-10-28 01:30:00"),
            (pl.int_range(pl.len()) // 5 + 1950, "2010"),
            ((pl.int_range(pl.len()) // 5 + 1950).cast(pl.String), "2010"),
            (pl.int_range(pl.len()) / 10, "30"),
            (pl.lit(datetime.time(1)), None),
        ],
    ),
)
def test_dates_times_and_numbers_order_rows(column: pl.Expr, start: str | None) -> None:
    table = shuffled(sales(375).with_columns(column.alias("when")))
    if start is None:
        with pytest.raises(ds.DownslopeError, match=r'every row of "when" .* has the same time'):
            ds.fit(table, "sales", time="when", **QUICK)
        return
    later = ds.fit(table, "sales", time="when", drop=["date"], **QUICK).record.later
    assert (later.column, later.start, later.rows) == ("when", start, 75)


def test_the_column_stays_an_input_unless_it_is_dropped() -> None:
    table = sales(200)
    kinds = {c.name: c.kind for c in ds.fit(table, "sales", time="date", **QUICK).record.columns}
    assert kinds["date"] == "date"
    model = ds.fit(table, "sales", time="date", drop="date", **QUICK)
    assert {c.name: c.kind for c in model.record.columns}["date"] == "dropped"
    assert model.record.later.column == "date"


def test_rows_without_a_time_are_left_out_and_counted() -> None:
    table = sales(200).with_columns(
        date=pl.when(pl.int_range(pl.len()) % 20 == 0).then(None).otherwise("date"),
        sales=pl.when(pl.int_range(pl.len()) % 25 == 1).then(None).otherwise("sales"),
    )
    said = []
    record = ds.fit(table, "sales", time="date", described=said.append, **QUICK).record
    assert 'rows without a value of "date", left out: 10' in said[0].notes
    assert (record.rows, record.later.rows) == (182, 36)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": "dat"}, 'no column "dat" for time; did you mean "date"'),
        ({"time": "sales"}, 'time and target are both "sales"'),
        ({"time": "date", "group": "date"}, 'time and group are both "date"'),
        ({"time": "promo", "row_weights": "promo"}, 'time and row_weights are both "promo"'),
        ({"time": "shop"}, 'the column "shop" orders no rows by time: row 1 holds "a", which is no date'),
        ({"time": "empty"}, 'no row has a value of "empty"'),
        ({"time": "single"}, '1 row has a value of "single"'),
        ({"time": "date", "group": "half"}, "no earlier row is of another group"),
        ({"time": 3.5}, "time needs the name of a column"),
    ],
)
def test_times_that_do_not_serve(options, message: str) -> None:
    table = sales(60).with_columns(
        shop=pl.lit("a"),
        empty=pl.lit(None, pl.String),
        single=pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("2020-01-01")),
        half=pl.when(pl.int_range(pl.len()) < 48).then(pl.lit("x")).otherwise(pl.lit("x")),
    )
    table = table.with_columns(half=pl.when(pl.int_range(pl.len()) == 59).then(pl.lit("y")).otherwise("half"))
    with pytest.raises(ds.DownslopeError, match=message):
        ds.fit(table, "sales", **options, **{**QUICK, "members": 1})


def test_groups_and_times_together(monkeypatch) -> None:
    table = shuffled(sales(400).with_columns(shop=pl.int_range(pl.len()) % 8))
    spy = Spy(monkeypatch)
    model = ds.fit(table, "sales", time="date", group="shop", **QUICK)
    both = np.array([f"{day}|{shop}" for day, shop in zip(table["date"], table["shop"], strict=True)])
    for learned, measured in spy.pairs("networks", both):
        assert max(key.split("|")[0] for key in learned) < min(key.split("|")[0] for key in measured)
        assert not {key.split("|")[1] for key in learned} & {key.split("|")[1] for key in measured}
    assert "earlier rows of another shop alone" in model.summary.validation


@pytest.mark.thorough
def test_classes_of_later_rows_alone() -> None:
    rows = 300
    draw = np.random.default_rng(0)
    x = draw.normal(size=rows)
    kind = np.where(x > 0, "high", "low").astype(object)
    kind[270:] = np.where(x[270:] > 0, "new", kind[270:])
    table = pl.DataFrame({"date": dates(rows), "x": x, "kind": kind})
    model = ds.fit(table, "kind", time="date", **QUICK)
    assert model.record.later.new_classes == ("new",)
    assert model.summary.notes[0].endswith("predict them there: new.")
    assert np.isfinite(model.record.network.log_loss)
    assert set(model.predict(table)) <= {"high", "low", "new"}
    one = table.with_columns(kind=pl.when(pl.int_range(pl.len()) < 240).then(pl.lit("low")).otherwise("kind"))
    alone = ds.fit(one, "kind", time="date", **QUICK)
    assert alone.record.later.new_classes == ("high", "new")
    assert alone.predict_proba(table).shape == (rows, 3)


def test_ctrl_c_keeps_networks_of_the_earlier_rows_and_their_scale(tmp_path) -> None:
    table = sales(300)

    def stop(phase) -> None:
        if phase.name.endswith("all rows"):
            raise KeyboardInterrupt

    model = ds.fit(table, "sales", time="date", progress=stop, epochs=5, hidden=8, learning_rate=0.05)
    assert model.record.interrupted
    (day,) = (part for part in model.encoder.encodings if part.name == "date")
    assert day.high == (table["date"][239] - datetime.date(1970, 1, 1)).days
    assert not model.summary.validation.endswith("then all rows trained the model")
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(ds.load(tmp_path / "m").predict(table), model.predict(table))


@pytest.mark.parametrize("members", [1, 4])
def test_a_time_limit_leaves_room_for_all_rows(members: int) -> None:
    record = ds.fit(sales(300), "sales", time="date", members=members, time_limit=1.0).record
    assert not record.interrupted
    assert record.later.rows == 60


def test_values_of_the_later_rows_that_no_earlier_row_has() -> None:
    late = pl.int_range(pl.len()) >= 90
    table = sales(110).with_columns(
        shipped=pl.when(late).then("date"),
        level=pl.when(late).then(pl.lit("b")),
        amount=pl.when(late).then(pl.col("price")),
    )
    model = ds.fit(table, "sales", time="date", **QUICK)
    assert model.record.later.rows == 22
    assert np.isfinite(model.predict(table)).all()
