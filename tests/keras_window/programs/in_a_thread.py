"""A training in a thread, as behind a user interface or a server."""

import threading

import keras
import numpy as np


def main(callbacks):
    x = np.random.default_rng(18).normal(size=(300, 4)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    model = keras.Sequential([keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    histories = []

    def train():
        histories.append(model.fit(x, y, epochs=3, validation_split=0.2, callbacks=callbacks, verbose=0))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    return model, histories
