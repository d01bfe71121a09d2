"""What a run will come to, against what it came to, and against curves whose future is known."""

import json
from dataclasses import replace
from math import inf

import numpy as np
import pytest

import downslope as ds
from downslope.insight.curves import history_of
from downslope.insight.diagnosis import Call
from downslope.insight.extrapolation import Ahead, krylov_spectrum
from thorough import first

WAVE = np.random.default_rng(0).uniform(-2, 2, (120, 2))
HEIGHT = np.sin(2 * WAVE[:, 0]) + np.cos(WAVE[:, 1])
TANH = ds.Network(2, [ds.Dense(12, "tanh"), ds.Dense(1)])


def linear_call(seed, outputs=1, **settings):
    random = np.random.default_rng(seed)
    x = random.standard_normal((40, 4)) * [1, 0.5, 0.3, 0.2]
    y = random.standard_normal((40, outputs)) + x @ random.standard_normal((4, outputs))
    net = ds.Network(4, [ds.Dense(outputs)], l2=0.01 * (seed % 2))
    return {"network": net, "x": x, "y": y, "seed": seed, "learning_rate": 0.05, **settings}


def rows_of(call):
    return call["x"], call["y"]


@pytest.mark.parametrize("momentum", [0.0, 0.6, 0.95])
@pytest.mark.parametrize("seed", range(4))
def test_a_linear_network_is_foretold_to_rounding(momentum, seed):
    weights = np.random.default_rng(9).uniform(0.1, 2, 40) if seed > 1 else None
    call = linear_call(seed, 1 + seed % 3, optimizer=ds.Sgd(momentum), row_weights=weights)
    later = ds.descend(**call, steps=600).losses
    ahead = ds.outlook(ds.descend(**call, steps=37), *rows_of(call))
    told = [ahead.error_after(steps) for steps in (0, 1, 2, 50, 500)]
    assert [each.low for each in told] == [each.high for each in told]
    np.testing.assert_allclose([each.value for each in told], later[[37, 38, 39, 87, 537]], rtol=1e-9)
    target = 0.3 * later[37] + 0.7 * later[-1]
    assert ahead.steps_to(target).value == np.flatnonzero(later[37:] <= target)[0]
    solution = ds.solve(call["network"], *rows_of(call), row_weights=weights)
    assert ahead.level.value == pytest.approx(solution.error, rel=1e-9)
    assert ahead.steps_to(0.999 * solution.error).value == inf


@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_lanczos_is_exact_where_the_error_is_quadratic(momentum):
    call = linear_call(2, optimizer=ds.Sgd(momentum))
    later = ds.descend(**call, steps=400).losses
    run = ds.descend(**call, steps=30)
    found = krylov_spectrum(run, Call(call["network"], *rows_of(call), run.settings))
    told = [found.error_after(steps) for steps in (0, 1, 10, 300)]
    np.testing.assert_allclose(told, later[[30, 31, 40, 330]], rtol=1e-9)


@pytest.mark.thorough
def test_a_small_network_of_tanh_is_foretold_near():
    """113 parameters: to an error a tenth lower mostly within 4 %, a fifth lower within 23 % of the steps."""
    random = np.random.default_rng(0)
    x = random.standard_normal((200, 6))
    y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * random.standard_normal(200)
    net = ds.Network(6, [ds.Dense(14, "tanh"), ds.Dense(1)])
    assert sum(value.size for value in net.initial_parameters().values()) == 113
    off = {0.9: [], 0.8: []}
    for seed in range(4):
        call = {"network": net, "x": x, "y": y, "seed": seed, "learning_rate": 0.05}
        later = ds.descend(**call, steps=3000).losses
        for steps in (100, 200, 400, 800):
            ahead = ds.outlook(ds.descend(**call, steps=steps), x, y)
            assert ahead.error == pytest.approx(later[steps], rel=1e-9)
            for share, found in off.items():
                took = np.flatnonzero(later[steps:] <= share * later[steps])[0]
                found.append(abs(ahead.steps_to(share * later[steps]).value / took - 1))
    assert np.mean(np.array(off[0.9]) <= 0.04) >= 0.75
    assert max(off[0.8]) <= 0.23


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam"},
        {"batch_size": 10},
        {"clip_norm": 0.1},
        {"learning_rate": ds.Cosine(0.05)},
        {"optimizer": ds.Sgd(0.5, nesterov=True)},
        {"optimizer": "lbfgs", "learning_rate": None},
    ],
)
def test_other_descents_of_a_linear_network_have_an_interval(settings):
    call = linear_call(0, **settings)
    ahead = ds.outlook(ds.descend(**call, epochs=40), *rows_of(call))
    assert "exact" not in ahead.how
    assert ahead.level.low <= ahead.level.value <= ahead.level.high


