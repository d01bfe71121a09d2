"""Model files with other bytes and other settings: read and run, or refused with a DownslopeError."""

import json
import math
from copy import deepcopy

import numpy as np
import pytest
from safetensors.numpy import save

import downslope as ds
from downslope._files import read_file
from downslope.graph import graph_to_json
from downslope.interchange import ModelFile, read_model_file, write_model_file
from downslope.nets import network_from_json
from thorough import first

MODELS = [
    ds.Network(5, [ds.Embedding((1, 3), (4, 3), (2, 3)), ds.Dense(4, "relu"), ds.Dense(1)]),
    ds.Network(
        5,
        [
            ds.PiecewiseLinear((0, 2), [[0.0, 1.0], [0.0, 0.5, 1.0]]),
            ds.Periodic((4,), 2),
            ds.Peaks((0,), [[0.0, 1.0, 3.0]], learned=False),
            ds.Embedding((3,), (3,), (2,)),
            ds.Residual([ds.LayerNorm(), ds.Dense(14)]),
            ds.Dense(3),
        ],
        loss="cross_entropy",
    ),
    ds.Ensemble([ds.Network(5, [ds.Dense(3, "tanh"), ds.Dense(1)])] * 2),
]


class Own:
    """A layer of one's own: files hold what it built."""

    def build(self, builder, h):
        h = ds.ops.lines(builder.layer(ds.Dropout(0.3), h), (0.5, 2.0, -1.0), (0.0, 1.0, 0.25))
        scaled = h * builder.parameter("scale", (int(h.shape[1]),), "ones")
        return ds.ops.concatenate(scaled, ds.ops.columns(h, (1, 0)))


OWN = ds.Network(
    5,
    [ds.Dense(3, lambda z: z * ds.ops.sum(z, 1, keepdims=True)), Own(), ds.Dense(1)],
    loss=lambda output, target: ds.ops.huber(output, target, 0.3),
)
ALL_MODELS = [*MODELS, OWN]

VALUES = [-1, 0, 1, 2, 3, 7, 2.5, 1e300, 10**400, -1e9, True, None, "x", [], [0], [1, 1], {}]


def predict_from(path, rng):
    """Read a file, predict rows with and without a level, and train a step; say no with a DownslopeError."""
    try:
        model = read_model_file(path)
        x = rng.integers(-1, 5, (33, model.network.inputs)) * rng.choice([1.0, 0.5])
        ds.predict(model.network, np.abs(np.round(x)) % 3, parameters=model.parameters)
        ds.predict(model.network, x, parameters=model.parameters)
    except ds.DownslopeError:
        return


@pytest.mark.parametrize("network", MODELS, ids=range(len(MODELS)))
def test_mutated_bytes_of_model_files(network, tmp_path):
    rng = np.random.default_rng(MODELS.index(network))
    path = tmp_path / "model"
    write_model_file(path, ModelFile(network, network.initial_parameters(0, np.float32), {}))
    whole = bytearray(path.read_bytes())
    for _ in range(40):
        path.write_bytes(damaged(whole, rng))
        predict_from(path, rng)


def damaged(whole, rng):
    """Some bytes changed, mostly of the header; sometimes the end is cut off."""
    content = bytearray(whole)
    for at in rng.integers(0, len(whole) if rng.random() < 0.5 else 12, rng.integers(1, 4)):
        content[at] = rng.choice([0, 1, 48, 57, 255, int(rng.integers(256))])
    return content[: rng.integers(len(content))] if rng.random() < 0.2 else content


