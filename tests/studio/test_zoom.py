"""Where a large matrix lies under its window: what holds of every view, in the page's own code."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import downslope.studio

PAGE = Path(downslope.studio.__file__).parent / "page"
SHAPES = [[1024, 1024], [1, 1024], [1024, 3], [5, 7], [300, 1000], [1, 1]]
ROOMS = [{"width": 1200, "height": 650}, {"width": 340, "height": 600}]
LARGEST = 32
SCRIPT = """
import * as zoom from "./zoom.js";
const told = cases.map(({ shape, room, steps }) => {
  const size = zoom.frame(shape, room);
  let view = zoom.whole;
  return { shape, room, size, steps: steps.map(({ factor, x, y, right, down, place }) => {
    const point = [x * size.width, y * size.height];
    const before = zoom.placeAt(view, shape, size, ...point);
    const larger = zoom.enlarged(view, shape, size, factor, ...point);
    const after = zoom.placeAt(larger, shape, size, ...point);
    const away = zoom.moved(larger, shape, size, right, down);
    const shown = { row: Math.floor(place[0] * shape[0]), column: Math.floor(place[1] * shape[1]) };
    view = zoom.showing(away, shape, size, shown);
    const cell = zoom.cell(shape, size, view.zoom);
    return { factor, before, after, larger, away, shown, view, cell };
  }) };
});
console.log(JSON.stringify(told));
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node here to run the page's code")
    generator = np.random.default_rng(0)

    def step():
        right, down = generator.normal(scale=300, size=2)
        x, y, *place = generator.uniform(size=4)
        factor = float(np.exp(generator.normal()))
        return {"factor": factor, "x": x, "y": y, "right": right, "down": down, "place": place}

    cases = [
        {"shape": shape, "room": room, "steps": [step() for _ in range(25)]}
        for shape in SHAPES
        for room in ROOMS
    ]
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(PAGE / "zoom.js", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.js").write_text(f"const cases = {json.dumps(cases)};\n{SCRIPT}")
    done = subprocess.run([node, "run.js"], cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_window_holds_all_of_the_matrix_in_the_room(told):
    for case in told:
        for side in ("width", "height"):
            assert 0 < case["size"][side] <= case["room"][side] + 1e-9


def test_a_matrix_that_is_not_lean_has_square_cells(told):
    (case,) = [case for case in told if case["shape"] == [300, 1000] and case["room"]["width"] == 1200]
    assert case["size"]["width"] / 1000 == pytest.approx(case["size"]["height"] / 300)


def test_no_view_leaves_a_gap_at_a_side(told):
    for case in told:
        for step in case["steps"]:
            for axis, side, corner in ((0, "height", "top"), (1, "width", "left")):
                length = step["cell"][side] * case["shape"][axis]
                assert step["view"][corner] <= 1e-6
                assert step["view"][corner] + length >= case["size"][side] - 1e-6


def test_cells_are_enlarged_to_a_limit(told):
    for case in told:
        for step in case["steps"]:
            assert step["view"]["zoom"] >= 1
            for axis, side in ((0, "height"), (1, "width")):
                fit = case["size"][side] / case["shape"][axis]
                assert fit - 1e-9 <= step["cell"][side] <= max(fit, LARGEST) + 1e-9


def test_what_is_under_the_pointer_stays_there_while_it_is_enlarged(told):
    larger = 0
    for case in told:
        for step in case["steps"]:
            if step["factor"] > 1:  # made smaller, the sides of the matrix may have to move
                larger += 1
                for part in ("row", "column"):
                    assert abs(step["before"][part] - step["after"][part]) <= 1
    assert larger > 100


def test_a_place_is_shown_where_it_was_not(told):
    moves = 0
    for case in told:
        for step in case["steps"]:
            moves += step["away"] != step["view"]
            for part, side, corner in (("row", "height", "top"), ("column", "width", "left")):
                start = step["view"][corner] + step["shown"][part] * step["cell"][side]
                assert start >= -1e-6
                assert start + step["cell"][side] <= case["size"][side] + 1e-6
    assert moves > 50
