"""From tables to models: what is learned, what is said, and what is refused."""

import copy
import io
import json
import pickle
import struct
from itertools import product

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score, root_mean_squared_error

import downslope as ds
from downslope.fitting._scores import baseline_prediction, scores
from downslope.fitting.ensemble import FitHooks, FitSettings, _ensemble, _hooks, folds_of
from downslope.tables import Target
from thorough import one_in

QUICK = {"epochs": 15, "hidden": 16, "members": 2}


def noisy_table(rows: int = 600, seed: int = 0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    size, rooms = draw.gamma(3, 30, rows), draw.integers(1, 6, rows)
    town = draw.choice(["Aachen", "Bonn", "Celle"], rows)
    price = 100 + 2 * size + 20 * rooms + np.where(town == "Bonn", 80, 0) + np.sin(size / 15) * 150
    return pl.DataFrame(
        {
            "town": town,
            "size": [None if i % 17 == 0 else s for i, s in enumerate(size)],
            "rooms": rooms,
            "sold": pl.date_range(
                pl.date(2024, 1, 1), pl.date(2024, 1, 1) + pl.duration(days=rows - 1), eager=True
            ),
            "price": price + draw.normal(0, 5, rows),
        }
    )


@pytest.fixture(scope="module")
def model() -> ds.Model:
    return ds.fit(noisy_table(), target="price")


def test_the_network_beats_the_linear_model_and_that_the_baseline(model) -> None:
    record = model.record
    assert record.network.r2 > record.linear.r2 > 0.1
    assert abs(record.baseline.r2) < 0.2
    assert (record.rows, record.validation_rows) == (600, 300)
    assert record.held_out
    assert sum(group.share for group in record.groups) == pytest.approx(1)


def test_a_model_file_predicts_the_same(model, tmp_path) -> None:
    model.save(tmp_path / "m.downslope")
    again = ds.load(tmp_path / "m.downslope")
    np.testing.assert_array_equal(again.predict(noisy_table()), model.predict(noisy_table()))
    assert again.record == model.record


def test_the_same_seed_gives_the_same_bits() -> None:
    one, two = (ds.fit(noisy_table(), "price", **QUICK | {"epochs": 4}) for _ in range(2))
    for name, value in one.parameters.items():
        np.testing.assert_array_equal(value, two.parameters[name])


@pytest.mark.thorough
def test_every_way_of_giving_a_table_is_the_same(tmp_path) -> None:
    frame = noisy_table()
    frame.write_csv(tmp_path / "t.csv")
    frame.write_parquet(tmp_path / "t.parquet")
    want = ds.fit(frame, "price", **QUICK).predict(frame)
    tables = [
        tmp_path / "t.parquet",
        str(tmp_path / "t.csv"),
        frame.to_dict(as_series=False),
        frame.to_pandas(),
    ]
    for table in [*tables, frame.to_arrow()]:
        np.testing.assert_allclose(ds.fit(table, "price", **QUICK).predict(table), want, rtol=1e-5)


def test_classes_from_numpy_arrays() -> None:
    x, y = load_iris(return_X_y=True)
    model = ds.fit(x, y, epochs=60)
    assert model.target.classes == ("0", "1", "2")
    probabilities = model.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (model.predict(x).astype(int) == y).mean() > 0.94


def test_two_classes_and_their_names() -> None:
    frame = noisy_table().with_columns(
        dear=pl.when(pl.col("price") > 320).then(pl.lit("yes")).otherwise(pl.lit("no"))
    )
    model = ds.fit(frame.drop("price"), "dear", epochs=40, members=2)
    assert model.target.classes == ("no", "yes")
    assert set(model.predict(frame)) == {"no", "yes"}
    assert model.record.network.accuracy > model.record.baseline.accuracy
    assert model.predict_proba(frame).shape == (600, 2)


@pytest.mark.parametrize("data", [load_diabetes, load_wine])
def test_the_linear_model_is_the_one_scikit_learn_finds(data) -> None:
    """Cross-validated on the same folds, with the same penalty, which is on every row's mean."""
    x, y = data(return_X_y=True)
    model = ds.fit(x, y, hidden=(), members=4)
    x, encoded = model.encode(x).x.astype(np.float64), model.target.encode(pl.Series(y))
    folds, penalty = folds_of(encoded, 4, 0).of, 1e-3
    guesses = np.zeros((len(y), max(1, len(model.target.classes))))
    for fold in range(4):
        seen, held = folds != fold, folds == fold
        if model.target.classes:
            # each member's penalty is ½ λ Σw² on the mean of its errors
            peer = LogisticRegression(C=1 / (penalty * seen.sum()), max_iter=5000).fit(x[seen], encoded[seen])
            guesses[held] = peer.predict_proba(x[held])
        else:
            peer = Ridge(alpha=penalty / 2 * seen.sum()).fit(x[seen], encoded[seen])
            guesses[held, 0] = peer.predict(x[held])
    if model.target.classes:
        assert model.record.linear.log_loss == pytest.approx(log_loss(encoded, guesses), abs=0.02)
    else:
        expected = r2_score(y, model.target.numbers(guesses[:, 0]))
        assert model.record.linear.r2 == pytest.approx(expected, abs=2e-3)


def test_scores_are_those_of_scikit_learn() -> None:
    draw = np.random.default_rng(0)
    y, guess = draw.normal(size=50), draw.normal(size=50)
    got = scores(Target("t"), y, guess)
    assert got.mean_absolute_error == pytest.approx(mean_absolute_error(y, guess))
    assert got.root_mean_squared_error == pytest.approx(root_mean_squared_error(y, guess))
    assert got.r2 == pytest.approx(r2_score(y, guess))
    target = Target("t", ("a", "b", "c"))
    classes, p = draw.integers(0, 3, 50), draw.dirichlet([1, 1, 1], 50)
    got = scores(target, classes, p)
    assert got.accuracy == pytest.approx(accuracy_score(classes, p.argmax(axis=1)))
    assert got.log_loss == pytest.approx(log_loss(classes, p))
    np.testing.assert_allclose(baseline_prediction(target, classes, 2)[1], np.bincount(classes) / 50)


def test_five_rows_get_a_linear_network_that_is_exact() -> None:
    x = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]])
    y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])
    model = ds.fit(x, y)
    np.testing.assert_allclose(model.predict(x), y, atol=0.05)
    assert [layer.units for layer in model.network.layers] == [1]


