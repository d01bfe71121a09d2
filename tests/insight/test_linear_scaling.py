"""Columns of very different sizes: rank, solutions, eigenvalues and printed rates against exact rationals."""

import re
from fractions import Fraction

import numpy as np
import pytest

import downslope as ds
from downslope.insight.linear._decomposition import decompose
from downslope.training import Sgd
from thorough import first

Matrix = list[list[Fraction]]


def exact(values: np.ndarray) -> Matrix:
    return [[Fraction(float(v)) for v in row] for row in np.atleast_2d(values)]


def transposed(a: Matrix) -> Matrix:
    return [list(column) for column in zip(*a, strict=True)]


def product(a: Matrix, b: Matrix) -> Matrix:
    return [
        [sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*b, strict=True)] for row in a
    ]


def reduced(a: Matrix) -> tuple[Matrix, list[int]]:
    """The reduced row echelon form without its rows of 0, and the columns of its pivots."""
    a, pivots = [list(row) for row in a], []
    for column in range(len(a[0])):
        row = next((i for i in range(len(pivots), len(a)) if a[i][column]), None)
        if row is None:
            continue
        place = len(pivots)
        a[place], a[row] = a[row], a[place]
        a[place] = [v / a[place][column] for v in a[place]]
        for i in range(len(a)):
            if i != place and a[i][column]:
                a[i] = [v - a[i][column] * p for v, p in zip(a[i], a[place], strict=True)]
        pivots.append(column)
    return a[: len(pivots)], pivots


def solved(a: Matrix, b: Matrix) -> Matrix:
    joined = [left + right for left, right in zip(a, b, strict=True)]
    return [row[len(a) :] for row in reduced(joined)[0]]


def shortest(a: Matrix, b: Matrix) -> Matrix:
    """The least-squares solution with the smallest norm, from A = F G with F and G of full rank."""
    g, pivots = reduced(a)
    f = [[row[p] for p in pivots] for row in a]
    inner = solved(product(transposed(f), f), product(transposed(f), b))
    return product(transposed(g), solved(product(g, transposed(g)), inner))


def eigenvalues_below(a: Matrix, bound: Fraction) -> int:
    """How many eigenvalues of a symmetric matrix are below a bound: the negative pivots of A − bound·I."""
    a = [[v - bound * (i == j) for j, v in enumerate(row)] for i, row in enumerate(a)]
    negative = 0
    for k in range(len(a)):
        negative += a[k][k] < 0
        for i in range(k + 1, len(a)):
            share = a[i][k] / a[k][k]
            a[i] = [v - share * p for v, p in zip(a[i], a[k], strict=True)]
    return negative


def network(inputs: int, outputs: int = 1, l2: float = 0.0, bias: bool = False) -> ds.Network:
    return ds.Network(inputs, [ds.Dense(outputs, bias=bias)], l2=l2)


def table(seed: int, kind: str) -> np.ndarray:
    """Random numbers whose columns differ in size by up to 10³⁶, or by 10¹⁸ where some are dependent."""
    draw = np.random.default_rng(seed)
    rows, columns = int(draw.integers(3, 9)), int(draw.integers(2, 6))
    x = draw.integers(-50, 50, (rows, columns)).astype(float) + draw.integers(0, 2, (rows, columns)) / 4
    if kind == "dependent":
        x[:, -1] = x[:, 0] * 3 if columns == 2 else x[:, 0] - 2 * x[:, 1]
    if kind == "nearly dependent":
        x[:, -1] = x[:, 0] * 3 + draw.integers(-9, 9, rows) * 2.0**-30
    if kind == "zero":
        x[:, int(draw.integers(columns))] = 0
    size = 30 if kind in ("dependent", "zero") else 60
    return x * 2.0 ** draw.integers(-size, size, columns)


