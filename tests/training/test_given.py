"""What descents are given: each kind of value works as the plain one, or is one clear error."""

import dataclasses
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import downslope as ds
from downslope.training import LEARNING_RATE
from engine_names import ENGINES

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 2))
Y = X[:, 0] - 2 * X[:, 1] + RNG.normal(size=24) / 5
NETWORK = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])
LINE = ds.Network(2, [ds.Dense(1)])


def losses(network=NETWORK, x=X, y=Y, **settings):
    return ds.descend(network, x, y, **{"steps": 6, "batch_size": 10, **settings}).losses


def refused(message, network=NETWORK, x=X, y=Y, **settings):
    with pytest.raises(ds.DownslopeError, match=message):
        ds.descend(network, x, y, **{"steps": 3, **settings})


@pytest.mark.parametrize(
    ("settings", "plain"),
    [
        ({"learning_rate": None}, {"learning_rate": LEARNING_RATE}),
        ({"learning_rate": np.float64(0.25)}, {"learning_rate": 0.25}),
        ({"learning_rate": np.float32(0.25)}, {"learning_rate": 0.25}),
        ({"learning_rate": np.array(0.25)}, {"learning_rate": 0.25}),
        ({"learning_rate": Fraction(1, 4)}, {"learning_rate": 0.25}),
        ({"learning_rate": Decimal("0.25")}, {"learning_rate": 0.25}),
        ({"learning_rate": lambda step: 0.25}, {"learning_rate": 0.25}),
        ({"learning_rate": lambda step: np.float32(0.5**step)}, {"learning_rate": ds.StepDecay(0.5, 1, 0.5)}),
        ({"learning_rate": ds.WarmUp(0.25, over=2)}, {"learning_rate": ds.WarmUp(ds.Constant(0.25), over=2)}),
        ({"optimizer": ds.Adam}, {"optimizer": "adam"}),
        ({"optimizer": "SGD"}, {"optimizer": "sgd"}),
        ({"optimizer": "AdamW"}, {"optimizer": ds.AdamW()}),
        ({"optimizer": ds.Adam(beta1=np.float32(0.5))}, {"optimizer": ds.Adam(beta1=0.5)}),
        ({"optimizer": ds.Adam(beta1=0)}, {"optimizer": ds.Adam(beta1=1e-300)}),
        ({"steps": 6.0}, {}),
        ({"steps": np.int8(6)}, {}),
        ({"steps": None, "epochs": 2.0}, {}),
        ({"batch_size": np.float32(10)}, {}),
        ({"clip_norm": float("inf"), "clip_value": np.inf, "time_limit": np.inf}, {}),
        ({"seed": np.uint64(7)}, {"seed": 7}),
        ({"threads": 1.0}, {}),
        ({"x": X.tolist(), "y": Y.tolist()}, {}),
        ({"x": X.astype(object), "y": pd.Series(Y)}, {}),
        ({"x": pd.DataFrame(X), "y": Y[:, None]}, {}),
        ({"x": X.astype(np.longdouble), "y": np.ma.array(Y)}, {}),
        ({"y": [Fraction(v) for v in Y]}, {}),
        ({"y": Y > 0}, {"y": (Y > 0).astype(float)}),
        ({"y": Y.astype(np.float16)}, {"y": Y.astype(np.float16).astype(float)}),
        ({"y": np.full(24, 2**53 + 1)}, {"y": np.full(24, 2.0**53)}),
        ({"row_weights": np.where(np.arange(24) < 5, -0.0, 2)}, {"row_weights": [0] * 5 + [1] * 19}),
        ({"row_weights": [True] * 24}, {}),
        ({"start": {"layer2.bias": [Fraction(1, 2)]}}, {"start": {"layer2.bias": [0.5]}}),
    ],
)
def test_kinds_of_values_work_as_the_plain_ones(settings, plain):
    assert np.array_equal(losses(**settings), losses(**plain))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"learning_rate": "0.1"},
            "learning_rate needs a number above 0, not '0.1'; write it without quotes",
        ),
        ({"learning_rate": -1}, "learning_rate needs a number above 0, not -1"),
        ({"learning_rate": float("nan")}, "learning_rate needs a number above 0, not nan"),
        ({"learning_rate": float("inf")}, "learning_rate needs a number above 0, not inf"),
        ({"learning_rate": True}, "learning_rate needs a number above 0, not True"),
        ({"learning_rate": 0.1j}, "learning_rate needs a number above 0"),
        ({"learning_rate": [0.1]}, r"learning_rate needs a number above 0, not \[0.1\]"),
        (
            {"learning_rate": ds.Cosine},
            "learning_rate needs a number above 0 or a schedule, not the class Cosine; give its settings",
        ),
        (
            {"learning_rate": lambda step: -step},
            "learning_rate of step 1 is -1, not a number of at least 0",
        ),
        ({"learning_rate": lambda step: 1 if step < 3 else np.nan}, "learning_rate of step 3 is nan"),
        (
            {"learning_rate": lambda step: "a"},
            "learning_rate of step 1 cannot be computed: could not convert",
        ),
        ({"learning_rate": lambda: 1}, "learning_rate of step 1 cannot be computed: .*positional argument"),
        (
            {"optimizer": "addam"},
            "optimizer needs one of sgd, adam, .*, lbfgs, not 'addam'; did you mean 'adam'?",
        ),
        (
            {"optimizer": None},
            "optimizer needs a name or an object with the method rule, such as Adam.., not None",
        ),
        ({"optimizer": 3}, "optimizer needs a name .*, not 3"),
        ({"optimizer": int}, "optimizer needs a name .*, not 0"),
        ({"steps": 1.5}, "steps needs a whole number of at least 0, not 1.5"),
        ({"steps": float("inf")}, "steps needs a whole number of at least 0, not inf"),
        ({"steps": -1}, "steps needs a whole number of at least 0, not -1"),
        ({"steps": "10"}, "steps needs a whole number .*, not '10'; write it without quotes"),
        ({"steps": True}, "steps needs a whole number .*, not True"),
        ({"steps": None, "epochs": 0.5}, "epochs needs a whole number of at least 0, not 0.5"),
        ({"epochs": 3}, "give steps or epochs, not both"),
        ({"batch_size": 2.5}, "batch_size needs a whole number of at least 1, not 2.5"),
        ({"batch_size": 0}, "batch_size needs a whole number of at least 1, not 0"),
        ({"clip_norm": 0}, "clip_norm needs a number above 0, not 0"),
        ({"clip_norm": float("nan")}, "clip_norm needs a number above 0, not nan"),
        ({"clip_value": -1}, "clip_value needs a number above 0, not -1"),
        ({"clip_value": "1"}, "clip_value needs a number above 0, not '1'"),
        ({"precision": "half"}, "precision needs one of float32, bfloat16, float64, not 'half'"),
        ({"precision": 32}, "precision needs one of .*, not 32"),
        ({"patience": 3}, "patience needs validation rows"),
        ({"patience": 0, "validation": 0.2}, "patience needs a whole number of at least 1, not 0"),
        ({"ema_decay": 0.5}, "ema_decay needs validation rows"),
        ({"ema_decay": 1, "validation": 0.2}, "ema_decay needs a number of at least 0 and below 1, not 1"),
        ({"time_limit": -1}, "time_limit needs a number of at least 0, not -1"),
        ({"time_limit": "1h"}, "time_limit needs a number of at least 0, not '1h'"),
        ({"threads": 0}, "threads needs a whole number of at least 1, not 0"),
        ({"threads": 1.5}, "threads needs a whole number of at least 1, not 1.5"),
        ({"progress": "all"}, "progress needs a function that is called after each epoch, not 'all'"),
        ({"seed": -1}, "seed needs a whole number of at least 0, not -1"),
        ({"seed": 2**64}, r"seed needs a whole number below 2\*\*64"),
        ({"seed": None}, "seed needs a whole number of at least 0, not None"),
        ({"validation": 1.5}, "validation needs a number above 0 and below 1, not 1.5"),
        ({"validation": True}, "validation needs a number above 0 and below 1, not True"),
        ({"validation": "0.2"}, "validation needs a number .*, not '0.2'; write it without quotes"),
        (
            {"validation": (X, Y, Y)},
            r"validation needs a share between 0 and 1 or a pair \(x, y\), not 3 parts",
        ),
        ({"validation": (X, Y[:3])}, r"validation: y needs the shape \(24, 1\), not \(3,\)"),
        ({"validation": (X * 1j, Y)}, "validation: x holds complex numbers"),
        ({"validation": (np.ma.array(X, mask=X > 1), Y)}, r"validation: x\[\d+, \d\] is masked"),
        ({"start": [1j] * 13}, "start holds complex numbers"),
        ({"start": {"layer2.bias": [np.nan]}}, r"start\['layer2.bias'\]\[0\] is nan"),
        ({"start": {"layer2.bias": ["1"]}}, r"start\['layer2.bias'\] holds text"),
        ({"start": np.ma.array(np.ones(13), mask=np.arange(13) == 4)}, r"start\[4\] is masked"),
        ({"frozen": ["layer9"]}, "frozen needs one of layer1.weight, .*, not 'layer9'"),
        ({"frozen": 3}, "frozen needs names of parameters, or a mapping from names to truth values, not 3"),
        ({"frozen": {"layer2.bias": [0.5]}}, "truth values of the shape"),
        ({"frozen": {"layer2.bias": [True, False]}}, r"needs True, or truth values of the shape \(1,\)"),
    ],
)
def test_settings_that_do_not_serve_are_said(settings, message):
    refused(message, **settings)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"x": X + 0j}, "x holds complex numbers"),
        (
            {"x": np.ma.array(X, mask=np.arange(48).reshape(24, 2) == 7)},
            r"x\[3, 1\] is masked; fill in a number",
        ),
        ({"x": X.astype(str)}, "x holds text"),
        ({"x": np.array(X.astype(str), object)}, r"x\[0, 0\] is '.*', which is no number"),
        ({"x": scipy.sparse.csr_matrix(X)}, r"x is a sparse matrix; give x.toarray\(\)"),
        ({"x": np.full((24, 2), "2020-01-01", "datetime64[D]")}, "x holds dates or times"),
        (
            {"x": pd.DataFrame({"a": pd.array([None, *range(23)], "Int64"), "b": range(24)})},
            r"x\[0, 0\] is nan",
        ),
        ({"x": X[0]}, r"x needs the shape \(rows, 2\), not \(2,\)"),
        ({"x": 3.0}, r"x needs the shape \(rows, 2\), not \(\)"),
        ({"x": X[:0], "y": Y[:0]}, "x has no rows; give at least one"),
        ({"x": np.where(X > 1, np.nan, X)}, r"x\[\d+, \d\] is nan"),
        ({"x": np.array(X * 1e39), "precision": "float32"}, r"x\[\d+, \d\] is .*, which is beyond float32"),
        ({"y": Y + 1j}, "y holds complex numbers"),
        ({"y": np.ma.array(Y, mask=np.arange(24) == 2)}, r"y\[2\] is masked"),
        ({"y": [str(v) for v in Y]}, "y holds text"),
        ({"y": Y.astype("timedelta64[s]")}, "y holds dates or times"),
        ({"y": []}, r"y needs the shape \(24, 1\), not \(0,\)"),
        ({"y": 1.0}, r"y needs the shape \(24, 1\), not \(\)"),
        ({"y": [None] * 24}, r"y\[0\] is nan"),
        (
            {"y": np.sign(Y) * 1e308},
            r"y\[0\] is -?1e\+308, and its squared error is beyond float64",
        ),
        (
            {"y": np.where(np.arange(24) == 5, -1e308, Y)},
            r"y\[5\] is -1e\+308, and its squared error is beyond",
        ),
        (
            {"y": np.where(np.arange(24) == 5, 1e25, Y), "precision": "float32"},
            r"y\[5\] is 1e\+25, and its squared",
        ),
        (
            {"y": np.where(np.arange(24) == 5, 1e39, Y), "precision": "float32"},
            r"y\[5\] is 1e\+39, which is beyond",
        ),
    ],
)
def test_rows_that_hold_no_numbers_are_said(data, message):
    refused(message, **data)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("binary_cross_entropy", Y > 0, None),
        ("binary_cross_entropy", np.full(24, 0.3), None),
        (
            "binary_cross_entropy",
            np.where(Y > 0, 2, 1),
            r"y\[\d+\] is 2, and .* from 0 to 1; write two classes as 0 and 1",
        ),
        (
            "binary_cross_entropy",
            np.sign(Y),
            r"y\[\d+\] is -1, and binary_cross_entropy takes probabilities from 0 to 1",
        ),
        ("poisson", np.arange(24) / 2, None),
        ("poisson", np.arange(24) - 1, r"y\[0\] is -1, and poisson takes counts of at least 0"),
        ("cross_entropy", np.arange(24) % 3, None),
        (
            "cross_entropy",
            np.arange(24) % 4,
            r"y\[3\] is 3, and cross_entropy takes class numbers from 0 to 2",
        ),
        ("cross_entropy", np.arange(24) % 3 + 0.5, r"y\[0\] is 0.5, and cross_entropy takes class numbers"),
        (
            "absolute_error",
            np.where(np.arange(24) == 5, 1e308, Y),
            r"y\[5\] is 1e\+308, and its absolute error is beyond",
        ),
        ("absolute_error", np.where(np.arange(24) == 5, 1e300, Y), None),
    ],
)
def test_targets_that_a_loss_cannot_have_are_said(loss, y, message):
    network = ds.Network(2, [ds.Dense(3 if loss == "cross_entropy" else 1)], loss)
    if message:
        refused(message, network, y=y)
        with pytest.raises(ds.DownslopeError, match=message):
            ds.gradient_norms(network, X, y, parameters=network.initial_parameters())
    else:
        assert np.isfinite(losses(network, y=y)).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"learning_rate": 0.1}, "leave out learning_rate"),
        ({"learning_rate": ds.Cosine(0.1), "batch_size": 3}, "leave out learning_rate, batch_size"),
        ({"clip_norm": 1.0}, "leave out clip_norm"),
        ({"clip_value": 1.0}, "leave out clip_value"),
        ({"frozen": "layer1.bias"}, "leave out frozen"),
        ({"precision": "bfloat16"}, "leave out precision"),
    ],
)
@pytest.mark.parametrize("name", ["lbfgs", "LBFGS"])
def test_what_lbfgs_would_ignore_is_refused(given, message, name):
    refused(message, optimizer=name, **given)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ds.Sgd(momentum=-1), "momentum of Sgd needs a number of at least 0 and below 1, not -1"),
        (lambda: ds.Sgd(momentum=1), "momentum of Sgd needs a number of at least 0 and below 1, not 1"),
        (lambda: ds.Sgd(momentum="0.9"), "momentum of Sgd .*, not '0.9'; write it without quotes"),
        (lambda: ds.Sgd(nesterov=True), "nesterov of Sgd needs a momentum above 0"),
        (lambda: ds.Sgd(0.9, nesterov=1), "nesterov of Sgd needs True or False, not 1"),
        (lambda: ds.Adam(beta1=2), "beta1 of Adam needs a number of at least 0 and below 1, not 2"),
        (lambda: ds.Adam(beta2=float("nan")), "beta2 of Adam needs a number .*, not nan"),
        (lambda: ds.Adam(epsilon=0), "epsilon of Adam needs a number above 0, not 0"),
        (lambda: ds.AdamW(weight_decay=-0.1), "weight_decay of AdamW needs a number of at least 0, not -0.1"),
        (lambda: ds.AdamW(beta1=None), "beta1 of AdamW needs a number .*, not None"),
        (lambda: ds.RMSprop(alpha=1.5), "alpha of RMSprop needs a number .*, not 1.5"),
        (lambda: ds.Adagrad(epsilon=-1), "epsilon of Adagrad needs a number above 0, not -1"),
        (lambda: ds.StepDecay(0.1, every=0), "every of StepDecay needs a whole number of at least 1, not 0"),
        (lambda: ds.StepDecay(0.1, every=1.5), "every of StepDecay needs a whole number .*, not 1.5"),
        (lambda: ds.OneCycle(0.1, rise=1.0), "rise of OneCycle needs a number above 0 and below 1, not 1"),
        (lambda: ds.Cosine("0.1"), " of (Cosine|WarmUp) needs a number above 0, not '0.1'"),
        (lambda: ds.WarmUp("0.1", 3), " of (Cosine|WarmUp) needs a number above 0, not '0.1'"),
    ],
)
def test_settings_of_optimizers_and_schedules_are_checked(make, message):
    with pytest.raises(ds.DownslopeError, match=message):
        make()


