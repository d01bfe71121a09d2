"""Descent: the introductory neuron, optimizers against PyTorch's, divergence, repeatability, bad input."""

import dataclasses
import re

import numpy as np
import pytest

import downslope as ds
from engine_names import ENGINES

X = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]], float)
Y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])
NEURON = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)])
START = [200.0, -14.0, 3456.0]


def test_a_thousand_updates():
    run = ds.descend(NEURON, X, Y, start=START, learning_rate=0.001, steps=1000)
    np.testing.assert_allclose(run.parameters["layer1.weight"], [[1.590, -0.325, 1.239]], atol=5e-4)
    assert run.losses[0] == pytest.approx(np.mean((Y - X @ START) ** 2), rel=1e-14)
    assert len(run.losses) == 1000
    assert run.stopped == "finished"


def test_a_rate_beyond_the_stable_range_is_said_with_its_step():
    run = ds.descend(NEURON, X, Y, start=START, learning_rate=0.1, steps=1000)
    assert run.stopped == "not finite"
    assert re.search(r"^step \d+: .*layer\d.*, where layer\d\.(weight|bias) has grown to ", run.message)
    assert f"step {len(run.losses)}: " in run.message
    assert "layer1" in run.message
    assert np.all(np.isfinite(run.parameters["layer1.weight"]))


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (ds.Sgd(), "SGD", {}),
        (ds.Sgd(momentum=0.9), "SGD", {"momentum": 0.9}),
        (ds.Sgd(momentum=0.9, nesterov=True), "SGD", {"momentum": 0.9, "nesterov": True}),
        (ds.Adam(), "Adam", {}),
        (ds.AdamW(weight_decay=0.1), "AdamW", {"weight_decay": 0.1}),
        (ds.RMSprop(), "RMSprop", {}),
        (ds.Adagrad(), "Adagrad", {}),
    ],
)
@pytest.mark.torch
def test_optimizer_is_that_of_torch(ours, theirs, settings):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    net = ds.Network(inputs=3, layers=[ds.Dense(4, "tanh", bias=False), ds.Dense(1, bias=False)])
    run = ds.descend(net, x, y, learning_rate=0.01, steps=50, optimizer=ours)
    weights = [torch.tensor(w, requires_grad=True) for w in net.initial_parameters().values()]
    optimizer = getattr(torch.optim, theirs)(weights, lr=0.01, **settings)
    for _ in range(50):
        optimizer.zero_grad()
        out = torch.tanh(torch.tensor(x) @ weights[0].T) @ weights[1].T
        torch.nn.functional.mse_loss(out, torch.tensor(y)).backward()
        optimizer.step()
    for got, expected in zip(run.parameters.values(), weights, strict=True):
        np.testing.assert_allclose(got, expected.detach().numpy(), rtol=1e-9)


def test_same_seed_same_bits_and_each_epoch_uses_every_row():
    net = ds.Network(inputs=3, layers=[ds.Dense(5, "relu"), ds.Dropout(0.2), ds.Dense(1)])
    runs = [ds.descend(net, X, Y, steps=40, batch_size=2, optimizer="adam", seed=s) for s in (1, 1, 2)]
    assert np.array_equal(runs[0].losses, runs[1].losses)
    assert not np.array_equal(runs[0].losses, runs[2].losses)


def test_float32_stays_float32():
    run = ds.descend(NEURON, X.astype(np.float32), Y, steps=5, optimizer="adam")
    assert run.parameters["layer1.weight"].dtype == np.float32


def test_six_layers_of_1024_sigmoid_neurons_descend():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 32)).astype(np.float32)
    layers = [*(ds.Dense(1024, "sigmoid") for _ in range(6)), ds.Dense(1)]
    run = ds.descend(ds.Network(inputs=32, layers=layers), x, x[:, 0], learning_rate=1e-3, steps=5)
    assert run.losses[-1] < run.losses[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0}, "above 0, not 0"),
        ({"start": [1.0]}, "start needs a flat list of 3 numbers"),
        ({"start": {"w": [1.0]}}, "start names a parameter 'w' that the network lacks"),
        ({"optimizer": "addam"}, "not 'addam'; did you mean 'adam'"),
        ({"row_weights": np.zeros(5)}, "all row_weights are 0"),
        ({"x": X[:, :2]}, r"\(rows, 3\)"),
        ({"y": Y[:4]}, r"y needs the shape \(5, 1\), not \(4,\)"),
        ({"x": np.where(X == 12, np.inf, X)}, r"x\[2, 2\] is inf; fill in"),
        ({"y": ["a"] * 5}, "y holds text such as 'a'"),
    ],
)
def test_what_does_not_fit_is_said(settings, message):
    given = {"x": X, "y": Y, **settings}
    with pytest.raises(ds.DownslopeError, match=message):
        ds.descend(NEURON, given.pop("x"), given.pop("y"), **given)


