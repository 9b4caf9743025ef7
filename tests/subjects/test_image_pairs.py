"""Tests of image pairs: edges of clothes, and the user's own folders."""

import io
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest
from helpers import data_flags, on_linux
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from common import UserError
from subjects.pairs import jitter, load_edges, load_facades
from subjects.pairs.data import edges_of


def small(**changes):
    return data_flags(**{"image_size": 32} | changes)


def test_edges_are_lines_where_the_brightness_changes():
    image = np.zeros((1, 12, 12), np.uint8)
    image[0, 4:8, 4:8] = 200
    (edges,) = edges_of(image)
    dark = set(zip(*np.nonzero(edges == 0), strict=True))
    assert dark and all(3 <= row <= 8 and 3 <= column <= 8 for row, column in dark)
    assert (5, 5) not in dark and (edges[5] == 0).sum() == 2 and (edges[:, 6] == 0).sum() == 2
    assert np.array_equal(edges_of(image.swapaxes(1, 2))[0], edges.T)


def test_all_clothes_have_their_edges(capsys):
    (x, y), (x_test, y_test) = load_edges(data_flags(train_size=1000))
    assert x.shape == y.shape == (1000, 32, 32, 1) and x_test.shape == y_test.shape == (10_000, 32, 32, 1)
    assert np.unique(x_test).tolist() == [0, 255]
    share = (x_test == 0).mean(axis=(1, 2, 3))
    assert 0.05 < share.mean() < 0.2 and share.min() > 0


def test_a_folder_of_pairs_and_its_archive_are_the_same(pairs_of_pictures, tmp_path, capsys):
    (pairs_of_pictures / "train" / "notes.png").write_text("no picture")
    archive = tmp_path / "facades.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(pairs_of_pictures, "facades")
    from_folder, from_archive = (load_facades(small(data_dir=path)) for path in (pairs_of_pictures, tmp_path))
    assert "Left out: train/notes.png is not a picture" in capsys.readouterr().out
    for split_a, split_b in zip(from_folder, from_archive, strict=True):
        for a, b in zip(split_a, split_b, strict=True):
            assert np.array_equal(a, b)
    (x, _), (x_test, y_test) = from_folder
    assert x.shape == (6, 36, 36, 3) and x_test.shape == (2, 32, 32, 3)
    assert x_test[1, 0, 0].tolist() == [0, 0, 101] and y_test[1, 0, 0].tolist() == [201, 0, 0]
    left = load_facades(small(data_dir=pairs_of_pictures, input_half="left")).test
    assert np.array_equal(left.x, y_test) and np.array_equal(left.y, x_test)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.99))
def test_a_cut_archive_is_named(share):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for split in ("train", "test"):
            file = io.BytesIO()
            pixels = np.random.default_rng(0).integers(0, 256, (32, 64, 3), np.uint8)
            Image.fromarray(pixels).save(file, "png")
            info = tarfile.TarInfo(f"facades/{split}/1.png")
            info.size = file.tell()
            file.seek(0)
            tar.addfile(info, file)
    content = content.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "facades.tar.gz").write_bytes(content[: int(share * len(content))])
        with pytest.raises(UserError, match=r"facades.tar.gz is cut short"):
            load_facades(small(data_dir=Path(folder)))


def single(path, width, height):
    """Save one picture, not two side by side."""
    Image.new("RGB", (width, height), "orange").save(path)


def left_out(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("Left out")]


def test_a_single_picture_is_not_cut_in_two(pairs_of_pictures, capsys):
    for i, size in enumerate(((640, 480), (480, 640), (160, 90), (100, 100), (100, 200), (185, 100))):
        single(pairs_of_pictures / "train" / f"photo {i}.jpg", *size)
    for name, size in (("square.png", (512, 256)), ("maps.png", (1200, 600)), ("wide.png", (320, 90))):
        single(pairs_of_pictures / "test" / name, *size)
    (x, _), (x_test, _) = load_facades(small(data_dir=pairs_of_pictures))
    assert len(x) == 6 and len(x_test) == 5
    first, *others, last = left_out(capsys)
    why = "not two pictures side by side, which are about twice as wide as high"
    assert first == f"Left out: train/photo 0.jpg is 640 × 480: {why}"
    assert "train/photo 4.jpg is 100 × 200" in others[-1] and last == "Left out: 1 more"


def test_a_folder_of_single_pictures_is_refused(pairs_of_pictures):
    for i in range(7):
        single(pairs_of_pictures / "train" / f"photo {i}.jpg", 64, 48)
    message = r"needs pairs of pictures: 7 of the 13 in train/ are none; train/photo 0\.jpg is 64 × 48"
    with pytest.raises(UserError, match=message):
        load_facades(small(data_dir=pairs_of_pictures))


def test_other_files_are_named_and_copies_counted(pairs_of_pictures, capsys):
    (pairs_of_pictures / "train" / "more").mkdir()
    (pairs_of_pictures / "train" / "notes").write_text("no picture")
    (pairs_of_pictures / "train" / ".DS_Store").write_text("litter")
    shutil.copy(pairs_of_pictures / "train" / "3.png", pairs_of_pictures / "test" / "copy")
    (pairs_of_pictures / "test").rename(pairs_of_pictures / "val")
    _, test = load_facades(small(data_dir=pairs_of_pictures))
    assert len(test.x) == 3
    said = capsys.readouterr().out
    assert "Left out: train/more/ is a folder" in said and "Left out: train/notes is not a picture" in said
    assert ".DS_Store" not in said
    assert "Warning: 3 of the 3 pictures in val/ are also in train/" in said


@pytest.mark.parametrize("made, message", [
    ([], "holds nothing; this lesson reads .*facades.* there: leave --data-dir out to download"),
    (["horses"], "holds horses/; this lesson reads .* or take --step edges"),
    (["train", "validation"], "holds train/, validation/; this lesson reads "),
    (["train", "val"], "needs pictures in train/, and in test/ or val/"),
])  # fmt: skip
def test_a_folder_of_something_else_is_refused(made, message, tmp_path):
    for name in made:
        (tmp_path / name).mkdir()
    with pytest.raises(UserError, match=message):
        load_facades(small(data_dir=tmp_path))


@on_linux
@pytest.mark.parametrize("name", ["facades.tar.gz", "facades", "train"])
@pytest.mark.parametrize("is_pipe", [True, False])
def test_what_cannot_be_followed_is_one_line(is_pipe, name, tmp_path):
    for split in {"train", "test"} - {name}:
        (tmp_path / split).mkdir()
    if is_pipe:
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to("nowhere")
    with pytest.raises(UserError, match=str(tmp_path)):
        load_facades(small(data_dir=tmp_path))


def test_other_sizes_than_the_networks_are_refused(tmp_path):
    with pytest.raises(UserError, match="must be 32, 64, 128 or 256"):
        load_facades(small(data_dir=tmp_path, image_size=100))


def test_pairs_are_cut_and_mirrored_alike():
    x = np.random.default_rng(0).integers(0, 256, (5, 36, 36, 3), np.uint8)
    a, b = jitter(32)(x, 255 - x, np.random.default_rng(1))
    assert a.shape == (5, 32, 32, 3) and np.array_equal(a, 255 - b)
    windows = np.lib.stride_tricks.sliding_window_view(x, (32, 32), axis=(1, 2)).reshape(5, 25, 3, 32, 32)
    for picture, places in zip(np.moveaxis(a, -1, 1), windows, strict=True):
        assert any(np.array_equal(picture, p) or np.array_equal(picture[..., ::-1], p) for p in places)
