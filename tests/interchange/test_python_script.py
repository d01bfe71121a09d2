"""A script of a model, which needs NumPy alone, says what the model says."""

import subprocess
import sys

import numpy as np
import pytest
from exported import TABLES, cells_of, model_of

import downslope as ds
from thorough import first


def script_of(model, path):
    defined: dict = {}
    ds.export(model, path)
    exec(compile(path.read_text(), path, "exec"), defined)
    return defined


def close(model, script, frame, cells) -> None:
    if model.target.classes:
        np.testing.assert_allclose(script["predict_proba"](cells), model.predict_proba(frame), 1e-5, 1e-6)
        assert script["predict"](cells).tolist() == model.predict(frame).tolist()
    else:
        np.testing.assert_allclose(
            script["predict"](cells), model.predict(frame), 1e-5, 1e-5 * model.target.scale
        )


@pytest.mark.parametrize("name", first(2, list(TABLES)))
def test_every_encoder_and_the_whole_blend(name: str, tmp_path) -> None:
    model, (frame, _) = model_of(name), TABLES[name]
    script = script_of(model, tmp_path / "model.py")
    close(model, script, frame, cells_of(model, frame))
    close(model, script, frame, frame)  # a frame as it is: dates, truth values, gaps
    close(model, script, frame, frame.to_pandas())


@pytest.mark.thorough
def test_unseen_levels_and_dates_as_text(tmp_path) -> None:
    model, (frame, _) = model_of("every encoder"), TABLES["every encoder"]
    script, few = script_of(model, tmp_path / "model.py"), frame.head(4)
    for name, kind in model.needed_columns.items():
        for cell in [None, *(["never seen", "n/a", " yes ", "3", "0003"] if kind == "level" else [])]:
            changed = few.with_columns(few[name].clear().extend_constant(cell, 4).alias(name))
            close(model, script, changed, changed)
    close(model, script, few, {**few.to_dict(), "at": few["at"].cast(str).to_list()})


def test_a_script_alone(tmp_path) -> None:
    model = model_of("sales")
    ds.export(model, tmp_path / "sales.py")
    code = (
        "import sys, sales; assert not {'downslope', 'polars', 'scipy'} & set(sys.modules); "
        "print(sales.predict({'date': ['2021-01-01'], 'price': [10.13], 'promo': [0]})[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    wanted = model.predict({"date": "2021-01-01", "price": 10.13, "promo": 0})[0]
    assert float(done.stdout) == pytest.approx(wanted, rel=1e-5)


def test_strange_names_of_columns_and_levels(tmp_path) -> None:
    table = {
        'class"""\\': [1.0, 2.0, None, 4.0] * 5,
        "table": ["a'\"", "\n", "é", "\\x"] * 5,
        "np": [0.5, 0.1, 0.7, 0.2] * 5,
        'y"""': [2.0, 4.0, 6.0, 8.5] * 5,
    }
    model = ds.fit(table, target='y"""', epochs=2)
    script = script_of(model, tmp_path / "strange.py")
    np.testing.assert_allclose(script["predict"](table), model.predict(table), rtol=1e-5)
