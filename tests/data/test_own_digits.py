"""Tests of small images as people have them: IDX, CSV and .npz files, and folders of pictures."""

import functools
import gzip
import io
import random
import shutil
import struct
import time
import zipfile
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import data_flags, result_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from common import UserError, load_fashion_mnist, load_mnist, predict_clothes
from common.data import digits_and_clothes, image_tables
from common.data.cut_out import as_fashion_mnist, as_small_image, ink_as_mnist

import keras

ODD = "even", "odd"


@pytest.fixture(scope="module")
def known():
    """Reads the beginning of a bundled file, once: comparing with the whole takes half a second."""

    @functools.cache
    def read(path, origin):
        *parts, file = whole(path, origin)
        return *(type(part)(part.x[:2000], part.y[:2000]) for part in parts), file

    whole = digits_and_clothes._read_grey_images
    return read


@pytest.fixture(autouse=True)
def bundled_once(known, monkeypatch):
    monkeypatch.setattr(digits_and_clothes, "_read_grey_images", known)


@pytest.fixture(scope="module")
def own(mnist):
    """(x, y) of 120 training digits and 40 test digits, each moved by a pixel."""
    return [
        (np.roll(mnist[f"x_{part}"][:count], (1, 1), (1, 2)), mnist[f"y_{part}"][:count])
        for part, count in (("train", 120), ("test", 40))
    ]


def load(path, lesson=load_mnist, **flags):
    return lesson(data_flags(data_dir=path, **flags))


def assert_is(data, own):
    """All digits are there, in their order, with their labels."""
    assert data.own and data.classes == list("0123456789")
    for part, (x, y) in zip((data.train, data.test), own, strict=True):
        assert np.array_equal(part.x[..., 0], x) and np.array_equal(part.y, y)


# -- IDX


