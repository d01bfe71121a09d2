"""A file of JavaScript, run by Node.js, says what the engine says."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from exported import NETWORKS, TABLES, cells_of, model_of

import downslope as ds
from random_networks import data_for
from thorough import first

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js")
RUN = """
const given = JSON.parse(require("fs").readFileSync(0));
const found = given.map(([file, rows]) => require(file).predict(rows));
process.stdout.write(JSON.stringify(found));
"""


def predicted(*given):
    """What files make of rows."""
    text = json.dumps([(str(path), rows) for path, rows in given])
    done = subprocess.run([NODE, "-e", RUN], input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_every_layer_activation_and_loss(tmp_path) -> None:
    given, wanted = [], []
    for i, network in enumerate(NETWORKS.values()):
        x, _, _, parameters = data_for(network, 9, 1)
        wanted.append(ds.predict(network, x, parameters=parameters))
        given.append((ds.export(network, tmp_path / f"net{i}.js", parameters).path, x.tolist()))
    for name, found, want in zip(NETWORKS, predicted(*given), wanted, strict=True):
        np.testing.assert_allclose(found, want, 1e-9, 1e-12 * np.max(np.abs(want)), err_msg=name)


def rows_of(cells):
    blank = {name: [None if c != c else c for c in column] for name, column in cells.items()}
    return [dict(zip(blank, row, strict=True)) for row in zip(*blank.values(), strict=True)]


def close(model, found, frame) -> None:
    if model.target.classes:
        probabilities = [row["probabilities"] for row in found]
        np.testing.assert_allclose(probabilities, model.predict_proba(frame), 1e-5, 1e-6)
        assert [row["prediction"] for row in found] == model.predict(frame).tolist()
    else:
        np.testing.assert_allclose(found, model.predict(frame), 1e-5, 1e-5 * model.target.scale)


@pytest.mark.parametrize("name", first(2, list(TABLES)))
def test_every_encoder_and_the_whole_blend(name: str, tmp_path) -> None:
    model, (frame, _) = model_of(name), TABLES[name]
    ds.export(model, tmp_path / "model.js")
    (found,) = predicted((tmp_path / "model.js", rows_of(cells_of(model, frame))))
    close(model, found, frame)


def test_unseen_levels_and_dates_as_text(tmp_path) -> None:
    model, (frame, _) = model_of("every encoder"), TABLES["every encoder"]
    ds.export(model, tmp_path / "model.js")
    few = frame.head(4)
    rows = rows_of(cells_of(model, few))
    for row, moment in zip(rows, few["at"], strict=True):
        row["at"] = None if moment is None else moment.isoformat()
    given, changed = [(tmp_path / "model.js", rows)], [few]
    for cell in ["never seen", "n/a", " yes ", "constructor"]:
        changed.append(few.with_columns(few["open"].clear().extend_constant(cell, 4).alias("open")))
        given.append((tmp_path / "model.js", [{**row, "open": cell} for row in rows]))
    for found, table in zip(predicted(*given), changed, strict=True):
        close(model, found, table)


def test_strange_names_of_columns_and_levels(tmp_path) -> None:
    table = {
        "__proto__": [1.0, 2.0, None, 4.0] * 5,
        "a </script>": ["a'\"`", "${x}", "é", "\\x"] * 5,
        "rows": [0.5, 0.1, 0.7, 0.2] * 5,
        "y\u2028</script>": [2.0, 4.0, 6.0, 8.5] * 5,
    }
    model = ds.fit(table, target="y\u2028</script>", epochs=2)
    ds.export(model, tmp_path / "strange.js")
    assert "</" not in (tmp_path / "strange.js").read_text()
    (found,) = predicted((tmp_path / "strange.js", rows_of({n: table[n] for n in model.needed_columns})))
    np.testing.assert_allclose(found, model.predict(table), rtol=1e-5)
