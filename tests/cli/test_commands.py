"""The command line as a user meets it: output, messages, exit codes, files."""

import io
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.cli._run import run as run_command
from downslope.cli.commands import downslope
from downslope.tables import read_table
from thorough import first

COMMAND = [sys.executable, "-c", "from downslope.cli import main; main()"]
EXAMPLES = Path(__file__).parents[2] / "examples"
QUICK = ["--epochs", "10", "--hidden", "16", "--members", "2"]


class _Standard(io.TextIOWrapper):
    """A standard stream, which keeps what is written when a command closes it."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content), "utf-8", write_through=True)

    @property
    def written(self) -> str:
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined]


def run(
    *arguments: str | Path, folder: Path | None = None, given: bytes = b"", columns: int = 110
) -> subprocess.CompletedProcess[str]:
    """A command in this process: starting one for each would take most of the time."""
    streams = {"stdin": _Standard(given), "stdout": _Standard(), "stderr": _Standard()}
    words = list(map(str, arguments))
    with pytest.MonkeyPatch.context() as patch:
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        patch.setenv("COLUMNS", str(columns))
        if folder is not None:
            patch.chdir(folder)
        code = run_command(words)
    return subprocess.CompletedProcess(words, code, streams["stdout"].written, streams["stderr"].written)


def run_alone(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=300)


def interrupted(*arguments: str, folder: Path) -> bytes:
    """What a command says that Ctrl-C ends some time after it has shown a table with a column x3."""
    started = subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert started.stdout is not None
    while b"x3" not in started.stdout.readline():  # the table is shown, which is before training
        assert started.poll() is None
    time.sleep(2)
    started.send_signal(signal.SIGINT)
    _, told = started.communicate(timeout=60)
    assert started.returncode == 130, told
    assert b"Traceback" not in told
    return told


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fitted")
    done = run("fit", EXAMPLES / "penguins.csv", "--target", "species", *QUICK, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "penguins.downslope"


def test_version_and_help() -> None:
    assert run_alone("--version").stdout == f"downslope {ds.__version__}\n"
    for command in ([], ["demo"], ["fit"], ["predict"], ["show"], ["evaluate"], ["compare"], ["explain"]):
        done = run(*command, "--help")
        assert done.returncode == 0
        assert "Examples:" in done.stdout


@pytest.mark.parametrize(
    "words",
    first(
        1,
        [
            ("predict", "penguins.downslope", EXAMPLES / "penguins.csv"),
            ("show", "none.downslope"),
            ("show", "penguins.downslope"),
        ],
    ),
    ids=lambda words: " ".join(map(str, words[:2])),
)
def test_a_process_prints_and_ends_as_a_command_does_here(
    fitted: Path, words: tuple[str | Path, ...]
) -> None:
    alone, here = run_alone(*words, folder=fitted.parent), run(*words, folder=fitted.parent, columns=80)
    assert (alone.returncode, alone.stdout, alone.stderr) == (here.returncode, here.stdout, here.stderr)


def test_a_hyphen_is_standard_output(fitted: Path, tmp_path: Path) -> None:
    for words in (["predict", fitted], ["importance", fitted, "--json"], ["explain", fitted, "--row", "1"]):
        words = words if "explain" in words else [*words[:2], EXAMPLES / "penguins.csv", *words[2:]]
        named, plain = (run(*words, *output, folder=tmp_path) for output in (["-o", "-"], []))
        assert (named.returncode, named.stdout) == (0, plain.stdout)
    refused = run("fit", EXAMPLES / "penguins.csv", "-t", "species", "-o", "-", folder=tmp_path)
    assert refused.returncode == 2
    assert "a model needs a file" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_every_option_has_a_sentence() -> None:
    """A help line starts with a capital letter and ends with a full stop or what click adds."""
    for command in downslope.commands.values():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, parameter.name
                assert parameter.help[0].isupper(), parameter.help
                assert parameter.help.endswith("."), parameter.help


def test_version_imports_nothing_heavy() -> None:
    probe = "import sys; sys.argv=['downslope','--version']; from downslope.cli import main; main(); " + (
        "assert not {'numpy','polars','rich','click'} & set(sys.modules), sorted(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", probe]).returncode == 0


def test_demo_tells_the_truth(tmp_path) -> None:
    done = run("demo", "--html", tmp_path / "why.html")
    assert done.returncode == 0
    for told in (
        "(1.590, -0.325, 1.239)",
        "4.911, 18.82, 273.5",
        "0.0073135",
        "1,645 more updates, 2,645 in all",
    ):
        assert told in done.stdout
    assert "after 2,645 (0.500, 0.900, 1.200)" in done.stdout
    assert "At 0.0071844, the best rate without momentum: 427 steps." in done.stdout
    assert "∂E/∂w₁ = ∂E/∂z·∂z/∂w₁ = δ·x₁" in done.stdout
    assert "\x1b" not in done.stdout
    assert "<math>" in (tmp_path / "why.html").read_text()


def test_fit_says_what_it_did(tmp_path) -> None:
    done = run("fit", EXAMPLES / "penguins.csv", "-t", "body_mass_g", *QUICK, folder=tmp_path)
    assert done.returncode == 0
    for told in ("344 rows, 8 columns", "body_mass_g: regression", "rows without a value, left out: 2", "R²"):
        assert told in done.stdout
    for told in ("baseline (mean)", "linear model", "network", "Saved to penguins.downslope"):
        assert told in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["penguins.downslope"]


def test_fit_from_standard_input(tmp_path) -> None:
    given = (EXAMPLES / "five_rows.csv").read_bytes()
    done = run("fit", "-", "-t", "y", "-o", "m.downslope", folder=tmp_path, given=given)
    assert done.returncode == 0, done.stderr
    model = ds.load(tmp_path / "m.downslope")
    frame = pl.read_csv(EXAMPLES / "five_rows.csv")
    np.testing.assert_allclose(model.predict(frame), frame["y"], atol=0.05)


@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "parquet", "arrow", "jsonl"])
def test_predictions_stand_beside_the_rows(fitted, tmp_path, ending: str) -> None:
    table, out = EXAMPLES / "penguins.csv", tmp_path / f"out.{ending}"
    done = run("predict", fitted, table, "-o", out)
    assert done.returncode == 0, done.stderr
    got = read_table(out)
    assert got.height == 344
    model = ds.load(fitted)
    assert got["predicted species"].to_list() == list(model.predict(table))
    np.testing.assert_allclose(got["probability of Gentoo"], model.predict_proba(table)[:, 2], atol=1e-6)
    assert "without a value" in done.stderr


def test_predict_writes_to_standard_output(fitted) -> None:
    done = run("predict", fitted, EXAMPLES / "penguins.csv")
    assert pl.read_csv(io.BytesIO(done.stdout.encode())).height == 344


def test_predict_counts_what_is_new(fitted, tmp_path) -> None:
    frame = pl.read_csv(EXAMPLES / "penguins.csv", null_values="NA").head(3)
    odd = frame.with_columns(island=pl.lit("Atlantis"), bill_length_mm=pl.lit(1e6))
    odd.write_csv(tmp_path / "odd.csv")
    done = run("predict", fitted, tmp_path / "odd.csv")
    assert "with a level that was not in the training data: island 3" in done.stderr
    assert "outside the range of the training data: bill_length_mm 3" in done.stderr


BAD = {
    "missing file": (None, ["-t", "y"], "there is no file"),
    "empty": ("", ["-t", "y"], "is empty"),
    "header only": ("a,y\n", ["-t", "y"], "no rows"),
    "absent target": ("a,price\n1,2\n3,4.5\n", ["-t", "prize"], 'did you mean "price"'),
    "duplicate names": ("a,a,y\n1,2,3\n", ["-t", "y"], 'two columns named "a"'),
    "ragged rows": ("a,y\n1,2\n3\n", ["-t", "y"], "line 3: 1 cell where the header has 2"),
    "mixed types": (
        "a,y\n" + "".join(f"{i},{i}.5\n" for i in range(30)) + "lots,3\n",
        ["-t", "y"],
        'row 31 holds "lots"',
    ),
    "infinities": ("a,y\n1,2\ninf,4.5\n3,5\n", ["-t", "y"], 'column "a" holds an infinity in row 2'),
    "single row": ("a,y\n1,2\n", ["-t", "y"], "at least 2 rows"),
    "single class": ("a,y\n1,x\n2,x\n3,x\n", ["-t", "y"], 'single class "x"'),
    "too many classes": ("a,y\n1,p\n2,q\n3,r\n4,s\n", ["-t", "y"], "4 classes in 4 rows"),
    "rate of 0": ("a,y\n1,2.5\n2,3\n3,4\n", ["-t", "y", "--learning-rate", "0"], "a number above 0, not 0.0"),
    "not numbers": ("a,y\n1,2.5\n2,3\n", ["-t", "y", "--hidden", "a,b"], "list of whole numbers"),
    "no such option": ("a,y\n1,2.5\n2,3\n", ["-t", "y", "--targett", "b"], "No such option"),
    "too large": (
        "a,y\n" + "".join(f"{i},{i}.5\n" for i in range(60)),
        ["-t", "y", "--hidden", "100000000,100000000"],
        "not enough memory",
    ),
    "negative decay": (
        "a,y\n1,2.5\n2,3\n",
        ["-t", "y", "--weight-decay", "-1"],
        "at least 0, not -1",
    ),
    "no such folder": ("a,y\n1,2.5\n2,3\n", ["-t", "y", "-o", "no/where"], "cannot be written"),
    "unwritable activation": (
        "a,y\n1,2.5\n2,3\n",
        ["-t", "y", "--hidden", "4", "--activation", "u"],
        "activation needs one of",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str, tmp_path) -> None:
    content, options, message = BAD[name]
    if content is not None:
        (tmp_path / "t.csv").write_text(content)
    done = run("fit", "t.csv", *options, folder=tmp_path)
    assert done.returncode == 2, done
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] in ([], ["t.csv"])


def test_a_rate_beyond_reason_is_said(tmp_path) -> None:
    done = run(
        "fit", EXAMPLES / "penguins.csv", "-t", "body_mass_g", "--learning-rate", "1e9", folder=tmp_path
    )
    assert done.returncode == 2
    assert "training diverged at a learning rate of 1e+09" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_without_tables_is_none(tmp_path) -> None:
    done = run("fit", ".", "-t", "y", folder=tmp_path)
    assert (done.returncode, "holds no table of Parquet, Arrow, CSV" in done.stderr) == (2, True)


def test_gaps_in_the_target_are_counted(tmp_path) -> None:
    rows = "".join(f"{i},{i}.5\n" for i in range(9)) + "9,NA\n"
    (tmp_path / "t.csv").write_text("a,y\n" + rows)
    done = run("fit", "t.csv", "-t", "y", folder=tmp_path)
    assert done.returncode == 0
    assert "rows without a value, left out: 1" in done.stdout


def test_predict_refuses(fitted, tmp_path) -> None:
    pl.read_csv(EXAMPLES / "penguins.csv").drop("island").write_csv(tmp_path / "t.csv")
    (tmp_path / "junk").write_bytes(b"junk" * 40)
    ds.descend(ds.Network(1, [ds.Dense(1)]), [[1.0]], [1.0], steps=1).save(tmp_path / "run")
    cases = [
        (["predict", fitted, tmp_path / "t.csv"], "lacks the column island"),
        (["predict", tmp_path / "junk", tmp_path / "t.csv"], "is no file of Downslope"),
        (["predict", tmp_path / "none", tmp_path / "t.csv"], "there is no file"),
        (["predict", tmp_path / "run", tmp_path / "t.csv"], "takes 1 column, and the table has 6 besides"),
        (["explain", tmp_path / "run", "--row", "1"], "holds a network, which knows no columns"),
        (["play", tmp_path / "run", "--no-open"], "which has no table"),
        (["predict", fitted, EXAMPLES / "penguins.csv", "-o", tmp_path / "x.pdf"], "known format"),
    ]
    for arguments, message in cases:
        done = run(*arguments)
        assert done.returncode == 2, done
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["junk", "run", "t.csv"]


def test_play_refuses_a_lesson_with_a_mistake_and_a_table_beside_one(tmp_path) -> None:
    (tmp_path / "bad.md").write_text("# T\n## S\nText.\n> until: stps > 1\n", "utf-8")
    (tmp_path / "good.MD").write_text("# T\n## S\nText.\n", "utf-8")
    own = "a lesson brings its own table; leave out the file, --target and --table"
    cases = [
        (["bad.md"], "bad.md, line 4: 'stps > 1': there is no name 'stps'; did you mean 'steps'?"),
        (["none.md"], "there is no file none.md"),
        (["good.MD", "--target", "y"], own),
        (["--lesson", "2", "--table", "t.csv"], own),
        (["good.MD", "--lesson", "2"], own),
        (["--lesson", "7"], "7 is not in the range"),
    ]
    for arguments, message in cases:
        done = run("play", "--no-open", *arguments, folder=tmp_path)
        assert done.returncode == 2, done
        assert message in done.stderr


def test_a_page_is_written_for_a_web_server(tmp_path) -> None:
    done = run("play", "--export", "lesson.html", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "lesson.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert len(page.encode()) < 100_000
    assert re.findall(r"https?://[^\s\"']+", page) == ["http://www.w3.org/2000/svg"]
    assert [p.name for p in tmp_path.iterdir()] == ["lesson.html"]


def test_what_is_no_page(tmp_path) -> None:
    draw = np.random.default_rng(0)
    pl.DataFrame({"a": draw.normal(size=2001), "y": draw.normal(size=2001)}).write_csv(tmp_path / "many.csv")
    (tmp_path / "few.html").write_text("a,y\n1,2\n3,4\n5,7\n")
    wide = ds.Network(1, [ds.Dense(400, "tanh"), ds.Dense(400, "tanh"), ds.Dense(1)])
    wide.save(tmp_path / "wide", wide.initial_parameters())
    cases = [
        (
            ["many.csv", "--export", "page.html"],
            "many.csv has 2,001 rows, .* at most 2,000; export",
        ),
        (["wide", "--table", "few.html", "--export", "p.html"], "161,601 parameters, .* at most 50,000"),
        (["few.html", "--export", "few.html"], "the page would replace few.html, which is read"),
        (["--export", "-"], "a page needs a file; name one, such as --export lesson.html"),
        (["--export", "page.pdf"], "a page ends in .html, and page.pdf does not"),
        (["--export", "none/page.html"], "there is no folder none"),
        (["none.csv", "--export", "page.html"], "there is no file none.csv"),
    ]
    for arguments, message in cases:
        done = run("play", *arguments, folder=tmp_path)
        assert done.returncode == 2, done
        assert re.search(message, done.stderr), done.stderr
        assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["few.html", "many.csv", "wide"]


@pytest.mark.thorough  # the quick one is the first signal's of test_signals.py
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_saves_the_best_so_far(tmp_path) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4000, 6))
    frame = pl.DataFrame({f"x{i}": x[:, i] for i in range(6)} | {"y": np.sin(x).sum(axis=1)})
    frame.write_csv(tmp_path / "t.csv")
    told = interrupted("fit", "t.csv", "-t", "y", "--epochs", "5000", folder=tmp_path)
    assert b"interrupted" in told
    if (tmp_path / "t.downslope").exists():
        assert ds.load(tmp_path / "t.downslope").record.interrupted
    else:  # too early for a first epoch
        assert b"nothing was saved" in told


def test_no_color_and_pipes(tmp_path) -> None:
    done = run("fit", EXAMPLES / "five_rows.csv", "-t", "y", folder=tmp_path)
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.thorough
def test_a_forecast_is_shown_graded_and_kept(tmp_path, monkeypatch) -> None:
    """Each of two groups and of two networks for later rows is a descent with a forecast."""
    monkeypatch.setattr("downslope.cli._forecasts._SECONDS", 0.0)
    monkeypatch.setattr("downslope.cli._forecasts._SHARE", float("inf"))
    monkeypatch.setattr("downslope.cli._screen._PLAIN_SECONDS", 0.0)
    call = ("fit", EXAMPLES / "penguins.csv", "-t", "body_mass_g", "--grades", "grades.jsonl")
    done = run(*call, "--epochs", "20", "--hidden", "16", "--members", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    number = r"[0-9.e-]+"
    assert re.search(
        rf"periodic: step .* at the end {number} to {number}  0:0. (to 0:\d\d )?left", done.stderr
    )
    graded = re.findall(
        rf"(.*): forecast at 25 %: ({number}) to ({number}); reached ({number}): (.*)", done.stderr
    )
    assert [name for name, *_ in graded][:2] == ["periodic", "piecewise"]
    for _, low, high, reached, verdict in graded:
        assert (verdict == "within") == (float(low) <= float(reached) <= float(high))
    lines = (tmp_path / "grades.jsonl").read_text().splitlines()
    assert len(lines) == len(graded)
    assert [json.loads(line)["kind"] for line in lines[:2]] == ["falling"] * 2
    (tmp_path / "grades.jsonl").write_text("nothing\n")
    refused = run(*call, folder=tmp_path)
    assert (refused.returncode, "line 1 of" in refused.stderr) == (2, True)
    refused = run(*call[:-1], "none/grades.jsonl", folder=tmp_path)
    assert (refused.returncode, "grades cannot be written to" in refused.stderr) == (2, True)
