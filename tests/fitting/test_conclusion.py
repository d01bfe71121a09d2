"""What is saved where the network loses, and what is said of network, linear model and baseline."""

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.fitting.evaluation import Estimate


def table(kind: str, rows: int = 300, seed: int = 0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 3))
    y = {
        "line": x @ [1.0, -2.0, 0.5] + 0.3 * draw.normal(size=rows),
        "curve": np.sin(3 * x[:, 0]) + np.abs(x[:, 1]) + 0.1 * draw.normal(size=rows),
        "noise": draw.normal(size=rows),
    }[kind]
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y})


@pytest.mark.parametrize(
    ("kind", "better", "task"),
    [
        ("line", "linear", "regression"),
        ("curve", "periodic", "regression"),
        ("curve", "periodic", "classification"),
    ],
)
def test_of_one_network_and_the_linear_model_the_better_is_saved(
    kind: str, better: str, task: str, tmp_path
) -> None:
    rows = table(kind, seed=1)
    if task == "classification":
        rows = rows.with_columns(
            y=pl.when(pl.col("y") > pl.col("y").median()).then(pl.lit("+")).otherwise(pl.lit("o"))
        )
    model = ds.fit(rows, "y", members=1)
    assert [group.name for group in model.record.groups if group.share > 0] == [better]
    losses = {group.name: min(group.validation_errors) for group in model.record.groups}
    assert min(losses, key=losses.get) == better
    model.save(tmp_path / "m")
    loaded = ds.load(tmp_path / "m")
    assert loaded.summary.conclusion == model.summary.conclusion
    assert ("with hidden layers its" in loaded.summary.conclusion) == (better == "linear")
    dense = sum(isinstance(layer, ds.Dense) for layer in model.network.layers)
    if better == "linear":
        assert "% higher" in loaded.summary.conclusion
        assert dense == 1
        alone = ds.fit(rows, "y", members=1, hidden=())
        assert all(np.array_equal(model.parameters[n], alone.parameters[n]) for n in alone.parameters)
        assert model.record.network == model.record.linear
    else:
        assert dense > 1


def test_what_hidden_layers_cost_is_the_ratio_of_the_errors() -> None:
    record = ds.fit(table("line"), "y", members=1).record
    linear, network = (min(group.validation_errors) ** 0.5 for group in record.groups)
    said = ds.fit(table("line"), "y", members=1).summary.conclusion
    (percent,) = re.findall(r"was ([\d.]+) % higher", said)
    assert float(percent) == pytest.approx(100 * (network / linear - 1), abs=0.5)


def summary(network: float, linear: float, baseline: float, difference: float, error: float | None):
    """A summary with other errors, of a model that is no linear one."""
    found = ds.fit(table("curve"), "y", epochs=2, members=2).summary
    scores = [replace(found.network, root_mean_squared_error=e) for e in (baseline, linear, network)]
    return replace(
        found, baseline=scores[0], linear=scores[1], network=scores[2], gain=Estimate(difference, error)
    )


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (
            (1.0, 2.0, 3.0, 1.0, 0.1),
            "The network's root mean squared error is 50 % below that of the linear model.",
        ),
        ((1.998, 2.0, 3.0, 0.002, 0.0001), "is 0.1 % below that of the linear model."),
        (
            (1.998, 2.0, 3.0, 0.002, 0.004),
            "The network and the linear model cannot be told apart on these rows: the network's root mean "
            "squared error is 0.1 % lower, 0.5 standard errors.",
        ),
        ((2.1, 2.0, 3.0, -0.1, 0.1), "is 5 % higher, 1.0 standard errors."),
        ((2.1, 2.0, 3.0, -0.1, 0.01), "is 5 % above that of the linear model."),
        ((2.0, 2.0, 3.0, 0.0, 0.1), "is that of the linear model."),
        ((3.1, 3.2, 3.0, 0.1, 0.1), "is not below that of the baseline: these columns do not predict it."),
        ((1.0, 2.0, 3.0, None, None), "is 50 % below that of the linear model."),  # of an older file
    ],
)
def test_the_conclusion_says_what_the_errors_say(errors, said: str) -> None:
    found = summary(*errors).conclusion
    assert found.endswith(said)
    assert " 0 %" not in found


def test_the_error_of_the_difference_is_that_of_paired_rows() -> None:
    """By the jackknife over the rows that a model keeps, which here are all that were held out."""
    model = ds.fit(table("curve"), "y", epochs=5, members=2)
    kept = model.held_out
    true = kept.rows.true
    squares = [(kept.outputs[of] - true) ** 2 for of in ("linear model", "network")]
    whole = [np.sqrt(s.mean()) for s in squares]
    count = len(true)
    without = [np.sqrt((s.sum() - s) / (count - 1)) for s in squares]
    differences = without[0] - without[1]
    error = np.sqrt((count - 1) / count * ((differences - differences.mean()) ** 2).sum())
    assert count == 300
    assert model.record.gain.value == pytest.approx(whole[0] - whole[1], rel=1e-4)
    assert model.record.gain.standard_error == pytest.approx(error, rel=0.02)


@pytest.mark.thorough
def test_columns_that_predict_nothing_are_said_to() -> None:
    found = [ds.fit(table("noise", seed=seed), "y", members=1).summary for seed in range(6)]
    lost = [s.network.root_mean_squared_error >= s.baseline.root_mean_squared_error for s in found]
    assert len(set(lost)) == 2
    assert ["not below that of the baseline" in s.conclusion for s in found] == lost


def test_a_blend_is_never_worse_than_its_linear_part() -> None:
    for kind in ("line", "curve", "noise"):
        record = ds.fit(table(kind), "y", epochs=4, members=3).record
        assert record.network.root_mean_squared_error <= record.linear.root_mean_squared_error * (1 + 1e-6)
