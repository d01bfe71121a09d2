"""As ``contract_calls``, of the methods of results."""

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import downslope as ds
from contract_calls import LINE, NET, PAIR, X, Y
from contract_fits import TABLE, TEXTS
from unusual_values import FLAG, INSIDE, NOTHING, NUMBER, OPTIONAL, PATHS, SEED, numbers, wholes

MODEL = ds.fit(TABLE, "y", epochs=1, members=2, hidden=3)
CLASSES = ds.fit(TABLE, "kind", epochs=1, members=2, hidden=3)
MODELS = ds.fit(TABLE, ["y", "kind"], epochs=1, members=2, hidden=3)
TABLE_FIT = ds.TableRegressor(members=2, epochs=1, hidden_layer_sizes=3, random_state=0).fit(X, Y)
MLP_FIT = ds.MLPRegressor(hidden_layer_sizes=(3,), tol=1e9, n_iter_no_change=1).fit(X, Y)
RUN = ds.descend(NET, X, Y, steps=2)
FORECAST = ds.forecast(LINE, X, Y, learning_rate=0.01)
OUTLOOK = ds.outlook(ds.descend(NET, X, Y, steps=20), X, Y)
LATER = ds.descend(NET, X, Y, steps=40)
FOLDER = TemporaryDirectory()
FILE = Path(FOLDER.name) / "saved.downslope"
COUNTS = wholes(lambda v: v >= 0)
MATRIX = frozenset({"square"})  # of the two inputs

METHODS = {
    ds.Network.initial_parameters: (NET.initial_parameters, {"seed": 0}, {"seed": SEED}),
    ds.Network.save: (NET.save, {"path": FILE, "parameters": None}, {"path": PATHS, "parameters": OPTIONAL}),
    ds.Ensemble.of_member: (
        PAIR.of_member,
        {"member": 0, "values": PAIR.initial_parameters()},
        {"member": wholes(lambda v: 0 <= v < 2), "values": NOTHING},
    ),
    ds.Run.save: (RUN.save, {"path": FILE}, {"path": PATHS}),
    ds.TableRegressor.save: (TABLE_FIT.save, {"path": FILE}, {"path": PATHS}),
    ds.MLPRegressor.save: (MLP_FIT.save, {"path": FILE}, {"path": PATHS}),
    ds.Forecast.error_after: (FORECAST.error_after, {"steps": 5}, {"steps": COUNTS}),
    ds.Forecast.parameters_after: (
        FORECAST.parameters_after,
        {"steps": 5},
        {"steps": COUNTS},
    ),
    ds.Outlook.error_after: (lambda **k: asdict(OUTLOOK.error_after(**k)), {"steps": 5}, {"steps": COUNTS}),
    ds.Outlook.steps_to: (lambda **k: asdict(OUTLOOK.steps_to(**k)), {"error": 0.5}, {"error": NUMBER}),
    ds.Outlook.grade: (lambda **k: len(OUTLOOK.grade(**k)), {"run": LATER}, {"run": NOTHING}),
    ds.Model.learn: (
        lambda **k: {name: value.tolist() for name, value in MODEL.learn(**k).parameters.items()},
        {"data": TABLE, "target": None, "epochs": 1, "learning_rate": None, "seed": 0},
        {
            "data": NOTHING,
            "target": OPTIONAL,
            "epochs": wholes(lambda v: 1 <= v <= 1e6),
            "learning_rate": OPTIONAL | numbers(lambda v: 0 < v < 1e9),
            "seed": SEED,
        },
    ),
    ds.Model.predict: (MODEL.predict, {"data": TABLE}, {"data": MATRIX}),
    ds.Model.predict_proba: (CLASSES.predict_proba, {"data": TABLE}, {"data": MATRIX}),
    ds.Model.predict_interval: (
        MODEL.predict_interval,
        {"data": TABLE, "level": 0.5},
        {"data": MATRIX, "level": INSIDE},
    ),
    ds.Model.evaluate: (
        lambda **k: MODEL.evaluate(**k).to_json(),
        {"data": TABLE, "target": None, "row_weights": None, "worst": 5, "source": None},
        {
            "data": NOTHING,
            "target": OPTIONAL,
            "row_weights": OPTIONAL,
            "worst": COUNTS,
            "source": OPTIONAL | TEXTS,
        },
    ),
    ds.Model.contributions: (
        lambda **k: MODEL.contributions(**k).to_json(),
        {
            "data": {"a": [0.1, 0.2], "kind": ["u", "v"]},
            "background": TABLE,
            "of_class": None,
            "log_odds": False,
            "samples": None,
            "seed": 0,
        },
        {
            "data": MATRIX,
            "background": MATRIX | OPTIONAL,
            "of_class": OPTIONAL,
            "log_odds": frozenset({"False"}),
            "samples": OPTIONAL | wholes(lambda v: 2 <= v <= 1 << 20),
            "seed": SEED,
        },
    ),
    ds.Model.importance: (
        lambda **k: MODEL.importance(**k).to_json(),
        {"table": TABLE, "repeats": 2, "seed": 0},
        {"table": NOTHING, "repeats": wholes(lambda v: 1 <= v <= 1 << 30), "seed": SEED},
    ),
    ds.Model.partial_dependence: (
        lambda **k: CLASSES.partial_dependence(**k).to_json(),
        {"table": TABLE, "columns": "a", "points": None, "of_class": None, "log_odds": False},
        {
            "table": MATRIX,
            "columns": frozenset({"list of text"}),
            "points": OPTIONAL | wholes(lambda v: 2 <= v <= 10_000),
            "of_class": OPTIONAL,
            "log_odds": FLAG,
        },
    ),
    ds.Model.member: (MODEL.member, {"index": 0}, {"index": wholes(lambda v: -2 <= v < 2)}),
    ds.Models.predict: (MODELS.predict, {"data": TABLE}, {"data": NOTHING}),
    ds.Models.predict_proba: (MODELS.predict_proba, {"data": TABLE}, {"data": NOTHING}),
    ds.Models.predict_interval: (
        MODELS.predict_interval,
        {"data": TABLE, "level": 0.5},
        {"data": NOTHING, "level": INSIDE},
    ),
    ds.Models.evaluate: (
        lambda **k: {name: found.to_json() for name, found in MODELS.evaluate(**k).items()},
        {"data": TABLE, "row_weights": None, "worst": 5, "source": None},
        {"data": NOTHING, "row_weights": OPTIONAL, "worst": COUNTS, "source": OPTIONAL | TEXTS},
    ),
    ds.Models.save: (MODELS.save, {"path": FILE}, {"path": PATHS}),
    ds.Run.plot: (lambda **k: str(type(RUN.plot(**k))), {"ax": None}, {"ax": OPTIONAL}),
    ds.Network.plot: (lambda **k: str(type(NET.plot(**k))), {"ax": None}, {"ax": OPTIONAL}),
    ds.Model.save: (MODEL.save, {"path": FILE}, {"path": PATHS}),
}