def test_optimizers_that_cannot_be_kept_are_refused():
    @dataclasses.dataclass
    class Mutable:
        def rule(self, rules, w, g, rate, step):
            rules.updates[w.name] = w - rate * g

    refused("Mutable cannot be hashed", optimizer=Mutable())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_what_is_frozen_stays(engine, optimizer, monkeypatch):
    """A bias that stays at 0 is none."""
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    settings = {
        "optimizer": optimizer,
        "batch_size": 5,
        "steps": 30,
        "start": {"layer1.weight": [[1.0, 2.0]]},
    }
    frozen = ds.descend(LINE, X, Y, frozen="layer1.bias", **settings)
    without = ds.descend(ds.Network(2, [ds.Dense(1, bias=False)]), X, Y, **settings)
    np.testing.assert_allclose(frozen.losses, without.losses, rtol=1e-12)
    assert frozen.parameters["layer1.bias"] == 0
    half = ds.descend(LINE, X, Y, frozen={"layer1.weight": [[True, False]]}, **settings)
    assert half.parameters["layer1.weight"][0, 0] == 1.0
    assert half.parameters["layer1.weight"][0, 1] != 2.0
    assert not any(name.endswith("frozen") for name in half.state)
    nothing = ds.descend(LINE, X, Y, frozen={"layer1.weight": False}, **settings)
    assert np.array_equal(nothing.losses, ds.descend(LINE, X, Y, **settings).losses)


