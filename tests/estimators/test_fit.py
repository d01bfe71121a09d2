"""From tables to models: what is learned, what is said, and what is refused."""

import copy
import io
import json
import pickle
import struct

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score, root_mean_squared_error

import downslope as ds
from downslope.estimators._scores import scores, trivial_guess
from downslope.tables import Target

QUICK = {"epochs": 15}


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


def test_the_network_beats_the_linear_model_and_that_the_trivial_guess(model) -> None:
    record = model.record
    assert record.network.r2 > record.linear.r2 > 0.1
    assert abs(record.trivial.r2) < 0.2
    assert record.rows == 600
    assert record.trained_rows + record.measured_rows == 600


def test_a_model_file_predicts_the_same(model, tmp_path) -> None:
    model.save(tmp_path / "m.downslope")
    again = ds.load(tmp_path / "m.downslope")
    np.testing.assert_array_equal(again.predict(noisy_table()), model.predict(noisy_table()))
    assert again.record == model.record


def test_the_same_seed_gives_the_same_bits() -> None:
    one, two = (ds.fit(noisy_table(), "price", **QUICK) for _ in range(2))
    for name, value in one.parameters.items():
        np.testing.assert_array_equal(value, two.parameters[name])


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
    model = ds.fit(frame.drop("price"), "dear", epochs=40)
    assert model.target.classes == ("no", "yes")
    assert set(model.predict(frame)) == {"no", "yes"}
    assert model.record.network.accuracy > model.record.trivial.accuracy
    assert model.predict_proba(frame).shape == (600, 2)


@pytest.mark.parametrize("data", [load_diabetes, load_wine])
def test_the_linear_model_is_the_one_scikit_learn_finds(data) -> None:
    x, y = data(return_X_y=True)
    model = ds.fit(x, y, epochs=1)
    held = round(len(y) * 0.15)
    from downslope.estimators._fit import Settings, _parted

    rows = _parted(model.encode(x).x, model.target.encode(pl.Series(y)), model.target, Settings(epochs=1))
    assert len(rows.measure) == held
    seen, measure = rows.seen, rows.measure
    if model.target.classes:
        peer = LogisticRegression(C=1 / (1e-4 * len(seen)), max_iter=5000).fit(rows.x[seen], rows.y[seen])
        assert model.record.linear.log_loss == pytest.approx(
            log_loss(rows.y[measure], peer.predict_proba(rows.x[measure])), abs=0.02
        )
    else:
        peer = Ridge(alpha=0.5e-4 * len(seen)).fit(rows.x[seen], rows.y[seen])
        guess = model.target.numbers(peer.predict(rows.x[measure]))
        assert model.record.linear.r2 == pytest.approx(r2_score(y[measure], guess), abs=1e-3)


def test_scores_are_those_of_scikit_learn() -> None:
    draw = np.random.default_rng(0)
    y, guess = draw.normal(size=50), draw.normal(size=50)
    got = scores(Target("t"), y, guess)
    assert got.typical_error == pytest.approx(mean_absolute_error(y, guess))
    assert got.root_mean_square == pytest.approx(root_mean_squared_error(y, guess))
    assert got.r2 == pytest.approx(r2_score(y, guess))
    target = Target("t", ("a", "b", "c"))
    classes, p = draw.integers(0, 3, 50), draw.dirichlet([1, 1, 1], 50)
    got = scores(target, classes, p)
    assert got.accuracy == pytest.approx(accuracy_score(classes, p.argmax(axis=1)))
    assert got.log_loss == pytest.approx(log_loss(classes, p))
    np.testing.assert_allclose(trivial_guess(target, classes, 2)[1], np.bincount(classes) / 50)


def test_five_rows_get_a_linear_network_that_is_exact() -> None:
    x = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]])
    y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])
    model = ds.fit(x, y)
    np.testing.assert_allclose(model.predict(x), y, atol=0.05)
    assert [layer.units for layer in model.network.layers] == [1]


def test_no_hidden_layer_is_the_linear_model_on_rows_held_out() -> None:
    record = ds.fit(noisy_table(), "price", hidden=()).record
    assert record.network == record.linear
    assert record.trained_rows + record.measured_rows == record.rows == 600


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
        ({"learning_rate": 0}, "learning rate is a number above 0"),
        ({"learning_rate": 1e9}, "diverged at a learning rate of 1e.09"),
        ({"epochs": 0}, "epochs is at least 1"),
        ({"validation": 0.7}, "below 0.5"),
        ({"activation": "reluu"}, "no activation 'reluu'"),
        ({"hidden": (0,)}, "at least 1"),
        ({"task": "what"}, "a task is one of"),
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
        if phase.name == "network" and phase.progress.step > 100:
            raise KeyboardInterrupt

    model = ds.fit(noisy_table(), "price", progress=stop)
    assert model.record.interrupted
    assert np.isfinite(model.predict(noisy_table())).all()
    assert model.record.network.r2 > 0


def test_ctrl_c_in_the_last_phase_keeps_the_measured_network() -> None:
    def stop(phase) -> None:
        if phase.name == "all rows":
            raise KeyboardInterrupt

    model = ds.fit(noisy_table(), "price", progress=stop, **QUICK)
    assert model.record.interrupted
    assert np.isfinite(model.predict(noisy_table())).all()


def test_targets_in_a_column_of_their_own_and_frames_without_names() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(60, 2)), draw.normal(size=60)
    frame = noisy_table().to_pandas()[["size", "rooms"]].iloc[:60].set_axis([0, 1], axis=1)
    np.testing.assert_array_equal(ds.fit(x, y[:, None], **QUICK).predict(x), ds.fit(x, y, **QUICK).predict(x))
    assert [c.name for c in ds.fit(frame, y, **QUICK).record.columns] == ["0", "1"]
    with pytest.raises(ds.DownslopeError, match="one value for each row"):
        ds.fit(x, x)


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
