"""What a source distribution and a wheel hold: everything that belongs there and nothing else.

    python packaging/contents.py FOLDER     # with one .tar.gz and one .whl

A source distribution holds what git tracks, without the few files of development that pyproject.toml names.
A wheel holds the package, with the page's files, the marker of types and the licence, and no test.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
LARGEST = 4_000_000  # bytes of a wheel


def main() -> None:
    folder = Path(sys.argv[1])
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    found = [*wrong_in_source(source), *wrong_in_wheel(wheel)]
    for name in (source, wheel):
        print(f"{name.name}: {name.stat().st_size / 1e6:.2f} MB")
    if found:
        raise SystemExit("\n".join(found))


def wrong_in_source(path: Path) -> list[str]:
    """What is missing in a source distribution, or is there though git does not track it."""
    with tarfile.open(path) as file:
        names = {member.name.partition("/")[2] for member in file.getmembers() if member.isfile()}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["scikit-build"]
    wanted = {name for name in tracked() if not any(_excluded(name, p) for p in settings["sdist"]["exclude"])}
    missing, strange = wanted - names, names - wanted - {"PKG-INFO"}
    return [f"{path.name} lacks {n}" for n in sorted(missing)] + [
        f"{path.name} holds {n}, which git does not track" for n in sorted(strange)
    ]


def wrong_in_wheel(path: Path) -> list[str]:
    """What is missing in a wheel, or does not belong there."""
    with zipfile.ZipFile(path) as file:
        names = {name for name in file.namelist() if not name.endswith("/")}
    package = {name.removeprefix("src/") for name in tracked() if name.startswith("src/downslope/")}
    inside = {name for name in names if ".dist-info/" not in name}
    engine = {name for name in inside if fnmatch(name, "downslope/engines/native/_native.*.so")}
    found = [f"{path.name} lacks {name}" for name in sorted(package - inside)]
    found += [f"{path.name} holds {name}" for name in sorted(inside - package - engine)]
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        found.append(f"{path.name} lacks the licence")
    if path.stat().st_size > LARGEST:
        found.append(f"{path.name} has {path.stat().st_size:,} bytes, more than {LARGEST:,}")
    for needed in ("downslope/py.typed", "downslope/__init__.pyi", "downslope/studio/page/index.html"):
        if needed not in inside:
            found.append(f"{path.name} lacks {needed}")
    return found


def tracked() -> set[str]:
    """The files that git tracks, by their path from the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.split("\0") if name}


def _excluded(name: str, pattern: str) -> bool:
    """As scikit-build-core reads a pattern: of a folder, of a path, or of a name anywhere."""
    patterns = pattern, f"{pattern}/*", pattern.removeprefix("**/")
    return any(fnmatch(name, one) for one in patterns)


if __name__ == "__main__":
    main()
