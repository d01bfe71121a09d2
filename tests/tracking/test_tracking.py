"""Trackers: what they are told is what the packages themselves read back; without the package, in words."""

import json
import struct
import sys

import numpy as np
import pytest

import downslope as ds

X = np.random.default_rng(0).normal(size=(60, 2))
Y = X[:, 0] - X[:, 1]
NET = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])
TABLE = {"a": X[:, 0], "b": X[:, 1], "y": Y}
SETTINGS = {"epochs": 3, "batch_size": 20, "validation": 0.25, "learning_rate": 0.05}
TRACKERS = [
    lambda at: ds.TensorBoard(at),
    lambda at: ds.MLflow(uri=f"sqlite:///{at}/m.db"),
    lambda at: ds.WandB(folder=at),
]
NAMES = ["tensorboard", "mlflow", "wandb"]
pytestmark = pytest.mark.filterwarnings("ignore")  # of the packages


def tracked(tracker):
    with tracker:
        run = ds.descend(NET, X, Y, **SETTINGS, progress=tracker)
        tracker.result(run)
    return run


def fitted(tracker):
    with tracker:
        model = ds.fit(TABLE, "y", hidden=(3,), members=2, epochs=2, progress=tracker)
        tracker.result(model)
    return model


def of_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder))
    read.Reload()
    found = {tag: [(e.step, e.value) for e in read.Scalars(tag)] for tag in read.Tags()["scalars"]}
    return found, str(read.Tensors("settings")[0].tensor_proto.string_val[0])


def of_mlflow(uri):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    (run,) = client.search_runs([client.get_experiment_by_name("downslope").experiment_id])
    assert run.info.status == "FINISHED"
    found = {
        name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]
        for name in run.data.metrics
    }
    return found, run.data.params


def records_of_wandb(path):
    """The records of a file: blocks of 32 KiB behind 7 bytes, of chunks as in a log of LevelDB."""
    from wandb.proto import wandb_internal_pb2

    content, at, parts = path.read_bytes(), 7, []
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        size, kind = struct.unpack("<HB", content[at + 4 : at + 7])
        parts.append(content[at + 7 : at + 7 + size])
        at += 7 + size
        if kind in (1, 4):  # whole, or the last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(b"".join(parts))
            parts = []
            yield record


def of_wandb(folder):
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    found, settings = {}, {}
    for record in records_of_wandb(path):
        row = {"/".join(i.nested_key) or i.key: json.loads(i.value_json) for i in record.history.item}
        for name, value in row.items():
            before, slash, kind = name.rpartition("/")
            if kind in ("loss", "validation_loss"):
                found.setdefault(name, []).append((row[f"{before}{slash}step"], value))
        settings |= {item.key: item.value_json for item in record.config.update}
    return found, settings


def check_run(run, found):
    history = run.history
    for name in ("loss", "validation_loss"):
        steps, values = zip(*found[name], strict=True)
        assert list(steps) == history["step"].tolist()
        np.testing.assert_allclose(values, history[name], rtol=1e-6)  # TensorBoard has float32


def test_tensorboard_reads_what_it_was_told(tmp_path):
    pytest.importorskip("tensorboard")
    run = tracked(ds.TensorBoard(tmp_path / "a"))
    found, settings = of_tensorboard(tmp_path / "a")
    check_run(run, found)
    assert found["result/validation_loss"][0][1] == pytest.approx(run.validation_losses.min(), rel=1e-6)
    assert "| learning_rate | 0.05 |" in settings
    model = fitted(ds.TensorBoard(tmp_path / "b"))
    found, settings = of_tensorboard(tmp_path / "b")
    assert {f"y/{group.name}/loss" for group in model.record.groups} <= set(found)
    assert found["result/R²"][0][1] == pytest.approx(model.record.network.r2, rel=1e-6)


def test_mlflow_reads_what_it_was_told(tmp_path):
    pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    uri = f"sqlite:///{tmp_path}/a.db"
    run = tracked(ds.MLflow(uri=uri))
    found, settings = of_mlflow(uri)
    check_run(run, found)
    assert settings["learning_rate"] == "0.05"
    uri = f"sqlite:///{tmp_path}/b.db"
    model = fitted(ds.MLflow(uri=uri))
    found, settings = of_mlflow(uri)
    assert {f"y/{group.name}/loss" for group in model.record.groups} <= set(found)
    assert settings["epochs"] == "2"


def test_wandb_keeps_what_it_was_told(tmp_path):
    pytest.importorskip("wandb")
    run = tracked(ds.WandB(folder=tmp_path / "a"))
    found, settings = of_wandb(tmp_path / "a")
    check_run(run, found)
    assert settings["learning_rate"] == "0.05"
    model = fitted(ds.WandB(folder=tmp_path / "b"))
    found, settings = of_wandb(tmp_path / "b")
    assert {f"y/{group.name}/loss" for group in model.record.groups} <= set(found)


@pytest.mark.parametrize(("make", "name"), list(zip(TRACKERS, NAMES, strict=True)), ids=NAMES)
def test_without_the_package_training_says_what_to_install(make, name, tmp_path, monkeypatch):
    for module in [name, *(m for m in sys.modules if m.startswith(f"{name}."))]:
        monkeypatch.setitem(sys.modules, module, None)
    tracker = make(tmp_path)
    with pytest.raises(ds.DownslopeError, match=rf"{name} is not installed.*downslope\[{name}\]"):
        ds.descend(NET, X, Y, epochs=1, progress=tracker)
    tracker.close()


def test_a_result_is_a_run_or_a_model(tmp_path):
    for given in (3, None, ds.Run):
        with pytest.raises(ds.DownslopeError, match="result needs a run or a model"):
            ds.TensorBoard(tmp_path).result(given)
