"""The houses of Boston as the lesson gets them."""

import numpy as np
from helpers import data_flags

from common import load_boston_housing


def test_the_houses_of_boston_are_those_of_keras():
    (x_train, y_train), (x_validation, y_validation), (x_test, y_test) = load_boston_housing(data_flags())
    assert (len(x_train), len(x_validation), len(x_test)) == (323, 81, 102)
    np.testing.assert_allclose(x_train[0, :3], [1.23247, 0, 8.14], rtol=1e-6)
    assert (y_train[0], y_test[0]) == (np.float32(15.2), np.float32(7.2))
    prices = np.concatenate([y_train, y_validation, y_test])
    assert (prices.min(), prices.max(), (prices == 50).sum()) == (5, 50, 16)
