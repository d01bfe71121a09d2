"""Runs scikit-learn's own tests of its multi-layer perceptrons with Downslope's classes in their place.

python tests/sklearn_suite.py [options of pytest]
"""

import sys

import pytest
import sklearn.neural_network

import downslope as ds

SUITE = "sklearn.neural_network.tests.test_mlp"
LEFT_OUT = {
    "test_gradient": "calls _loss_grad_lbfgs, a private method that fills arrays of the caller's",
}
"""Tests that cannot run, each with its reason."""


class InPlaceOfScikitLearns:
    """Puts the classes where the suite imports them from, and leaves tests out by name."""

    def pytest_configure(self) -> None:
        for estimator in (ds.MLPClassifier, ds.MLPRegressor):
            setattr(sklearn.neural_network, estimator.__name__, estimator)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        modules = {item.module for item in items}
        for module in modules:
            assert module.MLPClassifier is ds.MLPClassifier
            assert module.MLPRegressor is ds.MLPRegressor
        items[:] = [item for item in items if item.originalname not in LEFT_OUT]


def main(arguments: list[str]) -> int:
    """Run the suite, apart from the configuration of this project; the exit status of pytest."""
    for name, reason in LEFT_OUT.items():
        print(f"left out: {name}: {reason}")
    apart = ["-c", "/dev/null", "-p", "no:cacheprovider", "--pyargs", SUITE]
    return int(pytest.main([*apart, *arguments], plugins=[InPlaceOfScikitLearns()]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
