"""Which engine there is, and what is said where it is not the one that was hoped or asked for."""

import os
import subprocess
import sys
import venv
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

import downslope as ds
from downslope.engines import _choice

ROOT = Path(__file__).parents[2]
MESSAGE = "Downslope was installed without its native engine"
FIT = [
    "-c",
    "from downslope.cli import main; main()",
    "fit",
    str(ROOT / "examples" / "five_rows.csv"),
    "--target=y",
]

native = pytest.mark.skipif(
    find_spec("downslope.engines.native._native") is None, reason="installed without a compiler"
)


@pytest.fixture
def without_extension(monkeypatch):
    monkeypatch.delenv("DOWNSLOPE_ENGINE", raising=False)
    monkeypatch.setattr(_choice, "find_spec", lambda name: None)
    for known in (_choice._native_is_built, _choice._native_is_there):
        known.cache_clear()
    yield
    for known in (_choice._native_is_built, _choice._native_is_there):
        known.cache_clear()


def use_of_every_way_in():
    """Each way into the engines, on one line of this file: no number of calls in between may matter."""
    net, x, y = ds.Network(2, [ds.Dense(1)]), [[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0]
    start = net.initial_parameters()
    return [
        lambda: ds.descend(net, x, y, steps=2),
        lambda: ds.descend(net, x, y, steps=2, batch_size=1),
        lambda: ds.descend(net, x, y, steps=2, optimizer="lbfgs"),
        lambda: ds.predict(net, x, parameters=start),
        lambda: ds.gradient_norms(net, x, y, parameters=start),
        lambda: ds.hessian_vector_product(net, x, y, parameters=start, vector=start),
        lambda: ds.fit({"a": [1.0, 2.0, 3.0], "b": [2.0, 4.0, 6.0]}, target="b"),
        lambda: ds.MLPRegressor(max_iter=50, tol=10.0).fit(x, y),
    ]


@pytest.mark.parametrize("way", range(8))
@pytest.mark.usefixtures("without_extension")
def test_a_missing_extension_is_told_of_once_where_the_caller_is(way):
    ways = use_of_every_way_in()
    with pytest.warns(RuntimeWarning, match=MESSAGE) as told:
        ways[way]()
    assert [w.filename for w in told] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for again in ways:
            again()


@pytest.mark.usefixtures("without_extension")
def test_who_asks_for_the_reference_engine_is_told_nothing(monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        use_of_every_way_in()[0]()


def test_an_unknown_engine_is_refused(monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "gpu")
    with pytest.raises(
        ds.DownslopeError, match="DOWNSLOPE_ENGINE is gpu; it can be native, reference or torch"
    ):
        use_of_every_way_in()[0]()


@native
@pytest.mark.parametrize("way", range(7))
def test_an_instruction_set_that_is_not_there_is_refused(way, monkeypatch):
    monkeypatch.delenv("DOWNSLOPE_ENGINE", raising=False)
    monkeypatch.setenv("DOWNSLOPE_ISA", "sse9")
    with pytest.raises(ds.DownslopeError, match=r"DOWNSLOPE_ISA is sse9; this processor has .*portable$"):
        use_of_every_way_in()[way]()


def command_line(python, folder, **environment):
    """Standard error and exit code of a fit that the command line runs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DOWNSLOPE_")}
    done = subprocess.run(
        [python, *FIT], cwd=folder, env={**kept, **environment}, capture_output=True, text=True, timeout=300
    )
    return done.stderr, done.returncode


@pytest.mark.thorough
@native
def test_the_command_line_refuses_an_unknown_instruction_set(tmp_path):
    said, code = command_line(sys.executable, tmp_path, DOWNSLOPE_ISA="sse9")
    assert said.startswith("downslope: DOWNSLOPE_ISA is sse9; this processor has ")
    assert (said.count("\n"), code) == (1, 2)


@pytest.fixture
def bare_python(tmp_path):
    """The Python of an environment into which the package was installed without a compiler.

    What the package needs comes from the environment of the tests, by a .pth file, so that nothing is
    downloaded; its own .pth files, such as that of an editable installation, are not read.
    """
    for requirement in ("scikit_build_core", "nanobind"):
        pytest.importorskip(requirement, reason="needs what the build needs: pip install '.[dev]'")
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", ROOT]
    no_compiler = {**os.environ, "CXX": str(tmp_path / "nothing")}
    subprocess.run([*build, "--no-index", "--wheel-dir", wheels], env=no_compiler, check=True)
    (wheel,) = wheels.iterdir()
    assert wheel.name.endswith("-py3-none-any.whl")
    venv.create(tmp_path / "bare", symlinks=True)
    python = tmp_path / "bare" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel]
    subprocess.run(install, check=True)
    (own,) = (tmp_path / "bare" / "lib").glob("python3*/site-packages")
    (own / "requirements.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")))
    return python


@pytest.mark.thorough
def test_an_installation_without_a_compiler_works_and_says_so(bare_python, tmp_path):
    probe = (
        "import downslope.engines as e, os, sys; "
        "assert e.__file__.startswith(sys.prefix), e.__file__; "
        "assert not [f for f in os.listdir(os.path.dirname(e.__file__)) if f.startswith('_native.')]"
    )
    subprocess.run([bare_python, "-c", probe], check=True)

    said, code = command_line(bare_python, tmp_path)
    assert said.startswith(f"downslope: {MESSAGE}")
    assert (said.count("\n"), code) == (1, 0)  # one plain line
    assert command_line(bare_python, tmp_path, DOWNSLOPE_ENGINE="reference") == ("", 0)

    program = tmp_path / "program.py"
    program.write_text(
        "import downslope as ds\n"
        "net = ds.Network(1, [ds.Dense(4, 'tanh'), ds.Dense(1)])\n"
        "for _ in range(2):\n"
        "    run = ds.descend(net, [[1.0], [2.0]], [1.0, 3.0], steps=50, learning_rate=0.1)\n"
        "    ds.predict(net, [[1.0]], parameters=run.parameters)\n"
        "assert run.losses[-1] < run.losses[0]\n"
    )
    done = subprocess.run([bare_python, program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("RuntimeWarning") == 1
    assert done.stderr.startswith(f"{program}:4: RuntimeWarning: {MESSAGE}")


@native
@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="the system does not tell")
def test_the_engine_finds_every_instruction_set_that_the_system_tells_of():
    from downslope.engines.native import _native

    flags = set(Path("/proc/cpuinfo").read_text().split())
    wide = {"avx2", "fma", "avx512f", "avx512vl", "avx512dq", "avx512bw"}
    needs = {"avx512bf16": wide | {"avx512_bf16"}, "avx512": wide, "avx2": {"avx2", "fma"}, "portable": set()}
    assert _native.instruction_sets() == [name for name, needed in needs.items() if needed <= flags]
