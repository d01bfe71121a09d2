"""The names that Python and C++ share: one table, and a build from another one does not run."""

import subprocess
import sys
from pathlib import Path

import pytest

import downslope as ds
from downslope.engines import _choice
from downslope.engines.native import lowering
from downslope.engines.native.lowering import ELEMENTWISE_OPS, Kind, Opcode, _opcodes
from downslope.graph import OPS, SELU_ALPHA, Elementwise, _numbers

NATIVE = Path(__file__).parents[2] / "native"


def test_the_extension_was_built_from_the_table():
    native = pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")
    assert _opcodes.names() == native.NAMES


def test_a_build_from_other_sources_is_refused(monkeypatch):
    pytest.importorskip("downslope.engines.native._native", reason="installed without a compiler")
    monkeypatch.setattr(lowering, "names", lambda: "MATRIX PANELS")
    _choice._check_extension.cache_clear()
    try:
        with pytest.raises(ds.DownslopeError, match="built from other sources"):
            ds.descend(ds.Network(1, [ds.Dense(1)]), [[1.0]], [[1.0]], steps=1)
    finally:
        _choice._check_extension.cache_clear()


@pytest.mark.skipif(not NATIVE.is_dir(), reason="without the sources")
def test_the_header_numbers_them_in_the_order_of_the_table():
    command = [sys.executable, NATIVE / "write_opcodes.py", _opcodes.__file__, _numbers.__file__]
    header = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    listed = header.split("enum class Op : int {")[1].split("}")[0]
    assert [name.strip() for name in listed.split(",")] == list(ELEMENTWISE_OPS)
    assert '{"matrix_product", Kind::matrix, 6}' in header
    assert '{"copy_features", Kind::panels, -1}' in header
    assert f"selu_alpha = {SELU_ALPHA!r};" in header


def test_opcodes_are_numbered_from_0_and_say_how_their_work_is_shared():
    assert [int(o) for o in Opcode] == list(range(len(Opcode)))
    assert {o.domain for o in Opcode} == {Kind.SCALAR, Kind.PANELS, Kind.MATRIX}


def test_every_elementwise_op_of_the_graph_has_a_kernel():
    elementwise = {name for name, op in OPS.items() if isinstance(op, Elementwise)}
    assert elementwise - {"broadcast"} <= set(ELEMENTWISE_OPS)
    for name in elementwise & set(ELEMENTWISE_OPS):
        assert ELEMENTWISE_OPS[name].operands == len(OPS[name].example.shapes)
