"""A file of C, compiled without a warning, says what the engine says."""

import ctypes
import re
import shutil
import subprocess

import numpy as np
import polars as pl
import pytest
from exported import NETWORKS, TABLES, cells_of, model_of
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from random_networks import data_for, networks
from thorough import examples, first

COMPILER = shutil.which("cc")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-pedantic", "-Wmissing-prototypes", "-Wshadow")


def compiled(path):
    library = path.with_suffix(".so")
    command = [COMPILER, "-std=c99", "-O2", *WARNINGS, "-shared", "-fPIC", path, "-o", library, "-lm"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(library))


def predicted(network, parameters, x, path, **options):
    ds.export(network, path, parameters, **options)
    predict, outputs = compiled(path).net_predict, int(network.graph().prediction.shape[1])
    found = np.empty((len(x), outputs), x.dtype)
    for row, out in zip(np.ascontiguousarray(x), found, strict=True):
        predict(row.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p))
    return found


@pytest.mark.parametrize("dtype", first(1, [np.float32, np.float64]))
@pytest.mark.parametrize("name", first(12, sorted(NETWORKS)))
def test_every_layer_activation_and_loss(name, dtype, tmp_path) -> None:
    network = NETWORKS[name]
    x, _, _, parameters = data_for(network, 9, 1, dtype)
    wanted = ds.predict(network, x, parameters=parameters)
    found = predicted(network, parameters, x, tmp_path / "net.c")
    tolerance = 1e-12 if dtype == np.float64 else 3e-6
    np.testing.assert_allclose(found, wanted, tolerance, tolerance * max(1, np.max(np.abs(wanted))))


@settings(max_examples=examples(20), deadline=None)
@given(networks(), st.integers(0, 99))
def test_any_network(tmp_path_factory, network, seed: int) -> None:
    x, _, _, parameters = data_for(network, 5, seed)
    wanted = ds.predict(network, x, parameters=parameters)
    found = predicted(network, parameters, x, tmp_path_factory.mktemp("c") / "net.c")
    np.testing.assert_allclose(found, wanted, 1e-9, 1e-9 * max(1, np.max(np.abs(wanted))))


def outputs_of(model, frame, path, **options):
    """Numbers or probabilities of each row, and what was said of the export."""
    exported = ds.export(model, path, **options)
    library, cells = compiled(path), cells_of(model, frame)
    text = {name for name, kind in model.needed_columns.items() if kind == "level"}

    class Row(ctypes.Structure):
        _fields_ = [(f"f{i}", ctypes.c_char_p if n in text else ctypes.c_double) for i, n in enumerate(cells)]

    classes = len(model.target.classes)
    predict, found = getattr(library, f"{path.stem}_predict"), []
    predict.restype = ctypes.c_int if classes else ctypes.c_double
    for row in zip(*cells.values(), strict=True):
        given = Row(*[cell.encode() if isinstance(cell, str) else cell for cell in row])
        probabilities = (ctypes.c_double * classes)()
        answer = predict(ctypes.byref(given), *([probabilities] if classes else []))
        found.append([*probabilities, answer])
    return np.array(found), exported


@pytest.mark.parametrize("name", first(3, [*TABLES]))
def test_every_encoder_and_the_whole_blend(name: str, tmp_path) -> None:
    model, (frame, _) = model_of(name), TABLES[name]
    found, exported = outputs_of(model, frame, tmp_path / "model.c")
    if model.target.classes:
        np.testing.assert_allclose(found[:, :-1], model.predict_proba(frame), rtol=1e-5, atol=1e-6)
        assert [model.target.classes[int(k)] for k in found[:, -1]] == model.predict(frame).tolist()
    else:
        np.testing.assert_allclose(found[:, 0], model.predict(frame), 1e-5, 1e-5 * model.target.scale)
    assert re.fullmatch(r"[\d,]+ bytes of constants, [\d,]+ bytes of numbers on the stack", exported.notes[0])
    source = (tmp_path / "model.c").read_text()
    assert "alloc" not in source
    assert source.isascii()


@pytest.mark.parametrize("name", ["penguins", "sales", "every encoder"])
def test_whole_numbers_of_8_bits_stay_within_what_is_said(name: str, tmp_path) -> None:
    model, (frame, _) = model_of(name), TABLES[name]
    found, exported = outputs_of(model, frame, tmp_path / "model.c", int8=True)
    plain = ds.export(model, tmp_path / "plain.c")
    said = float(re.search(r"up to ([\d.e-]+)", exported.notes[1])[1])
    wanted = model.predict_proba(frame) if model.target.classes else model.predict(frame)[:, None]
    error = np.max(np.abs(found[:, : wanted.shape[1]] - wanted))
    assert 0 < error < 1.5 * said  # the rows of the table are others
    constants = [int(e.notes[0].split()[0].replace(",", "")) for e in (exported, plain)]
    assert constants[0] < constants[1]


def test_whole_numbers_compute_as_was_measured(tmp_path) -> None:
    """Every rounding of C is in what the error was measured with."""
    from downslope.interchange.exports import evaluated, of_network

    network = NETWORKS["tanh"]
    x, _, _, parameters = data_for(network, 50, 2, np.float32)
    found = predicted(network, parameters, x, tmp_path / "net.c", int8=True)
    wanted = evaluated(of_network(network, parameters), {"x": x}, int8=True)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    assert np.abs(wanted - ds.predict(network, x, parameters=parameters)).max() > 1e-3


def test_8_bits_that_are_too_few_are_refused(tmp_path) -> None:
    network = ds.Network(2, [ds.Dense(2), ds.Dense(1)])
    parameters = [500.0, 500.0, 500.0, 499.0, 1.0, 1.0, 100.0, -100.0, 0.0]  # of a difference little is left
    with pytest.raises(ds.DownslopeError, match="8-bit numbers would take the prediction up to"):
        ds.export(network, tmp_path / "net.c", parameters, int8=True)
    assert not (tmp_path / "net.c").exists()
    with pytest.raises(ds.DownslopeError, match=r"int8 is of files of C, and net\.onnx is none"):
        ds.export(network, tmp_path / "net.onnx", parameters, int8=True)


def test_strange_names_of_columns_and_levels(tmp_path) -> None:
    levels = ['??=/* "', "é\\", "0x", "*/"]
    table = {
        "double": [1.0, 2.0, None, 4.0] * 5,
        "a b": levels * 5,
        "a_b": [0.5, 0.1, 0.7, 0.2] * 5,
        "*/ int x; /*": [3.0, 2.0, 5.0, 7.0] * 5,
        "*/ ??/": [2.0, 4.0, 6.0, 8.5] * 5,
    }
    model, frame = ds.fit(table, target="*/ ??/", epochs=2), pl.DataFrame(table)
    found, _ = outputs_of(model, frame, tmp_path / "strange.c")
    np.testing.assert_allclose(found[:, 0], model.predict(frame), rtol=1e-5)