WAVE = ds.Network(inputs=2, layers=[ds.Dense(8, "tanh"), ds.Dropout(0.1), ds.Dense(1)])


def noisy(rows=60):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 2))
    return x, np.sin(2 * x[:, 0]) + 0.3 * rng.normal(size=rows)


@pytest.mark.parametrize("cut", [7, 30])
def test_a_run_that_goes_on_has_the_same_bits(cut):
    x, y = noisy()
    settings = {"optimizer": "adam", "batch_size": 16, "validation": 0.25, "seed": 4}
    whole = ds.descend(WAVE, x, y, steps=60, **settings)
    first = ds.descend(WAVE, x, y, steps=cut, **settings)
    second = ds.descend(WAVE, x, y, steps=60 - cut, start=first, **settings)
    assert np.array_equal(whole.losses, second.losses)
    assert np.array_equal(whole.validation_losses, second.validation_losses)
    for name, value in whole.parameters.items():
        assert np.array_equal(value, second.parameters[name])


def test_the_best_epoch_is_kept_and_patience_ends_the_run():
    x, y = noisy(40)
    held = noisy(200)
    run = ds.descend(
        *(ds.Network(inputs=2, layers=[ds.Dense(64, "relu"), ds.Dense(1)]), x, y),
        epochs=2000,
        optimizer="adam",
        validation=held,
        patience=50,
    )
    assert run.stopped == "patience"
    assert run.best_epoch == 1 + np.argmin(run.validation_losses) == len(run.validation_losses) - 50
    w = run.parameters
    hidden = np.maximum(held[0] @ w["layer1.weight"].T + w["layer1.bias"], 0)
    z = (hidden @ w["layer2.weight"].T + w["layer2.bias"])[:, 0]
    assert np.mean((held[1] - z) ** 2) == pytest.approx(run.validation_losses.min(), rel=1e-12)


def test_lbfgs_finds_the_least_squares_answer():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    run = ds.descend(NEURON, x, y, optimizer="lbfgs", steps=100)
    exact = np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(run.parameters["layer1.weight"][0], exact, rtol=1e-6)
    assert np.all(np.diff(run.losses) <= 0)


def test_lbfgs_refuses_an_error_that_changes():
    with pytest.raises(ds.DownslopeError, match="leave out dropout"):
        ds.descend(WAVE, *noisy(), optimizer="lbfgs")


def test_ctrl_c_keeps_what_was_reached():
    x, y = noisy()

    def press(progress):
        if progress.step == 10:
            raise KeyboardInterrupt

    run = ds.descend(WAVE, x, y, steps=100, progress=press, validation=0.2)
    assert run.stopped == "interrupted"
    assert len(run.losses) == 10
    assert run.best_epoch == 1 + np.argmin(run.validation_losses)
    again = ds.descend(WAVE, x, y, steps=90, start=run, validation=0.2)
    whole = ds.descend(WAVE, x, y, steps=100, validation=0.2)
    assert np.array_equal(again.losses, whole.losses)


def test_layers_start_from_given_values():
    net = ds.Network(inputs=2, layers=[ds.Dense(1, initializer=[[3.0, 4.0]], bias=[5.0])])
    start = net.initial_parameters(seed=9)
    assert start["layer1.weight"].tolist() == [[3.0, 4.0]]
    assert start["layer1.bias"].tolist() == [5.0]
    with pytest.raises(ds.DownslopeError, match=r"bias of Dense needs 2 .* not the shape \(1,\)"):
        ds.Dense(2, bias=[5.0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 3, "epochs": 3}, "not both"),
        ({"patience": 3}, "needs validation rows"),
        ({"validation": 1.5}, "validation needs a number above 0 and below 1, not 1.5"),
        ({"validation": 0.95}, "leaves none"),
        ({"batch_size": 0}, "at least 1"),
        ({"optimizer": "lbfgs", "batch_size": 2}, "takes all rows"),
    ],
)
def test_stopping_that_does_not_fit_is_said(settings, message):
    with pytest.raises(ds.DownslopeError, match=message):
        ds.descend(NEURON, X, Y, **settings)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", [0, 50])
