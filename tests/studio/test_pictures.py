"""The numbers behind the pictures, against NumPy by hand, scikit-learn's metrics and the reference engine."""

import numpy as np
import pytest
from sklearn import metrics

import downslope as ds
from downslope.engines import evaluate
from downslope.graph import gradient
from downslope.insight import Position
from downslope.studio import _schema as commands
from downslope.studio.server._wire import pack, unpack
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session
from downslope.studio.views import _viewer
from downslope.studio.views._frames import frame_of
from downslope.studio.views._viewer import Viewer
from downslope.studio.views.pictures import _surface
from downslope.studio.views.pictures._fitted import fitted
from downslope.studio.views.pictures._histograms import histograms
from downslope.studio.views.pictures._histograms import make as histograms_of
from downslope.studio.views.pictures._residuals import residuals
from downslope.studio.views.pictures._surface import steepest, surface, symbol
from downslope.studio.views.pictures._units import make as units_of
from downslope.studio.views.pictures._units import units

FIVE_X = np.array([[3.0, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]])
FIVE_Y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])[:, None]
NEURON = ds.Network(3, [ds.Dense(1, bias=False)])
DEEP = ds.Network(2, [ds.Dense(5, "tanh"), ds.Dense(1)], loss="binary_cross_entropy", l2=0.1)
CLASSES = ds.Network(2, [ds.Dense(4, "relu"), ds.Dense(3)], loss="cross_entropy")
W1, W2 = Position("layer1.weight", (0, 0)), Position("layer1.weight", (0, 1))


def whole_surface(*args, **how):
    """The last of the pictures that a surface gives as it grows."""
    *_, picture = surface(*args, **how)
    return picture


def five_rows():
    return {"x": FIVE_X, "y": FIVE_Y, "row_weights": np.ones(5)}


def rows_for(network, count=60, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, network.inputs))
    shape = tuple(count if d == "n" else d for d in network.graph().y.shape)
    y = rng.integers(0, 3 if network.loss == "cross_entropy" else 2, shape).astype(float)
    return {"x": x, "y": y, "row_weights": rng.uniform(0.5, 2, count)}


def at(network, seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=v.shape) for name, v in network.initial_parameters().items()}


def test_the_surface_of_a_neuron_is_its_mean_square():
    path = np.array([[200.0, -14.0], [50.0, 3.0], [0.5, 0.9]])
    weights = {"layer1.weight": np.array([[0.5, 0.9, 1.2]])}
    found = whole_surface(NEURON, weights, five_rows(), W1, W2, path=(path, np.array([9.0, 4.0, 0.0])))
    assert found["errors"].shape == (24, 24)
    for i, j in ((0, 0), (3, 17), (23, 5)):
        w = np.array([found["x"][j], found["y"][i], 1.2])
        expected = np.mean((FIVE_X @ w - FIVE_Y[:, 0]) ** 2)
        np.testing.assert_allclose(found["errors"][i, j], expected, rtol=1e-12)
    for axis, values in (("x", path[:, 0]), ("y", path[:, 1])):
        assert found[axis][0] < values.min()
        assert found[axis][-1] > values.max()
        assert np.ptp(found[axis]) < 3 * np.ptp(values)  # and no more than is needed
    assert found["at"][:2] == [0.5, 0.9]
    np.testing.assert_allclose(found["at"][2], 0, atol=1e-20)
    i, j = np.unravel_index(found["errors"].argmin(), (24, 24))
    assert found["minimum"] == [found["x"][j], found["y"][i], found["errors"][i, j]]
    assert found["slice"]
    assert weights["layer1.weight"].tolist() == [[0.5, 0.9, 1.2]]  # the caller's own
    np.testing.assert_array_equal(found["path"], path)


def test_a_surface_over_two_layers_agrees_with_the_reference_engine():
    data, values = rows_for(DEEP), at(DEEP)
    first, second = Position("layer2.weight", (0, 3)), Position("layer1.bias", (2,))
    found = whole_surface(DEEP, values, data, first, second, size=12)
    for i, j in ((0, 11), (5, 2)):
        moved = {name: v.copy() for name, v in values.items()}
        moved["layer2.weight"][0, 3], moved["layer1.bias"][2] = found["x"][j], found["y"][i]
        (expected,) = evaluate([DEEP.graph().error], {**moved, **data})
        np.testing.assert_allclose(found["errors"][i, j], expected, rtol=1e-12)
    assert found["labels"] == ["W⁽²⁾₁,₄", "b⁽¹⁾₃"]


