"""Tests of cats and dogs, and of the user's own folders and archives of images."""

import os
import random
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers import ROOT, as_nobody, data_flags, not_on_windows, on_linux
from PIL import Image

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
    picture.save(folder / "1.jpg")
    picture.save(folder / "train" / "ant.jpg")
    for i in range(30):
        (folder / "train" / "bees" / f"{i}.xml").write_text("<annotation/>")
    data = load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    assert len(data.train.x) == 13
    assert left_out(capsys) == [
        *(f"Left out: train/bees/{i}.xml is not a picture" for i in (0, 1, 10, 11, 12)),
        "Left out: 29 more",
    ]
    for path in (folder / "train" / "bees").glob("*.xml"):
        path.unlink()
    load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    assert left_out(capsys)[:2] == [
        "Left out: 1.jpg is in none of the folders for training and testing",
        "Left out: train/ant.jpg is in no folder of a class",
    ]


def test_the_same_pictures_to_learn_from_and_to_measure_with_are_counted(folder, picture, capsys):
    load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    said = capsys.readouterr().out
    assert "Warning: 4 of the 6 held-out pictures are also among those to learn from" in said
    for kind in ("ants", "bees"):
        for i in range(2):
            picture.rotate(180).save(folder / "validation" / kind / f"{i}.jpg")
    (folder / "test" / "ants").mkdir(parents=True)
    picture.save(folder / "test" / "ants" / "1.jpg")
    load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    said = capsys.readouterr().out
    assert "Not used: test/ (the accuracy is measured on validation/)" in said
    assert said.count("Warning") == 1 and "ants/0.jpg, in another class" in said


READS = r"this lesson reads .*zip.*npz.* in <class>/ or named cat\.1\.jpg .*there: leave --data-dir out"


@pytest.mark.parametrize("made, message", [
    ([], f"holds nothing; {READS}"),
    (["horses", "zebras"], f"holds horses/, zebras/; {READS}"),
    (["train/horses", "train/zebras", "val/horses"], f"holds train/, val/; {READS}"),
    (["cats_and_dogs_filtered"], f"holds cats_and_dogs_filtered/; {READS}"),
    (["train/horses/"], f"holds train/; {READS}"),
    (["train/horses/1.jpg", "validation/horses/1.jpg"], "holds pictures of one class, horses: this lesson"),
    (["IMG_1.jpg", "IMG_2.jpg", "DSC (3).jpg"], "holds pictures of no class: this lesson reads"),
    (["a/1.jpg", "b/1.jpg"], "a needs two different pictures that can be read, one to validate with"),
    (["train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/c/1.jpg"],
     "there are pictures of b in train/, but not in val/: both need the same classes"),
    (["train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/b/text.jpg"],
     "no picture of b in val/ can be read"),
])  # fmt: skip
@pytest.mark.parametrize("full", [False, True])
def test_a_folder_of_something_else_never_leads_to_other_data(made, full, message, tmp_path, picture):
    for name in made:
        path = tmp_path / name
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
        if path.name == "text.jpg":
            path.write_text("no picture")
        elif path.suffix:
            picture.save(path)
    with pytest.raises(UserError, match=message):
        load_cats_dogs(data_flags(data_dir=tmp_path, full=full))


def test_data_that_are_gone_are_named(tmp_path):
    with pytest.raises(UserError, match=r"--data-dir: there is no .*gone"):
        load_cats_dogs(data_flags(data_dir=tmp_path / "gone"))


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
        archive.writestr("cats_and_dogs_filtered/train/ants/small/1.jpg", "in a subfolder")
    args = data_flags(data_dir=path.parent, image_size=20)
    capsys.readouterr()
    same = load_cats_dogs(args)
    assert np.array_equal(same.train.x, whole.train.x) and same.file.sha256 == whole.file.sha256
    assert left_out(capsys) == ["Left out: cats_and_dogs_filtered/train/ants/small/1.jpg is not a picture"]

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


def test_the_bundled_pictures():
    data = load_cats_dogs(data_flags())
    (x_train, y_train), (x, y) = data
    assert x_train.shape == (4000, 32, 32, 3) and np.bincount(y_train).tolist() == [2000, 2000]
    assert x.shape == (1000, 32, 32, 3) and np.bincount(y).tolist() == [500, 500]
    assert data.classes == ["cat", "dog"]
    (larger, _), _ = load_cats_dogs(data_flags(image_size=64))
    assert larger.shape == (4000, 64, 64, 3)


KINDS = ("ants", "bees", "wasps")


def colour_of(kind, i):
    return 100 * KINDS.index(kind), i, 7


