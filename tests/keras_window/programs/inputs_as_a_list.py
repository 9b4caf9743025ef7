"""A network with two inputs, given as a list, that compares them. As a Siamese network."""

import keras
import numpy as np


def load(rows, seed):
    rng = np.random.default_rng(seed)
    left = rng.normal(size=(rows, 8)).astype("float32")
    same = rng.integers(0, 2, rows)
    right = np.where(same[:, None], left + rng.normal(0, 0.1, left.shape), rng.normal(size=left.shape))
    return [left, right.astype("float32")], same.astype("float32")


def main(callbacks):
    tower = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8, "relu")])
    inputs = [keras.Input((8,)), keras.Input((8,))]
    difference = keras.layers.Subtract()([tower(side) for side in inputs])
    output = keras.layers.Dense(1, "sigmoid")(keras.ops.square(difference))
    model = keras.Model(inputs, output)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
