"""A model that is a class with call(), not built before fit. As in TensorFlow's tutorial for experts."""

import keras
import numpy as np
from keras import layers


class Classifier(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.normalize = layers.Dense(16, "relu"), layers.BatchNormalization()
        self.last = layers.Dense(3, "softmax")

    def call(self, inputs, training=False):
        return self.last(self.normalize(self.first(inputs), training=training))


def load(rows, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    return rng.normal(size=(rows, 5)).astype("float32") + np.eye(3, 5, dtype="float32")[y], y


def main(callbacks):
    model = Classifier()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    from keras_window import Accuracy, Biases, Loss, Weights

    panes = [Accuracy(), Loss(), Weights(), Biases()]
    return {"panes": panes, "data": (load(300, 0), load(100, 1))}
