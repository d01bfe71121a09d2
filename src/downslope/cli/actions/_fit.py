"""``downslope fit``: the kind of each column, the progress of training, and the scores."""

from __future__ import annotations

import glob
import shlex
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from downslope._signals import Deferred, exit_code, pending
from downslope._writing import can_be_written
from downslope.cli._model import column_grid, print_scores
from downslope.cli._pipes import CLOSED_PIPE
from downslope.cli._screen import LastingScreen, ProgressBar, note
from downslope.cli._tables import name_of, refuse_same, source_of
from downslope.errors import DownslopeError
from downslope.fitting import Diverged, Model, Models, fit, models_in
from downslope.tables import Dataset, Description, is_several_files, listed
from downslope.training import Checkpoint, has_ranks, rank_number

__all__ = ["fit_table", "model_path", "print_table", "with_checkpoint"]


def fit_table(
    table: str, output: str | None, options: Mapping[str, Any], *, grades: str | None = None
) -> int:
    """Fit, save, report; 130 or 143 where a signal ended training and the best so far was saved.

    A signal that comes later changes nothing but this exit code, and a closed pipe does not cost the model.
    """
    if rank_number():
        return _beside_the_first(table, options)
    path = model_path(output, table)
    options = _asked(options)
    rows = _rows(table, options)
    screen = LastingScreen()
    targets = options["target"] if isinstance(options["target"], list) else [options["target"]]
    several, described = len(targets) > 1, list[Description]()

    def told(description: Description) -> None:
        described.append(description)
        if len(described) == len(targets):
            print_table(screen, described, table)

    with Deferred(reports=True):
        with ProgressBar(named=several, grades=grades) as bar:
            found: Model | Models = _fitted(rows, table, options, bar, told)
        found.save(path)
        _report(screen, found, path)
        return _ended(found, path, screen)


def _rows(table: str, options: dict[str, Any]) -> str | Dataset:
    """The table, or the dataset that it is; what is said of its memory is taken out of the options."""
    memory = options.pop("memory")
    return Dataset(table, memory=memory) if memory is not None or is_several_files(table) else table


def _beside_the_first(table: str, options: Mapping[str, Any]) -> int:
    """What the other ranks do: they fit too, and leave it to the first to write and to say anything."""
    with Deferred(reports=True):
        asked = _asked(options)
        fit(_rows(table, asked), **asked, source=source_of(table))
        return exit_code() if pending() else 0


def _asked(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of ``fit`` on the command line as those of ``ds.fit``."""
    found = dict(options)
    if has_ranks():
        found["parallel"] = found["parallel"] or "auto"
    return with_checkpoint(found)


def with_checkpoint(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of which those of the command line that say where training is saved are a ``Checkpoint``."""
    found = dict(options)
    folder, every, resume = (found.pop(name) for name in ("checkpoint", "every", "resume"))
    if folder is not None:
        found["checkpoint"] = Checkpoint(folder, every or Checkpoint.every, resume=resume)
    elif every is not None or resume:
        option = "--every" if every is not None else "--resume"
        raise DownslopeError(f"{option} needs the folder of --checkpoint, such as --checkpoint runs/a")
    return found


def _report(screen: Console, found: Model | Models, path: Path) -> None:
    """The scores of each model, where it was saved, and what to do next."""
    models = models_in(found)
    for place, (name, model) in enumerate(models.items()):
        if len(models) > 1:
            screen.print(f"Model of [bold]{escape(name)}[/]")
        print_scores(screen, model)
        if place < len(models) - 1:
            screen.print()
    screen.print(f"\nSaved to {escape(str(path))}.")
    if _cut(found):
        return
    quoted, last = escape(shlex.quote(str(path))), list(models.values())[-1]
    if not all(model.summary.learned for model in models.values()):
        screen.print(f"Whether it is the table or the training: downslope doctor {quoted}")
    which = f" --target {escape(shlex.quote(last.target.name))}" if len(models) > 1 else ""
    screen.print(f"Next: downslope predict {quoted} TABLE   or   downslope explain {quoted} --row 1{which}")


def _ended(found: Model | Models, path: Path, screen: LastingScreen) -> int:
    """The exit code; what was kept is said on standard error where training was cut, or nobody read."""
    if _cut(found):
        note(f"downslope: interrupted; {_kept(found)} to {path}")
        return exit_code()
    if screen.closed:
        note(f"downslope: the output was closed; the model was saved to {path}")
        return CLOSED_PIPE
    return exit_code() if pending() else 0


def _cut(found: Model | Models) -> bool:
    """Whether a signal ended training early."""
    last = list(models_in(found).values())[-1]
    return last.record.interrupted or bool(isinstance(found, Models) and found.unfitted)


def _fitted(
    rows: str | Dataset,
    table: str,
    options: Mapping[str, Any],
    bar: ProgressBar,
    described: Callable[[Description], None],
) -> Model | Models:
    try:
        found: Model | Models = fit(
            rows, **options, source=source_of(table), progress=bar.show, described=described
        )
    except Diverged as error:
        target = options["target"] if isinstance(options["target"], str) else options["target"][0]
        words = shlex.join(["downslope", "doctor", table, "--target", target])
        raise DownslopeError(f"{error}. Why: {words}, with the same options") from None
    return found


def _kept(found: Model | Models) -> str:
    """What was saved after a signal, and what not."""
    last = list(models_in(found).values())[-1]
    unfitted = found.unfitted if isinstance(found, Models) else ()
    of = f" of {last.target.name}" if isinstance(found, Models) else ""
    kept = f"the best epoch so far{of}" if last.record.interrupted else "what was fitted before"
    none = f"there is no model of {listed(unfitted)}, and " if unfitted else ""
    return f"{none}{kept} was saved"


def model_path(output: str | None, table: str) -> Path:
    """Where the model of a table is written.

    Raises:
        DownslopeError: if it cannot be written there, or the table is there.
    """
    path = Path(output) if output else _default_path(table)
    if not can_be_written(path):
        raise DownslopeError(
            f"the model cannot be written to {path}; name a file in a folder that you may write to"
        )
    refuse_same("the model", str(path), table)
    return path


def _default_path(table: str) -> Path:
    if table == "-":
        return Path("model.downslope")
    name = Path(table).parent.name if glob.has_magic(Path(table).name) else Path(table).name
    return Path(f"{name.split('.')[0] or name or 'model'}.downslope")


def print_table(screen: Console, described: Sequence[Description], table: str) -> None:
    """The table, its targets, and the columns that predict them."""
    first = described[0]
    rows, columns = first.rows + first.gap_rows, len(first.columns) + len(described)
    screen.print(f"[bold]{escape(name_of(table))}[/]: {rows:,} rows, {columns} columns")
    if first.reading:
        screen.print(f"Read as: {escape(first.reading)}")
    for said in first.notes:
        screen.print(f"Note: {escape(said)}")
    for _, alike in groupby(described, key=lambda found: [(c.name, c.kind) for c in found.columns]):
        several = list(alike)
        for found in several:
            gaps = f" (rows without a value, left out: {found.gap_rows:,})" if found.gap_rows else ""
            reason = escape(found.task_reason)
            screen.print(f"Target [bold]{escape(found.target)}[/]: {found.task}, {reason}{gaps}")
        screen.print(column_grid(max(several, key=lambda found: found.rows).columns))
    screen.print()
