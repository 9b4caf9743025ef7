"""Batches from tf.data for training, validation and window. As TensorFlow's tutorials load data."""

import functools

import keras
import numpy as np

BACKENDS = ("tensorflow", "jax")


@functools.cache  # the window gets the very data sets that are trained on
def load():
    import tensorflow as tf

    rng = np.random.default_rng(3)
    y = rng.integers(0, 4, 400)
    x = (rng.normal(size=(400, 8)) + 2 * np.eye(4, 8)[y]).astype("float32")
    train = tf.data.Dataset.from_tensor_slices((x[:300], y[:300]))
    test = tf.data.Dataset.from_tensor_slices((x[300:], y[300:]))
    return train.shuffle(300, seed=0).batch(32).prefetch(2), test.batch(50)


def main(callbacks):
    train, test = load()
    model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(4)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    history = model.fit(train, validation_data=test, epochs=3, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": load()}
