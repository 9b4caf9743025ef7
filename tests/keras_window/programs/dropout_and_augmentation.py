"""Flipped and turned images, and dropout, each with a seed. As in Keras' example of cats and dogs."""

import keras
import numpy as np
from keras import layers


def load(rows, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    x = rng.random((rows, 12, 12, 3), dtype="float32") / 2
    x[y == 1, 3:9, 3:9] += 0.4
    return x, y


def main(callbacks):
    model = keras.Sequential(
        [
            layers.RandomFlip("horizontal", seed=1),
            layers.RandomRotation(0.1, seed=2),
            layers.Conv2D(6, 3, 2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.4, seed=3),
            layers.Dense(2, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    (x, y), test = load(128, 0), load(64, 1)
    history = model.fit(x, y, epochs=2, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    from keras_window import Accuracy, Loss, TestImages, TrainImages

    panes = [Accuracy(), Loss(), TrainImages(), TestImages()]
    return {"panes": panes, "data": (load(128, 0), load(64, 1))}