@pytest.mark.parametrize("value", [0.0, 1e-12, 3456.0, -1e8, np.inf, np.nan, 1e200])
def test_a_surface_has_two_sides_whatever_the_point(value):
    found = whole_surface(NEURON, {"layer1.weight": np.array([[value, 1.0, 1.0]])}, five_rows(), W1, W2)
    assert np.all(np.diff(found["x"]) > 0)
    assert np.all(np.diff(found["y"]) > 0)
    assert np.isfinite(found["x"]).all()
    if np.isfinite(value) and value < 1e100:
        assert found["x"][0] < value < found["x"][-1]


def test_a_descent_that_overflows_is_drawn_where_it_is_known():
    path = np.array([[1.0, 2.0], [1e180, np.nan], [np.inf, -np.inf]])
    weights = {"layer1.weight": np.array([[np.nan, np.nan, np.nan]])}
    found = whole_surface(NEURON, weights, five_rows(), W1, W2, path=(path, np.array([1.0, np.inf, np.nan])))
    assert found["x"][0] < 1 < found["x"][-1] < 1e3
    assert found["minimum"] is None  # the third weight is no number
    assert unpack(pack(found))["at"] == [None, None, None]


def test_a_descent_that_begins_sees_where_it_is_going():
    weights = np.array([[200.0, -14.0, 3456.0]])
    found = whole_surface(NEURON, {"layer1.weight": weights}, five_rows(), W1, W2)
    left = FIVE_Y[:, 0] - 3456 * FIVE_X[:, 2]
    lowest, *_ = np.linalg.lstsq(FIVE_X[:, :2], left)
    for axis, here, there in zip("xy", weights[0], lowest, strict=False):
        assert found[axis][0] < min(here, there) < max(here, there) < found[axis][-1]


def test_a_flat_or_falling_error_leads_nowhere():
    far = whole_surface(DEEP, {**at(DEEP), "layer2.bias": np.array([60.0])}, rows_for(DEEP), W1, W2)
    assert np.ptp(far["x"]) < 3
    straight = ds.Network(2, [ds.Dense(1, bias=False)], loss="absolute_error")
    data = {"x": np.ones((1, 2)), "y": np.zeros((1, 1)), "row_weights": np.ones(1)}
    slope = whole_surface(straight, {"layer1.weight": np.full((1, 2), 50.0)}, data, W1, W2)
    assert 25 < slope["x"][0] < slope["x"][-1] < 75


def test_long_paths_keep_their_ends_and_what_a_hand_did():
    path, hand = np.cumsum(np.ones((5000, 2)), axis=0), np.zeros(5000, bool)
    hand[[1234, 4321]] = True
    weights = {"layer1.weight": np.ones((1, 3))}
    found = whole_surface(
        NEURON, weights, five_rows(), W1, W2, path=(path, np.arange(5000.0)), by_hand=hand, stops=50
    )
    kept = found["path_errors"].astype(int)
    assert 50 <= len(kept) <= 54
    assert {0, 1233, 1234, 4320, 4321, 4999} <= {*kept.tolist()}
    np.testing.assert_array_equal(found["path"], path[kept])
    np.testing.assert_array_equal(found["by_hand"], hand[kept])


def test_a_large_table_is_sampled_among_the_rows_that_count():
    data = rows_for(DEEP, 3000)
    data["row_weights"] = np.where(np.arange(3000) % 7 == 0, 1.0, 0.0)  # 429 rows, fewer than are taken
    found = whole_surface(DEEP, at(DEEP), data, W1, W2, size=2)
    (expected,) = evaluate([DEEP.graph().error], {**at(DEEP), **data})
    np.testing.assert_allclose(found["at"][2], expected, rtol=1e-12)
    assert (found["rows"], found["sampled"]) == (429, True)


def test_a_wide_network_has_a_coarser_grid(monkeypatch):
    monkeypatch.setattr(_surface, "_WORK", 21 * 512 * 15**2)
    found = whole_surface(DEEP, at(DEEP), rows_for(DEEP, 600), W1, W2)
    assert found["errors"].shape == (15, 15)
    assert found["rows"] == 512


