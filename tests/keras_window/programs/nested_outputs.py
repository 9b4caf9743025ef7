"""Outputs in a dictionary of dictionaries, and targets of the same structure."""

import keras
import numpy as np


def main(callbacks):
    x = np.random.default_rng(6).normal(size=(200, 4)).astype("float32")
    y = {"box": {"centre": x[:, :2], "size": np.abs(x[:, 2:])}, "score": x[:, :1]}
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(12, "relu")(inputs)
    box = {"centre": keras.layers.Dense(2)(hidden), "size": keras.layers.Dense(2, "softplus")(hidden)}
    model = keras.Model(inputs, {"box": box, "score": keras.layers.Dense(1)(hidden)})
    model.compile("adam", loss={"box": {"centre": "mse", "size": "mae"}, "score": "mse"})
    history = model.fit(x, y, epochs=3, validation_data=(x, y), callbacks=callbacks, verbose=0)
    return model, history
