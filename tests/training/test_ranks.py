"""Steps that several ranks take together, here threads; those of one process are the oracle."""

import numpy as np
import pytest
from thread_ranks import on_ranks

import downslope as ds
import thorough
from downslope.engines import Share, evaluate
from downslope.engines.native._descent import NativeDescent, step_tape
from downslope.engines.native.lowering import Opcode, lower
from downslope.graph import gradient, make, parameter
from downslope.training import AdamW, training_program
from engine_names import NEEDS_TORCH

RNG = np.random.default_rng(5)
X = RNG.normal(size=(1003, 7)).astype(np.float32)
Y = np.sin(X @ RNG.normal(size=7)).astype(np.float32)
LAYERS = [ds.Dense(33, "tanh"), ds.Dropout(0.2), ds.Dense(17, "silu"), ds.Dense(1)]
NETWORK = ds.Network(7, LAYERS, l1=0.001, l2=0.01)
CLASSES = ds.Network(7, [ds.Dense(9, "relu"), ds.Dropout(0.4), ds.Dense(3)], loss="cross_entropy")
PAIR = ds.Ensemble([NETWORK, NETWORK])

DESCENTS = {
    "batches, the last of them small": (NETWORK, {"batch_size": 100, "epochs": 3, "optimizer": "adam"}),
    "a rank without rows": (NETWORK, {"batch_size": 1, "steps": 30}),
    "all rows at a time": (NETWORK, {"steps": 30, "learning_rate": 0.1}),
    "a limit of the norm": (NETWORK, {"batch_size": 64, "epochs": 2, "optimizer": "adamw", "clip_norm": 0.3}),
    "weights": (NETWORK, {"batch_size": 37, "epochs": 2, "row_weights": RNG.integers(0, 3, 1003)}),
    "mostly no weight": (NETWORK, {"batch_size": 3, "steps": 90, "row_weights": RNG.random(1003) < 0.1}),
    "validation": (NETWORK, {"batch_size": 50, "epochs": 6, "validation": 0.2, "patience": 2}),
    "classes": (CLASSES, {"batch_size": 70, "epochs": 2}),
    "an ensemble": (PAIR, {"batch_size": 90, "epochs": 2, "row_weights": RNG.random((1003, 2))}),
    "frozen": (NETWORK, {"batch_size": 90, "epochs": 1, "frozen": ["layer1.weight"]}),
    "float64": (NETWORK, {"batch_size": 90, "epochs": 1, "precision": "float64"}),
    "bfloat16": (NETWORK, {"batch_size": 90, "epochs": 1, "precision": "bfloat16"}),
}


def _targets(network):
    return RNG.integers(0, 3, len(X)) if network is CLASSES else Y


@pytest.mark.parametrize("count", thorough.first(1, [3, 2]))
@pytest.mark.parametrize("name", DESCENTS)
def test_ranks_take_the_steps_of_one_process(monkeypatch, name, count):
    network, settings = DESCENTS[name]
    y = _targets(network)
    one = ds.descend(network, X, y, seed=3, **settings)
    runs = on_ranks(
        monkeypatch, count, lambda rank: ds.descend(network, X, y, seed=3, parallel="data", **settings)
    )
    rounding = {"float64": 1e-12, "bfloat16": 2e-2}.get(name, 1e-5)  # of words of 8 bits another is nearest
    for run in runs:
        assert (run.stopped, run.best_epoch, len(run.losses)) == (
            one.stopped,
            one.best_epoch,
            len(one.losses),
        )
        np.testing.assert_allclose(run.losses, one.losses, rtol=rounding, atol=rounding)
        for parameter_name, value in one.parameters.items():
            largest = np.abs(value).max() + 1e-3
            assert np.abs(run.parameters[parameter_name] - value).max() < rounding * largest
            np.testing.assert_array_equal(run.parameters[parameter_name], runs[0].parameters[parameter_name])


