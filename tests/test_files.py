"""Tests that files are written whole, and that old ones survive a failing disk or another program."""

import io
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from common import UserError
from common.files import read_npz, replacing


def hold(monkeypatch, seconds, names):
    """Windows' way: the file with one of these names cannot be replaced while another program has it open."""
    replace, end = Path.replace, time.monotonic() + seconds

    def refuse(self, target):
        if Path(target).name in names and time.monotonic() < end:
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)


def test_a_file_that_is_held_for_a_moment_is_replaced(tmp_path, monkeypatch, capsys):
    (tmp_path / "history.csv").write_text("old")
    hold(monkeypatch, 0.3, ["history.csv"])
    with replacing(tmp_path / "history.csv") as new:
        new.write_text("new")
    assert (tmp_path / "history.csv").read_text() == "new" and capsys.readouterr().err == ""
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]


def test_a_file_that_stays_held_is_kept_beside_and_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "history.csv").write_text("old")
    hold(monkeypatch, 60, ["history.csv"])
    began = time.monotonic()
    with replacing(tmp_path / "history.csv") as new:
        new.write_text("new")
    assert 0.8 < time.monotonic() - began < 3
    assert (tmp_path / "history.csv").read_text() == "old"
    assert (tmp_path / "history-new.csv").read_text() == "new"
    said = capsys.readouterr().err
    assert "cannot write" in said and str(tmp_path / "history-new.csv") in said
    hold(monkeypatch, 60, ["history.csv", "history-new.csv"])
    with pytest.raises(UserError, match="cannot write"), replacing(tmp_path / "history.csv") as new:
        new.write_text("newer")
    assert {path.name for path in tmp_path.iterdir()} == {"history-new.csv", "history.csv"}


def bomb(path, name, shape, size):
    """An .npz file whose array says that it has a shape, and unpacks to so many zeros."""
    header = io.BytesIO()
    kind = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, kind)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(f"{name}.npy", "w") as file,
    ):
        file.write(header.getvalue())
        for _ in range(size // 2**24):
            file.write(bytes(2**24))


@pytest.mark.parametrize("shape", [(2**33,), (60_000, 28, 28), (None,)])
@pytest.mark.parametrize("says, size, why", [
    ((2**33,), 2**24, "EOF|Unable to allocate"),
    ((60_000, 28, 28), 2**26, "wrong array 'x'"),  # and something after it
    ((60_000, 28, 28), 2**29, "an array 'x' of more than 536,870,912 bytes"),
])  # fmt: skip
def test_a_bomb_is_refused_before_it_is_unpacked(shape, says, size, why, tmp_path):
    bomb(tmp_path / "data.npz", "x", says, size)
    began = time.monotonic()
    with pytest.raises((ValueError, MemoryError), match=why):
        read_npz(tmp_path / "data.npz", {"x": (np.uint8, shape)})
    assert time.monotonic() - began < 1


def test_an_archive_that_lies_about_a_size_unpacks_no_more_than_it_says(tmp_path):
    bomb(tmp_path / "data.npz", "x", (872,), 2**26)
    content = (tmp_path / "data.npz").read_bytes()
    lie = content.replace((2**26 + 128).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lie != content
    (tmp_path / "data.npz").write_bytes(lie)
    tracemalloc.start()
    with pytest.raises(zipfile.BadZipFile):
        read_npz(tmp_path / "data.npz", {"x": (np.uint8, (None,))})
    assert tracemalloc.get_traced_memory()[1] < 2**21
    tracemalloc.stop()