@pytest.mark.parametrize("network", MODELS, ids=range(len(MODELS)))
def test_mutated_settings_of_model_files(network, tmp_path):
    """Where the settings still build a network, its graph and parameters are in the file with them."""
    rng = np.random.default_rng(7 + MODELS.index(network))
    path = tmp_path / "model"
    for _ in range(60):
        description = network.to_json()
        for _ in range(rng.integers(1, 4)):
            paths = list(settings(description))
            *where, last = paths[rng.integers(len(paths))]
            target = description
            for key in where:
                target = target[key]
            target[last] = deepcopy(VALUES[rng.integers(len(VALUES))])
        try:
            changed = network_from_json(deepcopy(description))
            sizes = [node.shape for node in changed.graph().parameters.values()]
            if sum(map(math.prod, sizes)) > 10**6:
                continue
            values = changed.initial_parameters(0)
        except (ds.DownslopeError, ValueError, TypeError, KeyError):
            header = json.dumps(description), json.dumps(graph_to_json([network.graph().prediction]))
            values = network.initial_parameters(0)
        else:
            header = json.dumps(description), json.dumps(graph_to_json([changed.graph().prediction]))
        metadata = {"format": "downslope 2", "network": header[0], "graph": header[1], "about": "{}"}
        path.write_bytes(save(values, metadata=metadata))
        predict_from(path, rng)


X = np.abs(np.random.default_rng(0).integers(0, 3, (30, 5)).astype(float))
SETTINGS = {"optimizer": "adam", "batch_size": 8, "steps": 6}


def targets(network):
    """What the network can learn: numbers, or class numbers."""
    return X[:, 0]


def saved(kind, network, path):
    """Write a file of a kind; its content."""
    run = ds.descend(network, X, targets(network), validation=0.4, ema_decay=0.5, **SETTINGS)
    if kind == "run":
        run.save(path)
    else:
        network.save(path, run if kind == "trained network" else None)
    return read_file(path)


def use(path):
    """Whether a file is read; what is read is shown and trained, or a DownslopeError says why not."""
    try:
        found = ds.load(path)
    except ds.DownslopeError:
        return False
    try:
        assert isinstance(found._repr_html_() + repr(found), str)
        network = found if isinstance(found, ds.Network | ds.Ensemble) else found.network
        start = None if network is found else found
        more = SETTINGS | {"steps": 3}
        run = ds.descend(network, X, targets(network), start=start, validation=0.4, ema_decay=0.5, **more)
        ds.predict(network, X, parameters=run)
    except ds.DownslopeError:
        pass
    return True


@pytest.mark.parametrize("network", ALL_MODELS, ids=range(len(ALL_MODELS)))
@pytest.mark.parametrize("kind", ["network", "trained network", "run"])
def test_mutated_bytes_of_files_of_any_kind(kind, network, tmp_path):
    rng = np.random.default_rng(ALL_MODELS.index(network))
    path = tmp_path / kind
    saved(kind, network, path)
    assert use(path)
    whole = path.read_bytes()
    read = 0
    for _ in range(40):
        path.write_bytes(damaged(whole, rng))
        read += use(path)
    assert read < 40


@pytest.mark.parametrize("times", first(1, [20, 60]))
@pytest.mark.parametrize("network", ALL_MODELS, ids=range(len(ALL_MODELS)))
@pytest.mark.parametrize("kind", ["network", "trained network", "run"])
def test_mutated_settings_and_arrays_of_files_of_any_kind(kind, network, times, tmp_path):
    """The file is well formed, and what it says is changed."""
    rng = np.random.default_rng(70 + ALL_MODELS.index(network))
    path = tmp_path / kind
    file = saved(kind, network, path)
    for _ in range(times):
        sections = {name: json.loads(text) for name, text in file.sections.items()}
        arrays = dict(file.arrays)
        for _ in range(rng.integers(1, 3)):
            if arrays and rng.random() < 0.5:
                change_array(arrays, rng)
            else:
                change_section(sections, rng)
        if rng.random() < 0.7:  # where the network is still one, the graph beside it is its own
            sections["graph"] = graph_beside(sections["network"], sections["graph"])
        header = {"format": "downslope 2", "kind": kind} | {n: json.dumps(v) for n, v in sections.items()}
        path.write_bytes(save(arrays, metadata=header))
        use(path)


