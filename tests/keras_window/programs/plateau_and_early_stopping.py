"""The learning rate falls when the loss does not; then the training stops, with the best weights."""

import keras
import numpy as np


def main(callbacks):
    rng = np.random.default_rng(13)
    x, y = rng.normal(size=(200, 6)), rng.integers(0, 2, 200)  # nothing to learn
    model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(2, "softmax")])
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x[:140], y[:140], epochs=20, validation_data=(x[140:], y[140:]), verbose=0,
        callbacks=[
            keras.callbacks.ReduceLROnPlateau(factor=0.3, patience=1, min_delta=0.01),
            keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
            *callbacks,
        ],
    )  # fmt: skip
    return model, history
