"""Batches of a training."""

from argparse import Namespace

import numpy as np
import pytest

from common import ShuffledBatches, in_batches

import keras


def test_short_epochs_pass_through_all_examples_in_turn():
    x = np.arange(10)
    args = Namespace(epochs=5, batch_size=2, seed=0)
    batches = ShuffledBatches(x, x, args, change=lambda x, y, random: (x, y), steps=3)
    seen = []
    for epoch in range(5):
        batches.on_epoch_begin(epoch)
        assert len(batches.data) == 3
        seen += [int(i) for x_batch, _ in batches.data for i in x_batch]
    assert batches.total_steps == 15 and len(seen) == 30
    for begin in (0, 10, 20):
        assert sorted(seen[begin : begin + 10]) == list(range(10))


def test_large_examples_come_in_the_same_batches(monkeypatch):
    x, y = np.arange(7)[:, np.newaxis] * [1, 2], np.arange(7)
    args = Namespace(epochs=2, batch_size=3, seed=4)
    kinds = [ShuffledBatches(x, y, args)]
    monkeypatch.setattr("common.training.batches.LARGE", 0)
    kinds.append(ShuffledBatches(x, y, args))
    seen = [[], []]
    for batches, found in zip(kinds, seen, strict=True):
        for epoch in range(2):
            batches.on_epoch_begin(epoch)
            found += [(np.array(a).tolist(), np.array(b).tolist()) for a, b in batches.data]
    assert len(seen[0]) == 6 and seen[0] == seen[1]


@pytest.mark.parametrize("examples", [6, 7, 2])
def test_examples_in_batches_are_evaluated_as_keras_evaluates_arrays(examples):
    x, y = np.random.default_rng(0).random((examples, 4, 4, 1), np.float32), np.arange(examples) % 2
    batches = in_batches((x, y), 3)
    assert [len(labels) for _, labels in batches] == {6: [3, 3], 7: [3, 3, 1], 2: [2]}[examples]
    assert np.array_equal(np.concatenate([images for images, _ in batches]), x)
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    found, expected = model.evaluate(batches, verbose=0), model.evaluate(x, y, batch_size=3, verbose=0)
    assert found == expected