def test_no_hidden_layer_is_the_linear_model_on_rows_held_out() -> None:
    model = ds.fit(noisy_table(), "price", hidden=())
    assert model.record.network == model.record.linear
    assert model.record.held_out
    assert isinstance(model.network, ds.Network)


def test_one_member_is_one_network_that_holds_one_row_in_seven_out() -> None:
    model = ds.fit(noisy_table(), "price", **QUICK | {"members": 1})
    assert isinstance(model.network, ds.Network)
    assert model.record.validation_rows == 600 // 7
    assert [kind.share for kind in model.record.groups] == [0, 1]


@pytest.mark.thorough
def test_what_members_say_of_rows_they_held_out_is_blended() -> None:
    """The blend is no worse than any group alone, on the rows that decide on it."""
    model = ds.fit(noisy_table(), "price")
    best = min(min(kind.validation_errors) for kind in model.record.groups)
    assert model.record.network.r2 >= 1 - best - 1e-6  # errors are in units of the variance
    shares = [kind.share for kind in model.record.groups if kind.share > 0]
    assert sum(model.network.shares) == pytest.approx(sum(shares)) == pytest.approx(1)


def test_less_time_than_the_rows_need_means_fewer_epochs() -> None:
    record = ds.fit(noisy_table(), "price", time_limit=0.5).record
    assert max(group.epochs for group in record.groups if group.name != "linear") < 40