@pytest.mark.parametrize("kind", ["scaled", "nearly dependent"])
@pytest.mark.parametrize("seed", range(40))
def test_a_unique_solution_is_that_of_exact_arithmetic(kind: str, seed: int) -> None:
    x = table(seed, kind)
    x = x if len(x) >= x.shape[1] else x.T
    draw = np.random.default_rng(seed + 1000)
    y = draw.normal(size=(len(x), 2))
    if kind == "nearly dependent":  # what remains of y would be magnified by the square of the condition
        y = x @ (draw.normal(size=(x.shape[1], 2)) / np.abs(x).max(axis=0)[:, None])
    solution = ds.solve(network(x.shape[1], 2), x, y)
    assert solution.rank == x.shape[1] == len(reduced(exact(x))[1])
    want = np.array(shortest(exact(x), exact(y)), float)
    reach = np.abs(x).max(axis=0)[:, None]  # a parameter is measured by what it does to the output
    missed = np.abs(solution.parameters["layer1.weight"].T - want) * reach
    assert np.all(
        missed <= (1e-4 if kind == "nearly dependent" else 1e-11) * np.abs(want * reach).max(axis=0)
    )


@pytest.mark.parametrize("kind", ["dependent", "zero"])
@pytest.mark.parametrize("seed", range(40))
def test_of_many_solutions_it_is_the_shortest_of_exact_arithmetic(kind: str, seed: int) -> None:
    x = table(seed, kind)
    y = np.random.default_rng(seed + 1000).normal(size=(len(x), 1))
    solution = ds.solve(network(x.shape[1]), x, y)
    assert solution.rank == len(reduced(exact(x))[1]) < x.shape[1]
    want = shortest(exact(x), exact(y))
    rest = [[z[0] - t[0]] for z, t in zip(product(exact(x), want), exact(y), strict=True)]
    error = float(sum(r[0] ** 2 for r in rest) / len(x))
    assert solution.error == pytest.approx(error, rel=1e-9, abs=1e-25)
    norm = np.linalg.norm(np.array(want, float))
    assert np.linalg.norm(solution.parameters["layer1.weight"]) == pytest.approx(norm, rel=1e-6)


def test_columns_of_any_size_are_independent() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)) * [1e-9, 1, 1e9]
    want = np.array([1e9, 1, 1e-9])
    solution = ds.solve(network(3), x, x @ want)
    assert str(solution) == "The solution is unique. It fits every row exactly."
    np.testing.assert_allclose(solution.parameters["layer1.weight"][0], want, rtol=1e-12)
    assert np.count_nonzero(ds.forecast(network(3), x, x @ want).eigenvalues) == 3


@pytest.mark.parametrize("weights", [[1, 1e-12], [1, 1e-24], [1e200, 1e188]])
def test_rows_of_any_weight_count(weights: list[float]) -> None:
    """Two rows alone leave the third unknown open; one row of little weight decides it."""
    x = np.array([[1.0, 1, 1], [1, 2, 4], [1, 3, 10]])
    y = x @ [1.0, -2, 3]
    solution = ds.solve(network(3), x, y, row_weights=[weights[0], weights[0], weights[1]])
    assert solution.rank == 3
    np.testing.assert_allclose(solution.parameters["layer1.weight"][0], [1, -2, 3], rtol=1e-10)


def test_what_depends_on_what_is_said() -> None:
    x = np.random.default_rng(0).normal(size=(9, 4)) * [1e-8, 1, 1e8, 1]
    x[:, 3] = 0
    x[:, 2] = 5
    message = ds.solve(network(4, bias=True), x, x[:, 0]).message
    assert "of 5 unknowns only 3 are independent" in message
    assert "x4 is 0 in every row, and x3, the bias depend on one another in these rows" in message


@pytest.mark.parametrize("kind", ["scaled", "dependent", "zero"])
@pytest.mark.parametrize("seed", range(25))
def test_eigenvalues_have_all_their_digits(kind: str, seed: int) -> None:
    """The number of eigenvalues of AᵀA below λ(1 ± 10⁻⁹), in exact arithmetic."""
    x = table(seed, kind)
    found = decompose(x)
    gram = product(transposed(exact(x)), exact(x))
    for place, size in enumerate(found.sizes[::-1]):
        idle = x.shape[1] - found.rank
        value = Fraction(float(size)) ** 2
        assert eigenvalues_below(gram, value * (1 - Fraction(1, 10**9))) == idle + place
        assert eigenvalues_below(gram, value * (1 + Fraction(1, 10**9))) == idle + place + 1
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(found.rank), atol=1e-13)