def test_the_reference_engine_takes_them_too(monkeypatch):
    settings = {"batch_size": 100, "steps": 15, "engine": "reference"}
    one = ds.descend(NETWORK, X, Y, seed=3, **settings)
    runs = on_ranks(
        monkeypatch, 2, lambda rank: ds.descend(NETWORK, X, Y, seed=3, parallel="data", **settings)
    )
    for run in runs:
        np.testing.assert_allclose(run.losses, one.losses, rtol=1e-5)


def test_threads_of_a_rank_give_the_same_bits():
    deep = ds.Network(40, [ds.Dense(600, "relu"), ds.Dense(600, "relu"), ds.Dropout(0.1), ds.Dense(1)])
    program = training_program(deep, AdamW(), relative=True, over_ranks=True)
    states = {n: np.zeros(tuple(map(int, s.shape)), np.float32) for n, s in program.states.items()}
    rows = {"x": RNG.normal(size=(300, 40)), "y": RNG.normal(size=(300, 1)), "row_weights": np.ones(300)}
    data = {name: value.astype(np.float32) for name, value in rows.items()}
    found = []
    for threads in (1, 2):
        seen = []

        def add_up(values, seen=seen):
            seen.append(len(values))
            values *= 2  # another rank with the same rows

        descent = NativeDescent(
            *(program.graph.error, program.assignments, data, 300), threads=threads, share=Share(add_up)
        )
        descent.put({**deep.initial_parameters(1, np.float32), **states})
        steps = {"learning_rate": np.full(6, 0.01), "step": np.arange(1.0, 7), "rows": np.full(6, 600.0)}
        errors = descent.run(None, 6, steps, 1, 0)
        assert len(seen) == 6 * len(
            step_tape(program.graph.error, tuple(program.assignments.items()), False).exchanges
        )
        found.append((errors, descent.values()))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    for name, value in found[0][1].items():
        np.testing.assert_array_equal(value, found[1][1][name])


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exchange_that_fails_ends_the_run_on_all_threads(threads):
    program = training_program(NETWORK, AdamW(), relative=True, over_ranks=True)
    states = {n: np.zeros(tuple(map(int, s.shape)), np.float32) for n, s in program.states.items()}
    data = {"x": X, "y": Y[:, None], "row_weights": np.ones(len(X), np.float32)}
    calls = []

    def add_up(values):
        calls.append(values)
        if len(calls) > 3:
            raise ds.DownslopeError("rank 1 is lost")

    descent = NativeDescent(
        *(program.graph.error, program.assignments, data, len(X)), threads=threads, share=Share(add_up)
    )
    descent.put({**NETWORK.initial_parameters(1, np.float32), **states})
    steps = {name: np.full(9, 1.0) for name in ("learning_rate", "step", "rows")}
    with pytest.raises(ds.DownslopeError, match="rank 1 is lost"):
        descent.run(None, 9, steps, 1, 0)
    assert len(descent.ran[1]) == 3


class Opened(ds.Dataset):
    """A dataset that remembers which blocks were read."""

    def __init__(self, *given, **settings):
        super().__init__(*given, **settings)
        self.opened = []

    def frame(self, block):
        self.opened.append(block)
        return super().frame(block)


@pytest.fixture
def uneven(tmp_path, monkeypatch):
    """Files of 703, 40 and 260 rows, in 22 blocks of 3 to 50 rows."""
    pl = pytest.importorskip("polars")
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 1000)
    columns = {f"x{n}": column for n, column in enumerate(X.T)}
    rows = pl.DataFrame({**columns, "y": Y})
    for name, first, last in (("a", 0, 703), ("b", 703, 743), ("c", 743, 1003)):
        rows[first:last].write_parquet(tmp_path / f"{name}.parquet", row_group_size=50)
    return tmp_path