def test_more_time_than_the_rows_need_means_more_groups(monkeypatch) -> None:
    """By a clock of its own: each group takes 4 of 20 seconds, and the last one would not end in time."""
    now = [0.0]
    monkeypatch.setattr(_hooks, "monotonic", lambda: now[0])
    networks = {name: ds.Network(1, [ds.Dense(1)]) for name in ("a", "b")}
    planned = []
    for name, _, seconds in _ensemble._timed(networks, FitSettings(time_limit=20), 0.0, 2, FitHooks()):
        planned.append((name, seconds))
        now[0] += 4
    assert planned == [("a", 10), ("b", 16), ("a 2", 12), ("b 2", 8)]


def test_row_weights_count_and_rows_without_any_do_not() -> None:
    frame = noisy_table()
    odd = frame.with_columns(pl.when(pl.int_range(600) < 300).then(0.0).otherwise("price").alias("price"))
    weights = np.where(np.arange(600) < 300, 0.0, 1.0)
    model = ds.fit(odd, "price", row_weights=weights, **QUICK)
    missed = model.predict(frame)[300:] - frame["price"].to_numpy()[300:]
    assert abs(missed.mean()) < 20  # half the rows say 0
    with pytest.raises(ds.DownslopeError, match="a number for each of 600 rows"):
        ds.fit(frame, "price", row_weights=[1.0])


@pytest.mark.thorough
def test_intervals_hold_as_often_as_they_say() -> None:
    draw = np.random.default_rng(0)
    x = draw.uniform(-2, 2, (3000, 2))
    y = np.sin(2 * x[:, 0]) + draw.normal(size=3000) * (0.1 + 0.4 * (x[:, 1] > 0))
    model = ds.fit(x[:2000], y[:2000], epochs=30)
    narrow = x[2000:, 1] <= 0
    for level in (0.5, 0.8, 0.9, 0.95):
        low, high = model.predict_interval(x[2000:], level).T
        held = ((low <= y[2000:]) & (y[2000:] <= high)).mean()
        assert held == pytest.approx(level, abs=4 * (level * (1 - level) / 1000) ** 0.5)
        assert (high - low)[narrow].mean() < 0.6 * (high - low)[~narrow].mean()
    with pytest.raises(ds.DownslopeError, match="a number above 0 and below 1, not 1"):
        model.predict_interval(x, 1.0)
    with pytest.raises(ds.DownslopeError, match="too few"):
        ds.fit(x[:20], y[:20]).predict_interval(x)


def test_predictions_of_numbers_stay_near_those_seen(model) -> None:
    low, high = noisy_table()["price"].min(), noisy_table()["price"].max()
    far = model.predict(noisy_table().with_columns(size=pl.lit(1e6)))
    half = (high - low) / 2
    assert max(0, low - half) - 1e-3 <= far.min() <= far.max() <= high + half + 1e-3


@pytest.mark.thorough
def test_lines_go_on_beyond_the_targets_seen() -> None:
    x = np.random.default_rng(0).uniform(0, 10, (300, 3))
    y = x @ [3.0, -2.0, 1.0] + 20
    learned = (y > 16) & (y < 32)
    model = ds.fit(x[learned], y[learned], epochs=20)
    beyond = ~learned & (y > 14) & (y < 35)
    assert beyond.sum() > 20
    assert np.abs(model.predict(x[beyond]) - y[beyond]).max() < 1.0


def test_unseen_and_out_of_range_are_counted(model) -> None:
    encoded = model.encode(
        {"town": ["Ulm", None], "size": [1e6, None], "rooms": [2, 3], "sold": ["2024-02-01"] * 2}
    )
    assert encoded.unseen == {"town": 1}
    assert encoded.out_of_range == {"size": 1}
    assert encoded.gaps["size"] == 1


