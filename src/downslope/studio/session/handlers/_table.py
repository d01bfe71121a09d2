"""Commands that change the table: its cells, rows and columns, or another table altogether."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from downslope._extras import polars as pl
from downslope._known_files import begins_as_saved
from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._descent import checked_descent, fitting_masks
from downslope.studio.session._engine import Engine
from downslope.studio.session._samples import checked_recipe, opening_of, sample_of
from downslope.studio.session._settings import Settings, embeddings_of, suited
from downslope.studio.session._state import SessionState, begun
from downslope.studio.session.handlers._saved import open_saved
from downslope.studio.table._choices import AUTO, Choices, Recipe
from downslope.studio.table._edits import with_cell, with_row_like_the_last, without_row
from downslope.studio.table._reading import read_rows
from downslope.studio.table._rows import Rows, rows_of

__all__ = [
    "choose_columns",
    "choose_kind",
    "edit_cell",
    "edit_rows",
    "open_sample",
    "open_table",
    "read_again",
    "switch_input",
    "with_choices",
    "with_remedied_table",
]

_KINDS = {"exclude": "drop", "category": "category", "number": "number"}
"""By kind of a column, the choice that holds the names of those that are taken so."""

_MOST_TRIED = 20
"""The columns that are tried as the target of a table that was opened, before it is refused."""


def edit_cell(state: SessionState, command: ask.EditCell, engine: Engine) -> SessionState:
    """The table with one cell changed."""
    return _with_frame(state, with_cell(state.rows, command.row, command.column, command.text), engine)


def edit_rows(state: SessionState, command: ask.EditRows, engine: Engine) -> SessionState:
    """The table with one more row like the last one, or without one."""
    rows, index = state.rows, command.remove
    frame = with_row_like_the_last(rows) if index is None else without_row(rows, index)
    return _with_frame(state, frame, engine)


def open_table(
    state: SessionState, command: ask.Paste | ask.Upload, engine: Engine
) -> tuple[SessionState, dict[str, Any]]:
    """A table from text or from a file, and what it is taken for; or what a file of ours holds."""
    if isinstance(command, ask.Upload) and begins_as_saved(command.content):
        return open_saved(state, command, engine)
    content = command.content if isinstance(command, ask.Upload) else command.text.encode()
    state = _with_table(state, content, command.name, engine)
    rows = state.rows
    (target,) = rows.choices.targets
    last = ", the last column that can be one" if target == rows.frame.columns[-1] else ""
    text = f"{rows.name} is open. It is to predict {target!r}{last}; another target is set under Columns."
    said = 0 if rows.source is None else len(rows.source.left_out) + len(rows.source.notes)
    if said:
        text += f" Read as says {said} thing{'s' * (said > 1)} about how it was read."
    return state, {"message": "notice", "text": text}


def read_again(
    state: SessionState, command: ask.ReadAgain, engine: Engine
) -> tuple[SessionState, dict[str, Any]]:
    """The same file, read with another option: its target and its other choices stay where they can."""
    before = state.rows
    if before.source is None or before.model is not None:
        raise DownslopeError("only a table that was opened from a file, without a model, can be read again")
    frame, source = before.source.again(before.name, command.option, command.value)
    after = replace(_first_rows(frame, before.name, _kept_choices(before, frame)), source=source)
    alike = after.features == before.features and _encoded_alike(after, before)
    settings = state.settings if alike and after.choices == before.choices else suited(after)
    state = begun(replace(state, best={}), checked_descent(settings, after, {}), None, engine)
    text = f"{after.name} was read again: {len(after.x):,} rows, {frame.width} columns."
    if after.choices.targets != before.choices.targets:
        text += f" It is to predict {after.choices.targets[0]!r} now; another target is set under Columns."
    return state, {"message": "notice", "text": text}


def choose_columns(state: SessionState, command: ask.ChooseColumns, engine: Engine) -> SessionState:
    """Other targets, kinds or scaling of columns, or other columns of formulas."""
    given = {name: value for name, value in vars(command).items() if value is not None}
    choices: dict[str, Any] = {
        name: tuple(map(str, value)) if isinstance(value, list) else value for name, value in given.items()
    }
    if choices.get("targets") == ():
        raise DownslopeError("choose at least one column to predict")
    return with_choices(state, replace(state.rows.choices, **choices), engine)


def switch_input(state: SessionState, command: ask.SwitchInput, engine: Engine) -> SessionState:
    """One input more or less: a column, or that of a formula."""
    name, choices = command.name, state.rows.choices
    if name in choices.targets:
        raise DownslopeError(f'"{name}" is the target; choose another target first')
    if name in state.rows.frame.columns:
        dropped = _with_name(choices.drop, name, not command.on)
        return with_choices(state, replace(choices, drop=dropped), engine)
    formulas = _with_name(choices.formulas, name, command.on)
    return with_choices(state, replace(choices, formulas=formulas), engine)


def choose_kind(state: SessionState, command: ask.ChooseKind, engine: Engine) -> SessionState:
    """One column taken as of another kind."""
    column, kind, choices = command.column, command.kind, state.rows.choices
    if kind not in (*_KINDS, "automatic"):
        raise DownslopeError(f"a column is {', '.join(_KINDS)} or automatic, not {kind!r}")
    if column not in state.rows.frame.columns:
        raise DownslopeError(f'the table has no column "{column}"')
    named: dict[str, Any] = {
        field: _with_name(getattr(choices, field), column, kind == one) for one, field in _KINDS.items()
    }
    return with_choices(state, replace(choices, **named), engine)


def with_remedied_table(state: SessionState, command: ask.ApplyRemedy) -> Rows:
    """The rows without some columns and rows, and with another scaling."""
    rows, without = state.rows, set(command.without or ())
    if not without and not command.drop and command.scaling is None:
        return rows
    choices = replace(
        rows.choices,
        scaling=command.scaling or rows.choices.scaling,
        drop=(*rows.choices.drop, *(command.drop or ())),
    )
    frame = rows.frame.filter([i not in without for i in range(rows.frame.height)]) if without else rows.frame
    return replace(_encoded(state, frame, choices), recipe=None if without else rows.recipe)


def _with_name(names: tuple[str, ...], name: str, wanted: bool) -> tuple[str, ...]:
    """Names with one of them at the end, or without it; in their order where it is there already."""
    if wanted:
        return names if name in names else (*names, name)
    return tuple(one for one in names if one != name)


def open_sample(state: SessionState, command: ask.OpenSample, engine: Engine) -> SessionState:
    """A table that comes with the page; where it is open, made otherwise, with the settings as they are."""
    recipe = state.rows.recipe if state.rows.name == command.name else None
    other = any(value is not None for value in (command.noise, command.rows, command.seed))
    again = recipe is not None and other
    before = recipe if again and recipe is not None else Recipe()
    after = checked_recipe(before, command.noise, command.rows, command.seed)
    state = replace(state, best={}, encode=rows_of)
    if again:
        frame = sample_of(command.name, after).frame
        rows = replace(rows_of(frame, state.rows.choices, command.name), recipe=after)
        return begun(state, checked_descent(state.settings, rows, state.frozen), None, engine)
    rows, settings, values = opening_of(command.name, after)
    return begun(state, checked_descent(settings, rows, {}), values, engine)


def with_choices(state: SessionState, choices: Choices, engine: Engine) -> SessionState:
    """The state with other choices of its table: with other inputs the layers after them stay."""
    before = state.rows
    rows = replace(_encoded(state, before.frame, choices), recipe=before.recipe)
    alike = rows.choices.targets == before.choices.targets and rows.target.classes == before.target.classes
    same = alike and rows.features == before.features and _encoded_alike(rows, before)
    if same and rows.choices.scaling != before.choices.scaling:  # other numbers need other weights
        descent = checked_descent(state.settings, rows, state.frozen)
        return begun(replace(state, best={}), descent, None, engine)
    own = state.settings.layers and state.settings.front == embeddings_of(before)
    if not same and alike and own and rows.choices.scaling == before.choices.scaling:
        settings = state.settings.on_inputs(len(rows.features), embeddings_of(rows))
        return _with_rows(state, rows, engine, settings)
    return _with_rows(state, rows, engine, state.settings if same else suited(rows))


def _with_frame(state: SessionState, frame: pl.DataFrame, engine: Engine) -> SessionState:
    """The state with other cells of its table."""
    return _with_rows(state, _encoded(state, frame, state.rows.choices), engine)


def _encoded(state: SessionState, frame: pl.DataFrame, choices: Choices) -> Rows:
    """Rows of the same table with other cells or choices."""
    return replace(state.encode(frame, choices, state.rows.name), source=state.rows.source)


def _with_rows(
    state: SessionState, rows: Rows, engine: Engine, settings: Settings | None = None
) -> SessionState:
    """The state with other rows: the network stays where it fits."""
    before = state.settings
    if settings is None:
        fits = len(rows.features) == before.inputs and rows.y.shape[1:] == state.rows.y.shape[1:]
        settings = before if fits and _encoded_alike(rows, state.rows) else suited(rows)
    fits = settings.network.inputs == before.inputs and before.shapes == settings.shapes
    values = engine.values(state.descent, state.position) if fits else None
    descent = checked_descent(settings, rows, fitting_masks(state.frozen, settings))
    return begun(replace(state, best={}), descent, values, engine)


def _encoded_alike(rows: Rows, others: Rows) -> bool:
    """Whether other rows have the same classes, and the same levels where x holds their numbers."""
    levels = embeddings_of(rows) == embeddings_of(others)
    return levels and rows.target.classes == others.target.classes


def _with_table(state: SessionState, content: bytes, name: str, engine: Engine) -> SessionState:
    """The state with a table that was read; its target is the present one, or the last column that can be."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1][:80]
    frame, source = read_rows(content, name)
    rows = replace(_first_rows(frame, name, _by_target(state.rows, frame)), source=source)
    return _with_rows(replace(state, encode=rows_of), rows, engine, suited(rows))


