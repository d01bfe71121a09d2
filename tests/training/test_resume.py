"""A run that goes on has the bits of one that never stopped, whatever ended it."""

import dataclasses

import numpy as np
import pytest

import downslope as ds
from engine_names import ENGINES
from thorough import first

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 2))
Y = np.sin(2 * X[:, 0]) + 0.3 * RNG.normal(size=60)
WAVE = ds.Network(2, [ds.Dense(8, "tanh"), ds.Dropout(0.1), ds.Dense(1)])
SETTINGS = {"optimizer": "adam", "batch_size": 16, "validation": 0.25, "seed": 4}  # 3 steps in an epoch


@pytest.fixture(params=ENGINES, autouse=True)
def engine(request, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", request.param)
    return request.param


def same(one, two):
    assert np.array_equal(one.losses, two.losses)
    assert np.array_equal(one.validation_losses, two.validation_losses)
    assert one.best_epoch == two.best_epoch
    for found, expected in ((one.parameters, two.parameters), (one.state, two.state)):
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in found)


@pytest.mark.parametrize("ema_decay", [0.0, 0.7])
@pytest.mark.parametrize("cuts", first(2, [[1, 2, 3, 33], [30], [7], [15, 15]]))
def test_parts_have_the_bits_of_the_whole(cuts, ema_decay):
    settings = {**SETTINGS, "ema_decay": ema_decay, "learning_rate": lambda step: 0.1 / step}
    whole = ds.descend(WAVE, X, Y, steps=60, **settings)
    run, left = None, 60
    for steps in [*cuts, None]:
        steps = left if steps is None else steps
        run, left = ds.descend(WAVE, X, Y, steps=steps, start=run, **settings), left - steps
    same(run, whole)


def test_a_run_goes_on_after_its_time_was_up_in_the_first_epoch():
    settings = {**SETTINGS, "ema_decay": 0.5}
    whole = ds.descend(WAVE, X, Y, steps=60, **settings)
    first = ds.descend(WAVE, X, Y, steps=60, time_limit=0, **settings)
    assert first.stopped == "time"
    assert len(first.losses) < 3
    assert first.best_epoch == 1  # of a part of the epoch
    same(ds.descend(WAVE, X, Y, steps=60 - len(first.losses), start=first, **settings), whole)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, True])
def test_a_run_goes_on_after_it_was_stopped_from_outside(stop):
    def press(progress):
        if progress.step == 9:
            if stop is True:
                return True
            raise stop
        return None

    first = ds.descend(WAVE, X, Y, steps=60, progress=press, **SETTINGS)
    assert first.stopped == ("callback" if stop is True else "interrupted")
    assert len(first.losses) == 9
    same(
        ds.descend(WAVE, X, Y, steps=51, start=first, **SETTINGS),
        ds.descend(WAVE, X, Y, steps=60, **SETTINGS),
    )


def test_a_run_goes_on_before_the_step_that_failed():
    """The loss of the step that failed is in the record, and its update is not: it is taken again."""
    line = ds.Network(1, [ds.Dense(1, bias=False)])
    x, y = [[1.0], [2.0]], [1.0, 2.0]
    wild = ds.descend(line, x, y, learning_rate=lambda step: 0.1 if step < 2 else 1e308, steps=20)
    assert wild.stopped == "not finite"
    tame = ds.descend(line, x, y, learning_rate=0.1, steps=20 - len(wild.losses) + 1, start=wild)
    assert len(tame.losses) == 20
    assert np.all(np.isfinite(tame.losses))


def test_validation_that_is_given_up_or_begun_later():
    first = ds.descend(WAVE, X, Y, steps=9, **SETTINGS)
    without = {name: value for name, value in SETTINGS.items() if name != "validation"}
    later = ds.descend(WAVE, X, Y, steps=9, start=first, **without)
    assert later.best_epoch is None
    assert np.array_equal(later.parameters["layer2.bias"], later.state["layer2.bias"])
    begun = ds.descend(WAVE, X, Y, steps=9, start=ds.descend(WAVE, X, Y, steps=3, **without), **SETTINGS)
    assert begun.best_epoch is not None
    averaged = ds.descend(WAVE, X, Y, steps=9, start=first, ema_decay=0.9, **SETTINGS)
    assert averaged.average.epochs == 3


@pytest.mark.parametrize("optimizer", ["adam", ds.Sgd(0.9)])
def test_a_run_of_another_optimizer_is_refused(optimizer):
    message = "goes on with the network and the optimizer .* give start=run.parameters"
    for other in ("lbfgs", "adagrad"):
        still = dataclasses.replace(
            WAVE, layers=[layer for layer in WAVE.layers if layer.__class__ is ds.Dense]
        )
        run = ds.descend(still, X, Y, optimizer=other, steps=3)
        with pytest.raises(ds.DownslopeError, match=message):
            ds.descend(still, X, Y, optimizer=optimizer, start=run)
        assert len(ds.descend(still, X, Y, optimizer=optimizer, start=run.parameters, steps=3).losses) == 3
        assert ds.descend(still, X, Y, optimizer="lbfgs", start=run, steps=3).losses[-1] <= run.losses[-1]
