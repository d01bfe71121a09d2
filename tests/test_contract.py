"""What public callables are given: each value works as the plain one does, or is one clear DownslopeError.

For every parameter of every public callable there is a valid call; each unusual value takes the parameter's
place in it. A parameter says which of the values are good ones. The others have to be refused, by name.
"""

import pytest

import downslope as ds
from contract_calls import CALLS, RESULTS
from contract_fits import FITS
from unusual_values import VALUES, attempt, fingerprint, finite, leaves, plain, real

CONTRACT = CALLS | FITS
MLP, TABLES = (ds.MLPRegressor, ds.MLPClassifier), (ds.TableRegressor, ds.TableClassifier)
BY_THE_CLOCK = {(target, "time_limit") for target in (ds.descend, ds.fit, *TABLES)}
"""Settings under which two runs differ."""
IN_THEIR_OWN_DTYPE = {(target, "validation_fraction") for target in MLP}
"""Shares that are multiplied by the number of rows as they are, as scikit-learn does."""
WITHOUT_A_TRACE = {
    *((ds.descend, name) for name in ("patience", "threads")),
    (ds.fit, "threads"),
    (ds.explain, "seed"),
    *((target, name) for target in MLP for name in ("validation_fraction", "max_fun")),
    *((target, name) for target in (*MLP, *TABLES) for name in ("n_jobs", "verbose")),
    *((ds.MLPRegressor, name) for name in ("beta_1", "beta_2", "epsilon", "delta")),
    *((ds.MLPClassifier, name) for name in ("power_t", "momentum")),
    *((target, "sample_weight") for target in TABLES),
}
"""Numbers on which the results here do not depend: other settings decide, or nothing does."""
CASES = [(target, parameter) for target, (_, _, good) in CONTRACT.items() for parameter in good]


def test_every_public_callable_is_under_the_contract():
    public = {name for name in ds.__all__ if callable(getattr(ds, name))} - {"DownslopeError"}
    assert public == {target.__name__ for target in CONTRACT} | RESULTS


@pytest.mark.parametrize(
    ("target", "parameter"), CASES, ids=[f"{target.__name__}-{parameter}" for target, parameter in CASES]
)
def test_every_value_works_as_the_plain_one_or_is_refused_in_words(target, parameter):
    call, valid, good = CONTRACT[target]
    assert attempt(call, valid, parameter)[0] == "works"
    wrong, results = {}, {}
    for label, value in VALUES.items():
        found, result = attempt(call, {**valid, parameter: value}, parameter)
        if found != ("works" if label in good[parameter] else "refused"):
            wrong[label] = found
        elif found == "works":
            results[label] = result
    for label, result in results.items():
        value = VALUES[label]
        if not finite(result) and not (real(value) and abs(value) > 1e300):
            wrong[label] = "works, but the result is not finite"
        alike = (target, parameter) not in BY_THE_CLOCK | IN_THEIR_OWN_DTYPE
        if alike and type(plain(value)) is not type(value):
            _, wanted = attempt(call, {**valid, parameter: plain(value)}, parameter)
            if fingerprint(result) != fingerprint(wanted):
                wrong[label] = f"works, but not as {plain(value)!r} does"
    numbers = {label: result for label, result in results.items() if real(VALUES[label])}
    distinct = {str(fingerprint(result)) for result in numbers.values()}
    if (
        len(numbers) > 1
        and list(leaves(numbers))
        and (target, parameter) not in BY_THE_CLOCK
        and (len(distinct) > 1) == ((target, parameter) in WITHOUT_A_TRACE)
    ):
        wrong["all numbers"] = f"{len(distinct)} results of {len(numbers)} values"
    lines = [f"{label}: {found}" for label, found in wrong.items()]
    assert not wrong, "\n".join([f"{len(lines)} of {len(VALUES)}", *lines[:6]])


@pytest.mark.parametrize("kind", [ds.MLPRegressor, ds.MLPClassifier, ds.TableRegressor, ds.TableClassifier])
def test_a_constructor_of_an_estimator_looks_at_nothing(kind):
    for name in kind().get_params():
        for value in VALUES.values():
            assert getattr(kind(**{name: value}), name) is value
            assert getattr(kind().set_params(**{name: value}), name) is value
