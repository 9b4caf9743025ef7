"""Cross-validation: five new networks, one after another, with one callback. As in Chollet's book."""

import keras
import numpy as np


def main(callbacks):
    x = np.random.default_rng(11).normal(size=(150, 3)).astype("float32")
    y = x[:, 0] - 2 * x[:, 1]
    models, histories = [], []
    for fold in range(5):
        held_out = np.arange(150) % 5 == fold
        model = keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
        history = model.fit(
            x[~held_out], y[~held_out], validation_data=(x[held_out], y[held_out]),
            epochs=2, callbacks=callbacks, verbose=0,
        )  # fmt: skip
        models.append(model)
        histories.append(history)
    return models, histories
