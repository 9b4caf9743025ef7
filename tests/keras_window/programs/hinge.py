"""Classes −1 and 1 with the hinge loss: a support vector machine, as in a course on machine learning."""

import keras
import numpy as np


def load(rows, seed):
    x = np.random.default_rng(seed).normal(size=(rows, 2)).astype("float32")
    return x, np.where(x @ [1, -1] > 0.2, 1.0, -1.0)


def main(callbacks):
    model = keras.Sequential([keras.layers.Dense(1, kernel_regularizer="l2")])
    model.compile("sgd", "hinge", metrics=[keras.metrics.Hinge()])
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
