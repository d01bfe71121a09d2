"""Schedules against PyTorch's, and gradient clipping against its own definition."""

import numpy as np
import pytest

import downslope as ds

STEPS = 21


def of_torch(make, steps=STEPS):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule = make(torch.optim.lr_scheduler, optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step() if len(rates) < steps else None
    return rates


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ds.StepDecay(0.5, every=4, factor=0.3), lambda s, o: s.StepLR(o, 4, 0.3)),
        (ds.Cosine(0.5), lambda s, o: s.CosineAnnealingLR(o, STEPS - 1)),
        (ds.OneCycle(0.5), lambda s, o: s.OneCycleLR(o, 0.5, total_steps=STEPS, cycle_momentum=False)),
    ],
)
@pytest.mark.torch
def test_schedule_is_that_of_torch(ours, theirs):
    rates = [ours.rate(step, STEPS) for step in range(1, STEPS + 1)]
    assert rates == pytest.approx(of_torch(theirs), rel=1e-9, abs=1e-12)


def test_warm_up_ends_where_the_schedule_begins():
    rates = [ds.WarmUp(ds.Cosine(1.0), over=5).rate(step, 15) for step in range(1, 16)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[5:] == pytest.approx([ds.Cosine(1.0).rate(step, 10) for step in range(1, 11)])


def test_descend_follows_the_schedule():
    net = ds.Network(inputs=1, layers=[ds.Dense(1, bias=False)])
    run = ds.descend(
        net, [[1.0]], [0.0], start=[1.0], learning_rate=ds.StepDecay(0.25, every=1, factor=0.5), steps=2
    )
    assert run.parameters["layer1.weight"].item() == (1 - 2 * 0.25) * (1 - 2 * 0.125)


def test_clipped_by_norm_the_step_has_that_length_and_keeps_its_direction():
    net = ds.Network(inputs=2, layers=[ds.Dense(1, bias=False)])
    x, y, start = [[3.0, 4.0]], [100.0], [0.0, 0.0]
    run = ds.descend(net, x, y, start=start, learning_rate=1.0, steps=1, clip_norm=2.5)
    np.testing.assert_allclose(run.parameters["layer1.weight"], [[1.5, 2.0]], rtol=1e-14)
    free = ds.descend(net, x, y, start=start, learning_rate=1e-4, steps=1)
    loose = ds.descend(net, x, y, start=start, learning_rate=1e-4, steps=1, clip_norm=1e9)
    assert np.array_equal(free.parameters["layer1.weight"], loose.parameters["layer1.weight"])


def test_clipped_by_value_each_element_stays_within():
    net = ds.Network(inputs=2, layers=[ds.Dense(1, bias=False)])
    run = ds.descend(net, [[3.0, 0.001]], [1.0], start=[0.0, 0.0], learning_rate=1.0, steps=1, clip_value=0.5)
    np.testing.assert_allclose(run.parameters["layer1.weight"], [[0.5, 0.002]], rtol=1e-14)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ds.Cosine(-1.0), "above 0, not -1.0"),
        (lambda: ds.StepDecay(1.0, every=0), "at least 1"),
        (lambda: ds.OneCycle(1.0, rise=1.0), "above 0 and below 1"),
        (lambda: ds.WarmUp(ds.Constant(1.0), over=0), "whole number of at least 1"),
    ],
)
def test_what_does_not_fit_is_said(build, message):
    with pytest.raises(ds.DownslopeError, match=message):
        build()


def test_a_clip_of_zero_is_refused():
    with pytest.raises(ds.DownslopeError, match="above 0, not 0"):
        ds.descend(ds.Network(inputs=1, layers=[ds.Dense(1)]), [[1.0]], [1.0], clip_norm=0)
