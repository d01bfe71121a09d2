"""Files are written whole or not at all, replace what was there, and come back as the kind that was saved."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope._files import read_file, write_file
from downslope._writing import write_whole
from sealed import NO_SUM, seal, sealed

NET = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])
X, Y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1.0, 2.0, 3.0]
RUN = ds.descend(NET, X, Y, steps=5)
MODEL = ds.fit({"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}, target="price")

SAVED = {
    "Network": (NET, NET.save),
    "Ensemble": (ds.Ensemble([NET, NET]), ds.Ensemble([NET, NET]).save),
    "TrainedNetwork": (None, lambda path: NET.save(path, RUN)),
    "Run": (RUN, RUN.save),
    "Model": (MODEL, MODEL.save),
}


@pytest.mark.parametrize("kind", SAVED)
def test_load_gives_the_kind_that_was_saved_and_refuses_others(kind, tmp_path):
    save = SAVED[kind][1]
    path = tmp_path / "any name"
    assert save(path) is None
    wanted = getattr(ds, kind)
    assert type(ds.load(path)) is wanted
    assert type(ds.load(str(path), wanted)) is wanted
    assert type(ds.load(os.fsencode(path), wanted)) is wanted
    for other in SAVED:
        if other != kind:
            with pytest.raises(ds.DownslopeError, match=rf"name holds an? {kind}, not an? {other}; name"):
                ds.load(path, getattr(ds, other))


@pytest.mark.parametrize("kind", SAVED)
def test_a_file_that_is_there_is_replaced_and_nothing_is_left_beside_it(kind, tmp_path):
    path = tmp_path / "file"
    path.write_text("something else")
    path.chmod(0o640)
    SAVED[kind][1](path)
    assert type(ds.load(path)).__name__ == kind
    assert list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("kind", SAVED)
def test_places_that_cannot_be_written_are_named(kind, tmp_path):
    save = SAVED[kind][1]
    for path, reason in (
        (tmp_path / "no" / "file", f"there is no folder {tmp_path / 'no'}"),
        (tmp_path, "it is a folder"),
        (tmp_path / ("long" * 100), "File name too long"),
        (str(tmp_path) + "/a\0b", "null byte"),
    ):
        with pytest.raises(ds.DownslopeError, match="cannot be written: ") as refused:
            save(path)
        assert reason in str(refused.value)
    for wrong in (None, 3, [tmp_path]):
        with pytest.raises(ds.DownslopeError, match=r"path needs a path, such as 'net\.downslope', not"):
            save(wrong)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_read_are_named(tmp_path):
    for path, reason in (
        (tmp_path / "none", "there is no file"),
        (tmp_path, "is a folder"),
        (tmp_path / ("long" * 100), "cannot be read: File name too long"),
        (None, "path needs a path"),
    ):
        with pytest.raises(ds.DownslopeError, match=reason):
            ds.load(path)
    with pytest.raises(ds.DownslopeError, match=r"kind needs a class, such as ds\.Model, not 'run'"):
        ds.load(tmp_path / "none", "run")


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is closed to root")
def test_closed_folders_and_files_are_named(tmp_path):
    path = tmp_path / "file"
    NET.save(path)
    path.chmod(0)
    with pytest.raises(ds.DownslopeError, match="cannot be read: Permission denied"):
        ds.load(path)
    tmp_path.chmod(0o500)
    with pytest.raises(ds.DownslopeError, match="cannot be written: Permission denied"):
        NET.save(path)


def test_a_failure_in_the_middle_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"before")
    for step in ("fsync", "chmod", "replace"):
        for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):

            def fails(*_, error=error, **__):
                raise error

            with monkeypatch.context() as patched:
                patched.setattr(os, step, fails)
                with pytest.raises((ds.DownslopeError, KeyboardInterrupt)):
                    write_whole(path, b"after")
            assert path.read_bytes() == b"before"
            assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_a_pipe_stays_a_pipe(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    NET.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert ds.load(tmp_path / "file") == NET
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE)
    write_whole(tmp_path / "pipe", b"content")
    assert reader.communicate()[0] == b"content"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    with pytest.raises(ds.DownslopeError, match="is a pipe or a device"):
        ds.load(tmp_path / "pipe")


@pytest.mark.skipif(sys.platform == "win32", reason="rights")
@pytest.mark.parametrize("nameless", [True, False])
def test_rights_are_those_that_the_umask_leaves_which_nobody_touches(nameless, tmp_path, monkeypatch):
    if not nameless:  # as on file systems that have no nameless files
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "umask", pytest.fail)
            write_whole(tmp_path / "new", b"1")
            (tmp_path / "old").touch(0o600)
            write_whole(tmp_path / "old", b"2")
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "old")] == [0o640, 0o600]
    assert sorted(os.listdir(tmp_path)) == ["new", "old"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_was_there_stays_until_the_new_file_is_whole(step, tmp_path, monkeypatch):
    """And Ctrl-C in the middle waits for the end of it."""
    write_whole(tmp_path / "file", b"before")
    real, seen = getattr(os, step), []

    def looked(*given):
        seen.append((tmp_path / "file").read_bytes())
        signal.raise_signal(signal.SIGINT) if len(seen) == 1 else None
        return real(*given)

    monkeypatch.setattr(os, step, looked)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "file", b"after")
    assert seen[0] == b"before"
    assert (tmp_path / "file").read_bytes() == b"after"
    assert os.listdir(tmp_path) == ["file"]


def test_unknown_kinds_and_files_of_others_are_refused(tmp_path):
    write_file(tmp_path / "later", "painting", {}, {})
    with pytest.raises(ds.DownslopeError, match="later holds a 'painting', which this version"):
        ds.load(tmp_path / "later")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ds.DownslopeError, match=r"table\.csv is no file of Downslope but text"):
        ds.load(tmp_path / "table.csv")


@pytest.mark.parametrize("kind", SAVED)
def test_the_same_content_has_the_same_bytes_which_others_read(kind, tmp_path):
    from safetensors.numpy import load_file

    one, two = tmp_path / "one", tmp_path / "two"
    SAVED[kind][1](one)
    SAVED[kind][1](two)
    assert one.read_bytes() == two.read_bytes()
    arrays = load_file(one)
    file = read_file(one)
    assert arrays.keys() == file.arrays.keys()
    assert all(np.array_equal(arrays[name], value) for name, value in file.arrays.items())


def test_a_model_file_without_a_kind_is_a_model(tmp_path):
    from safetensors.numpy import save

    MODEL.save(tmp_path / "model")
    file = read_file(tmp_path / "model")
    (tmp_path / "before").write_bytes(save(dict(file.arrays), {"format": "downslope 2", **file.sections}))
    rows = {"size": [70, 90]}
    assert np.array_equal(ds.load(tmp_path / "before", ds.Model).predict(rows), MODEL.predict(rows))


def test_what_a_header_cannot_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("downslope._container._LONGEST_HEADER", 5000)
    many = ds.Network(40, [ds.Dense(30, initializer=np.full((30, 40), 0.1))])
    with pytest.raises(ds.DownslopeError, match="give starting values as parameters"):
        many.save(tmp_path / "many")
    assert not any(tmp_path.iterdir())


def test_a_kind_is_read_where_nothing_of_its_making_is_imported(tmp_path):
    RUN.save(tmp_path / "run")
    script = f"import downslope as ds; print(ds.load({str(tmp_path / 'run')!r}).losses.tolist())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(RUN.losses.tolist())


def test_path_objects_of_any_kind(tmp_path):
    class Place:
        def __fspath__(self):
            return str(tmp_path / "file")

    NET.save(Place())
    assert ds.load(Place()) == ds.load(Path(tmp_path) / "file") == NET


@pytest.mark.parametrize("kind", SAVED)
def test_a_file_in_which_any_bit_has_changed_is_refused(kind, tmp_path):
    SAVED[kind][1](tmp_path / "file")
    whole = (tmp_path / "file").read_bytes()
    rng = np.random.default_rng(len(kind))
    for place in [*range(24), *rng.integers(len(whole), size=150)]:
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "file").write_bytes(changed)
        with pytest.raises(ds.DownslopeError):
            ds.load(tmp_path / "file")
    for length in rng.integers(len(whole), size=20):
        (tmp_path / "file").write_bytes(whole[:length])
        with pytest.raises(ds.DownslopeError):
            ds.load(tmp_path / "file")


def test_the_checksum_is_that_of_the_file_with_zeros_in_its_place(tmp_path):
    RUN.save(tmp_path / "run")
    file = read_file(tmp_path / "run")
    (tmp_path / "sealed").write_bytes(sealed(file.arrays, {"kind": "run", **file.sections}))
    assert ds.load(tmp_path / "sealed").losses.tolist() == RUN.losses.tolist()
    content = (tmp_path / "run").read_bytes()
    assert seal(re.sub(rb'(?<="sha256": ")[0-9a-f]{64}', NO_SUM.encode(), content, count=1)) == content


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shape": [10**10]}, "takes 80000000000 bytes, which the file lacks there"),
        ({"shape": [2**40, 2**40]}, "bytes, which the file lacks there"),
        ({"shape": [-3]}, "no list of lengths"),
        ({"shape": [3.0]}, "no list of lengths"),
        ({"dtype": "I64"}, "no array of float32 or float64"),
        ({"data_offsets": [8, 32]}, "which the file lacks there"),
        ({"shape": [2], "data_offsets": [0, 16]}, "8 bytes stand behind its arrays"),
    ],
)
def test_arrays_that_are_not_there_are_refused_before_memory_is_taken(change, reason, tmp_path):
    entry = {"dtype": "F64", "shape": [3], "data_offsets": [0, 24], **change}
    header = {"__metadata__": {"format": "downslope 2"}, "a": entry}
    text = json.dumps(header).encode()
    (tmp_path / "file").write_bytes(len(text).to_bytes(8, "little") + text + bytes(24))
    with pytest.raises(ds.DownslopeError, match=f"is damaged: .*{reason}"):
        read_file(tmp_path / "file")


def test_a_name_that_stands_twice_is_refused(tmp_path):
    text = b'{"__metadata__": {"format": "downslope 2", "format": "downslope 2"}}'
    (tmp_path / "file").write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(ds.DownslopeError, match="names something twice"):
        read_file(tmp_path / "file")
