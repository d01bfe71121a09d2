"""The commands in pages of the documentation print what the pages show, whatever the figures."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["evaluate", "messy", "report", "show", "targets", "time", "tune"]
FIGURE = re.compile(r"[-−]?\d[\d.,]*(e[-+]?\d+)?")
OF_THE_PROCESSOR = re.compile(
    r"standard errors|^# – #|The network's|(of|in) the prediction"
    r"|^Network: |^Found: |with the defaults|than the defaults|^The same model"
)
"""Lines whose words depend on the last digits of figures, which depend on the processor."""


def transcript(page: str) -> list[tuple[str, list[str]]]:
    """Each command of a page, with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    shown = False
    for line in (ROOT / "docs" / "how-to" / f"{page}.md").read_text().split("\n"):
        if line.startswith("    $ "):
            found.append((line[6:], []))
            shown = True
        elif line and not line.startswith("    "):
            shown = False
        elif shown and line:
            found[-1][1].append(line)
    return found


def words(lines: list[str]) -> list[str]:
    """The lines without their figures, and without those of rows that a title calls the worst."""
    found, worst = [], False
    for line in lines:
        plain = " ".join(FIGURE.sub("#", line).split())
        worst = plain.startswith("The worst rows") or (worst and line.startswith((" ", "\t")))
        if plain and not worst and not OF_THE_PROCESSOR.search(plain):
            found.append(re.sub(r"Fitted to \S+", "Fitted to FILE", plain))
    return found


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize("page", PAGES)
def test_pages_show_what_is_printed(page: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copy(ROOT / "examples" / "penguins.csv", tmp_path)
    (tmp_path / "downslope").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from downslope.cli import main; main()" "$@"\n'
    )
    (tmp_path / "downslope").chmod(0o755)
    environment = {**os.environ, "COLUMNS": "110", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    environment["PYTHONIOENCODING"] = "utf-8"
    compared = 0
    for command, shown in transcript(page):
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, check=True
        )
        if shown:
            assert words(done.stdout.decode().split("\n")) == words([line[4:] for line in shown]), command
            compared += 1
    assert compared
