"""Pictures of runs and networks: as SVG without matplotlib, and with it."""

import re
import sys
from html import unescape
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

import downslope as ds
from downslope.drawing import (
    ORANGE,
    Agreement,
    Bar,
    Mark,
    agreement_picture,
    bars_picture,
    histogram_picture,
    scatter_picture,
    small_histogram,
)
from downslope.drawing._curves import log_ticks

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from thorough import first

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
NET = ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(1)])
LINE = ds.Network(3, [ds.Dense(1)])
DEEP = ds.Network(
    6,
    [
        ds.Embedding((1,), (4,), (3,)),
        ds.Periodic([0], 4),
        ds.Sinh([2]),
        ds.Products([0], [0, 2]),
        ds.Peaks([0], [[0, 1]]),
        ds.Dense(30, "tanh"),
        ds.Dropout(0.1),
        ds.Residual((ds.LayerNorm(), ds.Dense(30, "relu"), ds.Dense(30))),
        *[ds.Dense(30, "relu")] * 9,
        ds.Dense(2),
    ],
)
OBJECTS = {
    "network": NET,
    "deep": DEEP,
    "classes": ds.Network(3, [ds.Dense(3)], loss="cross_entropy"),
    "ensemble": ds.Ensemble([NET, NET, ds.Network(3, [ds.Dense(1)])]),
    "tape": ds.tape(NET, "adam"),
    "full batch": ds.descend(NET, X, Y, steps=20),
    "no step": ds.descend(NET, X, Y, steps=0),
    "validation": ds.descend(NET, X, Y, steps=20, validation=0.2),
    "batches": ds.descend(NET, X, Y, epochs=5, batch_size=16, validation=0.2),
    "part of an epoch": ds.descend(NET, X, Y, steps=3, batch_size=8),
    "long": ds.descend(NET, X, Y, steps=3000, learning_rate=0.001),
    "diverged": ds.descend(NET, X, Y, steps=60, learning_rate=1e3),
    "solution": ds.solve(LINE, X, Y),
    "many solutions": ds.solve(ds.Network(3, [ds.Dense(9)]), np.ones((60, 3)), np.ones((60, 9))),
    "forecast": ds.forecast(LINE, X, Y, learning_rate=0.1),
    "forecast of divergence": ds.forecast(LINE, X, Y, learning_rate=9.0, momentum=0.5),
    "forecast of one direction": ds.forecast(ds.Network(1, [ds.Dense(1, bias=False)]), X[:, :1], Y),
    "trained network": ds.TrainedNetwork(NET, NET.initial_parameters()),
    "negative": ds.descend(ds.Network(3, [ds.Dense(1)], loss="poisson"), X, np.full(60, 9.0), steps=200),
}
PLOTTED = [name for name, found in OBJECTS.items() if hasattr(found, "plot")]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def svgs(page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(found) for found in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def words(page: str) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", page))


@pytest.mark.parametrize("name", OBJECTS)
def test_repr_is_one_short_line(name):
    line = repr(OBJECTS[name])
    assert "\n" not in line
    assert len(line) < 250
    assert line.lstrip("<").startswith(type(OBJECTS[name]).__name__)


@pytest.mark.parametrize("name", OBJECTS)
def test_a_notebook_view_is_well_formed_small_and_fetches_nothing(name):
    page = OBJECTS[name]._repr_html_()
    ElementTree.fromstring(page)
    assert len(page) < 150_000
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|src=|href=", page)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', page)


def test_names_of_any_kind_are_shown_and_never_read_as_html():
    name = "<script>alert('x')</script>&amp;\""

    def doubled(z):
        return z * 2

    doubled.__name__ = name

    def build(self, builder, h):
        return h * builder.parameter("scale", (int(h.shape[1]),), "ones")

    net = ds.Network(3, [ds.Dense(3, doubled), type(name, (), {"build": build})(), ds.Dense(1)])
    rows = {name: X[:, 0].tolist(), "b<i>": [name if v > 0 else "&lt;" for v in X[:, 1]], "y<b>": Y.tolist()}
    run = ds.descend(net, X, Y, steps=3)
    shown = [
        *(net, ds.Ensemble([net]), run, ds.TrainedNetwork(net, run.parameters), ds.tape(net)),
        ds.explain(LINE, X, Y, parameters=[1, 2, 3, 0], of="w1", features=[name, "b", "c"]),
        ds.fit(rows, target="y<b>", epochs=2),
    ]
    for found in shown:
        page = found._repr_html_()
        assert name in words(page)
        assert not re.search("<script|<b>y|<i>", page)
        ElementTree.fromstring(page.replace("<details open>", '<details open="">'))


def test_a_network_draws_a_circle_for_each_unit_and_says_the_numbers():
    page = NET._repr_html_()
    (picture,) = svgs(page)
    assert sum(e.tag.endswith("circle") for e in picture.iter()) == 3 + 4 + 1
    assert sum(e.tag.endswith("polyline") for e in picture.iter()) == 3 * 4 + 4
    for part in ("16 parameters", "5 parameters", "squared_error; 21 parameters", "tanh"):
        assert part in words(page)


def test_a_solution_shows_its_numbers_and_a_forecast_its_rates():
    solution = ds.solve(LINE, X, Y)
    page = words(solution._repr_html_())
    for text in (solution.message, *(f"{v:.6g}" for v in solution.parameters["layer1.weight"][0])):
        assert text in page
    assert "and 16 more" in words(OBJECTS["many solutions"]._repr_html_())
    ahead = OBJECTS["forecast"]
    page = words(ahead._repr_html_())
    assert f"{ahead.steps:,} steps" in page
    (line,) = (line for line in str(ahead).split("\n") if "best pair" in line)
    for number in re.findall(r"[\d.]+\d", line)[:2]:  # the numbers of the text are those of the table
        assert number in page
    assert "diverges" in words(OBJECTS["forecast of divergence"]._repr_html_())
    assert "best with momentum" not in words(OBJECTS["forecast of one direction"]._repr_html_())


def test_large_layers_and_many_layers_are_abbreviated():
    page = words(DEEP._repr_html_())
    assert "⋮" in page
    assert re.search(r"… +\d+ more", page)
    values = DEEP.initial_parameters().values()
    assert f"{sum(v.size for v in values):,} parameters" in page


def test_the_curve_of_a_run_shows_every_loss_on_a_logarithmic_axis():
    run = OBJECTS["validation"]
    (picture,) = svgs(run._repr_html_())
    lines = [e.attrib["points"].split() for e in picture.iter() if e.attrib.get("stroke-width") == "2"]
    assert [len(line) for line in lines] == [20, 20]
    heights = [float(point.split(",")[1]) for point in lines[0]]
    assert np.corrcoef(heights, np.log10(run.losses))[0, 1] == pytest.approx(-1, abs=1e-4)
    assert f"best epoch {run.best_epoch}" in words(run._repr_html_())


def test_plot_of_batches_shows_each_step_and_the_mean_of_each_epoch():
    run = OBJECTS["batches"]
    steps, means, validation, best = run.plot().lines
    np.testing.assert_array_equal(steps.get_ydata(), run.losses)
    np.testing.assert_allclose(means.get_ydata(), run.losses.reshape(5, 3).mean(axis=1))
    np.testing.assert_array_equal(means.get_xdata(), np.arange(5) + 0.5)
    np.testing.assert_array_equal(validation.get_xdata(), np.arange(1, 6))
    np.testing.assert_array_equal(validation.get_ydata(), run.validation_losses)
    assert best.get_xdata()[0] == run.best_epoch


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", first(4, PLOTTED))
def test_plots_are_drawn_without_a_warning(name, tmp_path):
    OBJECTS[name].plot().figure.savefig(tmp_path / "picture.png")
    own = plt.figure().subplots()
    assert OBJECTS[name].plot(own) is own
    own.figure.savefig(tmp_path / "own.png")


def test_the_axis_is_logarithmic_unless_a_loss_is_negative():
    scales = {name: OBJECTS[name].plot().get_yscale() for name in ("full batch", "negative", "diverged")}
    assert scales == {"full batch": "log", "negative": "linear", "diverged": "log"}


@pytest.mark.parametrize("name", ["network", "full batch"])
def test_plot_says_what_is_missing(name, monkeypatch):
    with pytest.raises(ds.DownslopeError, match=r"ax needs axes of matplotlib, .* not Figure"):
        OBJECTS[name].plot(plt.figure())
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ds.DownslopeError, match="pip install matplotlib"):
        OBJECTS[name].plot()


