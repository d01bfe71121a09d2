"""What public callables are given: each value works as the plain one does, or is one clear DownslopeError.

For every parameter of every public callable there is a valid call; each unusual value takes the parameter's
place in it. A parameter says which of the values are good ones. The others have to be refused, by name.
"""

import pytest

import downslope as ds
from contract_calls import CALLS, RESULTS
from contract_fits import FITS
from unusual_values import VALUES, outcome

CONTRACT = CALLS | FITS
CASES = [(target, parameter) for target, (_, _, good) in CONTRACT.items() for parameter in good]


def test_every_public_callable_is_under_the_contract():
    public = {name for name in ds.__all__ if callable(getattr(ds, name))} - {"DownslopeError"}
    assert public == {target.__name__ for target in CONTRACT} | RESULTS


@pytest.mark.parametrize(
    ("target", "parameter"), CASES, ids=[f"{target.__name__}-{parameter}" for target, parameter in CASES]
)
def test_every_value_works_or_is_refused_in_words(target, parameter):
    call, valid, good = CONTRACT[target]
    assert outcome(call, valid, parameter) == "works"
    wrong = {}
    for label, value in VALUES.items():
        found = outcome(call, {**valid, parameter: value}, parameter)
        if found != ("works" if label in good[parameter] else "refused"):
            wrong[label] = found
    lines = [f"{label}: {found}" for label, found in wrong.items()]
    assert not wrong, "\n".join([f"{len(lines)} of {len(VALUES)}", *lines[:6]])


@pytest.mark.parametrize("kind", [ds.MLPRegressor, ds.MLPClassifier, ds.TableRegressor, ds.TableClassifier])
def test_a_constructor_of_an_estimator_looks_at_nothing(kind):
    for name in kind().get_params():
        for value in VALUES.values():
            assert getattr(kind(**{name: value}), name) is value
            assert getattr(kind().set_params(**{name: value}), name) is value
