"""MNIST and Fashion-MNIST as the lessons get them."""

import numpy as np
import pytest
from helpers import data_flags, on_linux, result_of

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
    assert done.stdout.startswith("MNIST: 300 digits to learn from, 3 to test on (own")
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