def run_with(losses, **settings):
    """A run of a rule that is followed by its errors alone."""
    run = ds.descend(TANH, WAVE, HEIGHT, steps=1, optimizer="adam", **settings)
    return replace(run, losses=np.asarray(losses, float))


@pytest.mark.parametrize("level", [0.0, 0.2])
def test_a_sum_of_decays_is_followed_to_its_level(level):
    """As closely as the fit asks for, for as long again: a twentieth of how far the error fell lately."""
    t = np.arange(4000)
    error = level + 0.8 * np.exp(-t / 30) + 0.5 * np.exp(-t / 300)
    ahead = ds.outlook(run_with(error[:600]), WAVE, HEIGHT)
    for steps in (0, 100, 600, 3000):
        told = ahead.error_after(steps)
        if steps <= 600:
            assert told.value == pytest.approx(error[600 + steps], abs=0.05 * (error[300] - error[600]))
        assert told.low <= error[600 + steps] <= told.high
    target = level + 0.02
    told, took = ahead.steps_to(target), np.flatnonzero(error[600:] <= target)[0]
    assert told.low <= took <= told.high
    assert told.value == pytest.approx(took, rel=0.1)


def test_time_is_the_sum_of_the_learning_rates():
    """The same curve, passed at another pace: the error is foretold at the same place of it."""
    rate = ds.StepDecay(0.1, every=300, factor=0.1)
    run = run_with(np.zeros(300), learning_rate=rate)
    run = replace(run, settings={**run.settings, "steps": 600})
    rates = np.array([rate.rate(step, 600) for step in range(1, 601)])
    passed = np.concatenate([[0], np.cumsum(rates)])
    error = 0.1 + np.exp(-passed / 10)
    ahead = ds.outlook(replace(run, losses=error[:300]), WAVE, HEIGHT)
    assert ahead.error_after(300).value == pytest.approx(error[600], abs=1e-3)
    constant = ds.outlook(replace(run_with(error[:300], learning_rate=0.1)), WAVE, HEIGHT)
    assert constant.error_after(300).value < 0.9 * error[600]


def test_a_rate_that_falls_to_nothing_ends_the_descent():
    run = run_with(np.exp(-np.arange(100) / 30), learning_rate=ds.Cosine(0.1))
    ahead = ds.outlook(replace(run, settings={**run.settings, "steps": 200}), WAVE, HEIGHT)
    assert ahead.steps_to(1e-6).high <= 100
    assert ahead.level == ahead.error_after(100) == ahead.error_after(10**6)


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_an_outlook_has_no_unit(size):
    random = np.random.default_rng(2)
    error = 0.1 + np.exp(-np.arange(300) / 80) + 0.01 * random.standard_normal(300)
    plain, told = (ds.outlook(run_with(k * error), WAVE, HEIGHT) for k in (1.0, size))
    assert told.level.value == pytest.approx(size * plain.level.value, rel=1e-3)
    assert told.level.high == pytest.approx(size * plain.level.high, rel=1e-3)
    assert told.steps_to(0.12 * size).value == pytest.approx(plain.steps_to(0.12).value, rel=1e-3)


@pytest.mark.parametrize("steps", [0, 300, 10**6, 10**30])
def test_an_error_that_was_never_below_0_is_not_foretold_to_be(steps):
    ahead = ds.outlook(run_with(np.exp(-np.arange(300) / 80)), WAVE, HEIGHT)
    told = ahead.error_after(steps)
    assert 0 <= told.low <= told.value <= told.high


def test_noise_alone_may_reach_what_is_within_it():
    random = np.random.default_rng(1)
    ahead = ds.outlook(run_with(1 + 0.1 * random.standard_normal(400)), WAVE, HEIGHT)
    assert ahead.error == pytest.approx(1, abs=0.05)
    assert ahead.steps_to(0.9).low == 0
    assert ahead.steps_to(0.5).low > 0
    assert ahead.level.low < 1 < ahead.level.high