def test_a_run_goes_on_with_others_frozen():
    first = ds.descend(LINE, X, Y, steps=5, optimizer="adam")
    second = ds.descend(LINE, X, Y, steps=5, optimizer="adam", start=first, frozen=["layer1.weight"])
    assert np.array_equal(first.parameters["layer1.weight"], second.parameters["layer1.weight"])
    assert len(second.losses) == 10


@pytest.mark.parametrize("answer", [True, np.True_])
@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_progress_that_returns_true_stops(optimizer, answer):
    run = ds.descend(NETWORK, X, Y, steps=40, optimizer=optimizer, progress=lambda p: p.step == 7 and answer)
    assert run.stopped == "callback"
    assert run.message.startswith("progress returned True after 7 of 40")
    assert len(run.losses) == 7
    others = ds.descend(NETWORK, X, Y, steps=9, progress=lambda p: "a line that was written")
    assert others.stopped == "finished"


@pytest.mark.parametrize("kind", ["x", "parameters"])
def test_predictions_are_of_numbers(kind):
    parameters = LINE.initial_parameters()
    x, at = X, parameters
    masked = np.ma.array(X, mask=np.arange(48).reshape(24, 2) == 7)
    if kind == "x":
        assert np.array_equal(
            ds.predict(LINE, X.astype(object), parameters=at), ds.predict(LINE, X, parameters=at)
        )
        for wrong, message in (
            (masked, r"x\[3, 1\] is masked"),
            (X * 1j, "complex"),
            (X.astype(str), "text"),
        ):
            with pytest.raises(ds.DownslopeError, match=message):
                ds.predict(LINE, wrong, parameters=at)
    else:
        for wrong, message in (([[1j, 1]], "complex"), ([["1", "2"]], "text"), ([[np.inf, 1]], "inf")):
            with pytest.raises(ds.DownslopeError, match=message):
                ds.predict(LINE, x, parameters={**at, "layer1.weight": wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        np.ma.array(X, mask=np.arange(48).reshape(24, 2) == 7),
        X * 1j,
        X.astype("datetime64[s]"),
        np.array([[{}, 1]] * 24, object),
        np.where(X > 1, np.inf, X),
    ],
    ids=["masked", "complex", "dates", "objects", "infinite"],
)
def test_drop_ins_refuse_what_holds_no_numbers(wrong):
    """With ValueError or TypeError, as scikit-learn's validation does."""
    model = ds.MLPRegressor(hidden_layer_sizes=3, solver="lbfgs", max_iter=200, tol=1e-3, random_state=0)
    with pytest.raises((ValueError, TypeError)):
        model.fit(wrong, Y)
    model.fit(X, Y)
    with pytest.raises((ValueError, TypeError)):
        model.predict(wrong)
