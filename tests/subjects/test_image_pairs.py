"""Tests of image pairs: edges of clothes, and the user's own folders."""

import io
import os
import random
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
    for i in range(9):
        single(pairs_of_pictures / "train" / f"photo {i}.jpg", 64, 48)
    message = (
        r"needs pairs of pictures: 9 of the 17 are none; train/photo 0\.jpg is 64 × 48: not two pictures"
    )
    with pytest.raises(UserError, match=message):
        load_facades(small(data_dir=pairs_of_pictures))


def test_other_files_are_named_and_copies_counted(pairs_of_pictures, capsys):
    (pairs_of_pictures / "train" / "more.txt").write_text("no picture")
    (pairs_of_pictures / "train" / "notes").write_text("no picture")
    (pairs_of_pictures / "train" / ".DS_Store").write_text("litter")
    shutil.copy(pairs_of_pictures / "train" / "3.png", pairs_of_pictures / "test" / "copy")
    (pairs_of_pictures / "test").rename(pairs_of_pictures / "val")
    _, test = load_facades(small(data_dir=pairs_of_pictures))
    assert len(test.x) == 3
    said = capsys.readouterr().out
    assert "Left out: train/more.txt is not a picture" in said
    assert "Left out: train/notes is not a picture" in said
    assert ".DS_Store" not in said
    assert "Warning: 3 of the 3 held-out pairs are also among those to learn from" in said


@pytest.mark.parametrize("made, message", [
    ([], "holds nothing; this lesson reads .*facades.* there: leave --data-dir out to download"),
    (["horses"], "holds horses/; this lesson reads .* or take --step edges"),
    (["train", "validation"], "holds train/, validation/; this lesson reads "),
    (["train", "val"], "holds train/, val/; this lesson reads "),
    (["test/1.png"], "holds no pairs to learn from: this lesson reads "),
    (["train/A/1.png", "train/B/2.png"], "holds no pairs to learn from: this lesson reads "),
    (["train/1.png", "train/2.png", "val/1.png"], "needs pairs of pictures: 3 of the 3 are none"),
    (["A/1.png", "B/1.png"], "there is no pair that can be read to test on"),
])  # fmt: skip
def test_a_folder_of_something_else_is_refused(made, message, tmp_path):
    for name in made:
        path = tmp_path / name
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
        if path.suffix:
            single(path, 64, 64)
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


def draw(folder, template, count, way="beside", begin=0):
    """Make pairs: the number in red on the left, above or in A, the number in blue beside, below or in B."""
    for i in range(begin, begin + count):
        a, b = Image.new("RGB", (40, 40), (i, 0, 9)), Image.new("RGB", (40, 40), (0, 9, i))
        size = {"beside": (80, 40), "above": (40, 80)}.get(way)
        if size:
            whole = Image.new("RGB", size)
            whole.paste(a, (0, 0))
            whole.paste(b, (size[0] - 40, size[1] - 40))
        for side, picture in [("", whole)] if size else [("A", a), ("B", b)]:
            path = folder / template.format(i=i, side=side, suffix="jpg" if side == "A" else "png")
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path, "png")