def make(folder, layout, kinds):
    """Make pictures, each of one colour; a layout is a dictionary from a path to how many of each kind."""
    for template, count in layout.items():
        for kind in kinds:
            for i in range(count):
                path = folder / template.format(kind=kind, i=i)
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (12, 9), colour_of(kind, i)).save(path, "png")


def numbers(x):
    """The numbers of the pictures of `make`."""
    return x[:, 0, 0, 1].tolist()


# the layout; the folders in which Keras finds the two parts, or all of them; and what is said
LAYOUTS = {
    "train and validation": (
        {"train/{kind}/{i}.png": 8, "validation/{kind}/{i}.png": 2}, ["train", "validation"], "3 classes",
    ),
    "training_set and test_set": (
        {"training_set/training_set/{kind}/{i}.png": 8, "test_set/test_set/{kind}/{i}.png": 2},
        ["training_set/training_set", "test_set/test_set"], "test_set/ is used to validate with",
    ),
    "Train, Valid and Test": (
        {"x/Train/{kind}/{i}.png": 8, "x/Valid/{kind}/{i}.png": 2, "x/Test/{kind}/{i}.png": 3},
        ["x/Train", "x/Valid"], "Not used: x/Test/ (the accuracy is measured on x/Valid/)",
    ),
    "seg_train": (
        {"seg_train/seg_train/{kind}/{i}.png": 8, "seg_test/seg_test/{kind}/{i}.png": 2},
        ["seg_train/seg_train", "seg_test/seg_test"], "seg_test/ is used to validate with",
    ),
    "folders of classes": ({"{kind}/{i}.png": 10}, ["."], "a fifth of each class is held out"),
    "one folder around, subfolders": (
        {"my insects/{kind}/2024/{i}.png": 10}, ["my insects"], "a fifth of each class is held out",
    ),
    "names": ({"{kind}.{i}.png": 10}, [], "a fifth of each class is held out"),
    "Kaggle": (
        {"train/{kind}.{i}.png": 10, "test1/{i}.png": 4}, [],
        "Left out: test1/ is not used: its 4 files have no labels",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name, count", [*((name, 3) for name in LAYOUTS), ("names", 2)])
def test_each_layout_is_read_as_keras_reads_it_and_in_archives_too(name, count, tmp_path, capsys):
    layout, by_keras, says = LAYOUTS[name]
    make(tmp_path / "mine", layout, KINDS[:count])
    data = load_cats_dogs(data_flags(data_dir=tmp_path / "mine", image_size=16))
    said = capsys.readouterr().out
    assert says.replace("3 classes", f"{count} classes") in said
    assert data.classes == list(KINDS[:count])
    assert f"{count} classes of pictures to learn from: ants (8), bees (8)" in said
    for part, each in ((data.train, 8), (data.validation, 2)):
        assert np.bincount(part.y).tolist() == [each] * count
        for picture, label in zip(part.x, part.y, strict=True):
            assert picture[0, 0, 0] == 100 * label and (picture == picture[0, 0]).all()
    assert data.train.x[0, 0, 0].tolist()[::2] == [0, 7] and data.train.y[:2].tolist() == [0, 1]
    held = {
        (label, n) for label, n in zip(data.validation.y.tolist(), numbers(data.validation.x), strict=True)
    }
    if len(by_keras) == 2:
        assert data.split is None and held == {(label, n) for label in range(count) for n in range(2)}
    else:
        assert data.split == "a fifth held out, seed 0" and "(seed 0)" in said
        learned = set(zip(data.train.y.tolist(), numbers(data.train.x), strict=True))
        assert learned | held == {(label, n) for label in range(count) for n in range(10)}

    found = [
        keras.utils.image_dataset_from_directory(
            tmp_path / "mine" / folder, image_size=(16, 16), batch_size=None, shuffle=False, verbose=False
        )
        for folder in by_keras
    ]
    for part, second_opinion in zip((data.train, data.validation), found, strict=False):
        assert second_opinion.class_names == data.classes
        theirs = sorted((int(label), *map(int, pixels[0, 0])) for pixels, label in second_opinion)
        parts = (part,) if len(found) == 2 else (data.train, data.validation)
        ours = [(int(label), *map(int, x[0, 0])) for part in parts for x, label in zip(*part, strict=True)]
        assert theirs == sorted(ours)

    with zipfile.ZipFile(tmp_path / "my photos.v2.zip", "w") as archive:
        for file in (tmp_path / "mine").rglob("*.png"):
            archive.write(file, file.relative_to(tmp_path))
    (tmp_path / "download").mkdir()
    with tarfile.open(tmp_path / "download" / "photos.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "mine", "anything")
    for path in (tmp_path / "my photos.v2.zip", tmp_path / "download"):
        same = load_cats_dogs(data_flags(data_dir=path, image_size=16))
        assert same.file.sha256 == data.file.sha256 and same.classes == data.classes
        for ours, theirs in zip(data, same, strict=True):
            assert np.array_equal(ours.x, theirs.x) and np.array_equal(ours.y, theirs.y)


def test_petimages_with_its_broken_files(tmp_path, picture, capsys):
    make(tmp_path, {"PetImages/{kind}/{i}.jpg": 10}, KINDS[:2])
    (tmp_path / "PetImages" / "ants" / "666.jpg").touch()
    picture.save(tmp_path / "whole.jpg")
    cut = (tmp_path / "whole.jpg").read_bytes()[:-80]
    (tmp_path / "whole.jpg").unlink()
    (tmp_path / "PetImages" / "bees" / "11702.jpg").write_bytes(cut)
    (tmp_path / "PetImages" / "bees" / "Thumbs.db").write_bytes(b"litter")
    (tmp_path / "readme[1].txt").write_text("by Microsoft")
    data = load_cats_dogs(data_flags(data_dir=tmp_path, image_size=16))
    empty, broken = sorted(left_out(capsys))
    assert empty == "Left out: PetImages/ants/666.jpg is an empty file, not a picture"
    assert broken.startswith("Left out: PetImages/bees/11702.jpg cannot be read as a picture (")
    assert len(data.train.x) == 16 and len(data.validation.x) == 4


def test_copies_are_not_divided_and_one_in_two_classes_is_named(tmp_path, capsys):
    make(tmp_path, {"{kind}/{i}.png": 10, "{kind}/again {i}.png": 5, "{kind}/and again {i}.png": 5}, KINDS)
    for seed in range(4):
        data = load_cats_dogs(data_flags(data_dir=tmp_path, image_size=16, seed=seed))
        learned, held = ({picture.tobytes() for picture in part.x} for part in data)
        assert not learned & held and len(learned) == 24 and len(held) == 6
    assert "Warning" not in capsys.readouterr().out
    shutil.copy(tmp_path / "ants" / "1.png", tmp_path / "bees" / "copy.png")
    load_cats_dogs(data_flags(data_dir=tmp_path, image_size=16))
    said = capsys.readouterr().out
    assert "Warning: bees/copy.png is the same picture as ants/1.png, in another class" in said


def test_few_of_a_class_are_warned_of_before_the_training(tmp_path, capsys):
    make(tmp_path, {"{kind}/{i}.png": 60}, KINDS[:1])
    make(tmp_path, {"{kind}/{i}.png": 5}, KINDS[1:])
    data = load_cats_dogs(data_flags(data_dir=tmp_path, image_size=16, train_size=9))
    said = capsys.readouterr().out
    assert "Warning: ants has 48 training examples, bees only 4: always answering ants would be right" in said
    assert np.bincount(data.train.y).min() >= 2 and "3 classes: 9 pictures to learn from, 14 to " in said


@pytest.mark.parametrize("seed", range(25))
def test_damaged_pictures_are_left_out_by_name_and_nothing_of_them_is_used(seed, picture, tmp_path, capsys):
    chance = random.Random(seed)
    make(tmp_path, {"{kind}/{i}.png": 5}, KINDS[:2])
    path = tmp_path / chance.choice(KINDS[:2]) / chance.choice(["x.jpg", "x.png", "x.webp", "x.gif", "x"])
    picture.save(path, None if path.suffix else "bmp")
    whole = path.read_bytes()
    path.write_bytes(chance.choice([b"", b"no picture", whole[: chance.randrange(len(whole) * 3 // 4)]]))
    data = load_cats_dogs(data_flags(data_dir=tmp_path, image_size=16))
    (line,) = left_out(capsys)
    assert line.startswith(f"Left out: {path.relative_to(tmp_path).as_posix()} ")
    assert [len(part.x) for part in data] == [8, 2] and all((part.x[..., 2] == 7).all() for part in data)


SHARED = (
    next((path for path in ROOT.parents if (path / "shared" / "data").is_dir()), ROOT) / "shared" / "data"
)


@pytest.mark.skipif(
    not (SHARED / "cats_and_dogs_filtered.zip").is_file(), reason="needs the full-size photos"
)
def test_the_full_size_photos_under_another_name(tmp_path):
    (tmp_path / "download (1).zip").symlink_to(SHARED / "cats_and_dogs_filtered.zip")
    data = load_cats_dogs(data_flags(data_dir=tmp_path / "download (1).zip", image_size=16))
    assert data.classes == ["cat", "dog"] and data.file.sha256.startswith("b083e02e335d")
    assert [np.bincount(part.y).tolist() for part in data] == [[1000, 1000], [500, 500]]
