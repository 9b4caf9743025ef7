"""What is written is whole, and kept when the disk or another program does not play along."""

import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from common import UserError
from common.files import UnexpectedArray, hold_room, read_npz, replacing


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


def test_room_is_held_and_given_back(small_disk):
    disk = small_disk(2_000_000)
    room = hold_room(disk, 1_500_000)
    with pytest.raises(UserError, match=r"no room for what this run leaves, up to 1 MB"):
        hold_room(disk, 1_000_000)
    room.truncate(100_000)
    hold_room(disk, 1_000_000).close()
    room.close()
    hold_room(disk, 1_900_000).close()


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


@pytest.mark.parametrize("shape, size", [((2**33,), 2**24), ((60_000, 28, 28), 2**29)])
def test_a_bomb_is_refused_before_it_is_unpacked(shape, size, tmp_path):
    bomb(tmp_path / "mnist.npz", "x_train", shape, size)
    began = time.monotonic()
    with pytest.raises(UnexpectedArray, match=r"wrong array 'x_train'|more than one array in 'x_train'"):
        read_npz(tmp_path / "mnist.npz", {"x_train": (np.uint8, (60_000, 28, 28))})
    assert time.monotonic() - began < 1


def test_an_array_of_unknown_length_is_no_way_for_a_bomb(tmp_path):
    bomb(tmp_path / "imdb.npz", "labels", (2**33,), 2**20)
    with pytest.raises(UnexpectedArray, match="more than 536,870,912 bytes"):
        read_npz(tmp_path / "imdb.npz", {"labels": (np.uint8, (None,))})
