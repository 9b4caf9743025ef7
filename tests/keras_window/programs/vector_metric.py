"""A metric whose value is a vector: the F1 score of each class."""

import keras
import numpy as np


def main(callbacks):
    rng = np.random.default_rng(7)
    label = rng.integers(0, 3, 360)
    x = rng.normal(size=(360, 3)).astype("float32") + np.eye(3)[label]
    y = np.eye(3, dtype="float32")[label]
    model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(3, "softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=[keras.metrics.F1Score(average=None)])
    history = model.fit(
        x[:260], y[:260], epochs=3, validation_data=(x[260:], y[260:]), callbacks=callbacks, verbose=0
    )
    return model, history