def test_symbols_are_those_of_the_drawing():
    assert symbol(NEURON, W2) == "w₂"
    assert symbol(ds.Network(12, [ds.Dense(1)]), Position("layer1.weight", (0, 11))) == "w₁₂"
    assert symbol(ds.Network(2, [ds.Dense(1)]), Position("layer1.bias", (0,))) == "b"
    assert symbol(ds.Network(2, [ds.Dense(2)]), Position("layer1.bias", (1,))) == "b⁽¹⁾₂"
    normal = ds.Network(2, [ds.LayerNorm(), ds.Dense(1)])
    assert symbol(normal, Position("layer1.scale", (1,))) == "γ₂"


def test_a_surface_grows_and_ends_as_the_whole():
    values, data = at(DEEP), rows_for(DEEP)
    pictures = list(surface(DEEP, values, data, W1, W2, size=6, seconds=0))
    whole = whole_surface(DEEP, values, data, W1, W2, size=6)
    assert [picture.get("progress") for picture in pictures] == [*(k / 36 for k in range(36)), None]
    for k, picture in enumerate(pictures):
        known = whole["errors"].ravel()[:k]
        np.testing.assert_array_equal(picture["errors"].ravel()[:k], known)
        assert np.all(np.isnan(picture["errors"].ravel()[k:]))
        assert (picture["minimum"] is None) == (k < 36)
    last = pictures[-1]
    assert last.keys() == whole.keys()
    for name, value in whole.items():
        np.testing.assert_array_equal(last[name], value)


def test_the_session_chooses_the_two_steepest_parameters_that_are_free():
    session = Session(*opening_of("five rows"))
    weights = session.parameters["layer1.weight"][0]
    slopes = 2 * FIVE_X.T @ (FIVE_X @ weights - FIVE_Y[:, 0]) / 5
    assert [p.index[1] for p in steepest(session)] == sorted(np.argsort(-np.abs(slopes))[:2]) == [0, 2]
    session.handle(commands.Step(40))  # the choice is that of the start: it does not change on the way
    assert [p.index[1] for p in steepest(session)] == [0, 2]
    session.handle(commands.Freeze("layer1.weight", [0, 2], True))
    assert [p.index[1] for p in steepest(session)] == [0, 1]


@pytest.mark.parametrize("name", ["moons", "spirals", "wave"])
def test_the_steepest_parameters_of_a_network_are_those_of_its_gradient(name):
    session = Session(*opening_of(name))
    split = session.state.shown_descent.split.training
    counted_rows = np.flatnonzero(split["row_weights"])
    rows = counted_rows[np.round(np.linspace(0, len(counted_rows) - 1, 64)).astype(int)]
    network, start = session.state.settings.network, dict(session.parameters)
    x, y = split["x"][rows], split["y"][rows]
    slopes = ds.gradient(network, x, y, parameters=start, row_weights=split["row_weights"][rows])
    largest = np.sort(np.concatenate([np.abs(part).ravel() for part in slopes.values()]))[-2:]
    chosen = [abs(slopes[p.name][p.index]) for p in steepest(session)]
    np.testing.assert_allclose(sorted(chosen), largest, rtol=1e-4)


def test_near_here_the_axes_hold_the_late_part_of_the_path_and_not_the_rest():
    path = np.array([[200.0, 3456.0], [90.0, 400.0], [3.0, 5.0], [1.6, 2.0], [1.5, 1.1]])
    late = np.array([False, False, False, True, True])
    how = {"path": (path, np.ones(5)), "late": late}
    weights = {"layer1.weight": np.array([[1.5, 1.1, 1.2]])}
    whole, near = (
        whole_surface(NEURON, weights, five_rows(), W1, W2, near=near, **how) for near in (False, True)
    )
    assert whole["x"][-1] > 200
    assert 1.6 < near["x"][-1] < 2
    assert 2 < near["y"][-1] < 6
    np.testing.assert_allclose(whole["recent"], max(0.1 / 198.5, 0.9 / 3454.9))
    assert (whole["near"], near["near"]) == (False, True)
    across = path * [1.0, 0.0]  # one of the two does not move: no warning, and the other counts
    moved = whole_surface(NEURON, weights, five_rows(), W1, W2, path=(across, np.ones(5)), late=late)
    np.testing.assert_allclose(moved["recent"], 0.1 / 198.5)
    at_rest = whole_surface(NEURON, weights, five_rows(), W1, W2, near=True)
    assert np.ptp(at_rest["x"]) < 0.2