# (paths in train, paths in test), how a pair lies, what is said of the drawing
LAYOUTS = {
    "facades": (["train/{i}.png", "test/{i}.png"], "beside", "is the left half (--input-half right: the"),
    "val": (["x/Train/{i}.png", "x/VAL/{i}.png"], "beside", "is the left half"),
    "one above the other": (["train/{i}.png", "test/{i}.png"], "above", "is the upper half"),
    "trainA": (
        ["train{side}/{i}.{suffix}", "test{side}/{i}.{suffix}"], "files", "in A (--input-half right: in B)",
    ),
    "train_a": (["maps/train_{side}/{i}.png", "maps/val_{side}/{i}.png"], "files", "is in A"),
    "train/A": (["train/{side}/{i}.{suffix}", "test/{side}/{i}.{suffix}"], "files", "is in A"),
    "A/train": (["{side}/train/{i}.png", "{side}/val/{i}.png"], "files", "is in A"),
    "A": (["{side}/{i}.{suffix}"], "files", "a fifth of the pairs is held out"),
    "subfolders": (["pairs/{side}/more/{i}.png"], "files", "is in A"),
    "a folder": (["my pairs/{i}.png"], "beside", "a fifth of the pairs is held out"),
    "only train": (["train/{i}.png"], "above", "a fifth of the pairs is held out"),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_of_pairs(name, tmp_path, capsys):
    templates, way, says = LAYOUTS[name]
    for part, template in enumerate(templates):
        draw(tmp_path / "mine", template, [8, 2][part] if len(templates) > 1 else 10, way, 100 * part)
    data = load_facades(small(data_dir=tmp_path / "mine", input_half="left"))
    assert says in capsys.readouterr().out
    (x, y), (x_test, _) = data
    assert x.shape == (8, 36, 36, 3) and x_test.shape == (2, 32, 32, 3)
    learned, tested = x[:, 4, 4, 0].tolist(), x_test[:, 4, 4, 0].tolist()
    for left, right in data:
        assert np.array_equal(left[:, 4, 4, 0], right[:, 4, 4, 2]) and (left[:, 4, 4, 2] == 9).all()
        assert all((half[:, :30] == half[:, :1, :1]).all() for half in (left[:, :, :30], right[:, 4:, 4:]))
    if len(templates) == 2:
        assert learned == [*range(8)] and tested == [100, 101] and data.split is None
    else:
        assert sorted(learned + tested) == [*range(10)] and data.split == "a fifth held out, seed 0"
        other = load_facades(small(data_dir=tmp_path / "mine", input_half="left", seed=1))
        assert other.file.sha256 == data.file.sha256 and not np.array_equal(other.test.x, x_test)
    (tmp_path / "in").mkdir()
    with tarfile.open(tmp_path / "in" / "my.pairs.tar", "w") as archive:
        archive.add(tmp_path / "mine", "any name")
    same = load_facades(small(data_dir=tmp_path / "in", input_half="right"))
    assert np.array_equal(same.train.x, y) and np.array_equal(same.test.y, x_test)
    assert same.file.sha256 == data.file.sha256


def test_what_has_no_partner_is_named_and_left_out(tmp_path, capsys):
    draw(tmp_path, "{side}/{i}.{suffix}", 10, "files")
    (tmp_path / "A" / "3.jpg").unlink()
    (tmp_path / "B" / "4.png").unlink()
    (tmp_path / "B" / "5.png").write_bytes(b"")
    (tmp_path / "A" / "6.jpg").write_bytes((tmp_path / "A" / "6.jpg").read_bytes()[:60])
    single(tmp_path / "A" / "7.png", 40, 40)
    single(tmp_path / "cover.png", 80, 40)
    data = load_facades(small(data_dir=tmp_path, input_half="left"))
    assert len(data.train.x) + len(data.test.x) == 6
    said = left_out(capsys)
    assert said[:4] == [
        "Left out: A/7.png has the same name as A/7.jpg",
        "Left out: cover.png is neither in A nor in B",
        "Left out: A/4.jpg has no partner of the same name in B",
        "Left out: B/3.png has no partner of the same name in A",
    ]
    assert said[4:] == ["Left out: B/5.png is an empty file, not a picture", "Left out: 1 more"]


def test_pairs_of_different_shapes_are_said(tmp_path, capsys):
    draw(tmp_path, "train{side}/{i}.png", 6, "files")
    draw(tmp_path, "test{side}/{i}.png", 2, "files", 10)
    single(tmp_path / "trainB" / "2.png", 60, 40)
    single(tmp_path / "trainB" / "3.png", 80, 80)  # larger, but of the same shape
    load_facades(small(data_dir=tmp_path))
    said = capsys.readouterr().out
    assert "Warning: 1 of the 8 pairs have pictures of different shapes" in said
    assert "trainA/2.png is 40 × 40, trainB/2.png 60 × 40" in said


def test_those_that_lie_the_other_way_are_left_out(tmp_path, capsys):
    draw(tmp_path, "{i}.png", 6, "above")
    draw(tmp_path, "{i}.png", 2, "beside", 6)
    data = load_facades(small(data_dir=tmp_path))
    assert len(data.train.x) + len(data.test.x) == 6
    assert left_out(capsys) == [
        f"Left out: {i}.png is 80 × 40: not two pictures one above the other, which are about twice as high"
        " as wide"
        for i in (6, 7)
    ]


def test_copies_of_pairs_are_not_divided(tmp_path, capsys):
    for name in ("1 {i}.png", "2 {i}.png", "3 {i}.png"):
        draw(tmp_path, name, 10)
    for seed in range(3):
        data = load_facades(small(data_dir=tmp_path, seed=seed))
        learned, held = (set(part.y[:, 4, 4, 0].tolist()) for part in data)
        assert not learned & held and len(held) == 2
    assert "Warning" not in capsys.readouterr().out


def test_of_two_parts_to_test_on_one_is_used_and_said(pairs_of_pictures, capsys):
    shutil.copytree(pairs_of_pictures / "train", pairs_of_pictures / "val")
    load_facades(small(data_dir=pairs_of_pictures))
    said = capsys.readouterr().out
    assert "Not used: val/ (the network is tested on test/)" in said
    assert "Pairs: 6 to learn from, 2 to test on" in said


@pytest.mark.parametrize("seed", range(25))
def test_damaged_pairs_are_left_out_by_name(seed, tmp_path, capsys):
    chance = random.Random(seed)
    way = chance.choice(["beside", "above", "files"])
    draw(tmp_path, "train{side}/{i}.png", 6, way)
    path = chance.choice(sorted(tmp_path.rglob("*.png")))
    whole = path.read_bytes()
    path.write_bytes(chance.choice([b"", b"no picture", whole[: chance.randrange(len(whole) * 3 // 4)]]))
    data = load_facades(small(data_dir=tmp_path, input_half="left"))
    (line,) = left_out(capsys)
    assert line.startswith(f"Left out: {path.relative_to(tmp_path).as_posix()} ")
    found = sorted(data.train.x[:, 4, 4, 0].tolist() + data.test.x[:, 4, 4, 0].tolist())
    assert found == [i for i in range(6) if i != int(path.stem)]
    for left, right in data:
        assert np.array_equal(left[:, 4, 4, 0], right[:, 4, 4, 2])