def close(run, one, rounding=1e-5):
    assert (run.stopped, run.message, run.best_epoch) == (one.stopped, one.message, one.best_epoch)
    np.testing.assert_allclose(run.losses, one.losses, rtol=rounding)
    np.testing.assert_allclose(run.validation_losses, one.validation_losses, rtol=rounding)
    for name, value in one.parameters.items():
        assert np.abs(run.parameters[name] - value).max() < rounding * (np.abs(value).max() + 1e-3)


STREAMS = {
    "windows of many blocks": (1 << 16, {"batch_size": 64, "epochs": 3, "optimizer": "adam"}),
    "windows of fewer blocks than ranks": (5000, {"batch_size": 32, "epochs": 1}),
    "batches of one row": (1 << 14, {"batch_size": 1, "steps": 70}),
    "one window": (1 << 30, {"batch_size": 90, "epochs": 3}),
    "all rows at a time": (1 << 30, {"steps": 20, "learning_rate": 0.1}),
    "rows that validate": (1 << 16, {"batch_size": 50, "epochs": 4, "validation": 0.2, "patience": 2}),
    "the reference engine": (1 << 15, {"batch_size": 90, "steps": 20, "engine": "reference"}),
    "torch": (1 << 15, {"batch_size": 90, "steps": 20, "engine": "torch", "device": "cpu"}),
}
IN_TORCH = [pytest.mark.thorough, *NEEDS_TORCH]


@pytest.mark.parametrize("count", thorough.first(1, [3, 2]))
@pytest.mark.parametrize(
    "name",
    [*thorough.first(3, list(STREAMS)[:-1]), pytest.param("torch", marks=IN_TORCH)],
)
def test_ranks_read_blocks_of_their_own_and_take_the_steps_of_one_process(monkeypatch, uneven, name, count):
    memory, settings = STREAMS[name]
    settings = {"seed": 3, **settings}
    one = ds.descend(NETWORK, ds.Dataset(uneven, memory=memory), "y", **settings)
    sets = [Opened(uneven, memory=memory) for _ in range(count)]
    runs = on_ranks(
        monkeypatch, count, lambda rank: ds.descend(NETWORK, sets[rank], "y", parallel="data", **settings)
    )
    for run in runs:
        close(run, one)
        for parameter_name, value in runs[0].parameters.items():
            np.testing.assert_array_equal(run.parameters[parameter_name], value)
    if name == "one window":  # every block by one rank, once
        opened = [block for each in sets for block in each.opened]
        assert sorted(opened, key=str) == sorted(sets[0].blocks, key=str)
        assert all(abs(len(each.opened) - len(opened) / count) <= 1 for each in sets)
    if name in ("windows of many blocks", "rows that validate"):
        times = len(one.losses) // one.steps_in_epoch + 1 if "validate" in name else 3
        rows = [sum(block.rows for block in each.opened) for each in sets]
        # besides what was read ahead for the next epoch
        assert all(abs(own / times - 1003 / count) < 0.25 * 1003 / count for own in rows)


@pytest.mark.thorough
def test_weights_that_differ_by_member_are_counted_over_all_ranks(monkeypatch, uneven):
    model = {"target": "y", "members": 3, "hidden": (8,), "epochs": 2, "batch_size": 64}
    one = ds.fit(ds.Dataset(uneven, memory=70_000), **model)
    sets = [Opened(uneven, memory=70_000) for _ in range(2)]
    found = on_ranks(monkeypatch, 2, lambda rank: ds.fit(sets[rank], **model, parallel="data"))
    for each in found:
        for name, value in one.parameters.items():
            np.testing.assert_array_equal(each.parameters[name], found[0].parameters[name])
            assert np.abs(each.parameters[name] - value).max() < 1e-5 * (np.abs(value).max() + 1e-3)
    assert any("shuffled in windows of" in note for note in one.record.notes)


