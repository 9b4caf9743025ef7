"""The accuracy under its short name, as many programs still write it, in a pane that is to show it."""

import keras
import numpy as np


def load(rows, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    return rng.normal(size=(rows, 3)).astype("float32") + y[:, None], y


def main(callbacks):
    model = keras.Sequential([keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    from keras_window import Accuracy, Loss

    return {"panes": [Accuracy(), Loss()], "data": (load(300, 0), load(100, 1))}
