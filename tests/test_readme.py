"""What the README shows is what the commands print."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def shown(command: str) -> list[str]:
    """The indented lines below a command."""
    block = README.split(f"    $ {command}\n", 1)[1].split("\n\nEach ", 1)[0]
    return [line.strip() for line in block.split("\n") if line.strip()]


def test_the_command_prints_what_is_shown(tmp_path) -> None:
    command = "downslope fit examples/penguins.csv --target body_mass_g"
    arguments = command.replace("examples/", f"{ROOT}/examples/").split()[1:]
    run = [sys.executable, "-c", "from downslope.cli import main; main()", *arguments]
    environment = {**os.environ, "COLUMNS": "110", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, env=environment, check=True)
    printed = [line.strip() for line in done.stdout.decode().split("\n") if line.strip()]
    figures = ("baseline", "linear model", "network ")  # their last digits depend on the processor
    for want, got in zip(shown(command), printed, strict=True):
        if not want.startswith(figures):
            want_words, got_words = want.split("best epoch")[0], got.split("best epoch")[0]
            assert want_words == got_words or "%" in want