@pytest.mark.thorough
def test_a_stream_of_ranks_goes_on_from_a_checkpoint_with_the_same_bits(
    monkeypatch, uneven, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("kept") / "a"
    settings = {"batch_size": 64, "epochs": 4, "optimizer": "adam", "parallel": "data"}
    whole = on_ranks(
        monkeypatch, 3, lambda rank: ds.descend(NETWORK, ds.Dataset(uneven, memory=30_000), "y", **settings)
    )

    def cut(rank):
        def killed(epoch):
            if epoch.step >= 32:
                raise RuntimeError("killed")

        with pytest.raises(RuntimeError):
            ds.descend(
                *(NETWORK, ds.Dataset(uneven, memory=30_000), "y"),
                **settings,
                progress=killed,
                checkpoint=ds.Checkpoint(folder, every="7 steps"),
            )

    on_ranks(monkeypatch, 3, cut)
    kept = ds.Checkpoint(folder, resume=True)
    again = on_ranks(
        monkeypatch,
        3,
        lambda rank: ds.descend(
            *(NETWORK, ds.Dataset(uneven, memory=30_000), "y"), **settings, checkpoint=kept
        ),
    )
    for run, before in zip(again, whole, strict=True):
        np.testing.assert_array_equal(run.losses, before.losses)
        for name, value in before.parameters.items():
            np.testing.assert_array_equal(run.parameters[name], value)


def test_an_error_in_rows_of_another_rank_is_told_as_in_one_process(monkeypatch, uneven):
    settings = {"batch_size": 64, "steps": 200, "learning_rate": 1e6}
    one = ds.descend(NETWORK, ds.Dataset(uneven, memory=30_000), "y", **settings)
    runs = on_ranks(
        monkeypatch,
        2,
        lambda rank: ds.descend(NETWORK, ds.Dataset(uneven, memory=30_000), "y", parallel="data", **settings),
    )
    assert one.stopped == "not finite"
    for run in runs:
        assert (run.stopped, run.message) == (one.stopped, one.message)


def test_a_rank_goes_on_where_another_decides_to_end(monkeypatch):
    def descend(rank):
        def progress(epoch):
            return rank == 0 and epoch.step >= 22

        return ds.descend(NETWORK, X, Y, parallel="data", batch_size=100, epochs=9, progress=progress)

    first, second = on_ranks(monkeypatch, 2, descend)
    assert first.stopped == second.stopped == "callback"
    assert len(first.losses) == len(second.losses) == 22


def test_the_first_rank_has_the_clock(monkeypatch):
    limits = [0.2, 1000.0]
    first, second = on_ranks(
        monkeypatch,
        2,
        lambda rank: ds.descend(
            NETWORK, X, Y, parallel="data", batch_size=50, steps=10**9, time_limit=limits[rank]
        ),
    )
    assert first.stopped == second.stopped == "time"
    assert len(first.losses) == len(second.losses) < 10**8


def test_an_error_that_is_not_finite_ends_all_before_its_update(monkeypatch):
    settings = {"batch_size": 100, "steps": 200, "learning_rate": 1e6}
    one = ds.descend(NETWORK, X, Y, **settings)
    runs = on_ranks(monkeypatch, 2, lambda rank: ds.descend(NETWORK, X, Y, parallel="data", **settings))
    assert one.stopped == "not finite"
    for run in runs:
        assert (run.stopped, run.message) == (one.stopped, one.message)


def test_a_checkpoint_of_ranks_is_that_of_one_process(monkeypatch, tmp_path):
    settings = {"batch_size": 100, "epochs": 4, "validation": 0.2}
    whole = on_ranks(monkeypatch, 2, lambda rank: ds.descend(NETWORK, X, Y, parallel="data", **settings))
    folder = tmp_path / "kept"

    def cut(rank):
        calls = []

        def progress(epoch):
            calls.append(epoch)
            if len(calls) == 3:
                raise RuntimeError("killed")

        with pytest.raises(RuntimeError):
            ds.descend(
                *(NETWORK, X, Y),
                parallel="data",
                **settings,
                progress=progress,
                checkpoint=ds.Checkpoint(folder, every="7 steps"),
            )

    on_ranks(monkeypatch, 2, cut)
    kept = ds.Checkpoint(folder, resume=True)
    again = on_ranks(
        monkeypatch, 2, lambda rank: ds.descend(NETWORK, X, Y, parallel="data", **settings, checkpoint=kept)
    )
    for run, before in zip(again, whole, strict=True):
        np.testing.assert_array_equal(run.losses, before.losses)
        for name, value in before.parameters.items():
            np.testing.assert_array_equal(run.parameters[name], value)
    alone = ds.descend(NETWORK, X, Y, **settings, checkpoint=kept)  # which was done before
    np.testing.assert_array_equal(alone.losses, whole[0].losses)


def test_a_folder_that_is_refused_is_refused_on_all_ranks(monkeypatch, tmp_path):
    (tmp_path / "000-000001.downslope").write_text("no checkpoint")
    kept = ds.Checkpoint(tmp_path)

    def descend(rank):
        with pytest.raises(ds.DownslopeError, match="holds checkpoints; go on from them with resume=True"):
            ds.descend(NETWORK, X, Y, parallel="data", steps=5, checkpoint=kept)
        return True

    assert on_ranks(monkeypatch, 2, descend) == [True, True]


def test_what_flows_back_to_a_copy_is_summed_over_ranks():
    w = parameter("w", (3,))
    copy = make("copy_to_ranks", w)
    error = make("sum_over_ranks", make("sum", make("square", copy), axes=None, keepdims=False))
    (slope,) = gradient(error, [w])
    assert slope.op.name == "sum_over_ranks"
    value = np.array([1.0, -2.0, 3.0])
    found = evaluate([slope, error], {"w": value})  # of one process
    np.testing.assert_array_equal(found[0], 2 * value)
    assert found[1] == 14


def test_rows_have_no_sum_over_ranks():
    with pytest.raises(ds.DownslopeError, match="each rank has rows of its own"):
        make("sum_over_ranks", NETWORK.graph().errors)


def test_penalties_are_not_summed():
    program = training_program(NETWORK, AdamW(), relative=True, over_ranks=True)
    bias, weight = (program.gradients[f"layer1.{name}"] for name in ("bias", "weight"))
    assert bias.op.name == "sum_over_ranks"
    assert weight.op.name == "add"
    names = {node.op.name for node in weight.inputs}
    assert "sum_over_ranks" in names


def test_the_gradients_of_a_layer_are_on_their_way_while_those_below_are_computed():
    deep = ds.Network(600, [ds.Dense(600, "relu"), ds.Dense(600, "relu"), ds.Dense(600, "relu"), ds.Dense(1)])
    program = training_program(deep, AdamW(), relative=True, over_ranks=True)
    tape = lower([program.graph.error], dict(program.assignments))
    sent = [exchange.sent for exchange in tape.exchanges]
    last = max(i.level for i in tape.instructions if i.opcode == Opcode.CONTRACT)
    assert len(sent) == 3
    assert sent == sorted(sent)
    assert sent[0] < last
    assert [e.wanted for e in tape.exchanges] == [sent[-1] + 1 + place for place in range(3)]
    made = {value: i.level for i in tape.instructions for value in i.writes}
    for exchange in tape.exchanges:
        assert all(made[value] < exchange.sent for value, _ in exchange.values)
    for i in tape.instructions:
        assert all(i.level >= e.wanted for e in tape.exchanges for _, back in e.values if back in i.reads)


@pytest.mark.torch
def test_without_ranks_it_is_said_how_to_start_them(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(ds.DownslopeError, match="start them with torchrun --nproc-per-node N"):
        ds.descend(NETWORK, X, Y, parallel="data", steps=1)
    with pytest.raises(ds.DownslopeError, match="parallel"):
        ds.descend(NETWORK, X, Y, parallel="rows", steps=1)
