"""Whatever a page sends, the session answers or refuses in words, and the next frame is there."""

import json
import warnings
from contextlib import suppress

import numpy as np
import pytest

from downslope.errors import DownslopeError
from downslope.studio._schema import COMMANDS, Look, command_of
from downslope.studio.server._server import _read
from downslope.studio.server._wire import pack, unpack
from downslope.studio.session._session import first_session
from downslope.studio.views._answers import outcome_of
from downslope.studio.views._frames import frame_of
from downslope.studio.views._overview import overview_of
from downslope.studio.views._viewer import Viewer
from thorough import first

NAMES = ["layer1.weight", "layer1.bias", "layer2.weight", "layer1", "layer2", "x1", "y", "moons", "html", ""]
LESSONS = ["one-neuron", "hidden-layer", "own-table"]
NUMBERS = [0, 1, 2, -1, 7, 0.5, 1e300, -1e30, 2**53, 10**20, float("nan"), float("inf")]
PLACES = [None, [], [0], [0, 0], [0, 1], [9, 9], [-1, 0]]
SETTINGS = [
    {"layers": [{"units": 3, "activation": "relu"}, {"units": 1}]},
    {"layers": [{"units": 2}, {"units": 5}]},
    {"layers": [{"units": -1}]},
    *({"optimizer": name} for name in ("adam", "sgd", "fly")),
    *({"loss": name} for name in ("huber", "poisson", "cross_entropy")),
    *(
        {name: value}
        for name in ("validation", "dropout", "l2", "stop_error")
        for value in (0, 0.5, 1e300, "x")
    ),
    {"batch_size": 2, "learning_rate": 1e5},
]
ASKED = {"surface": {"first": ["layer1.weight", [0, 0]], "second": ["layer1.weight", [0, 1]]}}
LOOKED_AT = [
    {},
    ASKED,
    {"fitted": {"columns": [0, 9]}, "residuals": {}, "histograms": {}},
    {"surface": {"first": 3}},
]
TEXTS = ["a,b\n1,2\n3,4\n5,6", "a\n1", "", "\0", "k,c\n1,a\n2,b\n3,a\n4,b"]
FITTING = {
    "settings": SETTINGS,
    "index": PLACES,
    "place": PLACES[1:],
    "layer": [None, 0, 1, 7],
    "changes": [{"units": 3}, {"activation": "relu", "bias": False}, {"units": "x"}, {"colour": 1}],
    "kind": ["number", "category", "exclude", "automatic", "gradient"],
    "what": ["weight", "unit", "row", "weights", "points"],
    "unit": ["step", "epoch"],
    "part": ["forward", "update"],
    "how": ["hand", "descent"],
    "targets": [["y"], ["x1", "y"], ["nothing"]],
    "formulas": [["x1*x2"], ["1/0"], ["(select 1)"]],
    "scaling": ["raw", "standard"],
    "text": [*TEXTS, "1", "nan"],
    "pictures": LOOKED_AT,
    "count": [1, 3, 50, -1],
    "to": ["next", "previous", "again"],
    "selected": [None, {}, {"what": "weight", "name": "layer1.weight", "index": [0, 0]}, {"index": "x"}],
    "panel": ["runs", "picture", ""],
    "matrices": [{"kind": "update", "pinned": ["layer1", 0], "row": 1}, {"pinned": 3}, {"row": "x"}],
}


@pytest.mark.parametrize("seed", first(1, range(4)))
def test_commands_of_any_kind_are_done_or_refused(seed):
    rng = np.random.default_rng(seed)

    def some(values):
        return values[rng.integers(len(values))]

    def value(field):
        strange = [None, True, [], {}, *NAMES, *NUMBERS]
        usual = FITTING.get(field, [*NAMES, *LESSONS, *NUMBERS[:5], True, None])
        return some(usual if rng.random() < 0.9 else strange)

    session = first_session()
    for _ in range(150):
        name = some([*COMMANDS, "change_settings", "step", "go_to"])
        fields = {f: value(f) for f in COMMANDS[name].__dataclass_fields__ if f != "content"}
        look = Look([0, 5])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # numbers overflow on the way
            with suppress(DownslopeError):
                command = command_of(*_read(json.dumps({"command": name, **fields})))
                if isinstance(command, Look):
                    look = command
                else:
                    outcome = outcome_of(session, command)
                    session.commit(outcome.state)
                    pack(outcome.answer or {})
            session.work()
            pack(overview_of(session, Viewer()))
            assert unpack(pack(frame_of(session, Viewer(look))))["message"] == "frame"