def _first_rows(frame: pl.DataFrame, name: str, wished: Iterable[Choices]) -> Rows:
    """The rows by the first choices from which something can be learned; else why not by the first of all."""
    rest = iter(wished)
    first = next(rest)
    try:
        return rows_of(frame, first, name)
    except DownslopeError:
        for choices in islice(rest, _MOST_TRIED):
            with suppress(DownslopeError):
                return rows_of(frame, choices, name)
        raise


def _by_target(before: Rows, frame: pl.DataFrame) -> Iterator[Choices]:
    """Each column as the target: those of the table before, then from the last on."""
    present = [column for column in before.choices.targets if column in frame.columns]
    first = present or frame.columns[-1:]
    yield from (Choices((column,)) for column in first)
    yield from (Choices((column,)) for column in reversed(_varied(frame)) if column not in first)


def _varied(frame: pl.DataFrame) -> list[str]:
    """The columns that do not hold one value alone, of which nothing could be learned."""
    try:
        varies = frame.select((pl.all() != pl.all().first()).any()).row(0)
    except pl.exceptions.PolarsError:  # of columns of lists, say
        return frame.columns
    return [column for column, does in zip(frame.columns, varies, strict=True) if does]


def _kept_choices(before: Rows, frame: pl.DataFrame) -> Iterator[Choices]:
    """What was chosen, as far as the columns are still there; without it, each column as the target."""
    chosen, present = before.choices, set(frame.columns)

    def there(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name in present)

    if targets := there(chosen.targets):
        yield replace(
            chosen,
            targets=targets,
            scaling=chosen.scaling if frame.columns == before.frame.columns else AUTO,
            drop=there(chosen.drop),
            category=there(chosen.category),
            number=there(chosen.number),
        )
        yield Choices(targets, drop=there(chosen.drop))
    yield from _by_target(before, frame)
