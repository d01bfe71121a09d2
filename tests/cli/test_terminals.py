"""Output of any encoding, full or closed from the start; names that would act on a terminal are seen."""

import io
import json
import os
import subprocess
import sys

import polars as pl
import pytest

import downslope as ds
from downslope._visible import PLAIN, escape, one_line, visible
from downslope.cli._screen import Screen
from downslope.graph.notation import Symbol, latex
from thorough import first

ACTING = "price\x1b[31m\x9b2J\u202eof\u2066\x07"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table whose names act, and a model of it."""
    folder = tmp_path_factory.mktemp("terminal")
    levels = [f"lev\u202e{i % 2}" for i in range(60)]
    table = {ACTING: range(60), "y₂ → η\nb": [i % 3 for i in range(60)], "\u202ekind": levels}
    pl.DataFrame(table).write_parquet(folder / "table.parquet")
    ds.fit(str(folder / "table.parquet"), target=ACTING, epochs=2, hidden=(3,), members=2).save(folder / "m")
    return folder


def downslope(folder, *arguments, **how):
    command = [sys.executable, "-c", "from downslope.cli import main; main()", *arguments]
    shell = how.pop("shell", None)
    environment = os.environ | {"OMP_NUM_THREADS": "1", **how}
    if shell:
        command = ["bash", "-c", f'exec "$@" {shell}', "bash", *command]
    return subprocess.run(command, capture_output=True, cwd=folder, env=environment, check=False, timeout=120)


QUICK = ["--epochs", "2", "--hidden", "3", "--members", "2"]
COMMANDS = {
    "show json": ["show", "m", "--json"],
    "explain": ["explain", "m", "--row", "1"],
    "fit": ["fit", "table.parquet", "--target", ACTING, *QUICK, "-o", "fitted"],
    "refused": ["fit", "table.parquet", "--target", "prize\u202e\x1b[2J"],
    "show": ["show", "m"],
    "evaluate": ["evaluate", "m", "table.parquet"],
    "demo": ["demo"],
}


@pytest.mark.parametrize("encoding", first(1, ["ascii", "cp1252", "utf-8"]))
@pytest.mark.parametrize("command", first(1, [*COMMANDS]))
def test_no_encoding_fails_and_nothing_acts(command, encoding, folder):
    done = downslope(folder, *COMMANDS[command], PYTHONIOENCODING=encoding)
    assert done.returncode == (2 if command == "refused" else 0), done.stderr
    out = (done.stdout + done.stderr).decode("utf-8" if command == "show json" else encoding)
    assert visible(out) == out
    assert "Traceback" not in out
    if command == "show json":
        assert json.loads(out)["target"]["name"] == ACTING


@pytest.mark.thorough
@pytest.mark.parametrize("command", first(1, ["show", "explain", "demo", "show json"]))
@pytest.mark.parametrize("shell", first(1, [">/dev/full", ">&-"]))
def test_output_that_cannot_be_written_is_an_error(command, shell, folder):
    done = downslope(folder, *COMMANDS[command], shell=shell)
    said = done.stderr.decode()
    assert done.returncode == 2, said
    reason = "No space left on device" if "full" in shell else "it is closed|Bad file descriptor"
    assert "downslope: standard output cannot be written: " in said
    assert any(part in said for part in reason.split("|"))
    assert "Traceback" not in said
    assert "Exception ignored" not in said


@pytest.mark.thorough
@pytest.mark.parametrize("shell", first(1, [">/dev/full", "2>&-", "2>/dev/full", ">&-", ">&- 2>&- <&-"]))
def test_a_model_is_saved_whatever_the_output_is(shell, folder):
    path = folder / "kept"
    path.unlink(missing_ok=True)
    done = downslope(folder, *COMMANDS["fit"][:-1], "kept", shell=shell)
    assert done.returncode == (0 if shell.startswith("2>") else 141), done.stderr
    assert isinstance(ds.load(path), ds.Model)
    assert b"Traceback" not in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("shell", first(1, ["2>/dev/full", "2>&-", ">&- 2>&-"]))
def test_a_refusal_has_its_code_though_nobody_hears_it(shell, folder):
    assert downslope(folder, "show", "nothing", shell=shell).returncode == 2


@pytest.mark.thorough
def test_a_refusal_has_its_code_though_nothing_can_be_read(folder):
    done = downslope(folder, "predict", "m", "-", shell="<&-")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("character", [*map(chr, range(32)), *"\x7f\x85\x9b\u202e\u2066\ud800"])
def test_what_acts_is_written_as_python_writes_it(character):
    shown = one_line(f"a{character}b")
    assert shown.isprintable()
    assert shown.startswith("a\\")
    assert shown.endswith("b")
    assert shown.encode().decode("unicode_escape").encode(
        "utf-16", "surrogatepass"
    ) == f"a{character}b".encode("utf-16", "surrogatepass")
    assert escape(f"<{character}>") == f"&lt;{visible(character)}&gt;"


def test_letters_that_an_encoding_lacks():
    assert "w₁ → 5 ± 0.1 × x².".encode("ascii", PLAIN) == b"w1 -> 5 +- 0.1 x x^2."
    assert "Größe → 漢".encode("cp1252", PLAIN).decode("cp1252") == "Größe -> \\u6f22"


def test_a_terminal_shows_names_that_act():
    held = io.StringIO()
    screen = Screen(file=held, force_terminal=True, color_system="truecolor", width=80)
    screen.print(ACTING, markup=False, highlight=False)
    assert held.getvalue() == visible(ACTING).replace("\\u0007", "") + "\n"  # which rich leaves out


def test_latex_and_html_of_names_that_act():
    assert "\x1b" not in latex(Symbol(ACTING))
    model = ds.fit({ACTING: [*range(60)], "y": [i % 7 for i in range(60)]}, target="y", epochs=1, hidden=(2,))
    page = model._repr_html_()
    assert visible(page) == page
