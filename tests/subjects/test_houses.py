"""Tests of the Boston housing data as the lesson loads it."""

import numpy as np
from helpers import data_flags

from subjects.houses import load_houses


def test_the_houses_of_boston_are_those_of_keras():
    parts = list(load_houses(data_flags()))
    assert [len(part.x) for part in parts] == [323, 81, 102]
    train, validation, test = ({(*row, price) for row, price in zip(*part, strict=True)} for part in parts)
    learnt = train | validation
    assert len(learnt) == 404 and not learnt & test
    first = next(row for row in learnt if abs(row[0] - 1.23247) < 1e-6)  # Keras' first training example
    assert (first[1], first[2], first[-1]) == (0, np.float32(8.14), np.float32(15.2))
    assert parts[2].y[0] == np.float32(7.2)
    prices = np.concatenate([part.y for part in parts])
    assert (prices.min(), prices.max(), (prices == 50).sum()) == (5, 50, 16)


def test_which_houses_validate_depends_on_the_seed_and_which_test_does_not():
    (_, zero, test), (_, again, _), (_, one, same) = (
        list(load_houses(data_flags(seed=seed))) for seed in (0, 0, 1)
    )
    assert np.array_equal(zero.x, again.x) and not np.array_equal(zero.x, one.x)
    assert np.array_equal(test.x, same.x) and np.array_equal(test.y, same.y)