@pytest.mark.parametrize("times", first(1, [25, 80]))
@pytest.mark.parametrize("target", first(1, ["class", "number"]))
def test_mutated_files_of_fitted_models(target, times, tmp_path):
    """With encoders of every kind, and a record: read and used, or refused with a DownslopeError."""
    rng = np.random.default_rng(5)
    count = 80
    rows = {
        "size": rng.normal(size=count).round(3).tolist(),
        "town": rng.choice(["a", "b", "c"], count).tolist(),
        "street": rng.choice([f"street {i}" for i in range(25)], count).tolist(),
        "new": rng.choice(["yes", "no"], count).tolist(),
        "sold": [f"2024-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(count)],
    }
    y = rng.normal(size=count) if target == "number" else rng.choice(["u", "v", "w"], count)
    path = tmp_path / "model"
    ds.fit({**rows, "y": y.tolist()}, target="y", epochs=1, hidden=(3,), members=2).save(path)
    file, whole, read = read_file(path), path.read_bytes(), 0
    for i in range(times):
        if i % 2:
            path.write_bytes(damaged(whole, rng))
        else:
            about = {"about": file.section("about")}
            change_section(about, rng)
            texts = {**file.sections, "about": json.dumps(about["about"])}
            path.write_bytes(save(dict(file.arrays), metadata={"format": "downslope 2", **texts}))
        try:
            model = ds.load(path, ds.Model)
            read += 1
            assert str(model.summary) + repr(model) + model._repr_html_()
            model.predict(rows)
            model.predict_interval(rows) if target == "number" else model.predict_proba(rows)
        except ds.DownslopeError:
            continue
    assert 0 < read < times


@pytest.mark.thorough
def test_mutated_files_of_models_of_several_targets(tmp_path):
    rng = np.random.default_rng(11)
    rows = {"a": np.linspace(0, 1, 60).tolist(), "y": np.linspace(3, 4, 60).tolist(), "kind": ["u", "v"] * 30}
    path, read = tmp_path / "models", 0
    ds.fit(rows, target=["y", "kind"], epochs=1, hidden=(3,), members=2).save(path)
    file, whole = read_file(path), path.read_bytes()
    for i in range(80):
        if i % 2:
            path.write_bytes(damaged(whole, rng))
        else:
            name = rng.choice(["targets", "unfitted", "model1.about", "model2.about", "model2.intervals"])
            texts = dict(file.sections)
            if name in texts and "about" in name:
                about = {"about": file.section(name)}
                change_section(about, rng)
                texts[name] = json.dumps(about["about"])
            else:
                texts[name] = json.dumps(deepcopy(VALUES[rng.integers(len(VALUES))]))
            metadata = {"format": "downslope 2", "kind": "models", **texts}
            path.write_bytes(save(dict(file.arrays), metadata=metadata))
        try:
            models = ds.load(path, ds.Models)
            read += 1
            assert repr(models) + models._repr_html_()
            models.predict(rows)
        except ds.DownslopeError:
            continue
    assert 0 < read < 80


def graph_beside(description, before):
    try:
        return graph_to_json([network_from_json(deepcopy(description)).graph().prediction])
    except ds.DownslopeError:
        return before


def change_section(sections, rng):
    name = rng.choice([name for name in sections if name != "graph"])
    paths = list(settings(sections[name]))
    *where, last = paths[rng.integers(len(paths))]
    target = sections[name]
    for key in where:
        target = target[key]
    if isinstance(target, dict) and rng.random() < 0.2:
        del target[last]
    else:
        target[last] = deepcopy(VALUES[rng.integers(len(VALUES))])


def change_array(arrays, rng):
    name = rng.choice(list(arrays))
    value = arrays[name]
    change = rng.integers(6)
    if change == 0:
        del arrays[name]
    elif change == 1:
        arrays[f"{name}2"] = value
    elif change == 2:
        value = np.nan_to_num(value).clip(-9, 9)
        arrays[name] = value.astype([np.int64, np.float32, np.bool_][rng.integers(3)])
    elif change == 3:
        arrays[name] = value[None]
    elif change == 4:
        arrays[name] = value[:0]
    else:
        arrays[name] = np.full(value.shape, [np.nan, np.inf, -1e300][rng.integers(3)])


def settings(tree, path=()):
    """The path of every value in nested JSON."""
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, part in parts:
        yield (*path, key)
        yield from settings(part, (*path, key))