def idx(array, kind=0x08):
    """The bytes of an IDX file, as LeCun's page describes them."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder, own, names, pack=bytes):
    folder.mkdir(parents=True, exist_ok=True)
    arrays = [array for part in own for array in part]
    for name, array in zip(names, arrays, strict=True):
        (folder / name).write_bytes(pack(idx(array)))


FOUR = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@pytest.mark.parametrize(
    "place, names, pack",
    [
        (".", FOUR, bytes),
        (".", [f"{name}.gz" for name in FOUR], gzip.compress),
        ("MNIST/raw", [name.replace("-idx", ".idx") for name in FOUR], bytes),  # where torchvision puts them
        (".", [name.replace("t10k", "test") for name in FOUR], bytes),
    ],
)
def test_the_four_idx_files(place, names, pack, own, tmp_path, capsys):
    write_idx(tmp_path / place, own, names, pack)
    assert_is(load(tmp_path), own)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"Your digits: 120 to learn from, 40 to test on ({tmp_path})"
    counts = ", ".join(f"{label} ({count})" for label, count in enumerate(np.bincount(own[0][1])))
    assert said[1] == f"10 classes of pictures: {counts}"


def test_a_file_beside_its_packed_copy_is_one_and_two_sets_in_a_folder_are_refused(own, tmp_path):
    write_idx(tmp_path, own, FOUR)
    write_idx(tmp_path, own, [f"{name}.gz" for name in FOUR], gzip.compress)
    assert_is(load(tmp_path), own)
    (tmp_path / "other-train-labels-idx1-ubyte").write_bytes(idx(own[0][1][::-1]))
    with pytest.raises(
        UserError, match="has labels to learn from more than once: other-train-labels-idx1-ubyte"
    ):
        load(tmp_path)


def test_the_real_digits_in_another_format_are_mnist(known, tmp_path, capsys):
    *parts, _ = known(*digits_and_clothes.bundled_file("mnist.npz"))
    write_idx(tmp_path, [(x[:1000], y[:1000]) for x, y in parts], FOUR)
    data = load(tmp_path)
    assert capsys.readouterr().out == f"MNIST: 1,000 digits to learn from, 1,000 to test on ({tmp_path})\n"
    assert (data.classes, data.own, data.class_count) == (None, False, 10)
    write_idx(tmp_path, [(x[:1000], y[:1000] % 2) for x, y in parts], FOUR)
    data = load(tmp_path)
    assert (data.classes, data.own, data.class_count) == (["0", "1"], True, 2)


def test_emnist_s_pictures_are_turned_upright(own, tmp_path, capsys):
    turned = [(x.transpose(0, 2, 1).copy(), y) for x, y in own]
    write_idx(tmp_path, turned, [f"emnist-digits-{name.replace('t10k', 'test')}" for name in FOUR])
    assert_is(load(tmp_path), own)
    assert (
        "Turned upright: the pictures in emnist-digits-test-images-idx3-ubyte; EMNIST"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    "name, change, message",
    [
        (FOUR[0], lambda content: content[:-1], "holds 94,079 bytes of data, not 120 × 28 × 28 as it says"),
        (FOUR[1], lambda content: content + b"\1", "holds 121 bytes of data, not 120 as it says"),
        (FOUR[2], lambda content: b"", "is empty; an IDX file begins with 00 00 08 03"),
        (
            FOUR[2],
            lambda content: b"\0\0\x0d\x03" + content[4:],
            "begins with 00 00 0d 03; an IDX file begins",
        ),
        (
            FOUR[3],
            lambda content: idx(np.arange(39, dtype=np.uint8)),
            "has 40 pictures in .* and 39 labels in",
        ),
        (FOUR[0], lambda content: idx(np.zeros((120, 28, 29), np.uint8)), r"shape \[120, 28, 29\], not"),
        (FOUR[0], lambda content: idx(np.zeros(120, np.uint8)), r"shape \[120\], not \[n, 28, 28\]"),
        (FOUR[1], None, "has no labels to learn from$"),
    ],
)
def test_an_idx_file_that_is_not_what_it_says_is_named(name, change, message, own, tmp_path):
    write_idx(tmp_path, own, FOUR)
    path = tmp_path / name
    if change:
        path.write_bytes(change(path.read_bytes()))
    else:
        path.unlink()
    with pytest.raises(UserError, match=message) as error:
        load(tmp_path)
    assert "\n" not in str(error.value)


# -- tables


def frame(x, y, names=None, last=False):
    """A table as pandas has it: a label and 784 pixels."""
    names = names or [f"pixel{i}" for i in range(784)]
    table = pd.DataFrame(x.reshape(-1, 784), columns=names)
    table.insert(784 if last else 0, "label", y)
    return table


KAGGLE = [f"{i}x{j}" for i in range(1, 29) for j in range(1, 29)]


@pytest.mark.parametrize(
    "names, options, change",
    [
        (("mnist_train.csv", "mnist_test.csv"), {}, lambda x, y: frame(x, y, KAGGLE)),
        (("mnist_train.csv", "mnist_test.csv"), {"header": False}, frame),
        (("train.csv.gz", "test.csv.gz"), {}, functools.partial(frame, last=True)),
        (("TRAIN.CSV", "TEST.CSV"), {"header": False}, functools.partial(frame, last=True)),
        (("train.tsv", "valid.tsv"), {"sep": "\t"}, frame),
        (("train.csv", "test.csv"), {"sep": ";", "encoding": "utf-8-sig"}, lambda x, y: frame(x / 255, y)),
        (
            ("train.csv", "test.csv"),
            {"encoding": "utf-16"},
            lambda x, y: frame(x.astype(float), y.astype(float)),
        ),
        (
            ("train.csv", "test.csv"),
            {"index": True},
            lambda x, y: frame(x, y)[["label", *sorted(frame(x, y))[1:]]],
        ),
        (("a_train.csv", "a_test.csv"), {}, lambda x, y: pd.DataFrame(np.c_[y, x.reshape(-1, 784)])),
    ],
)
def test_tables_of_a_label_and_784_pixels(names, options, change, own, tmp_path):
    for name, (x, y) in zip(names, own, strict=True):
        change(x, y).to_csv(tmp_path / name, **{"index": False} | options)
    data = load(tmp_path)
    assert_is(data, own)
    assert data.split == (None if "valid.tsv" not in names else "tested on the validation part")


def test_the_digit_recognizer_s_test_file_has_no_labels_and_a_fifth_is_held_out(own, tmp_path, capsys):
    x, y = own[0]
    table = frame(x, y)
    table.to_csv(tmp_path / "train.csv", index=False)
    table.drop(columns="label").to_csv(tmp_path / "test.csv", index=False)
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n2,0\n")
    data = load(tmp_path)
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "Left out: test.csv is not used: it has pictures without labels",
        "Left out: sample_submission.csv has 2 columns, not a label and 784 pixels",
    ]
    assert said[2].endswith("; a fifth held out, seed 0") and data.split == "a fifth held out, seed 0"
    assert len(data.train.y) + len(data.test.y) == 120
    for label, (learned, held) in enumerate(
        zip(*(np.bincount(p.y, minlength=10) for p in data), strict=True)
    ):
        assert held == max(1, round(0.2 * (learned + held))), label
    shown = {image.tobytes(): label for image, label in zip(x, y, strict=True)}
    for part in data:
        assert all(shown.pop(image.tobytes()) == label for image, label in zip(*part, strict=True))
    assert not shown
    again, other = load(tmp_path), load(tmp_path, seed=1)
    assert np.array_equal(again.test.x, data.test.x) and not np.array_equal(other.test.x, data.test.x)


def test_one_table_is_read_as_a_file_in_a_zip_or_packed(own, tmp_path):
    x, y = own[0]
    text = frame(x, np.array(ODD)[y % 2]).to_csv(index=False)
    (tmp_path / "all.csv").write_text(text)
    (tmp_path / "all.csv.gz").write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("all.csv", text)
    found = [load(tmp_path / name) for name in ("all.csv", "all.csv.gz", "archive.zip")]
    for data in found:
        assert data.classes == ["even", "odd"] and data.class_count == 2
        assert np.array_equal(data.train.x, found[0].train.x)
    (tmp_path / "all.csv").unlink(), (tmp_path / "all.csv.gz").unlink()
    assert np.array_equal(load(tmp_path).test.y, found[0].test.y)


def test_60_000_rows_are_read_in_seconds(mnist, tmp_path):
    row = ",".join(map(str, mnist["x_train"][0].ravel()))
    path = tmp_path / "mnist_train.csv"
    path.write_text("".join(f"{i % 10},{row}\n" for i in range(60_000)))
    layout = image_tables.layout_of(path.read_bytes(), None)
    start = time.monotonic()
    x, y = image_tables.read_table(path.read_bytes(), layout, SimpleNamespace(path=path))
    assert time.monotonic() - start < 10  # 2 on a quiet machine
    assert x.shape == (60_000, 28, 28) and y[:11].tolist() == [*range(10), 0]
    assert np.array_equal(x[-1], mnist["x_train"][0])


@pytest.mark.parametrize(
    "change, message",
    [
        (
            lambda lines: [*lines[:4], lines[4].rpartition(",")[0], *lines[5:]],
            "has 784 columns in line 5, not 785",
        ),
        (
            lambda lines: [*lines[:7], lines[7][: len(lines[7]) // 2]],
            r"columns in line 8, not 785, as if cut short",
        ),
        (
            lambda lines: [lines[0], lines[1].replace(",0,0,", ",0,x,", 1), *lines[2:]],
            "has 'x' for a pixel in line 2",
        ),
        (
            lambda lines: [lines[0], lines[1].replace(",0,0,", ",0,,", 1), *lines[2:]],
            "has '' for a pixel in line 2",
        ),
        (
            lambda lines: [*lines[:3], lines[3].replace(",0,0,", ",0,256,", 1)],
            "numbers in its pixels that are not fr",
        ),
        (
            lambda lines: [*lines[:3], lines[3].replace(",0,0,", ",0,-1,", 1)],
            "numbers in its pixels that are not fro",
        ),
        (
            lambda lines: [*lines[:3], lines[3].partition(",")[1] + lines[3].partition(",")[2]],
            "has no label in line 4",
        ),
        (
            lambda lines: [*lines[:3], "1.5" + lines[3][1:]],
            "labels in its rows that are neither names nor whole",
        ),
        (lambda lines: lines[:1], "has no rows"),
        (lambda lines: [], "is empty"),
        (lambda lines: [line.replace(",", ",\xe9", 1) for line in lines], "is not UTF-8 text after line 0"),
        (
            lambda lines: [line.rpartition(",")[0].rpartition(",")[0] for line in lines],
            "has 783 columns, not a label",
        ),
        (
            lambda lines: ["label,class," + lines[0].split(",", 2)[2], *lines[1:]],
            "has 785 columns, not a label|label",
        ),
        (lambda lines: [line.split(",", 1)[1] for line in lines], "has pictures without labels"),
    ],
)
def test_a_row_that_is_wrong_is_named(change, message, own, tmp_path):
    lines = change(frame(*own[0]).to_csv(index=False).splitlines())
    (tmp_path / "digits.csv").write_text("\n".join(lines), encoding="latin-1")
    with pytest.raises(UserError, match=message) as error:
        load(tmp_path / "digits.csv")
    assert "\n" not in str(error.value) and "digits.csv" in str(error.value)


def test_a_table_whose_label_could_be_first_or_last_is_refused(own, tmp_path):
    x, y = own[0]
    pixels = x.reshape(-1, 784).copy()
    pixels[:, -1] = y
    pd.DataFrame(np.c_[y, pixels]).to_csv(tmp_path / "a.csv", index=False, header=False)
    with pytest.raises(UserError, match="which column is the label, the first or the last: name it 'label'"):
        load(tmp_path)
    shutil.copy(tmp_path / "a.csv", tmp_path / "b.csv")
    with pytest.raises(UserError, match=r"does not say what a\.csv and b\.csv are for, learning or testing"):
        load(tmp_path)


# -- .npz


@pytest.mark.parametrize(
    "name, names",
    [
        ("mnist.npz", ("x_train", "y_train", "x_test", "y_test")),
        ("other.npz", ("X_train", "Y_train", "X_test", "Y_test")),
        ("kmnist.npz", ("train_images", "train_labels", "test_images", "test_labels")),
        ("a.npz", ("trainX", "trainY", "testX", "testY")),
        ("b.npz", ("xTrain", "yTrain", "xVal", "yVal")),
        ("c.npz", ("training_set", "training_target", "testing_set", "testing_target")),
    ],
)
def test_npz_files_under_many_names(name, names, own, tmp_path):
    arrays = [array for part in own for array in part]
    np.savez_compressed(
        tmp_path / name, class_names=np.array(["zero", "one"]), **dict(zip(names, arrays, strict=True))
    )
    assert_is(load(tmp_path), own)
    assert_is(load(tmp_path / name), own)


def test_npz_files_with_an_array_each(own, tmp_path):
    for name, array in zip(
        ("train-imgs", "train-labels", "test-imgs", "test-labels"), [*own[0], *own[1]], strict=True
    ):
        np.savez(tmp_path / f"kmnist-{name}.npz", array)  # as the Kuzushiji set comes
    assert_is(load(tmp_path), own)


@pytest.mark.parametrize("names", [("x", "y"), ("images", "labels"), ("data", "target"), ("arr_0", "arr_1")])
@pytest.mark.parametrize("bits", [False, True])
def test_an_npz_file_of_one_part_is_divided(names, bits, own, tmp_path):
    x, y = own[0]
    x = x > 127 if bits else x
    np.savez(tmp_path / "own.npz", **dict(zip(names, (x, np.eye(10)[y] if bits else y), strict=True)))
    data = load(tmp_path)
    assert len(data.train.x) + len(data.test.x) == 120 and data.split == "a fifth held out, seed 0"
    wanted = {
        (np.uint8(255) * image if bits else image).tobytes(): label for image, label in zip(x, y, strict=True)
    }
    assert all(wanted[image.tobytes()] == label for part in data for image, label in zip(*part, strict=True))


@pytest.mark.parametrize(
    "arrays, message",
    [
        (lambda x, y: {"a": x[:, :9], "b": y}, r"holds a \[120, 9, 28\], b \[120\]; an array of pictures is"),
        (lambda x, y: {"x": x}, "has no labels$"),
        (
            lambda x, y: {"x": x, "y": y, "x_test": x, "y_test": y},
            "names do not say whether x, y are to learn",
        ),
        (
            lambda x, y: {"x": x[..., None].repeat(3, 3), "y": y},
            r"shape \[120, 28, 28, 3\], not \[n, 28, 28\]",
        ),
        (lambda x, y: {"images": y, "labels": x}, "an array images of uint8 numbers, shape"),
        (
            lambda x, y: {"x_train": x, "y_train": y, "x_train_2": x // 2},
            "pictures to learn from more than once",
        ),
        (lambda x, y: {"x": x, "y": y.astype(object)}, r"damaged or not an .npz file \(Object arrays"),
    ],
)
def test_an_npz_file_that_could_be_anything_is_refused_with_what_is_in_it(arrays, message, own, tmp_path):
    np.savez(tmp_path / "own.npz", **arrays(*own[0]))
    with pytest.raises(UserError, match=message) as error:
        load(tmp_path)
    assert "own.npz" in str(error.value) or str(tmp_path) in str(error.value)


# -- folders of pictures


def write_pictures(folder, x, names):
    """A picture in the folder of its class, by Keras' writer."""
    for i, (image, name) in enumerate(zip(x, names, strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        keras.utils.save_img(folder / name / f"{i}.png", image[..., None], scale=False)


def keras_reads(folder):
    """Pictures of 28 × 28 pixels and the names of their classes, as Keras reads them."""
    found = keras.utils.image_dataset_from_directory(
        folder, color_mode="grayscale", image_size=(28, 28), batch_size=None, shuffle=False, verbose=0
    )
    return [(image.numpy()[..., 0].astype(np.uint8), found.class_names[label]) for image, label in found]


@pytest.mark.parametrize("ink", ["light", "dark"])
def test_pictures_of_28_pixels_in_folders_are_taken_as_they_are(ink, own, tmp_path):
    for part, (x, y) in zip(("training", "testing"), own, strict=True):
        write_pictures(tmp_path / part, x if ink == "light" else 255 - x, np.array(ODD)[y % 2])
    data = load(tmp_path)
    assert data.classes == ["even", "odd"] and data.split is None
    for part, name in ((data.train, "training"), (data.test, "testing")):
        read = sorted((data.classes[label], image.tobytes()) for image, label in zip(*part, strict=True))
        wanted = keras_reads(tmp_path / name)
        turn = (lambda image: image) if ink == "light" else (lambda image: 255 - image)
        assert read == sorted((name, turn(image).tobytes()) for image, name in wanted)


def test_drawings_are_prepared_as_the_drawing_pad_does_it(own, tmp_path, capsys):
    x, y = own[0][0][:16], own[0][1][:16]
    for i, (image, label) in enumerate(zip(x, y, strict=True)):
        place = tmp_path / "scans" / ODD[label % 2] / "monday"
        place.mkdir(parents=True, exist_ok=True)
        paper = np.full((200, 240), 230)
        paper[20:160, 60:200] = 230 - 0.7 * np.kron(image, np.ones((5, 5)))
        Image.fromarray(paper.astype(np.uint8)).save(place / f"scan {i}.jpg", quality=95)
    (tmp_path / "scans" / "odd" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing more")
    Image.new("L", (80, 80), 255).save(tmp_path / "scans" / "odd" / "empty.png")
    (tmp_path / "scans" / "list.txt").write_text("one two")
    data = load(tmp_path)
    said = capsys.readouterr().out
    assert (
        "Reading 18 pictures ..." in said and "Left out: scans/odd/empty.png has nothing drawn on it" in said
    )
    assert "Left out: scans/odd/broken.jpg" in said
    assert data.classes == ["even", "odd"] and len(data.train.x) + len(data.test.x) == 16
    wanted = [
        ink_as_mnist(np.repeat(255 - image[..., None], 3, axis=2).repeat(5, 0).repeat(5, 1)) for image in x
    ]
    for part in data:
        for image, label in zip(*part, strict=True):
            apart = [np.abs(image.astype(int) - other).mean() for other in wanted]
            assert min(apart) < 12 and y[np.argmin(apart)] % 2 == label


def test_a_zip_of_class_folders_an_odd_one_out_and_classes_by_number(own, tmp_path, capsys):
    x, y = own[0]
    names = np.where(y < 9, "7", "10")
    write_pictures(tmp_path / "it" / "numbers", x, names)
    shutil.make_archive(str(tmp_path / "numbers"), "zip", tmp_path / "it")
    data = load(tmp_path / "numbers.zip")
    assert data.classes == ["7", "10"]
    said = capsys.readouterr().out
    assert "Your pictures: " in said and "2 classes of pictures: 7 (8" in said
    few = np.flatnonzero(y == 9)[3:]
    keep = np.setdiff1d(np.arange(120), few)
    write_pictures(tmp_path / "few", x[keep], names[keep])
    load(tmp_path / "few")
    assert "Warning: 7 has 86 training examples, 10 only 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda folder, x: write_pictures(folder, x, ["one"] * 3),
            "holds one/; this lesson reads mnist.npz or another",
        ),
        (
            lambda folder, x: (folder / "note.txt").touch(),
            r"holds note.txt; this lesson reads mnist.npz or anothe",
        ),
        (lambda folder, x: (folder / "photos").mkdir(), "holds photos/; this lesson reads"),
        (
            lambda folder, x: write_pictures(folder, x, "abc"),
            "has one picture of each class: more are needed",
        ),
        (lambda folder, x: write_pictures(folder / "test", x, "aab"), None),
    ],
)
def test_folders_that_teach_nothing(make, message, own, tmp_path):
    make(tmp_path, own[0][0][:3])
    if message is None:  # a part alone is divided
        assert load(tmp_path).classes == ["a", "b"]
        return
    with pytest.raises(UserError, match=message):
        load(tmp_path)