@pytest.mark.parametrize("optimizer", first(1, ["adam", "sgd"]))
@pytest.mark.parametrize("batch_size", first(1, [20, None]))
def test_intervals_hold_what_came(optimizer, batch_size):
    """Of 12 forecasts that miss one time in ten at most, 4 or more miss with a chance of 3 %."""
    call = {"network": TANH, "x": WAVE, "y": HEIGHT, "optimizer": optimizer, "batch_size": batch_size}
    missed = 0
    for seed in range(12):
        run = ds.descend(**call, seed=seed, learning_rate=0.02, epochs=60)
        later = ds.descend(**call, seed=seed, learning_rate=0.02, epochs=240)
        ahead, came = ds.outlook(run, WAVE, HEIGHT), history_of(later)
        told = ahead.error_after(int(came.steps[-1]) - len(run.losses))
        missed += not told.low <= came.errors[-1] <= told.high
    assert missed < 4


def test_steps_take_the_seconds_that_going_on_takes():
    run = ds.descend(TANH, WAVE, HEIGHT, batch_size=30, epochs=20, validation=0.2, patience=5, ema_decay=0.5)
    ahead = ds.outlook(run, WAVE, HEIGHT)
    target = 0.5 * ahead.error
    steps, seconds = ahead.steps_to(target), ahead.seconds_to(target)
    assert 0 < seconds.low <= seconds.value <= seconds.high
    assert seconds.high / seconds.low == pytest.approx(steps.high / steps.low)


def test_grades_accumulate_and_widen(tmp_path):
    path = tmp_path / "grades.jsonl"
    run = ds.descend(TANH, WAVE, HEIGHT, steps=400)
    ahead = ds.outlook(run, WAVE, HEIGHT, grades=path)
    assert not path.exists()
    later = ds.descend(TANH, WAVE, HEIGHT, start=run, steps=1600)
    found = ahead.grade(later)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["off"] for line in lines] == [grade.off for grade in found]
    told, came = ahead.error_after(1599).value, later.losses[1999]
    last = [grade for grade in found if grade.kind == "error"][-1]
    assert np.sign(last.off) == np.sign(came - told)
    bad = [{**line, "off": sign * 50.0} for line in lines for sign in (1, -1) for _ in range(20)]
    path.write_text("".join(json.dumps(line) + "\n" for line in bad))
    wider = ds.outlook(run, WAVE, HEIGHT, grades=path)
    for one, other in ((ahead.error_after(400), wider.error_after(400)), (ahead.level, ahead.level)):
        assert other.high - other.low >= one.high - one.low
    assert wider.error_after(400).high > ahead.error_after(400).high
    path.write_text('{"kind": "steps"}\n')
    with pytest.raises(ds.DownslopeError, match=r"line 1 of .*grades.jsonl is no grade"):
        ds.outlook(run, WAVE, HEIGHT, grades=path)


def test_only_a_run_that_went_on_grades_an_outlook():
    run = ds.descend(TANH, WAVE, HEIGHT, steps=40)
    ahead = ds.outlook(run, WAVE, HEIGHT)
    for other in (run, ds.descend(TANH, WAVE, HEIGHT, steps=80, seed=1)):
        with pytest.raises(ds.DownslopeError, match="went on from its own"):
            ahead.grade(other)
    assert ahead.grade(ds.descend(TANH, WAVE, HEIGHT, start=run, steps=80))


def test_it_is_shown_and_plain_data():
    ahead = ds.outlook(ds.descend(TANH, WAVE, HEIGHT, steps=100), WAVE, HEIGHT)
    data = json.loads(json.dumps(ahead.to_json()))
    assert data["level"]["low"] <= data["level"]["value"] <= data["level"]["high"]
    assert [each["steps"] for each in data["ahead"]] == [100, 300, 600]
    assert str(ahead.level) in repr(ahead)
    assert "After 300 more steps" in str(ahead)
    assert "<table" in ahead._repr_html_()


def test_a_run_from_a_file_has_an_outlook(tmp_path):
    run = ds.descend(TANH, WAVE, HEIGHT, steps=100)
    run.save(tmp_path / "run.downslope")
    ahead = ds.outlook(ds.load(tmp_path / "run.downslope"), WAVE, HEIGHT)
    assert ahead.level == ds.outlook(run, WAVE, HEIGHT).level


