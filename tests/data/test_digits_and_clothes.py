"""Tests of MNIST and Fashion-MNIST as the lessons load them."""

import numpy as np
import pytest
from helpers import ROOT, data_flags, on_linux, result_of

from common import UserError, load_fashion_mnist
from common import load_mnist


def test_mnist_is_whole_and_the_known_one():
    (x_train, y_train), (x_test, y_test) = load_mnist(data_flags())
    assert (x_train.shape, x_train.dtype) == ((60_000, 28, 28, 1), np.uint8)
    assert (x_test.shape, x_test.dtype) == ((10_000, 28, 28, 1), np.uint8)
    assert (round(x_train.mean(), 3), round(x_train.std(), 3)) == (33.318, 78.567)
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_fashion_mnist_is_whole():
    data = load_fashion_mnist(data_flags())
    (x_train, y_train), (x_test, y_test) = data
    assert x_train.shape == (60_000, 28, 28, 1) and x_test.shape == (10_000, 28, 28, 1)
    assert (round(x_train.mean(), 3), round(x_train.std(), 3)) == (72.94, 90.021)
    assert np.bincount(y_train).tolist() == [6000] * 10 and np.bincount(y_test).tolist() == [1000] * 10
    assert [data.classes[label] for label in y_train[:3]] == ["Ankle boot", "T-shirt/top", "T-shirt/top"]


def test_train_size_takes_the_first_digits(mnist):
    (x_train, y_train), (x_test, _) = load_mnist(data_flags(train_size=500))
    assert np.array_equal(x_train[..., 0], mnist["x_train"][:500])
    assert np.array_equal(y_train, mnist["y_train"][:500])
    assert len(x_test) == 10_000


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"train_size": 60_001}, "--train-size 60001 is more than the 60000"),
        ({"batch_size": 60_001}, "--batch-size 60001 is more than the 60000"),
        ({"train_size": 50, "batch_size": 100}, "--batch-size 100 is more than the 50"),
    ],
)
def test_more_than_there_is_cannot_be_asked_for(changes, message):
    with pytest.raises(UserError, match=message):
        load_mnist(data_flags(**changes))


@on_linux
def test_without_a_screen_a_lesson_learns_from_as_many_digits_as_one_s_own_file_has(run, mnist, tmp_path):
    own = {name: array[: 300 if "train" in name else 3] for name, array in mnist.items()}
    (tmp_path / "own").mkdir()
    np.savez(tmp_path / "own" / "mnist.npz", **own)
    done = run("--data-dir", "own", "--epochs", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No window" in done.stdout and "dashboard.png" in done.stdout
    own = tmp_path / "own" / "mnist.npz"
    assert done.stdout.startswith(f"MNIST: 300 digits to learn from, 3 to test on ({own})\n")
    folder = tmp_path / "runs" / "mnist_1_softmax"
    assert result_of(folder)["train_size"] == 300 and (folder / "dashboard.png").stat().st_size > 50_000


def test_a_lesson_has_the_whole_set_without_a_file_of_one_s_own(run):
    done = run("--epochs", 1, "--plot", "none", KERAS_HOME="")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("MNIST: 60,000 digits to learn from, 10,000 to test on (")
    assert float(done.stdout.partition("Test accuracy ")[2].partition("%")[0]) > 88


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"y_test": slice(9)}, "has 10 pictures in x_test and 9 labels in y_test"),
        ({"x_train": slice(0), "y_train": slice(0)}, "has 0 pictures in x_train and 0 labels in y_train"),
    ],
)
def test_a_file_whose_pictures_and_labels_do_not_match_is_named(changes, message, mnist, tmp_path):
    own = {name: array[:10][changes.get(name, slice(None))] for name, array in mnist.items()}
    np.savez(tmp_path / "mnist.npz", **own)
    with pytest.raises(UserError, match=rf"mnist\.npz {message}"):
        load_mnist(data_flags(data_dir=tmp_path))


@pytest.fixture
def own(mnist, tmp_path):
    """Loads 1,500 and 400 digits, each moved by a pixel, from a file of the user, some arrays changed."""
    digits = {name: array[: 1500 if "train" in name else 400] for name, array in mnist.items()}
    digits |= {name: np.roll(digits[name], (1, 1), (1, 2)) for name in ("x_train", "x_test")}

    def load(name="mnist.npz", **changes):
        arrays = digits | {name: change(digits[name]) for name, change in changes.items()}
        np.savez(tmp_path / name, **arrays)
        data = (load_mnist if name == "mnist.npz" else load_fashion_mnist)(data_flags(data_dir=tmp_path))
        assert data.file.origin == "data-dir"
        return data, digits

    return load