def watched_surface(session, viewer):
    """What a frame brings of the surface."""
    asked = {"surface": {"first": ["layer1.weight", [0, 0]], "second": ["layer1.weight", [0, 1]]}}
    viewer.asks(commands.Look([0, 5], pictures=asked))
    picture = frame_of(session, viewer)["pictures"].get("surface")
    viewer.version = session.version
    return picture


def test_a_surface_that_takes_long_comes_in_frames_until_it_is_whole(monkeypatch):
    monkeypatch.setattr(_surface, "_PIECE", 0.0)
    session, viewer = Session(*opening_of("moons")), Viewer()
    shares = []
    while not shares or viewer.is_behind(session):
        shares.append(watched_surface(session, viewer).get("progress"))
    assert shares == [*(k / 576 for k in range(576)), None]
    assert watched_surface(session, viewer) is None
    viewer.pictures.clear()
    watched_surface(session, viewer)
    session.handle(commands.SetParameter("layer1.weight", [0, 0], 3.0))
    fresh = watched_surface(session, viewer)  # at rest what was begun is left
    assert (fresh["progress"], fresh["at"][0]) == (0, 3.0)


@pytest.mark.thorough
def test_while_playing_a_surface_is_finished_before_another_is_begun(monkeypatch):
    monkeypatch.setattr(_surface, "_PIECE", 0.0)
    monkeypatch.setattr(_viewer, "_SECONDS", 0.0)
    monkeypatch.setattr(_viewer, "_SHARE", 1e9)
    session, viewer = Session(*opening_of("moons")), Viewer()
    session.handle(commands.SetPace(None))
    session.handle(commands.Play())
    start = watched_surface(session, viewer)["at"]
    for k in range(1, 577):
        session.work()
        picture = watched_surface(session, viewer)
        assert picture["at"] == start
        assert picture.get("progress") == (k / 576 if k < 576 else None)
    session.work()
    following = watched_surface(session, viewer)
    assert following["progress"] == 0
    assert following["at"] != start
    other = {"surface": {"first": ["layer1.weight", [1, 0]], "second": ["layer1.weight", [0, 1]]}}
    viewer.asks(commands.Look([0, 5], pictures=other))
    assert frame_of(session, viewer)["pictures"]["surface"]["progress"] == 0


def test_one_parameter_is_no_surface():
    with pytest.raises(ds.DownslopeError, match="two parameters, not w₁ twice"):
        whole_surface(NEURON, at(NEURON), five_rows(), W1, W1)


def test_a_line_is_what_the_network_predicts_with_the_others_at_their_medians():
    values = {"layer1.weight": np.array([[0.5, 0.9, 1.2]])}
    found = fitted(NEURON, values, FIVE_X, FIVE_Y, [1], features=["x1", "x2", "x3"])
    np.testing.assert_allclose(found["y"][:, 0], 0.5 * 7 + 0.9 * found["x"] + 1.2 * 7)
    assert found["fixed"] == {"x1": 7.0, "x3": 7.0}
    assert found["slice"]
    assert found["labels"] == ["x2"]
    assert found["x"][0] < 2 < 10 < found["x"][-1]
    np.testing.assert_array_equal(found["points"][:, 0], FIVE_X[:, 1])
    np.testing.assert_array_equal(found["targets"], FIVE_Y[:, 0])
    moved = fitted(NEURON, values, FIVE_X, FIVE_Y, [1], features=["x1", "x2", "x3"], at=np.array([1.0, 0, 0]))
    np.testing.assert_allclose(moved["y"][:, 0], 0.5 + 0.9 * moved["x"])


def test_a_map_is_what_the_network_predicts_at_each_of_its_places():
    data, values = rows_for(DEEP), at(DEEP)
    found = fitted(DEEP, values, data["x"], data["y"], [1, 0], features=["a", "b"], points=20)
    assert found["values"].shape == (48, 48)
    for i, j in ((0, 0), (10, 40)):
        point = [[found["y"][i], found["x"][j]]]  # the second column lies along x
        expected = ds.predict(DEEP, point, parameters=values)[0, 0]
        np.testing.assert_allclose(found["values"][i, j], expected, rtol=1e-12)
    assert found["task"] == "binary"
    assert not found["slice"]
    assert found["sampled"]
    assert found["points"].shape == (20, 2)
    np.testing.assert_array_equal(found["points"][[0, -1]], data["x"][[0, -1]][:, [1, 0]])


