"""Keras validates on a part of the training data; the window has other data. As in Keras' guide to fit."""

import keras
import numpy as np

SAYS = ["LivePlot: the orange curves are of the test data given to it; fit's validation gives other numbers"]


def blobs(rows, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    return rng.normal(size=(rows, 4)) + 1.5 * y[:, None], y


def main(callbacks):
    x, y = blobs(400, seed=0)
    model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(2, "softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, validation_split=0.2, epochs=3, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (blobs(400, seed=0), blobs(300, seed=1))}
