"""Messages as bytes come back as they were, in Python and in the page's own code."""

import gc
import json
import math
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import downslope.studio
from downslope.studio import _schema as ask
from downslope.studio.server._wire import pack, unpack
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session
from downslope.studio.views._frames import frame_of
from downslope.studio.views._overview import overview_of
from downslope.studio.views._viewer import Viewer
from thorough import first

PAGE = Path(downslope.studio.__file__).parent / "page"
DTYPES = [np.float64, np.float32, np.int32, np.uint32, np.int8, np.uint8]
sent = st.sampled_from(DTYPES).flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=0, min_side=0)))
names = st.text(max_size=6).filter(lambda name: name != "$array")
plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
messages = st.dictionaries(
    names,
    st.recursive(
        plain | sent, lambda part: st.lists(part, max_size=3) | st.dictionaries(names, part, max_size=3)
    ),
    max_size=4,
)


def same(one, other):
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other and type(one) is type(other)


@given(messages)
def test_a_message_comes_back(message):
    assert same(unpack(pack(message)), message)


@given(messages)
def test_arrays_lie_where_typed_arrays_may_begin(message):
    packed = pack(message)
    head = int.from_bytes(packed[:4], "little")
    assert (4 + head) % 8 == 0

    def check(found):
        if isinstance(found, dict) and "$array" in found:
            assert found["$array"][2] % 8 == 0
        for part in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
            check(part)

    check(json.loads(packed[4 : 4 + head]))


def test_what_json_has_no_word_for():
    told = unpack(
        pack({"a": math.nan, "b": [math.inf, np.float32(1.5), np.int64(3)], "c": (1, np.bool_(True))})
    )
    assert told == {"a": None, "b": [None, 1.5, 3], "c": [1, True]}
    found = unpack(pack({"long": np.arange(3), "mask": np.array([True, False]), "turned": np.eye(3)[:2].T}))
    assert [value.dtype for value in found.values()] == [np.int32, np.uint8, np.float64]
    assert found["turned"].tolist() == [[1, 0], [0, 1], [0, 0]]


KINDS = {
    "Float64Array": np.float64,
    "Float32Array": np.float32,
    "Int32Array": np.int32,
    "Uint32Array": np.uint32,
    "Int8Array": np.int8,
    "Uint8Array": np.uint8,
}
READ = """
import { readFileSync } from "node:fs";
import { unpack } from "./wire.js";
const { words, arrays } = unpack(Uint8Array.from(readFileSync("message")).buffer);
const told = arrays.map((array) => [array.constructor.name, array.shape, Array.from(array)]);
console.log(JSON.stringify({ words, arrays: told }));
"""


def test_the_page_reads_the_same(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node here to run the page's code")
    words = {"a": [1, 2.5, None, "∂E/∂w", {"deep": True}]}
    shapes = [(), (0,), (3,), (2, 3), (1, 1, 5)]
    sent = [np.arange(math.prod(s)).reshape(s).astype(dtype) for s in shapes for dtype in KINDS.values()]
    shutil.copy(PAGE / "core" / "wire.js", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.js").write_text(READ)
    (tmp_path / "message").write_bytes(pack({"words": words, "arrays": sent}))
    done = subprocess.run([node, "run.js"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    told = json.loads(done.stdout)
    assert told["words"] == words
    for array, (kind, shape, values) in zip(sent, told["arrays"], strict=True):
        assert (KINDS[kind], tuple(shape), values) == (array.dtype, array.shape, array.ravel().tolist())


def test_vendored_files_are_those_of_the_list():
    listed = {}
    for line in (PAGE / "vendor" / "README.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and len(cells[4]) == 64:
            listed[cells[0]] = cells[4]
    found = {
        path.name: path for path in (PAGE / "vendor").iterdir() if path.suffix in (".mjs", ".js", ".css")
    }
    assert listed.keys() == found.keys()
    for name, path in found.items():
        assert sha256(path.read_bytes()).hexdigest() == listed[name], name


@pytest.mark.parametrize("sample", first(1, ["five rows", "spirals"]))
def test_what_is_sent_leaves_no_cycles(sample):
    """Where garbage is collected rarely, as on the command line, a cycle in each frame fills the memory."""
    session = Session(*opening_of(sample))
    viewer = Viewer()
    pictures = {"surface": {}, "residuals": {}, "histograms": {}, "fitted": {}}
    session.handle(ask.SetPace(None))
    session.handle(ask.Play())

    def frames(count):
        for _ in range(count):
            session.work()
            viewer.asks(ask.Look([0, 20], row=1, pictures=pictures, again=True))
            overview = overview_of(session, viewer)
            for message in [frame_of(session, viewer), *([overview] if overview else [])]:
                pack(message)
            viewer.version = session.version

    frames(
        50
    )  # what is kept for the next ones is there, and classes whose methods are made at their first use
    gc.collect()
    gc.disable()
    try:
        frames(20)
        assert gc.collect() < 20  # one of each frame; a thread or a cache of other tests may leave a few
    finally:
        gc.enable()