def test_a_map_of_classes_shows_the_most_probable_one():
    data, values = rows_for(CLASSES), at(CLASSES)
    found = fitted(CLASSES, values, data["x"], data["y"], [0, 1], features=["a", "b"])
    grid = [[u, v] for v in found["y"] for u in found["x"]]
    expected = ds.predict(CLASSES, grid, parameters=values)
    np.testing.assert_array_equal(found["classes"].ravel(), expected.argmax(axis=1))
    np.testing.assert_allclose(found["values"].ravel(), expected.max(axis=1))
    others = np.where(np.arange(3) == expected.argmax(axis=1)[:, None], 0, expected).max(axis=1)
    np.testing.assert_allclose(found["margins"].ravel(), expected.max(axis=1) - others, atol=1e-12)
    line = fitted(CLASSES, values, data["x"], data["y"], [0], features=["a", "b"])
    assert line["y"].shape == (200, 3)
    np.testing.assert_allclose(line["y"].sum(axis=1), 1)


def test_a_column_of_levels_has_no_places_in_between():
    network = ds.Network(2, [ds.Embedding((1,), (3,), (2,)), ds.Dense(1)])
    x = np.array([[0.0, 0], [1, 1], [2, 2], [3, 1], [4, 2], [5, 2]])
    found = fitted(network, at(network), x, x[:, :1], [1], features=["a", "kind"])
    assert found["x"].tolist() == [0, 1, 2]
    assert fitted(network, at(network), x, x[:, :1], [0], features=["a", "kind"])["fixed"] == {"kind": 1.0}


@pytest.mark.parametrize("columns", [[], [0, 0], [3], [0, 1, 2]])
def test_columns_that_are_none_are_refused(columns):
    with pytest.raises(ds.DownslopeError, match=r"one column or two different ones of 0 to 2, not \["):
        fitted(NEURON, at(NEURON), FIVE_X, FIVE_Y, columns, features=["a", "b", "c"])


def test_the_measures_of_a_regression_are_those_of_scikit_learn():
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(5000, 3)), np.array([[1.0, -2.0, 0.5]])
    y = x @ w.T + rng.normal(size=(5000, 1))
    weights = rng.uniform(0, 2, 5000)
    data = {"x": x, "y": y, "row_weights": weights}
    found = residuals(NEURON, {"layer1.weight": w}, data, scale=10.0, centre=-3.0)
    targets, predicted = 10 * y[:, 0] - 3, 10 * x @ w[0] - 3
    np.testing.assert_allclose(found["r2"], metrics.r2_score(targets, predicted, sample_weight=weights))
    rms = metrics.root_mean_squared_error(targets, predicted, sample_weight=weights)
    np.testing.assert_allclose(found["rms"], rms)
    assert len(found["predicted"]) == 2000
    np.testing.assert_allclose(found["predicted"] - found["targets"], 10 * (x @ w[0] - y[:, 0])[_kept(5000)])
    counts, edges = np.histogram(targets - predicted, 30)
    np.testing.assert_array_equal(found["counts"], counts)
    np.testing.assert_allclose(found["edges"], edges)


def _kept(count):
    return [round(k * (count - 1) / 1999) for k in range(2000)]


def test_targets_that_are_all_the_same_have_no_share_explained():
    data = {"x": FIVE_X, "y": np.ones((5, 1)), "row_weights": np.ones(5)}
    found = residuals(NEURON, {"layer1.weight": np.zeros((1, 3))}, data)
    assert found["r2"] is None
    assert found["rms"] == 1
    assert found["counts"].sum() == 5