def test_an_update_that_is_not_finite_is_found_at_its_step(engine, row, monkeypatch):
    """The error of the step is finite; its gradient, 2·1e150·1e200, is not."""
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    x, y = np.ones((64, 1)), np.zeros(64)
    x[row], y[row] = 1e200, 1e150
    net = ds.Network(inputs=1, layers=[ds.Dense(1, bias=False)])
    run = ds.descend(net, x, y, start=[0.0], learning_rate=1e-3, steps=500, batch_size=4, seed=1)
    assert run.stopped == "not finite"
    assert run.message.startswith(f"step {len(run.losses)}: the update of layer1.weight is not finite")
    assert 1 <= len(run.losses) <= 16
    assert np.all(np.isfinite(run.losses))
    assert run.parameters["layer1.weight"] == 0.0


def test_ema_decay_keeps_a_running_mean_of_the_parameters() -> None:
    """Each epoch counts 0.6 of the one after it, and all of them together 1."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = np.sin(x[:, 0]) + rng.normal(0, 0.1, 60)
    net = ds.Network(3, [ds.Dense(5, "tanh"), ds.Dense(1)])
    held = (x[:20], y[:20])
    settings = {"optimizer": "adam", "batch_size": 16, "validation": held, "seed": 3}
    after = [ds.descend(net, x, y, epochs=count, **settings).state for count in range(1, 7)]
    run = ds.descend(net, x, y, epochs=6, ema_decay=0.6, **settings)
    assert run.best_epoch is not None
    for name, value in run.parameters.items():
        counts = 0.6 ** np.arange(run.best_epoch)[::-1]
        mean = np.tensordot(counts / counts.sum(), [s[name] for s in after[: run.best_epoch]], 1)
        np.testing.assert_allclose(value, mean, rtol=1e-12, atol=1e-15)
    error = np.mean((ds.predict(net, held[0], parameters=run)[:, 0] - held[1]) ** 2)
    assert run.validation_losses.min() == pytest.approx(error, rel=1e-12)
    with pytest.raises(ds.DownslopeError, match="below 1"):
        ds.descend(net, x, y, epochs=1, ema_decay=1.0, **settings)


def test_a_time_limit_ends_a_descent_with_what_it_reached() -> None:
    x = np.random.default_rng(0).normal(size=(400, 30))
    net = ds.Network(30, [ds.Dense(200, "tanh"), ds.Dense(1)])
    for optimizer in ("adam", "lbfgs"):
        run = ds.descend(net, x, x[:, 0], steps=10**6, optimizer=optimizer, time_limit=0.2)
        assert run.stopped in (("time",) if optimizer == "adam" else ("time", "finished"))
        assert 0 < len(run.losses) < 10**6
        assert all(np.isfinite(value).all() for value in run.parameters.values())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_whose_states_have_other_shapes_is_refused(engine, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    net, x, y = ds.Network(2, [ds.Dense(1)]), [[1.0, 2.0]], [1.0]
    run = ds.descend(net, x, y, optimizer="adam", steps=2)
    name = next(name for name in run.state if name not in run.parameters)
    other = {**run.state, name: np.zeros((400, 400))}
    with pytest.raises(ds.DownslopeError, match=rf"{name} needs the shape .*, not \(400, 400\)"):
        ds.descend(net, x, y, optimizer="adam", steps=2, start=dataclasses.replace(run, state=other))


def test_a_run_knows_what_it_was_called_with() -> None:
    net, x, y = ds.Network(1, [ds.Dense(1)]), [[1.0], [2.0], [4.0]], [2.0, 4.0, 9.0]
    run = ds.descend(net, x, y, optimizer="adam", learning_rate=0.1, steps=20, batch_size=2, seed=3)
    again = ds.descend(run.network, x, y, **run.settings)
    assert np.array_equal(run.losses, again.losses)
    further = ds.descend(net, x, y, start=run, optimizer="adam", steps=5)
    assert not further.settings["start"].settings  # of runs that go on, only the last is kept


def test_progress_says_the_errors_of_its_steps_and_when_patience_may_end_it():
    random = np.random.default_rng(0)
    x, y = random.standard_normal((60, 4)), random.standard_normal(60)
    seen = []
    call = {"validation": 0.5, "batch_size": 8, "epochs": 200, "learning_rate": 0.05, "progress": seen.append}
    run = ds.descend(ds.Network(4, [ds.Dense(1)]), x, y, patience=6, **call)
    assert run.stopped == "patience"
    np.testing.assert_array_equal(np.concatenate([epoch.errors for epoch in seen]), run.losses)
    assert [epoch.soonest for epoch in seen] == [
        min((epoch.best_epoch + 6) * run.steps_in_epoch, epoch.steps) for epoch in seen
    ]
    assert [epoch.step >= epoch.soonest for epoch in seen] == [False] * (len(seen) - 1) + [True]
    seen.clear()
    ds.descend(ds.Network(4, [ds.Dense(1)]), x, y, **call)
    assert {epoch.soonest for epoch in seen} == {seen[0].steps}
