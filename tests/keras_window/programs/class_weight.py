"""Examples of the rare class count more. As in TensorFlow's tutorial on imbalanced data."""

import keras
import numpy as np


def main(callbacks):
    rng = np.random.default_rng(15)
    y = (rng.random(400) < 0.1).astype(int)
    x = rng.normal(size=(400, 3)) + y[:, None]
    model = keras.Sequential([keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    history = model.fit(
        x[:300], y[:300], class_weight={0: 0.5, 1: 5.0}, validation_data=(x[300:], y[300:]),
        epochs=3, callbacks=callbacks, verbose=0,
    )  # fmt: skip
    return model, history