def printed(text: str) -> tuple[float, float, float, float]:
    """The bound, the best rate, and the best pair of a forecast as it prints them."""
    bound = float(re.search(r"any learning rate below (\S+)\.\n", text)[1])
    best = float(re.search(r"At (\S+), the best rate", text)[1])
    pair = re.search(r"At (\S+) with momentum (\S+), the best pair", text) or ["", best, 0.0]
    return bound, best, float(pair[1]), float(pair[2])


@pytest.mark.parametrize("seed", first(20, range(300)))
def test_printed_rates_converge(seed: int) -> None:
    """μ and η descend for eigenvalues below 2(1 + μ)/η: exactly, by their number, and by running."""
    draw = np.random.default_rng(seed)
    inputs = int(draw.integers(1, 5))
    x = draw.normal(size=(int(draw.integers(inputs, 12)), inputs)) * 10.0 ** draw.uniform(-3, 3, inputs)
    y, start = draw.normal(size=len(x)), draw.normal(size=inputs)
    ahead = ds.forecast(network(inputs), x, y, start=start)
    bound, best, rate, momentum = printed(str(ahead))
    hessian = [[2 * v / len(x) for v in row] for row in product(transposed(exact(x)), exact(x))]
    below_bound = bound * (1 - 1e-12)
    for eta, mu in ((best, 0.0), (below_bound, 0.0), (rate, momentum)):
        assert 0 <= mu < 1
        largest = 2 * (1 + Fraction(mu)) / Fraction(eta)
        assert eigenvalues_below(hessian, largest) == inputs
        typed = ds.forecast(network(inputs), x, y, start=start, learning_rate=eta, momentum=mu)
        assert typed.stable
        if typed.steps is not None and typed.steps < 3000:
            run = ds.descend(
                network(inputs),
                x,
                y,
                start=start,
                optimizer=Sgd(mu),
                learning_rate=eta,
                steps=max(typed.steps, 1),
            )
            away = run.parameters["layer1.weight"] - ahead.solution["layer1.weight"]
            assert np.linalg.norm(away) <= 1e-3 * (1 + 1e-6)
    assert best <= ahead.best_rate < ahead.stable_below
    assert best >= ahead.best_rate * (1 - 1e-4)
    assert momentum >= ahead.best_momentum


def test_counts_of_slow_descents_come_without_descending() -> None:
    x = np.diag([1.0, 1e-5])
    ahead = ds.forecast(network(2), x, [0.0, 0.0], start=[1.0, 1.0], learning_rate=1.0, momentum=0.5)
    # the slow direction shrinks by 1 − η λ/(1 − μ) a step, with λ = 1e-10
    assert ahead.steps == pytest.approx(np.log(1e3) * 0.5 / 1e-10, rel=0.05)
    assert "more than 10¹⁸ steps" in str(ds.forecast(network(2), np.diag([1.0, 1e-12]), [0.0, 0.0]))


def test_numbers_without_a_square_are_refused() -> None:
    for size in (1e200, 1e-200):
        with pytest.raises(ds.DownslopeError, match="squares are beyond"):
            ds.forecast(network(1), [[size], [2 * size]], [1.0, 2.0])
    with pytest.raises(ds.DownslopeError, match="squared error is beyond"):
        ds.solve(network(1), [[1.0], [2.0]], [1e200, 0.0])


def test_memory_grows_with_the_rows() -> None:
    import tracemalloc

    x = np.random.default_rng(0).normal(size=(8000, 3))
    tracemalloc.start()
    ds.solve(network(3), x, x @ [1.0, 2, 3])
    ds.forecast(network(3), x, x @ [1.0, 2, 3])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * x.nbytes
