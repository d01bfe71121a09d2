"""The lines of equal height that the page draws, against circles and parabolas known by formula."""

import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import downslope.studio

PAGE = Path(downslope.studio.__file__).parent / "page"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None, reason="Node.js is not there to run the page's code"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A copy of the page of which Node.js knows that its files are modules."""
    copy = tmp_path_factory.mktemp("page")
    shutil.copytree(PAGE, copy, dirs_exist_ok=True)
    (copy / "package.json").write_text('{"type": "module"}')
    return copy


def run(page, module, expression, **given):
    """The value of an expression over what a module of the page exports and some arrays."""
    (page / "asked.js").write_text(
        f"import * as m from './pictures/{module}';\n"
        f"const given = {json.dumps(given)};\n"
        "const grid = given.grid && { width: given.grid[0].length, height: given.grid.length,\n"
        "  values: Float64Array.from(given.grid.flat(), (v) => v ?? NaN) };\n"
        f"console.log(JSON.stringify({expression}));\n"
    )
    done = subprocess.run(["node", str(page / "asked.js")], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def squares(size, reach):
    """x² + 4y² over a grid, and its axis."""
    axis = np.linspace(-reach, reach, size)
    return axis, axis[None, :] ** 2 + 4 * axis[:, None] ** 2


def test_a_circle_is_one_closed_line_of_its_length(page):
    axis = np.linspace(-3, 3, 121)
    heights = np.hypot(axis[None, :], axis[:, None])
    (line,) = run(page, "contours.js", "m.contourLines(grid, 2)", grid=heights.tolist())
    points = np.reshape(line, (-1, 2)) * 0.05 - 3
    np.testing.assert_allclose(np.hypot(*points.T), 2, atol=1e-3)
    np.testing.assert_array_equal(points[0], points[-1])
    length = np.hypot(*np.diff(points, axis=0).T).sum()
    np.testing.assert_allclose(length, 2 * math.pi * 2, rtol=1e-3)


def test_lines_end_at_the_edge_and_where_nothing_is_known(page):
    heights = np.tile(np.arange(9.0), (9, 1))
    (line,) = run(page, "contours.js", "m.contourLines(grid, 3.25)", grid=heights.tolist())
    points = np.reshape(line, (-1, 2))
    np.testing.assert_allclose(points[:, 0], 3.25)
    assert sorted({points[0, 1], points[-1, 1]}) == [0, 8]
    holed = heights.tolist()
    holed[4][3] = None
    lines = run(page, "contours.js", "m.contourLines(grid, 3.25)", grid=holed)
    ends = sorted(y for line in lines for y in (line[1], line[-1]))
    assert ends == [0, 3, 5, 8]


def test_a_saddle_has_two_lines_on_either_side(page):
    axis = np.linspace(-1, 1, 20)
    lines = run(page, "contours.js", "m.contourLines(grid, 0.1)", grid=np.outer(axis, axis).tolist())
    assert len(lines) == 2
    for line in lines:
        u, v = np.reshape(line, (-1, 2)).T * (2 / 19) - 1
        np.testing.assert_allclose(u * v, 0.1, atol=3e-3)


def test_a_parabola_is_exact_between_the_places_of_a_coarse_grid(page):
    axis, heights = squares(12, 100.0)
    heights += 1e-3
    fine = run(
        page,
        "contours.js",
        "((f) => [f.width, f.height, [...f.values]])(m.refined(grid, m.heights(grid)))",
        grid=heights.tolist(),
    )
    wide = np.linspace(-100, 100, fine[0])
    expected = np.log10(wide[None, :] ** 2 + 4 * wide[:, None] ** 2 + 1e-3)
    floor = math.log10(heights.min() * 1e-3)
    np.testing.assert_allclose(np.reshape(fine[2], fine[1::-1]), np.maximum(expected, floor), atol=1e-6)
    assert len(wide) > 100
    assert axis[0] == wide[0]


def test_ticks_are_round_and_inside(page):
    for low, high in ((-1.3, 4.9), (0.0012, 0.0019), (-4e8, 1e9), (1e6, 1e6 + 3)):
        found = [mark["value"] for mark in run(page, "axes.js", "m.ticks(...given.ends)", ends=[low, high])]
        assert 3 <= len(found) <= 9
        assert low - 1e-9 * abs(low) <= found[0] < found[-1] <= high * (1 + 1e-9)
        step = (found[-1] - found[0]) / (len(found) - 1)
        assert round(step / 10 ** math.floor(math.log10(step) + 1e-9), 6) in (1, 2, 5)
        np.testing.assert_allclose(np.divide(found, step), np.round(np.divide(found, step)), atol=1e-6)