@pytest.mark.parametrize(("low", "high"), [(1e-9, 1e9), (0.99, 1.01), (3.0, 40.0), (5e-324, 1.0)])
def test_ticks_lie_within_and_are_few(low, high):
    ticks = log_ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert all(low <= tick <= high for tick in ticks)
    assert ticks == sorted(ticks)


def test_a_scatter_has_a_dot_for_each_point_and_the_diagonal_where_both_are_equal():
    points = [(0.0, 1.0), (2.0, 2.0), (4.0, 3.0)]
    (picture,) = svgs(scatter_picture(points, ("said", "found"), "dots").svg())
    dots = [
        (float(e.attrib["cx"]), float(e.attrib["cy"])) for e in picture.iter() if e.tag.endswith("circle")
    ]
    (diagonal,) = [e.attrib["points"] for e in picture.iter() if "stroke-dasharray" in e.attrib]
    (x1, y1), (x2, y2) = (tuple(map(float, end.split(","))) for end in diagonal.split())
    on = [y1 + (y2 - y1) * (x - x1) / (x2 - x1) for x, _ in dots]
    assert len(dots) == 3
    assert dots[0][1] < on[0]  # above the line: more was found
    assert dots[1][1] == pytest.approx(on[1], abs=0.2)
    assert dots[2][1] > on[2]
    assert (dots[1][0] - dots[0][0]) == pytest.approx(dots[2][0] - dots[1][0], abs=0.2)


