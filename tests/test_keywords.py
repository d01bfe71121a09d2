"""Keywords that a public callable does not have: an error, a TypeError too, that names what was meant."""

import inspect
import pickle

import pytest

import downslope as ds
from contract_calls import RESULTS
from downslope._keywords import suggests_keywords

CALLABLES = sorted(name for name in ds.__all__ if callable(getattr(ds, name)))
CALLABLES = [name for name in CALLABLES if name not in RESULTS | {"DownslopeError"}]
NAMED = [
    (name, parameter.name)
    for name in CALLABLES
    for parameter in inspect.signature(getattr(ds, name)).parameters.values()
    if parameter.kind != parameter.VAR_KEYWORD
]


@pytest.mark.parametrize("name", CALLABLES)
def test_an_unknown_keyword_is_one_error_with_the_names_there_are(name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name}\(\) has no parameter 'qqqqq'; it has \w+") as caught:
        getattr(ds, name)(qqqqq=1)
    assert isinstance(caught.value, ds.DownslopeError)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(("name", "parameter"), [case for case in NAMED if len(case[1]) > 3])
def test_a_misspelt_keyword_suggests_the_right_one(name: str, parameter: str) -> None:
    for misspelt in (parameter[:-2] + parameter[-1], parameter + "x", parameter.upper()):
        if misspelt in inspect.signature(getattr(ds, name)).parameters:
            continue
        with pytest.raises(
            ds.DownslopeError, match=rf"no parameter '{misspelt}'; did you mean '{parameter}'"
        ):
            getattr(ds, name)(**{misspelt: None})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ds.descend(None, None, None, learningrate=0.1),
            r"descend\(\) has no parameter 'learningrate'; did you mean 'learning_rate'\?",
        ),
        (lambda: ds.descend(None, None, None, lr=0.1), "did you mean 'learning_rate'"),
        (lambda: ds.Dense(8, activaton="tanh"), "did you mean 'activation'"),
        (lambda: ds.fit("t.csv", taget="y"), "did you mean 'target'"),
        (
            lambda: ds.Adam(lr=0.1),
            r"Adam\(\) has no parameter 'lr'; it has beta1, beta2, epsilon$",
        ),
        (lambda: ds.MLPRegressor(hidden_layers=3), "did you mean 'hidden_layer_sizes'"),
        (lambda: ds.play(learningrate=3), "did you mean 'learning_rate'"),
        (lambda: ds.play(leson=3), "did you mean 'lesson'"),
    ],
)
def test_the_error_says_what_to_write(call, message: str) -> None:
    with pytest.raises(ds.DownslopeError, match=message):
        call()


@pytest.mark.parametrize("name", CALLABLES)
def test_a_callable_is_pickled_by_its_name_and_is_documented(name: str) -> None:
    target = getattr(ds, name)
    assert pickle.loads(pickle.dumps(target)) is target
    assert target.__doc__
    assert not any(p.kind == p.VAR_POSITIONAL for p in inspect.signature(target).parameters.values())


def test_other_errors_of_types_are_as_they_were() -> None:
    @suggests_keywords
    def sized(value: object, *, times: int = 1) -> int:
        return len(value) * times  # type: ignore[arg-type]

    assert sized("ab", times=2) == 4
    with pytest.raises(TypeError, match="has no len") as inside:
        sized(3, times=1)
    assert not isinstance(inside.value, ds.DownslopeError)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'value'"):
        sized(times=2)


def test_a_subclass_is_called_by_its_own_name() -> None:
    class Mine(ds.Adam):
        """A rule of one's own."""

    with pytest.raises(TypeError, match=r"^Mine\(\) has no parameter 'beta3'; did you mean 'beta2'"):
        Mine(beta3=1)