@pytest.mark.parametrize("network", [DEEP, CLASSES], ids=["binary", "classes"])
def test_the_measures_of_classes_are_those_of_scikit_learn(network):
    data, values = rows_for(network, 300), at(network)
    probabilities = ds.predict(network, data["x"], parameters=values)
    if network is DEEP:
        probabilities = np.hstack([1 - probabilities, probabilities])
    target, predicted = data["y"].ravel(), probabilities.argmax(axis=1)
    found = residuals(network, values, data)
    weights = {"sample_weight": data["row_weights"]}
    np.testing.assert_allclose(found["confusion"], metrics.confusion_matrix(target, predicted, **weights))
    np.testing.assert_allclose(found["accuracy"], metrics.accuracy_score(target, predicted, **weights))
    np.testing.assert_allclose(found["log_loss"], metrics.log_loss(target, probabilities, **weights))


def test_a_log_loss_is_known_where_a_probability_is_1_within_rounding():
    network = ds.Network(1, [ds.Dense(1, bias=False)], loss="binary_cross_entropy")
    data = {"x": np.array([[100.0]]), "y": np.array([[0.0]]), "row_weights": np.ones(1)}
    assert residuals(network, {"layer1.weight": np.ones((1, 1))}, data)["log_loss"] == 100


@pytest.mark.parametrize("network", [NEURON, DEEP, CLASSES], ids=["neuron", "binary", "classes"])
def test_histograms_count_what_the_reference_engine_gives(network):
    data, values = rows_for(network), at(network)
    graph = network.graph()
    weights = [name for name in values if name.endswith("weight")]
    slopes = evaluate(gradient(graph.error, [graph.parameters[name] for name in weights]), {**values, **data})
    found = histograms(network, values, dict(zip(weights, slopes, strict=True)), data, bins=17)["layers"]
    outs = {stage.layer: stage.node for stage in graph.stages}
    activations = evaluate([outs[name.split(".")[0]] for name in weights], {**values, **data})
    assert [layer["name"] for layer in found] == [name.split(".")[0] for name in weights]
    for layer, name, slope, activation in zip(found, weights, slopes, activations, strict=True):
        kinds = {"weights": values[name], "gradients": slope, "activations": activation}
        for kind, expected in kinds.items():
            counts, edges = np.histogram(expected, 17)
            shown = layer[kind]
            np.testing.assert_allclose(shown["edges"], edges, rtol=1e-9, atol=1e-12)
            assert np.abs(shown["counts"] - counts).sum() <= 2  # a value on an edge, within rounding
            assert shown["counts"].sum() == expected.size
            np.testing.assert_allclose(shown["mean"], expected.mean(), atol=1e-12)
            np.testing.assert_allclose([shown["min"], shown["max"]], [expected.min(), expected.max()])
            np.testing.assert_allclose(shown["zeros"], np.mean(expected == 0))


@pytest.mark.parametrize("batch", [16, None])
def test_gradients_in_histograms_are_those_of_the_next_step(batch):
    session = Session(*opening_of("spirals"))
    session.handle(commands.ChangeSettings({"batch_size": batch, "validation": 0.2}))
    session.handle(commands.Step(5))
    picture = histograms_of(session, {}, session.parameters)
    rows = f"{batch} of the 240 rows" if batch else "192 of the 240 rows"
    assert picture["gradient_rows"] == rows
    taken = session.next_step.rows
    data = {name: values[taken] for name, values in session.state.descent.split.data.items()}
    graph = session.state.settings.network.graph()
    for layer in picture["layers"]:
        weight = graph.parameters[f"{layer['name']}.weight"]
        (slope,) = evaluate(gradient(graph.error, [weight]), {**session.parameters, **data})
        np.testing.assert_allclose(layer["gradients"]["mean"], slope.mean(), atol=1e-12)
        np.testing.assert_allclose(layer["gradients"]["max"], slope.max(), rtol=1e-9)


def test_histograms_of_other_layers_and_of_values_beyond_numbers():
    network = ds.Network(2, [ds.Dense(3, "relu"), ds.LayerNorm(), ds.Dense(1)])
    values, data = at(network), rows_for(network, 3000)
    found = histograms(network, values, values, data)
    assert [layer["name"] for layer in found["layers"]] == ["layer1", "layer2", "layer3"]
    assert [layer["activation"] for layer in found["layers"]] == ["relu", "", ""]
    assert (found["rows"], found["sampled"]) == (2048, True)
    values["layer3.weight"][0, 0] = np.nan
    last = histograms(network, values, values, data)["layers"][2]
    assert last["weights"]["unbounded"] == 1
    assert last["activations"]["unbounded"] == 2048
    assert last["activations"]["min"] is None
    large = {name: np.full(v.shape, 1e17) for name, v in values.items()}
    same = histograms(network, large, large, data)
    assert same["layers"][0]["weights"]["counts"].sum() == 6


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
@pytest.mark.parametrize("network", [NEURON, DEEP, CLASSES], ids=["neuron", "binary", "classes"])
def test_a_descent_that_diverged_has_pictures_too(network, value):
    data = rows_for(network)
    values = {name: np.full(v.shape, value) for name, v in at(network).items()}
    assert residuals(network, values, data)["rows"] == 60
    names = ["a", "b", "c"]
    assert fitted(network, values, data["x"], data["y"], [0, 1], features=names)["values"].shape == (48, 48)
    assert histograms(network, values, values, data)["layers"][0]["weights"]["counts"].shape == (40,)


