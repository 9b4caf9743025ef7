"""A Sequential without an Input, which learns the shape of its data in fit, in a window with bands."""

import keras
import numpy as np
from keras import layers


def load(rows, seed):
    x = np.random.default_rng(seed).normal(size=(rows, 5)).astype("float32")
    return x, x[:, :3].argmax(axis=1)


def main(callbacks):
    model = keras.Sequential([layers.Dense(12, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    from keras_window import Accuracy, Biases, Loss, MaxActivations, Weights

    panes = [Accuracy(), Loss(), Weights(), Biases(), MaxActivations("dense")]
    return {"panes": panes, "data": (load(300, 0), load(100, 1))}