def test_too_large_a_batch_is_named_for_few_pictures(own, tmp_path):
    write_pictures(tmp_path, own[0][0], np.array(ODD)[own[0][1] % 2])
    with pytest.raises(UserError, match="--batch-size 100 is more than the 96 training examples"):
        load(tmp_path, batch_size=100)


def test_the_same_pictures_in_both_parts_are_counted(own, tmp_path, capsys):
    x, y = own[0]
    write_pictures(tmp_path, np.concatenate([x, x]), np.array(ODD)[np.tile(y, 2) % 2])
    load(tmp_path)
    assert "test pictures are training pictures, too: the test accuracy" in capsys.readouterr().out


# -- clothes


@pytest.fixture(scope="module")
def clothes(known):
    return known(*digits_and_clothes.bundled_file("fashion_mnist.npz"))[1]


def photo_of(image, ground, noise=0.0, dark=False):
    """A photo of a piece of clothing on a ground of this grey."""
    size = 280
    ink = np.zeros((400, 360))
    ink[50 : 50 + size, 40 : 40 + size] = np.kron(image, np.ones((10, 10))) / 255
    grey = ground + (255 - ground) * ink if dark else ground * (1 - ink)
    grey = grey + np.random.default_rng(0).normal(0, noise, grey.shape)
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("how", [{"ground": 255}, {"ground": 215, "noise": 3}, {"ground": 25, "dark": True}])
def test_a_photo_of_clothes_becomes_fashion_mnist_s_picture_of_it(how, clothes):
    images = clothes.x[:8].astype(int)
    for place, image in enumerate(images):
        seen = as_fashion_mnist(photo_of(image, **how))[..., 0]
        moved = [np.roll(seen, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
        apart = np.abs(images - np.array(moved)[:, None]).mean(axis=(2, 3)).min(axis=0)
        assert apart.argmin() == place and apart[place] < 25


def test_a_light_photo_of_28_pixels_is_inverted_and_an_empty_one_named(clothes):
    small = np.repeat(clothes.x[0][..., None], 3, axis=2)
    assert np.array_equal(as_small_image(small, None)[..., 0], clothes.x[0])
    assert np.array_equal(as_small_image(255 - small, None)[..., 0], clothes.x[0])
    with pytest.raises(ValueError, match="nothing on it that stands out from the ground"):
        as_fashion_mnist(photo_of(0 * clothes.x[0], 200, 2))


def test_photos_of_clothes_in_folders_and_a_prediction(clothes, tmp_path, capsys):
    for i in range(12):
        name = "shoe" if clothes.y[i] in (5, 7, 9) else "other"
        (tmp_path / "wardrobe" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo_of(clothes.x[i], 220)).save(tmp_path / "wardrobe" / name / f"{i}.jpg")
    data = load(tmp_path / "wardrobe", load_fashion_mnist)
    assert data.classes == ["other", "shoe"] and data.own
    assert (
        capsys.readouterr().out.splitlines()[1].startswith("Your pictures: 9 to learn from, 3 to test on (")
    )
    assert data.train.x[:, [0, -1]][:, :, [0, -1]].max() == 0  # black corners
    seen = []

    def predict(x, **options):
        seen.append(x)
        return np.tile(np.float32([0.25, 0.75]), (len(x), 1))

    photos = sorted(map(str, (tmp_path / "wardrobe" / "shoe").iterdir()))[:2]
    args = data_flags(predict=[*photos, str(tmp_path / "gone.jpg")], out=tmp_path, plot="none", close=True)
    predict_clothes(SimpleNamespace(predict=predict), data.classes, args)
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == [f"Left out: {tmp_path}/gone.jpg cannot be read (No such file or directory)",
                        f"{photos[0]}: shoe, 75.0%", f"{photos[1]}: shoe, 75.0%"]  # fmt: skip
    assert {image.tobytes() for image in seen[0]} <= {image.tobytes() for part in data for image in part.x}
    assert Image.open(tmp_path / "my_pictures.png").size == (1344, 756)


# -- from the files to an answer


def test_letters_of_one_s_own_are_learned_drawn_and_answered(run, own, tmp_path):
    """The run still knows its classes when the data are gone."""
    x, y = own[0]
    write_pictures(tmp_path / "letters", x, np.array(["A", "B", "Ö"])[y % 3])
    flags = "--data-dir", "letters", "--batch-size", 8, "--epochs", 1
    done = run(*flags, "--plot", "file")
    assert (done.returncode, done.stderr) == (0, "") and "Dense 3 (2,355)" in done.stdout
    assert "3 classes of pictures: A (" in done.stdout and "lecture" not in done.stdout
    result = result_of(tmp_path / "runs" / "mnist_1_softmax")
    assert (result["lecture"], result["data"]["own"]) == (None, True)
    assert result["classes"] == ["A", "B", "Ö"] and result["data"]["split"] == "a fifth held out, seed 0"
    shutil.move(tmp_path / "letters", tmp_path / "elsewhere")
    Image.fromarray(255 - np.kron(x[0], np.ones((5, 5), np.uint8))).save(tmp_path / "letter.png")
    command = "--image", "letter.png", "--model", "runs/mnist_1_softmax", "--plot", "file", "--out", "out"
    asked = run(*command, lesson="draw_digit")
    assert (asked.returncode, asked.stderr) == (0, "")
    answer = asked.stdout.splitlines()[0]
    assert answer.split()[1] in "ABÖ" and answer.endswith(
        "by runs/mnist_1_softmax (trained on your pictures)"
    )
    assert Image.open(tmp_path / "out" / "letter-1.png").size == (1344, 756)


def test_two_classes_of_clothes_are_learned_and_a_photo_is_asked_about(run, clothes, tmp_path):
    names = np.where(np.isin(clothes.y[:60], (5, 7, 9)), "shoe", "other")
    write_pictures(tmp_path / "own", clothes.x[:60], names)
    Image.fromarray(photo_of(clothes.x[0], 230)).save(tmp_path / "boot.jpg")
    lesson = {"lesson": "fashion_mnist"}
    flags = "--data-dir", "own", "--epochs", 8, "--batch-size", 8, "--plot", "none"
    first = run(*flags, "--predict", "boot.jpg", **lesson)
    assert (first.returncode, first.stderr) == (0, "") and "training one first" in first.stdout
    assert "lecture" not in first.stdout
    shutil.rmtree(tmp_path / "own")
    again = run("--predict", "boot.jpg", "--plot", "none", **lesson)
    assert (again.returncode, again.stderr) == (0, "")
    answer = next(line for line in again.stdout.splitlines() if line.startswith("boot.jpg: "))
    assert answer in first.stdout and answer.startswith("boot.jpg: shoe, ")


# -- damaged files


def cases(own):
    """For each format, the content of its file or files, small."""
    x, y = own[0][0][:20], own[0][1][:20]
    packed, archive = io.BytesIO(), io.BytesIO()
    np.savez(packed, x=x, y=y)
    with zipfile.ZipFile(archive, "w") as file:
        for i, image in enumerate(x):
            picture = io.BytesIO()
            Image.fromarray(image).save(picture, "png")
            file.writestr(f"{ODD[i % 2]}/{i}.png", picture.getvalue())
    text = frame(x, y).to_csv(index=False).encode()
    return {
        "own.npz": packed.getvalue(), "own.csv": text, "own.csv.gz": gzip.compress(text),
        "own.zip": archive.getvalue(),
        FOUR[0]: idx(x), FOUR[1]: idx(y), f"{FOUR[0]}.gz": gzip.compress(idx(x)),
    }  # fmt: skip


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    which=st.integers(0, 6),
    way=st.sampled_from(["cut", "flipped", "overwritten", "noise"]),
    seed=st.integers(0, 10**9),
)
def test_60_damaged_files_are_named_in_a_line_or_hold_the_same_pictures(
    which, way, seed, own, tmp_path, capsys
):
    chance, whole = random.Random(seed), cases(own)
    name = list(whole)[which]
    content, folder = bytearray(whole[name]), tmp_path / "damaged"
    at = chance.randrange(len(content))
    if way == "cut":
        content = content[:at]
    elif way == "noise":
        content = chance.randbytes(300)
    else:
        length = 1 if way == "flipped" else chance.randrange(1, 1000)
        content[at : at + length] = bytes(byte ^ 0x55 for byte in content[at : at + length])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if name.startswith("train-"):
        for other in FOUR[:2]:
            if not name.startswith(other):
                (folder / other).write_bytes(whole[other])
    (folder / name).write_bytes(content)
    try:
        data = load(folder)
    except UserError as error:
        assert "\n" not in str(error) and str(folder) in str(error)
        return
    left_out = capsys.readouterr().out.count("Left out: ")
    count = len(data.train.x) + len(data.test.x)
    plain = name.startswith("train-") or name == "own.csv"  # a byte changed in these is another grey value
    assert way in ("flipped", "overwritten") or (plain and name == "own.csv"), (name, way, at)
    assert count + left_out == 20 or name == "own.csv"
    if not plain:
        known = {image.tobytes() for image in own[0][0][:20]}
        assert all(image.tobytes() in known for part in data for image in part.x)
