"""Tests of the training batches."""

from argparse import Namespace

import numpy as np
import pytest

from common import in_batches
from common.data.dataset import Data, Examples
from common.training.batches import _Batches

import keras


def some_data(x, y, test=((), ())):
    return Data(Examples(x, y), None, test=Examples(*map(np.array, test)))


def test_short_epochs_pass_through_all_examples_in_turn():
    x = np.arange(10)
    args = Namespace(batch_size=2, seed=0)
    train, _ = in_batches(some_data(x, x), args, lambda x, y, random: (x, y), steps=3)
    seen = []
    for epoch in range(5):
        train.deal(epoch)
        assert len(train) == 3
        seen += [int(i) for x_batch, _ in train for i in x_batch]
    assert len(seen) == 30
    for begin in (0, 10, 20):
        assert sorted(seen[begin : begin + 10]) == list(range(10))


def test_large_examples_come_in_the_same_batches(monkeypatch):
    x, y = np.arange(7)[:, np.newaxis] * [1, 2], np.arange(7)
    args = Namespace(batch_size=3, seed=4)
    kinds = [in_batches(some_data(x, y), args)[0]]
    monkeypatch.setattr("common.training.batches.LARGE", 0)
    kinds.append(in_batches(some_data(x, y), args)[0])
    seen = [[], []]
    for batches, found in zip(kinds, seen, strict=True):
        for epoch in range(2):
            batches.deal(epoch)
            found += [(np.array(a).tolist(), np.array(b).tolist()) for a, b in batches]
    assert len(seen[0]) == 6 and seen[0] == seen[1]


def test_keras_may_shuffle_and_the_smaller_batch_is_still_the_last():
    """On JAX and PyTorch, `model.fit` asks for the batches in an order of its own."""
    x = np.arange(7)
    batches = _Batches(x, x, 3, 3, None)
    batches.put(x[::-1], [0])
    assert [batches[number][0].tolist() for number in (2, 0, 1)] == [[6, 5, 4], [3, 2, 1], [0]]


@pytest.mark.parametrize("examples", [6, 7, 2])
def test_examples_in_batches_are_evaluated_as_keras_evaluates_arrays(examples):
    x, y = np.random.default_rng(0).random((examples, 4, 4, 1), np.float32), np.arange(examples) % 2
    data = some_data(x, y, test=(x, y))
    _, batches = in_batches(data, Namespace(batch_size=1, seed=0), evaluated=3)
    assert [len(labels) for _, labels in batches] == {6: [3, 3], 7: [3, 3, 1], 2: [2]}[examples]
    assert np.array_equal(np.concatenate([images for images, _ in batches]), x)
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    found, expected = model.evaluate(batches, verbose=0), model.evaluate(x, y, batch_size=3, verbose=0)
    assert found == expected