@pytest.mark.parametrize("network", [NEURON, DEEP, CLASSES], ids=["neuron", "binary", "classes"])
def test_single_precision_gives_the_same_pictures(network):
    data, values = rows_for(network), at(network)
    single = {name: v.astype(np.float32) for name, v in data.items()}
    given = {name: v.astype(np.float32) for name, v in values.items()}
    np.testing.assert_allclose(
        whole_surface(network, given, single, W1, W2)["errors"],
        whole_surface(network, values, data, W1, W2)["errors"],
        rtol=2e-4,
    )
    found, expected = residuals(network, given, single), residuals(network, values, data)
    key = "rms" if network is NEURON else "log_loss"
    np.testing.assert_allclose(found[key], expected[key], rtol=1e-5)


def test_pictures_travel():
    data, values = rows_for(CLASSES), at(CLASSES)
    pictures = [
        whole_surface(CLASSES, values, data, W1, W2),
        fitted(CLASSES, values, data["x"], data["y"], [0, 1], features=["a", "b"]),
        residuals(CLASSES, values, data),
        histograms(CLASSES, values, values, data),
    ]
    for picture in pictures:
        assert unpack(pack(picture)).keys() == picture.keys()


PICTURED = [
    (DEEP, 2),
    (CLASSES, 2),
    (ds.Network(4, [ds.Dense(3, "relu"), ds.Dense(6, "tanh"), ds.Dense(2)]), 4),
]


@pytest.mark.parametrize(("network", "inputs"), PICTURED)
def test_small_pictures_are_what_each_unit_computes(network, inputs):
    """At some points of the grid, the other inputs at their medians, against the layers by hand."""
    data, weights = rows_for(network), at(network)
    columns = (inputs - 2, inputs - 1)
    found = units(network, weights, data["x"], data["y"], columns)
    activations = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "identity": lambda z: z}
    for row, column in ((0, 0), (5, 20), (23, 11)):
        a = np.median(data["x"], axis=0)
        a[columns[0]], a[columns[1]] = found["x"][column], found["y"][row]
        for layer, dense in enumerate(network.layers):
            name = f"layer{layer + 1}"
            a = activations[str(dense.activation)](weights[f"{name}.weight"] @ a + weights[f"{name}.bias"])
            size, levels = found["sizes"][layer], found["levels"][layer][:, row, column]
            shown = found["centres"][layer] + size * levels / 127
            assert np.all(np.abs(shown - a) <= size / 254 + 1e-12)
    assert all(np.abs(levels).max() == 127 for levels in found["levels"])
    assert found["y"][0] == data["x"][:, columns[1]].max()
    regression = network.loss == "squared_error"
    np.testing.assert_allclose(found["centres"][-1], data["y"].mean(axis=0) if regression else 0)


def test_small_pictures_are_over_the_two_columns_of_numbers_that_say_most():
    rng = np.random.default_rng(4)
    table = np.round(rng.normal(size=(80, 4)), 3)
    lines = [f"{a},{'pq'[int(b > 0)]},{c},{d},{3 * a - 2 * d + c / 50}" for a, b, c, d in table]
    session = Session(*opening_of("five rows"))
    session.handle(commands.Paste("a,b,c,d,y\n" + "\n".join(lines)))
    picture = units_of(session, {}, session.parameters)
    assert picture["labels"] == ["a", "d"]
    assert [levels.shape[1:] for levels in picture["levels"]] == 3 * [(24, 24)]
    assert unpack(pack(picture))["levels"][0].dtype == np.int8
