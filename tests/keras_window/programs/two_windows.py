"""Two networks, each with a window of its own, which take turns."""

import keras
import numpy as np


def main(callbacks):
    x = np.random.default_rng(22).normal(size=(300, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    models, histories = [], []
    for units in 4, 16:
        models.append(keras.Sequential([keras.layers.Dense(units, "relu"), keras.layers.Dense(1, "sigmoid")]))
        models[-1].compile("adam", "binary_crossentropy", metrics=["accuracy"])
    for turn in range(4):
        window = callbacks[turn % 2 : turn % 2 + 1]
        model = models[turn % 2]
        histories.append(model.fit(x, y, epochs=2, validation_split=0.2, callbacks=window, verbose=0))
    return models, histories


def window():
    return [{"title": "narrow"}, {"title": "wide"}]
