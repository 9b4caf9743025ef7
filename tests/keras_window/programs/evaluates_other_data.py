"""A callback that evaluates the network on other data, after every fifth batch and after each epoch."""

import keras
import numpy as np

BACKENDS = ("tensorflow", "torch")  # on JAX the weights are elsewhere during an epoch


class Elsewhere(keras.callbacks.Callback):
    def __init__(self, x, y):
        super().__init__()
        self.data, self.found = {"x": x, "y": y, "verbose": 0}, []

    def on_train_batch_end(self, batch, logs=None):
        if batch % 5 == 4:
            self.found.append(self.model.evaluate(**self.data))

    def on_epoch_end(self, epoch, logs=None):
        logs["elsewhere"] = self.model.evaluate(**self.data)[0]


def main(callbacks):
    x = np.random.default_rng(20).normal(size=(360, 3)).astype("float32")
    y = (x[:, 0] > x[:, 1]).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x[:240], y[:240], epochs=3, validation_data=(x[240:300], y[240:300]),
        callbacks=[Elsewhere(x[300:], y[300:]), *callbacks], verbose=0,
    )  # fmt: skip
    return model, history