@pytest.mark.parametrize(
    "changes",
    [
        {"x_train": lambda x: x[..., np.newaxis], "x_test": lambda x: x.reshape(-1, 784)},
        {"x_train": lambda x: x / 255, "x_test": lambda x: (x / 255).astype("float32")},
        {"x_train": lambda x: x.astype("float64"), "y_train": lambda y: y.astype("int64")},
        {"y_train": lambda y: y[:, np.newaxis].astype("float32"), "y_test": lambda y: y.astype("int32")},
        {"x_train": lambda x: x[:, np.newaxis], "y_train": lambda y: np.eye(10, dtype=bool)[y]},
        {"y_train": lambda y: y.astype(str), "y_test": lambda y: y.astype(str)},
    ],
)
def test_own_digits_of_other_types_and_shapes_are_the_same_digits(own, changes, capsys):
    data, digits = own(**changes)
    for part, name in ((data.train, "train"), (data.test, "test")):
        assert (part.x.dtype, part.y.dtype) == (np.uint8, np.uint8)
        assert np.array_equal(part.x[..., 0], digits[f"x_{name}"])
        assert np.array_equal(part.y, digits[f"y_{name}"])
    said = capsys.readouterr().out
    assert said.startswith("Your digits: 1,500 to learn from, 400 to test on (") and said.count("\n") == 2
    assert "\n10 classes of pictures: 0 (140), 1 (172), 2 (144), " in said


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"x_train": lambda x: x / 127.5 - 1}, "numbers in x_train that are not from 0 to 255"),
        ({"x_test": lambda x: np.where(x > 0, x - 0.5, 0)}, "numbers in x_test that are not whole"),
        ({"x_test": lambda x: x * np.nan}, "numbers in x_test that are not from 0 to 255"),
        (
            {"x_train": lambda x: x[:, :20]},
            "array x_train of uint8 numbers, shape [1500, 20, 28], not [n, 28, 28]",
        ),
        ({"y_test": lambda y: np.eye(10)[y] / 2}, "an array y_test of shape [400, 10], not [n]"),
        ({"y_train": lambda y: y.astype("int64") - 1}, "labels in y_train that are neither names nor whole"),
        (
            {"y_train": lambda y: y / 2},
            "labels in y_train that are neither names nor whole numbers from 0 on",
        ),
        ({"y_train": lambda y: y.astype(str)}, "has labels of different types: <U3 and int64"),
        (
            {"y_test": lambda y: y + 20},
            "the pictures to test on have none of the labels of those to learn from",
        ),
        ({"y_train": lambda y: np.arange(len(y))}, "has 1,500 different labels for 1,500 pictures"),
        (
            {"y_train": lambda y: 0 * y, "y_test": lambda y: 0 * y},
            "has pictures of one class only, 0: two or",
        ),
    ],
)
def test_what_cannot_become_digits_is_refused_and_nobody_is_told_to_delete_it(own, changes, message):
    with pytest.raises(UserError) as error:
        own(**changes)
    assert message in str(error.value) and "delete" not in str(error.value)


@pytest.mark.parametrize(
    "changes, warning",
    [
        ({"x_train": lambda x: x.transpose(0, 2, 1)}, "the pictures to learn from look transposed"),
        ({"x_test": lambda x: np.rot90(x, 1, (1, 2))}, "to test on look turned by 90 degrees to the left"),
        ({"x_test": lambda x: x[:, ::-1, ::-1]}, "the pictures to test on look upside down"),
        ({"x_train": lambda x: x[:, :, ::-1]}, "the pictures to learn from look mirrored"),
        ({"x_test": lambda x: 255 - x}, "to test on have a light border: 255 should be ink"),
        ({"x_train": lambda x: x // 255}, "the pixels to learn from are 0 and 1; ink should"),
        ({"y_train": lambda y: y.clip(0, 8)}, "no training picture has the label 9; test pictures do"),
    ],
)
def test_digits_that_look_wrong_are_named_in_a_line(own, changes, warning, capsys):
    own(**changes)
    first, second, third, *more = capsys.readouterr().out.splitlines()
    assert first.startswith("Warning: ") and warning in first and second.startswith("Your digits: ")
    assert third.startswith("10 classes of pictures") and ("9 only 0" in "".join(more)) == (
        "label 9" in first
    )


def test_test_digits_that_are_training_digits_are_counted(own, mnist, capsys):
    own(x_test=lambda x: np.concatenate([np.roll(mnist["x_train"][:40], (1, 1), (1, 2)), x[40:]]))
    assert "Warning: 40 of the 400 test pictures are training pictures, too" in capsys.readouterr().out


def test_own_pictures_are_not_called_clothes(own, tmp_path, capsys):
    data, _ = own("fashion_mnist.npz")
    assert data.classes == list("0123456789")
    assert capsys.readouterr().out.startswith("Your pictures: 1,500 to learn from")
    with np.load(ROOT / "common" / "data" / "fashion_mnist.npz") as whole:
        np.savez(tmp_path / "fashion_mnist.npz", **{name: array[:500] for name, array in whole.items()})
    data = load_fashion_mnist(data_flags(data_dir=tmp_path))
    assert data.classes[9] == "Ankle boot"
    assert capsys.readouterr().out.startswith("Fashion-MNIST: 500 pictures to learn from, 500 to test on")
