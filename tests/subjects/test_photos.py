"""Tests of cats and dogs, and of the user's own folders and archives of images."""

import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, as_nobody, data_flags, not_on_windows, on_linux

from common import UserError
from common.data.pictures import _learn_heic
from subjects.photos import load_cats_dogs


@pytest.fixture
def open_folder():
    """A folder that all users may enter; those that pytest makes are their owner's."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.fixture
def folder(picture, tmp_path):
    """A class's own pictures of ants and bees; some are none."""
    for split, count in (("train", 5), ("validation", 2)):
        for kind in ("bees", "ants"):
            place = tmp_path / "mine" / split / kind
            place.mkdir(parents=True)
            for i in range(count):
                picture.save(place / f"{i}.jpg")
            picture.rotate(180 * (split == "validation")).convert("L").save(place / "no suffix", "jpeg2000")
    (tmp_path / "mine" / "train" / "ants" / "notes.jpg").write_text("no picture")
    (tmp_path / "mine" / "train" / "ants" / "photo.jpg").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "mine" / "train" / ".thumbnails").mkdir()
    picture.save(tmp_path / "mine" / "train" / ".thumbnails" / "0.jpg")
    for name in (".hidden.jpg", "Thumbs.db", "desktop.ini"):
        (tmp_path / "mine" / "train" / "ants" / name).write_text("not meant as one")
    return tmp_path / "mine"


def left_out(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("Left out")]


