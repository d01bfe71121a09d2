"""Columns of whole numbers that name persons, schools or regions: which are found, and what that gains."""

from __future__ import annotations

import numpy as np
import pytest

import downslope as ds
from downslope.tables import Description
from thorough import first, one_in

PERSONS, YEARS = 600, 6
RNG = np.random.default_rng(4)
PERSON = np.repeat(RNG.permutation(10_000)[:PERSONS], YEARS)
OWN = np.repeat(RNG.normal(size=PERSONS), YEARS)
YEAR = np.tile(np.arange(YEARS), PERSONS)
Y = OWN + YEAR / 2 + 0.3 * RNG.normal(size=PERSON.size)
QUICK = {"hidden": 32, "epochs": 8, "members": 2}


def panel(name: str = "person_id", keys: object = PERSON, y: object = Y) -> dict[str, object]:
    return {name: keys, "year": YEAR, "y": y}


def kinds(data: dict[str, object], **options: object) -> dict[str, str]:
    """What the columns are, as a fit says it before it trains."""
    found: list[Description] = []
    ds.fit(data, "y", hidden=(), described=found.append, **options)
    return {column.name: column.kind for column in found[0].columns}


@pytest.mark.parametrize(
    "name", first(3, ["person_id", "idcode", "plot no", "personId", "childid", "ID", "nr"])
)
def test_whole_numbers_that_are_named_as_keys_and_tell_one_by_one_are_categories(name: str) -> None:
    assert kinds(panel(name)) == {name: "category", "year": "number"}


@pytest.mark.parametrize(
    ("name", "keys", "y"),
    [
        pytest.param("wage", PERSON, Y, id="not named as a key"),
        pytest.param("person_id", PERSON, RNG.normal(size=PERSON.size), id="tells nothing"),
        pytest.param("person_id", PERSON, PERSON / 1000 + RNG.normal(size=PERSON.size), id="ranges tell all"),
        pytest.param("person_id", PERSON, 8 * YEAR + OWN, id="a line tells almost all"),
        pytest.param("person_id", PERSON, np.where(YEAR < 2, Y, np.nan), id="two rows of each have a target"),
        pytest.param("person_id", PERSON + 0.5, Y, id="not whole"),
        pytest.param("person_id", np.arange(PERSON.size) // 2, Y, id="two rows of each"),
    ],
)
def test_other_numbers_stay_numbers(name: str, keys: object, y: object) -> None:
    assert kinds(panel(name, keys, y))[name] == "number"


def test_a_table_of_keys_alone_has_them_as_categories() -> None:
    assert kinds({"person_id": PERSON, "y": OWN + 0.3 * RNG.normal(size=OWN.size)}) == {
        "person_id": "category"
    }


def test_keys_of_classes_are_found_with_gaps_among_them() -> None:
    keys = [None if place % 97 == 0 else int(key) for place, key in enumerate(PERSON)]
    assert kinds(panel(keys=keys, y=np.where(Y > 1, "high", "low")))["person_id"] == "category"


def test_keys_that_are_asked_for_as_numbers_are_numbers() -> None:
    assert kinds(panel(), number=["person_id"])["person_id"] == "number"


def test_rows_of_a_group_do_not_make_keys() -> None:
    data = panel() | {"household": np.repeat(np.arange(PERSONS), YEARS)}
    assert kinds(data, group="household")["person_id"] == "number"
    assert kinds(data, group="year")["person_id"] == "category"


@pytest.mark.parametrize(("year", "kind"), one_in(2, [(1, "number"), (5, "category")]))
def test_later_rows_that_are_held_out_have_no_say(year: int, kind: str) -> None:
    # of a person with one row before, nothing is known
    data = panel() | {"later": (year <= YEAR).astype(int)}
    assert kinds(data)["person_id"] == "category"
    assert kinds(data, time="later")["person_id"] == kind


@pytest.mark.thorough
def test_more_columns_than_the_rows_allow_decide_nothing() -> None:
    wide = {f"x{i}": RNG.normal(size=PERSON.size) for i in range(PERSON.size // 8)}
    assert kinds(panel() | wide)["person_id"] == "number"


@pytest.mark.thorough
def test_ids_of_many_digits_are_told_apart() -> None:
    large = PERSON.astype(np.int64) + 839_578_000_000_000
    assert kinds(panel(keys=large))["person_id"] == "category"


def test_what_is_known_of_a_key_is_used_and_unknown_ones_are_said() -> None:
    order = np.random.default_rng(0).permutation(PERSON.size)
    known, new = order[600:], order[:600]
    rows = {name: np.asarray(column) for name, column in panel().items()}
    errors = {}
    for number in ((), ("person_id",)):
        model = ds.fit({name: c[known] for name, c in rows.items()}, "y", number=number, **QUICK)
        predicted = model.predict({name: rows[name][new] for name in ("person_id", "year")})
        errors[bool(number)] = float(np.sqrt(np.mean((predicted - Y[new]) ** 2)))
        if not number:
            strangers = model.predict({"person_id": np.array([-1, -2]), "year": np.array([0, 5])})
            assert strangers == pytest.approx([0, 2.5], abs=0.6)  # the means of these years
    # the mean of five rows errs by 0.3·√(1 + 1/5), those who know no persons by almost 1
    assert errors[False] < 0.5 < 0.8 < errors[True]