def test_what_has_no_outlook_is_refused():
    with pytest.raises(ds.DownslopeError, match="at least 8 epochs, and this one has 3"):
        ds.outlook(ds.descend(TANH, WAVE, HEIGHT, steps=3), WAVE, HEIGHT)
    with np.errstate(all="ignore"):
        failed = ds.descend(TANH, 1e9 * WAVE, 1e9 * HEIGHT, learning_rate=1e200, steps=20)
    with pytest.raises(ds.DownslopeError, match=r"8 epochs|not finite"):
        ds.outlook(failed, WAVE, HEIGHT)
    with pytest.raises(ds.DownslopeError, match="needs a run"):
        ds.outlook(TANH, WAVE, HEIGHT)


FALLING = ds.Cosine(0.01)


def followed(epochs, batch, rate=FALLING, **settings):
    ahead = Ahead(rate)
    settings = {"optimizer": "adam", "learning_rate": rate, "batch_size": batch, **settings}
    return ahead, ds.descend(TANH, WAVE, HEIGHT, epochs=epochs, progress=ahead.see, **settings), settings


@pytest.mark.parametrize("batch", [None, 20])
def test_a_descent_in_progress_is_foretold_as_its_run_is(batch):
    ahead, run, settings = followed(80, batch)
    quarter = len(run.losses) // 4
    half = ds.descend(TANH, WAVE, HEIGHT, epochs=80, **settings, progress=lambda epoch: epoch.step >= quarter)
    told = ds.outlook(half, WAVE, HEIGHT).error_after(3 * quarter)
    audit = ahead.audit()
    for name in ("value", "low", "high"):
        assert getattr(audit.told, name) == pytest.approx(getattr(told, name), rel=1e-6)
    assert audit.reached == pytest.approx(run.losses[-run.steps_in_epoch :].mean())
    assert audit.within == (told.low <= audit.reached <= told.high)
    verdict = "within" if audit.within else "below it" if audit.reached < told.low else "above it"
    assert str(audit) == (
        f"forecast at 25 %: {told.low:.4g} to {told.high:.4g}; reached {audit.reached:.4g}: {verdict}"
    )


def test_grades_of_a_descent_in_progress_make_its_interval():
    ahead, _, _ = followed(80, None)
    audit = ahead.audit()
    usual, kind = audit.told, audit.grade
    exact = ahead.audit([replace(kind, off=0.0)] * 400).told
    poor = ahead.audit([replace(kind, off=1e3 * sign) for sign in (-1, 1)] * 200).told
    assert usual.low < exact.low <= usual.value <= exact.high < usual.high < poor.high
    as_off = ahead.audit([kind] * 4000).told  # the end of the interval is where it came
    end = as_off.low if audit.reached < usual.value else as_off.high
    assert end == pytest.approx(audit.reached)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_interval_is_not_below_0_unless_an_error_was(sign):
    random = np.random.default_rng(0)
    errors = 0.05 + np.exp(-np.arange(60) / 15) + 0.01 * random.uniform(0, 1, 60)
    told = ds.outlook(run_with(errors - (sign < 0)), WAVE, HEIGHT).error_after(180)
    assert told.low <= told.value <= told.high
    assert (told.low > 0) == (sign > 0)


def test_few_long_epochs_are_enough_for_a_forecast():
    ahead, run, _ = followed(8, 2)
    assert run.steps_in_epoch == 60
    assert ahead.end() is not None
    assert ahead.audit().reached == pytest.approx(run.losses[-60:].mean())


def test_where_nothing_is_foretold():
    ahead = Ahead(ds.Constant(0.1))
    assert ahead.end() is None
    assert ahead.audit() is None
    short, _, _ = followed(12, None)  # 3 steps are a quarter
    assert short.end() is not None
    assert short.audit() is None
    started, _, _ = followed(100, None, time_limit=None, patience=5, validation=(WAVE, -HEIGHT))
    assert started.audit() is None  # it ended before a quarter
    failed, run, _ = followed(40, None, ds.Constant(1e200), optimizer="sgd")
    assert run.stopped == "not finite"
    assert failed.audit() is None


def test_a_descent_that_goes_on_has_no_curve_from_its_beginning():
    call = {"optimizer": "adam", "learning_rate": FALLING}
    ahead, first = Ahead(FALLING), ds.descend(TANH, WAVE, HEIGHT, steps=20, **call)
    ds.descend(TANH, WAVE, HEIGHT, start=first, steps=60, progress=ahead.see, **call)
    assert ahead.end() is None
    assert ahead.audit() is None
