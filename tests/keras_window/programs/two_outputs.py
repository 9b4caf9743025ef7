"""Two outputs, each with its own loss, metrics and weight. As Keras' guide to the functional API has it."""

import keras
import numpy as np


def load(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 6)).astype("float32")
    return x, {"priority": x[:, :1] + x[:, 1:2], "department": x[:, 2:5].argmax(axis=1)}


def main(callbacks):
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(16, "relu")(inputs)
    priority = keras.layers.Dense(1, name="priority")(hidden)
    department = keras.layers.Dense(3, "softmax", name="department")(hidden)
    model = keras.Model(inputs, {"priority": priority, "department": department})
    model.compile(
        "adam",
        loss={"priority": "mse", "department": "sparse_categorical_crossentropy"},
        metrics={"priority": ["mae"], "department": ["accuracy"]},
        loss_weights={"priority": 0.3, "department": 1.0},
    )
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
