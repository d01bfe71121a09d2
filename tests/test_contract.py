"""What public callables are given: each value works as the plain one does, or is one clear DownslopeError.

For every parameter of every public callable there is a valid call; each unusual value takes the parameter's
place in it. A parameter says which of the values are good ones. The others have to be refused, by name.
"""

import warnings
from functools import cache

import pytest

import downslope as ds
from contract_calls import CALLS, RESULTS
from contract_fits import FITS
from contract_methods import METHODS
from unusual_values import VALUES, attempt, fingerprint, finite, plain, real

CONTRACT = CALLS | FITS
MLP, TABLES = (ds.MLPRegressor, ds.MLPClassifier), (ds.TableRegressor, ds.TableClassifier)
BY_THE_CLOCK = {(target, "time_limit") for target in (ds.descend, ds.fit, *TABLES)}
BY_THE_CLOCK |= {(ds.tune, "time"), (ds.doctor, "seconds")}
"""Settings under which two runs differ."""
IN_THEIR_OWN_DTYPE = {(target, "validation_fraction") for target in MLP}
"""Shares that are multiplied by the number of rows as they are, as scikit-learn does."""
WITHOUT_A_TRACE = {
    *((ds.descend, name) for name in ("patience", "threads")),
    (ds.fit, "threads"),
    *((ds.tune, name) for name in ("threads", "trials")),
    *((ds.Checkpoint, name) for name in ("every", "keep")),
    (ds.doctor, "seconds"),  # without a proof nothing is tried
    (ds.explain, "seed"),
    (ds.Model.learn, "seed"),  # all rows are one batch
    (ds.Model.contributions, "seed"),  # two columns have two orders
    *((target, name) for target in MLP for name in ("validation_fraction", "max_fun")),
    *((target, name) for target in (*MLP, *TABLES) for name in ("n_jobs", "verbose")),
    *((ds.MLPRegressor, name) for name in ("beta_1", "beta_2", "epsilon", "delta")),
    *((ds.MLPClassifier, name) for name in ("power_t", "momentum")),
    *((target, "sample_weight") for target in TABLES),
}
"""Numbers on which the results here do not depend: other settings decide, or nothing does."""
CASES = [
    (target, parameter) for target, (_, _, good) in {**CONTRACT, **METHODS}.items() for parameter in good
]


FITTING = (ds.fit, ds.tune, ds.TableRegressor, ds.TableClassifier)  # fit tables at each call
ALIKE = {
    ds.MLPClassifier: ds.MLPRegressor,
    ds.Models.evaluate: ds.Model.evaluate,
    ds.Models.predict_interval: ds.Model.predict_interval,
}
"""Whose parameters have their checks in common with those of another, which the quick tests look at."""


def is_thorough(target, parameter):
    return target in FITTING or (
        target in ALIKE and parameter in {**CONTRACT, **METHODS}[ALIKE[target]][2].keys() - {"data"}
    )


def test_every_public_callable_is_under_the_contract():
    public = {name for name in ds.__all__ if callable(getattr(ds, name))} - {"DownslopeError"}
    assert public == {target.__name__ for target in CONTRACT} | RESULTS


@pytest.mark.parametrize(
    ("target", "parameter"),
    [
        pytest.param(
            target,
            parameter,
            id=f"{target.__qualname__}-{parameter}",
            marks=[pytest.mark.thorough] if place % 6 or is_thorough(target, parameter) else [],
        )
        for place, (target, parameter) in enumerate(CASES)
    ],
)
def test_every_value_works_as_the_plain_one_or_is_refused_in_words(target, parameter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # for values that are names of files
    call, valid, good = {**CONTRACT, **METHODS}[target]
    tried = {label: attempt(call, {**valid, parameter: value}, parameter) for label, value in VALUES.items()}
    wanted = {label: "works" if label in good[parameter] else "refused" for label in VALUES}
    wrong = {label: found for label, (found, _) in tried.items() if found != wanted[label]}
    results = {label: result for label, (found, result) in tried.items() if found == "works"}
    wrong |= not_finite(results)
    if (target, parameter) not in BY_THE_CLOCK:
        wrong |= not_used(results, traces=(target, parameter) not in WITHOUT_A_TRACE)
        if (target, parameter) not in IN_THEIR_OWN_DTYPE:
            wrong |= not_as_plain(results, lambda value: call(**{**valid, parameter: value}))
    assert the_valid_call_of(target) == "works"
    lines = [f"{label}: {found}" for label, found in wrong.items()]
    assert not wrong, "\n".join([f"{len(lines)} of {len(VALUES)}", *lines[:6]])


@cache
def the_valid_call_of(target):
    """What the call of a target comes to in which no value is unusual."""
    call, valid, good = {**CONTRACT, **METHODS}[target]
    return attempt(call, valid, next(iter(good)))[0]


def not_finite(results):
    """Results that are not finite, though the value is no end of the numbers."""
    wrong = {label for label, result in results.items() if not finite(result)}
    return dict.fromkeys(wrong - {"1e308"}, "works, but the result is not finite")


def not_as_plain(results, call):
    """Results that differ from those of the plainest spelling of the value."""
    spelt = {label for label in results if type(plain(VALUES[label])) is not type(VALUES[label])}
    spellings = {repr(plain(VALUES[label])): plain(VALUES[label]) for label in spelt}
    with warnings.catch_warnings(action="ignore"):
        wanted = {text: fingerprint(call(value)) for text, value in spellings.items()}
    wrong = {label for label in spelt if fingerprint(results[label]) != wanted[repr(plain(VALUES[label]))]}
    return {label: f"works, but not as {plain(VALUES[label])!r} does" for label in wrong}


def not_used(results, *, traces):
    """Whether different numbers lead to the same result, or to others where they should not."""
    found = {str(fingerprint(result)) for label, result in results.items() if real(VALUES[label])}
    count = sum(real(VALUES[label]) for label in results)
    if count < 2 or found == {"[]"} or (len(found) > 1) == traces:
        return {}
    return {"all numbers": f"{len(found)} results of {count} values"}


@pytest.mark.parametrize("kind", [ds.MLPRegressor, ds.MLPClassifier, ds.TableRegressor, ds.TableClassifier])
def test_a_constructor_of_an_estimator_looks_at_nothing(kind):
    for name in kind().get_params():
        for value in VALUES.values():
            assert getattr(kind(**{name: value}), name) is value
            assert getattr(kind().set_params(**{name: value}), name) is value
