"""What is written is whole, and kept when the disk or another program does not play along."""

import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, result_of

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


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a disk of so many bytes."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size):
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("needs to mount a small disk, which only root can")
        return folder

    yield mount
    subprocess.run(["umount", "-l", str(folder)], capture_output=True)


def test_room_is_held_and_given_back(small_disk):
    disk = small_disk(2_000_000)
    room = hold_room(disk, 1_500_000)
    with pytest.raises(UserError, match=r"no room for what this run leaves, up to 1 MB"):
        hold_room(disk, 1_000_000)
    room.truncate(100_000)
    hold_room(disk, 1_000_000).close()
    room.close()
    hold_room(disk, 1_900_000).close()


def test_a_disk_without_room_is_named_before_the_training(small_disk, run):
    disk = small_disk(300_000)
    done = run("--plot", "none", "--out", disk / "run", lesson="mnist_2_five_layers")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "has no room for what this run leaves, up to" in done.stderr and "epoch" not in done.stdout
    assert [path for path in (disk / "run").iterdir() if path.name != ".lock"] == []


def test_on_a_disk_that_fills_up_the_model_is_kept(small_disk, start, weights):
    """Something else takes all that is left: first the checkpoint does not fit, the model still does."""
    disk = small_disk(20_000_000)
    flags = ("--plot", "file", "--epochs", 3, "--train-size", 20_000, "--out", disk / "run")
    process = start(*flags, lesson="mnist_2_five_layers")
    for line in process.stdout:
        if "parameters" in line:
            break
    with open(disk / "other", "wb", buffering=0) as other, pytest.raises(OSError):
        while True:
            other.write(bytes(100_000))
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "checkpoint.npz: No space left" in stderr and "Traceback" not in stderr
    assert result_of(disk / "run")["epochs"] == 3 and len(weights(disk / "run")) == 10


def bomb(path, name, shape, size):
    """An .npz file whose array says that it has a shape, and unpacks to so many zeros."""
    header = io.BytesIO()
    kind = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, kind)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(f"{name}.npy", "w") as file,
    ):
        file.write(header.getvalue())
        for _ in range(size // 2**24):
            file.write(bytes(2**24))


@pytest.mark.parametrize("shape", [(2**33,), (60_000, 28, 28)])
def test_a_bomb_is_refused_before_it_is_unpacked(shape, tmp_path):
    bomb(tmp_path / "mnist.npz", "x_train", shape, 2**30)
    began = time.monotonic()
    with pytest.raises(UnexpectedArray, match=r"wrong array 'x_train'|more than one array in 'x_train'"):
        read_npz(tmp_path / "mnist.npz", {"x_train": (np.uint8, (60_000, 28, 28))})
    assert time.monotonic() - began < 1


def test_an_array_of_unknown_length_is_no_way_for_a_bomb(tmp_path):
    bomb(tmp_path / "imdb.npz", "labels", (2**33,), 2**20)
    with pytest.raises(UnexpectedArray, match="more than 268,435,456 bytes"):
        read_npz(tmp_path / "imdb.npz", {"labels": (np.uint8, (None,))})


def test_a_checkpoint_that_is_a_bomb_is_named(run, tmp_path):
    assert run("--train-size", 1000, "--epochs", 1, "--plot", "none", "--out", "a").returncode == 0
    path = tmp_path / "a" / "checkpoint.npz"
    with np.load(path) as archive:
        arrays = {**archive, "variable_0": np.zeros((50_000_000,), np.float32)}
    np.savez_compressed(path, **arrays)
    done = run("--resume", "--plot", "none", "--out", "a")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "a holds a run of another network" in done.stderr and "variable_0" in done.stderr


@pytest.mark.parametrize("version", ["3.6", "3.9"])
def test_every_script_is_readable_for_an_old_python_which_is_named(version):
    import ast

    numbers = tuple(map(int, version.split(".")))
    scripts = [*ROOT.glob("*.py"), ROOT / "common" / "__init__.py"]
    for script in scripts:
        ast.parse(script.read_text("utf-8"), feature_version=numbers)
    pretend = (
        f"import sys; sys.version_info = {(*numbers, 0)}; sys.path.insert(0, {str(ROOT)!r}); import common"
    )
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Python {version} is too old: take one from 3.10 to 3.13\n"
