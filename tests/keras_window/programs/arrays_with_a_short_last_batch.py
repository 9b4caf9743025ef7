"""Classification of NumPy arrays; the last batch of an epoch is short. As a beginner's first program."""

import keras
import numpy as np


def main(callbacks):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 1200)
    x = rng.normal(size=(1200, 6)).astype("float32") + np.eye(3, 6)[y] * 2
    x_train, x_test, y_train, y_test = x[:900], x[900:], y[:900], y[900:]

    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x_train, y_train, batch_size=128, epochs=3, verbose=0,
        validation_data=(x_test, y_test), callbacks=callbacks,
    )  # fmt: skip
    return model, history
