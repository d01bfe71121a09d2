"""docs/reference/names.md: every name in it exists, and no setting of scikit-learn's API is left out."""

import inspect
import re
from pathlib import Path

import pytest

import downslope as ds
from downslope.cli.commands import downslope

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "names.md").read_text()
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in PAGE.splitlines() if "|" in line
][2:]
MLP = (ds.MLPRegressor, ds.MLPClassifier)
TABLE = (ds.TableRegressor, ds.TableClassifier)


def quoted(column):
    return [name for row in ROWS for name in re.findall(r"`([^`]+)`", row[column])]


def parameters(callable_):
    return set(inspect.signature(callable_).parameters) - {"self"}


def test_every_row_has_five_cells():
    assert {len(row) for row in ROWS} == {5}
    assert len(ROWS) > 30


@pytest.mark.parametrize("name", quoted(1))
def test_names_of_downslope_exist(name):
    of_model, function, parameter = re.fullmatch(r"(model\.)?(\w+)\((\w+)\)", name).groups()
    assert parameter in parameters(getattr(ds.Model if of_model else ds, function))


@pytest.mark.parametrize("name", quoted(2))
def test_options_of_the_command_line_exist(name):
    command, option = name.split()
    assert option in [opt for parameter in downslope.commands[command].params for opt in parameter.opts]


@pytest.mark.parametrize(("column", "classes"), [(3, MLP), (4, TABLE)])
def test_names_of_the_estimators_exist_and_none_is_left_out(column, classes):
    for row in ROWS:
        for name in re.findall(r"`([^`]+)`", row[column]):
            method = re.fullmatch(r"fit\((\w+)\)", name)
            which = [c for c in classes if c.__name__.lower().endswith("regressor")]
            which = which if "(regressor)" in row[column] else list(classes)
            which = [classes[1]] if "(classifier)" in row[column] else which
            for c in which:
                assert (method[1] if method else name) in parameters(c.fit if method else c)
    told = {name for name in quoted(column) if "(" not in name}
    assert told == set().union(*map(parameters, classes))


@pytest.mark.parametrize("function", [ds.descend, ds.fit])
def test_settings_of_training_are_all_there(function):
    told = {re.sub(r".*\(|\)", "", name) for name in quoted(1) if name.startswith(f"{function.__name__}(")}
    others = {"network", "x", "y", "data", "target", "task", "source", "described"}
    assert told == parameters(function) - others
