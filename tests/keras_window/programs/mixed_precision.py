"""A network that computes with 16 bits and keeps its weights with 32."""

import keras
import numpy as np


def load(rows, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    return rng.normal(size=(rows, 6)).astype("float32") + np.eye(3, 6, dtype="float32")[y], y


def main(callbacks):
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        model = keras.Sequential(
            [keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax", dtype="float32")]
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        (x, y), test = load(300, 0), load(100, 1)
        history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    finally:
        keras.mixed_precision.set_dtype_policy(before)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