def test_rows_without_a_target_are_left_out() -> None:
    frame = noisy_table().with_columns(
        pl.when(pl.int_range(pl.len()) % 10 == 0).then(None).otherwise("price").alias("price")
    )
    record = ds.fit(frame, "price", **QUICK).record
    assert (record.rows, record.gap_rows) == (540, 60)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0}, "learning_rate needs a number above 0, not 0"),
        ({"learning_rate": 1e9}, "diverged at a learning rate of 1e.09"),
        ({"epochs": 0}, "epochs needs a whole number of at least 1, not 0"),
        ({"members": 0}, "members needs a whole number of at least 1, not 0"),
        ({"time_limit": 0}, "time_limit needs a number above 0, not 0"),
        ({"activation": "reluu"}, "activation needs one of .*'reluu'; did you mean 'relu'"),
        ({"hidden": (0,)}, "at least 1"),
        ({"task": "what"}, "task needs one of auto, regression, classification, not .what"),
    ],
)
def test_settings_that_do_not_serve(options, message: str) -> None:
    with pytest.raises(ds.DownslopeError, match=message):
        ds.fit(noisy_table(), "price", **{**QUICK, **options})


def test_a_needed_column_is_named(model) -> None:
    with pytest.raises(ds.DownslopeError, match="lacks the column size"):
        model.predict(noisy_table().drop("size"))


def test_ctrl_c_keeps_the_best_so_far() -> None:
    def stop(phase) -> None:
        if phase.name == "piecewise" and phase.progress.step > 100:
            raise KeyboardInterrupt

    model = ds.fit(noisy_table(), "price", progress=stop)
    assert model.record.interrupted
    assert np.isfinite(model.predict(noisy_table())).all()
    assert model.record.network.r2 > 0


@pytest.mark.parametrize(
    ("where", "members"), one_in(3, [*product(["train_group", "within", "networks_for"], [4, 1])])
)
def test_ctrl_c_between_descents_keeps_the_linear_model(monkeypatch, where: str, members: int) -> None:
    work = getattr(_ensemble, where)

    def stop(*args, **settings):
        if where == "train_group" and args[0] == "linear":
            return work(*args, **settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(_ensemble, where, stop)
    model = ds.fit(noisy_table(), "price", members=members, time_limit=20)
    assert model.record.interrupted
    assert [group.name for group in model.record.groups] == ["linear"]
    assert model.record.network.r2 > 0


@pytest.mark.parametrize(("phase", "options"), [("all rows", {"members": 1}), ("intervals", {})])
def test_ctrl_c_in_the_last_phase_keeps_the_measured_network(phase: str, options) -> None:
    def stop(told) -> None:
        if told.name == phase:
            raise KeyboardInterrupt

    model = ds.fit(noisy_table(), "price", progress=stop, **QUICK | options)
    assert model.record.interrupted
    assert np.isfinite(model.predict(noisy_table())).all()


def test_targets_in_a_column_of_their_own_and_frames_without_names() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(60, 2)), draw.normal(size=60)
    frame = noisy_table().to_pandas()[["size", "rooms"]].iloc[:60].set_axis([0, 1], axis=1)
    np.testing.assert_array_equal(ds.fit(x, y[:, None], **QUICK).predict(x), ds.fit(x, y, **QUICK).predict(x))
    assert [c.name for c in ds.fit(frame, y, **QUICK).record.columns] == ["0", "1"]
    with pytest.raises(ds.DownslopeError, match="one value for each row"):
        ds.fit(x, x[:, :, None])


def test_models_can_be_copied(model) -> None:
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(noisy_table()), model.predict(noisy_table()))
    assert copy.deepcopy(model.network).graph().prediction is model.network.graph().prediction


def test_a_damaged_record_is_refused(model, tmp_path) -> None:
    path = tmp_path / "m"
    model.save(path)
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    for section in ("encoder", "target", "record"):
        about = json.loads(header["__metadata__"]["about"])
        about[section] = {"odd": 1}
        changed = {**header, "__metadata__": {**header["__metadata__"], "about": json.dumps(about)}}
        packed = json.dumps(changed).encode()
        path.write_bytes(struct.pack("<Q", len(packed)) + packed + content[8 + size :])
        with pytest.raises(ds.DownslopeError, match="damaged"):
            ds.load(path)


def test_standard_input_like_files() -> None:
    held = io.BytesIO(noisy_table().write_csv().encode())
    assert ds.fit(held, "price", **QUICK).record.rows == 600