def test_an_agreement_has_areas_of_its_shares_and_lines_of_its_ends():
    points = [Agreement(0.25, 0.5, 4.0, (0.25, 0.75)), Agreement(0.75, 0.75, 1.0)]
    (picture,) = svgs(agreement_picture(points, ("said", "found"), "both").svg())
    dots = [e.attrib for e in picture.iter() if e.tag.endswith("circle")]
    assert float(dots[0]["r"]) == pytest.approx(2 * float(dots[1]["r"]))
    (line,) = [e.attrib["points"] for e in picture.iter() if e.attrib.get("stroke") == ORANGE]
    low, high = (float(end.split(",")[1]) for end in line.split())
    assert float(dots[0]["cy"]) == pytest.approx((low + high) / 2, abs=0.1)
    assert float(dots[1]["cy"]) == pytest.approx(high, abs=0.1)


def test_bars_of_histograms_are_as_high_as_their_counts():
    edges, counts = [0.0, 1.0, 2.0, 3.0], [1.0, 4.0, 2.0]
    (picture,) = svgs(histogram_picture(edges, counts, "size", "sizes", [Mark(1.5, "here")]).svg())
    heights = [float(e.attrib["height"]) for e in picture.iter() if e.tag.endswith("rect")]
    np.testing.assert_allclose(np.divide(heights, heights[0]), counts, rtol=0.01)
    assert "here" in [e.text for e in picture.iter() if e.tag.endswith("text")]
    (small,) = svgs(small_histogram(counts, "sizes").svg())
    (area,) = [e.attrib["points"] for e in small.iter() if e.tag.endswith("polygon")]
    tops = [19 - float(point.split(",")[1]) for point in area.split()][1:-1:4]
    np.testing.assert_allclose(np.divide(tops, tops[0]), counts, rtol=0.05)


def test_a_title_stands_above_the_shapes_and_changes_none():
    titled = bars_picture([Bar("a", 0.0, 2.0, "2")], "what it is of", "axis")
    (with_title,), (without,) = svgs(titled.svg()), svgs(titled.untitled.svg())
    texts = [[e.text for e in picture.iter() if e.tag.endswith("text")] for picture in (with_title, without)]
    assert texts[0] == ["what it is of", *texts[1]]
    top, height = (float(with_title.attrib["viewBox"].split()[i]) for i in (1, 3))
    assert top < 0
    assert height + top == float(without.attrib["height"])
