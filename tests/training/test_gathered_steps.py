"""Tests that steps which gather their own batches train as Keras does with an iterator."""

from argparse import Namespace

import numpy as np
import pytest
from test_batches import some_data

from common import in_batches
from common.training.gathered_steps import gather_in_steps

import keras
from keras import layers

pytestmark = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="it is for TensorFlow")


class Batches(keras.callbacks.Callback):
    """Sets the order of each epoch, keeps the loss after each execution, and stops once in mid-epoch."""

    def __init__(self, train, last=None):
        super().__init__()
        self.train, self.last, self.seen = train, last, []

    def on_epoch_begin(self, epoch, logs=None):
        self.train.deal(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append((batch, float(logs["loss"])))
        self.model.stop_training = batch == self.last


def trained(examples, gathers, other=None, steps=3):
    """Weights and losses of three epochs, the second of which is stopped after its first execution."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).integers(0, 255, (examples, 5), np.uint8)
    train, _ = in_batches(some_data(x, x.sum(axis=1)), Namespace(batch_size=4, seed=3))
    hidden = [layers.Rescaling(1 / 255), layers.Dense(6, activation="relu"), layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((5,)), *hidden, layers.Dense(1)])
    model.compile("adam", "mse", steps_per_execution=steps)
    asked = []
    if gathers:
        gather = train.gather
        train.gather = lambda number: asked.append(number) or gather(number)
        gather_in_steps(model, train)
    losses = []
    for epoch, last in enumerate([None, steps - 1, None]):
        seen = Batches(train, last)
        fitted = train if other is None else other
        model.fit(fitted, epochs=epoch + 1, initial_epoch=epoch, callbacks=[seen], verbose=0)
        losses += seen.seen
    assert bool(asked) == (gathers and other is None)
    return model.get_weights(), losses


@pytest.mark.parametrize("examples", [40, 38, 7, 3])
@pytest.mark.parametrize("steps", [1, 3])
def test_no_number_changes(examples, steps):
    (ours, our_losses), (keras_own, losses) = (trained(examples, way, steps=steps) for way in (True, False))
    assert our_losses == losses and len(losses) >= 3
    for a, b in zip(ours, keras_own, strict=True):
        assert np.array_equal(a, b)


def test_other_data_than_the_run_was_given_is_trained_on_itself():
    import tensorflow as tf

    x = np.full((8, 5), 9, np.uint8)
    other = tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(4)
    (ours, _), (keras_own, _) = (trained(40, way, other) for way in (True, False))
    for a, b in zip(ours, keras_own, strict=True):
        assert np.array_equal(a, b)
