"""Trainings of about a second in the test's own process, for the window to show."""

import time

import numpy as np

from common import Accuracy, Biases, Loss, TestImages, TrainImages, Weights

import keras
from keras import layers

RED = (200, 0, 30)


def small_model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Act(keras.callbacks.Callback):
    """Does something, once, when some batches are done."""

    def __init__(self, action, after=20):
        super().__init__()
        self.action, self.after, self.count = action, after, 0

    def on_train_batch_end(self, batch, logs=None):
        self.count += 1
        time.sleep(0.002)
        if self.count == self.after:
            self.action()


def six_panes():
    return [Accuracy(), Loss(), TrainImages(), Weights(), Biases(), TestImages()]


def train(digits, plot, *actions, epochs=2, validated=True):
    (x, y), test = digits
    model = small_model()
    model.fit(
        x, y, batch_size=50, epochs=epochs, callbacks=[plot, *actions], verbose=0,
        validation_data=test if validated else None, validation_batch_size=1000,
    )  # fmt: skip
    return model


def share_of(colour, pixels, tolerance=12):
    return (np.abs(pixels.astype(int) - colour).max(axis=-1) <= tolerance).mean()