@not_on_windows  # there a link needs the Developer Mode
def test_a_folder_of_ones_own(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    _learn_heic.cache_clear()
    (folder / "train" / "ants" / "gone.jpg").symlink_to("nowhere.jpg")
    data = load_cats_dogs(data_flags(data_dir=folder))
    (x_train, y_train), (x, y) = data
    assert x_train.shape == (12, 150, 150, 3) and x.shape == (6, 150, 150, 3)
    assert y_train.tolist() == [*[0, 1] * 5, 1, 0] and y.tolist() == [0, 1] * 3
    assert data.classes == ["ants", "bees"]
    gone, notes, photo = left_out(capsys)
    assert gone == "Left out: train/ants/gone.jpg cannot be read (No such file or directory)"
    assert notes == "Left out: train/ants/notes.jpg is not a picture"
    assert photo.startswith("Left out: train/ants/photo.jpg is a HEIC photo, which Pillow cannot read: ")
    (folder / "train" / "ants" / "0.jpg").unlink()
    without = load_cats_dogs(data_flags(data_dir=folder))
    assert without.file.sha256 != data.file.sha256 and len(data.file.sha256) == 64


def test_what_is_beside_the_pictures_is_named_and_of_much_the_count(folder, picture, capsys):
    (folder / "train" / "ants" / "more").mkdir()
    (folder / "train" / "ants" / "empty").mkdir()
    picture.save(folder / "train" / "ants" / "more" / "1.jpg")
    picture.save(folder / "train" / "ant.jpg")
    for i in range(30):
        (folder / "train" / "bees" / f"{i}.xml").write_text("<annotation/>")
    load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    assert left_out(capsys) == [
        "Left out: train/ant.jpg is in no folder of a class",
        "Left out: train/ants/empty/ is a folder: no pictures are looked for in it",
        "Left out: train/ants/more/ is a folder: no pictures are looked for in it",
        "Left out: train/bees/0.xml is not a picture",
        "Left out: train/bees/1.xml is not a picture",
        "Left out: 30 more",
    ]


def test_the_same_pictures_to_learn_from_and_to_measure_with_are_counted(folder, picture, capsys):
    load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    assert "Warning: 4 of the 6 pictures in validation/ are also in train/" in capsys.readouterr().out
    for kind in ("ants", "bees"):
        for i in range(2):
            picture.rotate(180).save(folder / "validation" / kind / f"{i}.jpg")
    (folder / "test" / "ants").mkdir(parents=True)
    load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    said = capsys.readouterr().out
    assert "Warning" not in said and "Not used: test/" in said


READS = "this lesson reads .*zip.*npz.* train/<class>/ and validation/<class>/ there: leave --data-dir out"


@pytest.mark.parametrize("made, message", [
    ([], f"holds nothing; {READS}"),
    (["horses", "zebras"], f"holds horses/, zebras/; {READS}"),
    (["train/horses", "train/zebras", "val/horses"], f"holds train/, val/; {READS}"),
    (["cats_and_dogs_filtered"], f"holds cats_and_dogs_filtered/; {READS}"),
    (["train/horses", "validation/horses"], "needs pictures of two classes, .* not of none and of none"),
])  # fmt: skip
@pytest.mark.parametrize("full", [False, True])
def test_a_folder_of_something_else_never_leads_to_other_data(made, full, message, tmp_path):
    for folder in made:
        (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(UserError, match=message):
        load_cats_dogs(data_flags(data_dir=tmp_path, full=full))


def test_the_bundled_file_is_read_from_a_folder_and_nothing_else_in_its_place(tmp_path):
    shutil.copy(ROOT / "common" / "data" / "cats_dogs.npz", tmp_path)
    assert load_cats_dogs(data_flags(data_dir=tmp_path)).file.origin == "data-dir"
    (tmp_path / "cats_dogs.npz").write_bytes(b"cut short")
    with pytest.raises(UserError, match=r"cats_dogs\.npz is cut short"):
        load_cats_dogs(data_flags(data_dir=tmp_path))


@not_on_windows
@pytest.mark.parametrize("name", [
    "cats_and_dogs_filtered.zip", "cats_and_dogs_filtered", "cats_dogs.npz", "train/ants", "train/ants/0.jpg",
    "train/ants/closed", "train",
])  # fmt: skip
@pytest.mark.parametrize("fault", ["dangling", "closed", "pipe"])
def test_what_cannot_be_followed_never_leads_to_other_data(fault, name, picture, open_folder):
    for split in ("train", "validation"):
        for kind in ("ants", "bees"):
            (open_folder / split / kind).mkdir(parents=True)
            picture.save(open_folder / split / kind / "1.jpg")
    path = open_folder / name
    if path.is_dir():
        shutil.rmtree(path)
    if fault == "dangling":
        path.symlink_to("nowhere")
    elif fault == "pipe":
        os.mkfifo(path)
    elif path.suffix:
        path.write_bytes(b"")
        path.chmod(0)
    else:
        path.mkdir(mode=0)
    flags = data_flags(data_dir=open_folder, image_size=20)
    with as_nobody():
        try:
            data = load_cats_dogs(flags)
        except UserError as error:
            assert str(open_folder) in str(error)
        else:
            assert data.file.path == open_folder and len(data.train.x) == 2


def test_the_zip_file_is_like_its_folder(folder, tmp_path, capsys):
    for name in ("notes.jpg", "photo.jpg"):
        (folder / "train" / "ants" / name).unlink()
    whole = load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    path = tmp_path / "zipped" / "cats_and_dogs_filtered.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.glob("*/*/*"):
            archive.write(file, f"cats_and_dogs_filtered/{file.relative_to(folder)}")
        archive.writestr("__MACOSX/cats_and_dogs_filtered/train/ants/._0.jpg", "litter")
        archive.writestr("cats_and_dogs_filtered/train/ants/more/1.jpg", "in a folder")
    args = data_flags(data_dir=path.parent, image_size=20)
    capsys.readouterr()
    same = load_cats_dogs(args)
    assert np.array_equal(same.train.x, whole.train.x) and same.file.sha256 == whole.file.sha256
    assert left_out(capsys) == ["Left out: train/ants/more/ is a folder: no pictures are looked for in it"]

    content = bytearray(path.read_bytes())
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"cats_and_dogs_filtered\.zip is cut short, damaged"):
        load_cats_dogs(args)
    content[200] ^= 0x55  # in the first picture
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"cats_and_dogs_filtered\.zip is damaged \("):
        load_cats_dogs(args)


@on_linux
def test_a_name_that_is_no_text_is_read(folder, picture):
    picture.save(os.fsencode(folder / "train" / "ants") + b"/caf\xe9.jpg", "jpeg")
    assert len(load_cats_dogs(data_flags(data_dir=folder, image_size=20)).train.x) == 13


def test_two_classes_are_needed(folder, picture):
    (folder / "train" / "wasps").mkdir()
    picture.save(folder / "train" / "wasps" / "0.jpg")
    with pytest.raises(UserError, match=r"two classes.* not of ants, bees, wasps and of ants, bees"):
        load_cats_dogs(data_flags(data_dir=folder))


def test_the_bundled_pictures():
    data = load_cats_dogs(data_flags())
    (x_train, y_train), (x, y) = data
    assert x_train.shape == (4000, 32, 32, 3) and np.bincount(y_train).tolist() == [2000, 2000]
    assert x.shape == (1000, 32, 32, 3) and np.bincount(y).tolist() == [500, 500]
    assert data.classes == ["cat", "dog"]
    (larger, _), _ = load_cats_dogs(data_flags(image_size=64))
    assert larger.shape == (4000, 64, 64, 3)
