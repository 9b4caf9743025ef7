"""A table whose columns are inputs with names. As in Keras' examples of structured data."""

import keras
import numpy as np


def load(rows, seed):
    rng = np.random.default_rng(seed)
    columns = {"height": rng.normal(1.7, 0.1, rows), "weight": rng.normal(70, 12, rows)}
    columns["town"] = rng.integers(0, 5, rows)
    heavy = columns["weight"] / columns["height"] ** 2 > 25
    return columns, heavy.astype("float32")


def main(callbacks):
    height, weight = keras.Input((1,), name="height"), keras.Input((1,), name="weight")
    town = keras.Input((1,), dtype="int64", name="town")
    where = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(town))
    joined = keras.layers.Concatenate()([height, keras.layers.Rescaling(1 / 70)(weight), where])
    output = keras.layers.Dense(1, "sigmoid")(keras.layers.Dense(8, "relu")(joined))
    model = keras.Model({"height": height, "weight": weight, "town": town}, output)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
