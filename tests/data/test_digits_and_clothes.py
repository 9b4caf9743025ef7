"""MNIST and Fashion-MNIST as the lessons get them."""

import numpy as np
import pytest
from helpers import data_flags

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
